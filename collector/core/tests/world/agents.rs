//! Agents that behave as they are told until they are told otherwise.

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_core::plan::{ClaimKind, Plan, Scenario};
use tidelock_core::{CANARY_CHECK, CANARY_EVERY};
use tidelock_model::{
    AgentKey, Cause, Counts, Digest, Finding, FindingBatch, Mark, MarkKind, Measure, Name, Outcome, Pages,
    Phase, Remaining, Report, Sha256, Shown, Side, SpoolEpoch, Timestamp, Via,
};

/// What a check finds on one agent, from now on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Behaviour {
    Passes,
    Fails(String),
    NotRun(Cause),
    /// One of so many rounds fails.
    Drops(u64, String),
    /// It passes and reports these measures and what remains.
    Reports(Vec<(String, f64)>, Vec<Remaining>),
    /// It passes having counted nothing.
    CountsNothing,
    /// It passes and takes so many milliseconds.
    Takes(u64),
    /// It passes and counts real traffic: successes, all, and within how many milliseconds.
    Counts(u64, u64, u64),
    /// It passes and shows these digests.
    Shows(Vec<Digest>),
    /// It passes and lists these rows, and every other one that was made since that second, of which there is none.
    Lists(Vec<Digest>, f64),
    /// It passes and writes a mark each round.
    Writes,
    /// It passes and finds the marks of the other side, so many seconds after they were written.
    Finds(u64),
    /// It passes and looks at this page, which shows that link, or none.
    Links(String, Option<String>),
    AnotherComponent,
    Starved,
    Silent,
}

#[derive(Clone)]
pub(crate) struct Agent {
    pub(crate) connected: bool,
    pub(crate) alive: bool,
    pub(crate) behaviours: BTreeMap<Name, Behaviour>,
    spool: SpoolEpoch,
    seq: u64,
    waiting: Vec<(Timestamp, Finding)>,
    pub(crate) last: Option<FindingBatch>,
    pub(crate) sent: Vec<FindingBatch>,
    /// Its clock: offset and error, in milliseconds.
    pub(crate) clock: (i64, u64),
    /// So many seconds its findings are on their way.
    pub(crate) slow_secs: u64,
    pub(crate) boots: u32,
    /// What its canary does; it must fail.
    pub(crate) canary: Behaviour,
    canary_ran: Option<Timestamp>,
}

impl Agent {
    pub(crate) fn new(key: &AgentKey) -> Agent {
        let side = if key.side == Side::Source { 1 } else { 2 };
        let spool = key.name.as_str().bytes().fold(side, |sum: u128, byte| sum * 256 + u128::from(byte));
        Agent {
            connected: true,
            alive: true,
            behaviours: BTreeMap::new(),
            spool: SpoolEpoch(spool),
            seq: 0,
            waiting: Vec::new(),
            last: None,
            sent: Vec::new(),
            clock: (3, 5),
            slow_secs: 0,
            boots: 0,
            canary: Behaviour::Fails("as it must".into()),
            canary_ran: None,
        }
    }

    /// The same identity a second time, on another machine.
    pub(crate) fn double(&self, key: &AgentKey) -> Agent {
        let mut double = Agent::new(key);
        double.spool = SpoolEpoch(self.spool.0 + (1 << 100));
        double.behaviours = self.behaviours.clone();
        double
    }

    /// Runs what is due this second in this phase, and sends what waits when it is connected.
    pub(crate) fn run(
        &mut self,
        key: &AgentKey,
        plan: &Plan,
        (revision, build, phase): ((u64, Sha256), &str, Phase),
        now: Timestamp,
        second: u64,
    ) -> Option<FindingBatch> {
        if !self.alive {
            return None;
        }
        for (check, scenario) in &plan.scenarios {
            let every = scenario.every.as_secs().max(1);
            let Some(behaviour) = self.behaviours.get(check) else {
                continue;
            };
            if scenario.sides.contains(&key.side)
                && scenario.phases.contains(&phase)
                && second.is_multiple_of(every)
                && *behaviour != Behaviour::Silent
            {
                let round = second / every;
                let mut found = finding(check, scenario, behaviour, revision, now, round);
                found.target_revision = build.to_owned();
                found.boot_id = format!("boot-{}", self.boots);
                found.report.marks = marks(key, scenario, behaviour, now, round);
                self.waiting.push((now.plus(Duration::from_secs(self.slow_secs)), found));
            }
        }
        self.run_canary(plan, revision, now);
        if !self.connected || self.waiting.iter().all(|(ready, _)| *ready > now) {
            return None;
        }
        Some(self.send(key, now))
    }

