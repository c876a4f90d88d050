//! Agents that behave as they are told until they are told otherwise.

use std::collections::BTreeMap;

use tidelock_core::plan::{ClaimKind, Plan, Scenario};
use tidelock_model::{
    AgentKey, Cause, Counts, Finding, FindingBatch, Measure, Name, Outcome, Remaining, Report, Sha256, Side,
    SpoolEpoch, Timestamp,
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
    AnotherComponent,
    Starved,
    Silent,
}

pub(crate) struct Agent {
    pub(crate) connected: bool,
    pub(crate) alive: bool,
    pub(crate) behaviours: BTreeMap<Name, Behaviour>,
    spool: SpoolEpoch,
    seq: u64,
    waiting: Vec<Finding>,
    pub(crate) last: Option<FindingBatch>,
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
        }
    }

    /// Runs what is due this second, and sends what waits when it is connected.
    pub(crate) fn run(
        &mut self,
        key: &AgentKey,
        plan: &Plan,
        revision: (u64, Sha256),
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
                && second.is_multiple_of(every)
                && *behaviour != Behaviour::Silent
            {
                let round = second / every;
                self.waiting.push(finding(check, scenario, behaviour, revision, now, round));
            }
        }
        if !self.connected || self.waiting.is_empty() {
            return None;
        }
        Some(self.send(key))
    }

    /// Sends one finding by itself.
    pub(crate) fn say(&mut self, key: &AgentKey, finding: Finding) -> FindingBatch {
        self.waiting.push(finding);
        self.send(key)
    }

    /// Its spool was thrown away: what waits is lost, and it counts anew.
    pub(crate) fn begin_spool(&mut self) {
        (self.spool, self.seq) = (SpoolEpoch(self.spool.0 + 1), 0);
        self.waiting.clear();
    }

    fn send(&mut self, key: &AgentKey) -> FindingBatch {
        let findings = std::mem::take(&mut self.waiting);
        let batch = FindingBatch {
            agent: key.clone(),
            spool_epoch: self.spool,
            first_seq: self.seq,
            findings,
            gap: None,
        };
        self.seq += batch.findings.len() as u64;
        self.last = Some(batch.clone());
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
    };
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
        duration_ns: 40_000_000,
        lateness_ns: 0,
        starved: *behaviour == Behaviour::Starved,
        nonce: Vec::new(),
        target_revision: String::new(),
        outcome,
        cause,
        report: report(scenario, behaviour),
        refused_calls: Vec::new(),
        trace_ids: Vec::new(),
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
