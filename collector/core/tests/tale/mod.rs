//! One story: lines of a plan, then times with what people, agents and pipelines do.
//!
//! ```text
//! scenario login, critical, both: 2 passes in a row
//!
//! 0:00  all pass
//!       > 0:06 sync -> ready
//! ```
//!
//! What happens between a line and the next line's time stands under it, after `>`. In a story that says
//! `brief`, an answer in which nothing moved but how far a proof has come is not told again.

mod act;
mod after;
mod people;
mod run;

use std::collections::BTreeMap;

use tidelock_core::Filed;
use tidelock_core::record::{Event, EventKind, Observation};
use tidelock_model::{Phase, Side, VerdictWord};

use crate::world::{World, agent_key, plans, seen};

/// A world, and what was told of it so far.
pub(crate) struct Tale {
    pub(crate) world: World,
    pub(crate) plan: tidelock_core::plan::Plan,
    /// The token that a pipeline took first, and the one it has now.
    pub(crate) first_token: Option<u64>,
    pub(crate) token: Option<u64>,
    pub(crate) told: Vec<String>,
    shown: String,
    /// Only what else changes is told: no progress by the slot.
    brief: bool,
    pub(crate) asks: u64,
    /// Processes that walk a runbook, by whose they are.
    pub(crate) operators: BTreeMap<String, run::Operator>,
}

/// Plays a story and gives back its text with what happened.
pub(crate) fn play(text: &str) -> String {
    let mut tale = Tale {
        world: World::new(),
        plan: plans::empty(),
        first_token: None,
        token: None,
        told: Vec::new(),
        shown: String::new(),
        brief: false,
        asks: 0,
        operators: BTreeMap::new(),
    };
    let mut out: Vec<String> = Vec::new();
    let mut begun = false;
    for line in text.lines().filter(|line| !line.trim_start().starts_with('>')) {
        let timed = line.split_once(' ').and_then(|(time, act)| Some((seconds(time)?, act.trim())));
        if let Some((at, act)) = timed {
            if !begun {
                tale.begin();
                begun = true;
            }
            tale.until(at);
            flush(&mut out, &mut tale.told);
            out.push(line.to_owned());
            tale.act(act);
            tale.settle();
        } else {
            if line == "brief" {
                tale.brief = true;
            } else if !line.is_empty() && !line.starts_with('#') {
                plans::line(&mut tale.plan, line);
            }
            out.push(line.to_owned());
        }
    }
    flush(&mut out, &mut tale.told);
    assert!(tale.world.replay() == tale.world.migration, "a replay gives another state");
    tale.world.report_outlives_findings();
    out.join("\n") + "\n"
}

fn flush(out: &mut Vec<String>, told: &mut Vec<String>) {
    out.extend(told.drain(..).map(|line| format!("      > {line}")));
}

/// `1:05` as seconds.
fn seconds(time: &str) -> Option<u64> {
    let (minutes, seconds) = time.split_once(':')?;
    Some(minutes.parse::<u64>().ok()? * 60 + seconds.parse::<u64>().ok()?)
}

impl Tale {
    /// The plan, and one agent a side; two, where a proof needs the results of two.
    fn begin(&mut self) {
        self.world.apply_plan(self.plan.clone(), "olga").unwrap();
        let proved = self.plan.scenarios.values().any(|scenario| scenario.slot.is_some());
        let names: &[&str] = if proved { &["1", "2"] } else { &["1"] };
        for (side, place) in names.iter().flat_map(|place| {
            [("s", Side::Source), ("t", Side::Target)]
                .map(|(letter, side)| (side, format!("{letter}{place}")))
        }) {
            let key = agent_key(side, &place);
            self.world.enrol(&key).unwrap();
            self.world.see(Observation::Agent(seen(&key)));
        }
    }

    fn until(&mut self, second: u64) {
        while self.world.since_begin().as_secs() < second {
            self.world.second();
            self.renew();
            self.settle();
        }
    }

    pub(crate) fn settle(&mut self) {
        loop {
            for event in self.world.weigh() {
                self.tell_event(&event);
            }
            if !self.walk() {
                break;
            }
        }
        if let Some(token) = self.world.token(Phase::Cutover) {
            self.first_token.get_or_insert(token);
            self.token = Some(token);
        }
        self.tell_verdict();
    }

    pub(crate) fn tell(&mut self, text: impl AsRef<str>) {
        let second = self.world.since_begin().as_secs();
        self.told.push(format!("{}:{:02} {}", second / 60, second % 60, text.as_ref()));
    }