    /// At once, and then each minute.
    fn run_canary(&mut self, plan: &Plan, revision: (u64, Sha256), now: Timestamp) {
        let Some((canary, scenario)) = plan.canary.as_ref().zip(plan.scenarios.values().next()) else {
            return;
        };
        if self.canary == Behaviour::Silent
            || self.canary_ran.is_some_and(|ran| now.since(ran) < CANARY_EVERY)
        {
            return;
        }
        self.canary_ran = Some(now);
        let check = Name::new(CANARY_CHECK).unwrap();
        let found = finding(&check, scenario, &self.canary, revision, now, 1);
        self.waiting.push((now, Finding { component: canary.component, ..found }));
    }

    /// Sends one finding by itself.
    pub(crate) fn say(&mut self, key: &AgentKey, finding: Finding) -> FindingBatch {
        let due = finding.due;
        self.waiting.push((due, finding));
        self.send(key, Timestamp::from_millis(u64::MAX))
    }

    /// Its spool was thrown away: what waits is lost, and it counts anew.
    pub(crate) fn begin_spool(&mut self) {
        (self.spool, self.seq) = (SpoolEpoch(self.spool.0 + 1), 0);
        self.waiting.clear();
    }

    fn send(&mut self, key: &AgentKey, now: Timestamp) -> FindingBatch {
        let ready = self.waiting.iter().take_while(|(ready, _)| *ready <= now).count();
        let findings: Vec<Finding> = self.waiting.drain(..ready).map(|(_, finding)| finding).collect();
        let batch = FindingBatch {
            agent: key.clone(),
            spool_epoch: self.spool,
            first_seq: self.seq,
            findings,
            gap: None,
        };
        self.seq += batch.findings.len() as u64;
        self.last = Some(batch.clone());
        self.sent.push(batch.clone());
        batch
    }
}

/// One finding of a behaviour.
pub(crate) fn finding(
    check: &Name,
    scenario: &Scenario,
    behaviour: &Behaviour,
    (plan_revision, plan_hash): (u64, Sha256),
    now: Timestamp,
    round: u64,
) -> Finding {
    let other = Sha256::from_bytes([0xee; 32]);
    let component = if *behaviour == Behaviour::AnotherComponent { other } else { scenario.component };
    let (outcome, cause) = match behaviour {
        Behaviour::Fails(_) => (Outcome::Fail, None),
        Behaviour::NotRun(cause) => (Outcome::NotRun, Some(*cause)),
        Behaviour::Drops(of, _) if round.is_multiple_of(*of) => (Outcome::Fail, None),
        Behaviour::Drops(..) => (Outcome::Pass, None),
        Behaviour::Passes | Behaviour::Reports(..) | Behaviour::CountsNothing => (Outcome::Pass, None),
        Behaviour::AnotherComponent | Behaviour::Starved | Behaviour::Silent => (Outcome::Pass, None),
        Behaviour::Takes(_) | Behaviour::Counts(..) | Behaviour::Shows(_) => (Outcome::Pass, None),
        Behaviour::Lists(..) => (Outcome::Pass, None),
        Behaviour::Writes | Behaviour::Finds(_) | Behaviour::Links(..) => (Outcome::Pass, None),
    };
    let took_ms = if let Behaviour::Takes(ms) = behaviour { *ms } else { 40 };
    Finding {
        check: check.clone(),
        plan_revision,
        plan_hash,
        assignment_id: format!("{check}-{plan_revision}"),
        component,
        boot_id: "boot".into(),
        round,
        due: now,
        started_mono_ns: 0,
        duration_ns: took_ms * 1_000_000,
        lateness_ns: 0,
        starved: *behaviour == Behaviour::Starved,
        nonce: Vec::new(),
        target_revision: String::new(),
        outcome,
        cause,
        report: report(scenario, behaviour),
        refused_calls: Vec::new(),
        trace_ids: Vec::new(),
        pages: pages(behaviour),
    }
}

