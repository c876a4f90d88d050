//! What happens to runbooks, in a story's words.

use tidelock_core::plan::Direction;
use tidelock_core::record::{Event, EventKind, StepOutcome};
use tidelock_core::{Ask, NextAction, RunAsk};

use super::Tale;
use crate::world::{asker, plans};

/// A process that walks a runbook for somebody.
#[derive(Debug, Clone, Default)]
pub(crate) struct Operator {
    /// It renews its lease.
    alive: bool,
    /// It carries out whatever is next.
    walks: bool,
    lease: u64,
}

impl Tale {
    /// `ben begins cutover`, `ben carries part 1`, `ben begins undo 1`, `ben ends part 1: failed, durable`,
    /// `ben walks`, `ben crashes`, `ben takes the run`, `olga settles part 1 not done: looked`. Gives back
    /// whether the line was one of those.
    pub(crate) fn runs(&mut self, who: &str, rest: &str) -> bool {
        let (act, said) = rest.split_once(": ").unwrap_or((rest, ""));
        let words: Vec<&str> = act.split_whitespace().collect();
        let undo = act.contains(" undo");
        let about = act.contains(" part ") || undo;
        let operator = self.operators.entry(who.to_owned()).or_default();
        let lease = act.split_once("with lease ").map_or(operator.lease, |(_, rest)| plans::number(rest));
        let part = || plans::number(words.get(2).unwrap());
        let reason = || if said.is_empty() { "as agreed".to_owned() } else { said.to_owned() };
        match words.first().copied().unwrap_or_default() {
            "begins" if !about => {
                let rehearsal = act.contains("rehearsal");
                let direction =
                    if act.contains("rollback") { Direction::Rollback } else { Direction::Cutover };
                self.operate(who, RunAsk::Begin { direction, rehearsal });
            }
            "takes" if act.ends_with("the run") => self.operate(who, RunAsk::Take),
            "leaves" if act.ends_with("the run") => self.run(who, RunAsk::Leave { lease }),
            "begins" => self.run(who, RunAsk::BeginStep { lease, part: part(), undo }),
            "ends" if about => self.end(who, (lease, part(), undo), said),
            "carries" => {
                self.run(who, RunAsk::BeginStep { lease, part: part(), undo });
                self.end(who, (lease, part(), undo), "done");
            }
            "passes" if about => self.run(who, RunAsk::PassNoReturn { lease, part: part() }),
            "confirms" | "denies" if about => {
                let (part, done) = (part(), words[0] == "confirms");
                self.run(who, RunAsk::ConfirmStep { part, done, reason: reason() });
            }
            "settles" if about => {
                let (part, done) = (part(), !act.ends_with("not done"));
                self.run(who, RunAsk::SettleStep { part, undo, done, reason: reason() });
            }
            "turns" => self.run(who, RunAsk::Turn { reason: reason() }),
            "walks" => operator.walks = true,
            "stops" => operator.walks = false,
            "crashes" => *operator = Operator { lease: operator.lease, ..Operator::default() },
            _ => return false,
        }
        true
    }

    fn end(&mut self, who: &str, (lease, part, undo): (u64, u32, bool), said: &str) {
        let outcome = match said.split(',').next().unwrap() {
            "failed" => StepOutcome::Failed,
            "unknown" => StepOutcome::Unknown,
            _ => StepOutcome::Done,
        };
        let (durable, output) = (said.contains("durable"), format!("it says {said}"));
        self.run(who, RunAsk::EndStep { lease, part, undo, outcome, durable, output });
    }

    /// To become the operator.
    fn operate(&mut self, who: &str, ask: RunAsk) {
        self.run(who, ask);
        let Some(run) = self.world.migration.run_status(self.world.now) else { return };
        if run.operator.is_some_and(|name| name.as_str() == who) {
            let walks = self.operators.get(who).is_some_and(|operator| operator.walks);
            self.operators.insert(who.to_owned(), Operator { alive: true, walks, lease: run.lease });
        }
    }

    fn run(&mut self, who: &str, ask: RunAsk) {
        let (by, request_id) = (asker(who), self.id());
        self.ask(&Ask::Run { ask, by, request_id });
    }

    /// Whoever is alive says so.
    pub(crate) fn renew(&mut self) {
        let Some(run) = self.world.migration.run_status(self.world.now) else { return };
        let alive: Vec<(String, u64)> = (self.operators.iter())
            .filter(|(_, operator)| operator.alive)
            .map(|(who, operator)| (who.clone(), operator.lease))
            .collect();
        for (who, lease) in alive {
            let renewal = self.world.migration.run_renewal(self.world.now, run.run, lease, &asker(&who));
            if let Ok(renewal) = renewal {
                self.world.see(renewal);
            }
        }
    }