    pub(crate) fn tell_event(&mut self, event: &Event) {
        let by = event.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
        match &event.kind {
            EventKind::PhaseChanged { from, to } => self.tell(format!("{from} -> {to}{by}")),
            EventKind::CutoverConfirmed { .. } => self.tell(format!("ready -> cutover{by}")),
            EventKind::LeaseGranted { gate, epoch, .. } => {
                self.tell(format!("gate {gate} opens, epoch {epoch}"))
            }
            EventKind::LeaseRevoked { gate, epoch } => self.tell(format!("gate {gate} shuts, epoch {epoch}")),
            EventKind::Decided { decision, go, complete, .. } => {
                let (word, all) = (if *go { "go" } else { "no" }, if *complete { ", complete" } else { "" });
                self.tell(format!("{decision}: {word}{by}{all}"));
            }
            EventKind::HoldSet => self.tell(format!("hold{by}")),
            EventKind::HoldReleased { of } => {
                let of = of.as_ref().filter(|of| event.by.as_ref() != Some(of));
                self.tell(format!(
                    "release{}{by}",
                    of.map(|of| format!(" of {of}'s hold")).unwrap_or_default()
                ))
            }
            EventKind::Degraded { ended } => {
                self.tell(if *ended { "no longer degraded" } else { "degraded" });
            }
            EventKind::ManualCheckDone { check, failed, .. } => {
                self.tell(format!("{check} {}{by}", if *failed { "failed" } else { "done" }));
            }
            EventKind::Switched { to } => self.tell(format!("traffic is on the {to}{by}")),
            EventKind::PlanApplied { revision, .. } => self.tell(format!("plan revision {revision}{by}")),
            EventKind::PlanProposed { base, .. } => self.tell(format!("a plan over {base} is proposed{by}")),
            EventKind::AgentEnrolled { agent, .. } => self.tell(format!("{agent} is enrolled")),
            EventKind::AgentRevoked { agent } => self.tell(format!("{agent} is revoked{by}")),
            EventKind::ConflictFound { agent, text } => self.tell(format!("{agent}: {text}")),
            EventKind::RevisionSet { side, revision } => self.tell(format!("{side} is on {revision}{by}")),
            EventKind::CutoversSet { enabled } => {
                self.tell(format!("cutovers are {}{by}", if *enabled { "on" } else { "off" }))
            }
            EventKind::FactSet { fact } => self.tell(format!("fact: {fact}{by}")),
            EventKind::Overridden { gate, checks, complete } => {
                let names: Vec<&str> = checks.iter().map(|check| check.as_str()).collect();
                let all = if *complete { ", complete" } else { "" };
                self.tell(format!("gate {gate} is overridden for {}{by}{all}", names.join(" ")));
            }
            EventKind::LeftoverSettled { key, owner, disposition } => {
                self.tell(format!("{key} is left to {owner}: {disposition}{by}"));
            }
            EventKind::AccessChanged(change) => {
                let word = if change.ends.is_some() { "gets" } else { "loses" };
                self.tell(format!("{} {word} access as {}{by}", change.subject, change.role));
            }
            EventKind::CheckRun { check, .. } => self.tell(format!("{check} is run{by}")),
            EventKind::Filed(Filed::Said { remarks, cut }) => {
                let more = if *cut { ", and more than is kept" } else { "" };
                self.tell(format!("filed: {} said{more}", remarks.len()));
            }
            // Each migration that ends has one: the report tells what it says.
            EventKind::Filed(Filed::Account(_)) => {}
            EventKind::Noticed(notice) => people::notice(self, notice),
            EventKind::RunBegun { .. }
            | EventKind::RunTaken { .. }
            | EventKind::RunLeft { .. }
            | EventKind::StepBegun { .. }
            | EventKind::StepEnded { .. }
            | EventKind::StepProved { .. }
            | EventKind::StepSettled { .. }
            | EventKind::RunTurned { .. }
            | EventKind::NoReturnPassed { .. }
            | EventKind::RunEnded { .. } => run::tell(self, event),
        }
    }

    /// The answer of the gate that stands next, when it became another one.
    fn tell_verdict(&mut self) {
        let migration = &self.world.migration;
        let gate = migration.next_gate().unwrap_or(migration.phase());
        let verdict = migration.verdict(gate, self.world.now);
        if verdict.open() {
            assert!(verdict.holds.is_empty() && verdict.valid_until > Some(self.world.now));
        }
        let mut lines: Vec<String> = verdict.holds.iter().map(|hold| format!("  {}", hold.line())).collect();
        if verdict.word == VerdictWord::Rollback {
            lines.clear();
        }
        for left in verdict.remaining.iter().flatten() {
            lines.push(format!("  switching now loses {} {} of {}", left.count, left.unit, left.what));
        }
        let head = match verdict.holds.is_empty() {
            true => format!("{gate} is {}: {}", verdict.word, verdict.summary),
            false => format!("{gate} is {}", verdict.word),
        };
        let told = |line: &String| if self.brief { unmoved(line) } else { line.clone() };
        let whole = format!("{head}\n{}", lines.iter().map(told).collect::<Vec<_>>().join("\n"));
        if whole != self.shown {
            self.tell(head);
            self.told.extend(lines);
            self.shown = whole;
        }
    }
}

/// A line without how far it has come.
fn unmoved(line: &str) -> String {
    if let Some((head, tail)) = line.split_once(" % of the way") {
        let tail = if tail.starts_with("; ") || tail.starts_with(", ") { "" } else { tail };
        return format!("{}{tail}", head.trim_end_matches(|c: char| c.is_ascii_digit()));
    }
    let progress = ["quiet for", " arrived,", " lost on the way", "% of it fail on"];
    let moves = progress.iter().any(|word| line.contains(word));
    line.split_once(": ").filter(|_| moves).map_or(line, |(head, _)| head).to_owned()
}