fn report(scenario: &Scenario, behaviour: &Behaviour) -> Report {
    let measure = |(name, value): (String, f64)| Measure { name, value, unit: String::new() };
    match behaviour {
        Behaviour::Fails(note) => Report { note: note.clone(), ..Report::default() },
        Behaviour::NotRun(_) | Behaviour::Silent => Report::default(),
        Behaviour::Drops(_, note) => Report { note: note.clone(), ..Report::default() },
        Behaviour::Reports(measures, remaining) => Report {
            measures: measures.iter().cloned().map(measure).collect(),
            remaining: remaining.clone(),
            ..Report::default()
        },
        Behaviour::CountsNothing => Report {
            counts: Some(Counts { ok: 0, total: 0, latency_buckets: Vec::new() }),
            ..Report::default()
        },
        Behaviour::Counts(ok, total, ms) => Report {
            counts: Some(Counts { ok: *ok, total: *total, latency_buckets: vec![(ms * 1_000, *ok)] }),
            ..Report::default()
        },
        Behaviour::Lists(digests, since) => Report {
            digests: digests.clone(),
            measures: vec![measure(("new_rows_since".to_owned(), *since))],
            ..Report::default()
        },
        Behaviour::Shows(digests) => Report { digests: digests.clone(), ..Report::default() },
        Behaviour::Takes(_) | Behaviour::Writes | Behaviour::Finds(_) => Report::default(),
        Behaviour::Links(..) => Report::default(),
        Behaviour::Passes | Behaviour::AnotherComponent | Behaviour::Starved => {
            let good = |claim: &tidelock_core::plan::Claim| match &claim.kind {
                ClaimKind::Passes { .. } | ClaimKind::Joint(_) => None,
                ClaimKind::Measure { measure, at_most, at_least, .. } => {
                    Some((measure.clone(), at_most.or(*at_least).unwrap_or(0.0)))
                }
            };
            Report {
                measures: scenario.claims.iter().filter_map(good).map(measure).collect(),
                ..Report::default()
            }
        }
    }
}

/// The page that a run looked at, with what it shows.
fn pages(behaviour: &Behaviour) -> Pages {
    let Behaviour::Links(page, link) = behaviour else { return Pages::default() };
    let shown = |url: &String| {
        let host = url.split('/').nth(2).unwrap_or_default().to_owned();
        Shown { page: page.clone(), url: url.clone(), host, via: Via::Link }
    };
    Pages { seen: vec![page.clone()], shown: link.iter().map(shown).collect(), cut: false }
}

/// The marks that a run writes or finds: those of each agent of the other side, one a round.
fn marks(
    key: &AgentKey,
    scenario: &Scenario,
    behaviour: &Behaviour,
    now: Timestamp,
    round: u64,
) -> Vec<Mark> {
    let mark =
        |kind, agent: &str, round| Mark { key: format!("{agent}-{round}"), kind, unix_ms: now.as_millis() };
    match behaviour {
        Behaviour::Writes => vec![mark(MarkKind::Issued, key.name.as_str(), round)],
        Behaviour::Finds(after) => {
            let Some(written) = round.checked_sub(after.div_ceil(scenario.every.as_secs())) else {
                return Vec::new();
            };
            let writers = if key.side == Side::Target { ["s1", "s2"] } else { ["t1", "t2"] };
            writers.map(|agent| mark(MarkKind::Seen, agent, written)).into()
        }
        Behaviour::Passes | Behaviour::Fails(_) | Behaviour::NotRun(_) | Behaviour::Drops(..) => Vec::new(),
        Behaviour::Reports(..) | Behaviour::CountsNothing | Behaviour::Takes(_) => Vec::new(),
        Behaviour::Counts(..) | Behaviour::Shows(_) | Behaviour::AnotherComponent => Vec::new(),
        Behaviour::Starved | Behaviour::Silent | Behaviour::Lists(..) | Behaviour::Links(..) => Vec::new(),
    }
}