    /// Whoever walks carries out what is next. Gives back whether something was.
    pub(crate) fn walk(&mut self) -> bool {
        let Some(run) = self.world.migration.run_status(self.world.now) else { return false };
        let Some(who) = run.operator.map(|name| name.to_string()) else { return false };
        let Some(operator) = self.operators.get(&who).filter(|it| it.walks && it.alive).cloned() else {
            return false;
        };
        let lease = operator.lease;
        match run.next {
            NextAction::Carry { part, undo } => {
                self.run(&who, RunAsk::BeginStep { lease, part, undo });
                self.end(&who, (lease, part, undo), "done");
            }
            NextAction::PassNoReturn { part } => self.run(&who, RunAsk::PassNoReturn { lease, part }),
            NextAction::Confirm { .. } | NextAction::Wait { .. } => return false,
            NextAction::Settle { .. } | NextAction::Over => return false,
        }
        true
    }

    /// How the run stands, part by part.
    pub(crate) fn tell_run(&mut self) {
        let Some(run) = self.world.migration.run_status(self.world.now) else {
            return self.tell("no run");
        };
        let operator = run.operator.map_or("nobody".to_owned(), |name| name.to_string());
        let next = match run.next {
            NextAction::Carry { part, .. } | NextAction::Confirm { part } => Some(part),
            NextAction::PassNoReturn { part } | NextAction::Wait { part } => Some(part),
            NextAction::Settle { part, .. } => Some(part),
            NextAction::Over => None,
        };
        let next = next.map_or(String::new(), |part| format!(" {part}"));
        self.tell(format!("{}, {operator}, next: {}{next}", run.state.word(), run.next.word()));
        if let Some(since) = run.writes_shut_since {
            let shut = self.world.now.since(since).as_secs();
            let budget = run.dip.map_or("no limit".to_owned(), |(_, dip)| format!("{} s", dip.as_secs()));
            self.told.push(format!("  writes shut {shut} s of {budget}"));
        }
        for part in run.parts {
            let weight = part.weight.map(|weight| format!(" {weight} %")).unwrap_or_default();
            let durable = if part.durable { ", durable" } else { "" };
            self.told.push(format!("  {} {}{weight}: {}{durable}", part.part, part.name, part.state.word()));
            self.told.extend(part.holds.iter().map(|hold| format!("    {}", hold.line())));
        }
    }
}

/// Tells an event of a run.
pub(crate) fn tell(tale: &mut Tale, event: &Event) {
    let by = event.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
    let back = |undo: &bool| if *undo { " undo" } else { "" };
    match &event.kind {
        EventKind::RunBegun { run, direction, rehearsal, lease, .. } => {
            let kind = if *rehearsal { "rehearsal" } else { "run" };
            tale.tell(format!("{kind} {run} of {} begins, lease {lease}{by}", direction.word()));
        }
        EventKind::RunTaken { run, lease, .. } => tale.tell(format!("run {run} is taken, lease {lease}{by}")),
        EventKind::RunLeft { run, lease } => tale.tell(format!("run {run} is left, lease {lease}{by}")),
        EventKind::StepBegun { part, undo, .. } => tale.tell(format!("part {part}{} begins", back(undo))),
        EventKind::StepEnded { part, undo, outcome, durable, .. } => {
            let durable = if *durable { ", durable" } else { "" };
            tale.tell(format!("part {part}{}: {}{durable}{by}", back(undo), outcome.word()));
        }
        EventKind::StepProved { part, .. } => tale.tell(format!("part {part} is proved")),
        EventKind::StepSettled { part, undo, done, .. } => {
            let done = if *done { "was done" } else { "was not done" };
            tale.tell(format!("part {part}{} {done}{by}", back(undo)));
        }
        EventKind::RunTurned { run, why } => tale.tell(format!("run {run} goes back: {why}{by}")),
        EventKind::NoReturnPassed { part, .. } => tale.tell(format!("point of no return, part {part}{by}")),
        EventKind::RunEnded { run, outcome, writes_shut } => {
            let shut = writes_shut
                .map(|it| format!(", writes were shut for {} s", it.as_secs()))
                .unwrap_or_default();
            tale.tell(format!("run {run} is {}{shut}", outcome.word()));
        }
        EventKind::PlanApplied { .. }
        | EventKind::PhaseChanged { .. }
        | EventKind::Decided { .. }
        | EventKind::HoldSet
        | EventKind::HoldReleased { .. }
        | EventKind::Degraded { .. }
        | EventKind::ManualCheckDone { .. }
        | EventKind::LeaseGranted { .. }
        | EventKind::LeaseRevoked { .. }
        | EventKind::CutoverConfirmed { .. }
        | EventKind::Switched { .. }
        | EventKind::AgentEnrolled { .. }
        | EventKind::AgentRevoked { .. }
        | EventKind::ConflictFound { .. }
        | EventKind::RevisionSet { .. }
        | EventKind::PlanProposed { .. }
        | EventKind::CutoversSet { .. }
        | EventKind::FactSet { .. }
        | EventKind::Overridden { .. }
        | EventKind::LeftoverSettled { .. }
        | EventKind::AccessChanged(_)
        | EventKind::CheckRun { .. }
        | EventKind::Filed(_)
        | EventKind::Noticed(_) => {}
    }
}
