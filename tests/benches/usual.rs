//! What an agent of a simulated past sends: the rounds of every check of its plan when they are due, and its canary.

use std::time::Duration;

use tidelock_core::challenge;
use tidelock_core::plan::Plan;
use tidelock_core::{CANARY_CHECK, CANARY_EVERY};
use tidelock_model::{
    AgentKey, Finding, FindingBatch, Measure, Name, Outcome, Report, Sha256, SpoolEpoch, Step, Timestamp,
};

use crate::past::Past;

/// One agent, and how far it has come.
pub(crate) struct Sender {
    pub(crate) agent: AgentKey,
    checks: Vec<Check>,
    revision: u64,
    hash: Sha256,
    origin: Timestamp,
    spool: SpoolEpoch,
    /// The number of its next finding.
    pub(crate) next: u64,
}

struct Check {
    name: Name,
    component: Sha256,
    every: Duration,
    phase: Duration,
    seed: Vec<u8>,
    outcome: Outcome,
    round: u64,
}

impl Sender {
    /// An agent of a migration that has a plan.
    pub(crate) fn new(past: &Past, migration: &Name, agent: AgentKey, spool: u128) -> Sender {
        let core = past.core(migration);
        let plan = core.plan().expect("it has a plan");
        let seed = &past.extras(migration).nonce_seed;
        let number = plan.scenarios.len() as u32 + 1;
        let mut checks: Vec<Check> = (plan.scenarios.iter().zip(0..))
            .map(|((name, scenario), at)| Check {
                name: name.clone(),
                component: scenario.component,
                every: scenario.every,
                // The grid spreads the checks over their interval.
                phase: scenario.every * at / number,
                seed: challenge::told_seed(seed, &agent, name),
                outcome: Outcome::Pass,
                round: 0,
            })
            .collect();
        checks.extend(canary(plan, seed, &agent));
        Sender {
            agent,
            checks,
            revision: core.revision(),
            hash: core.plan_hash().expect("it has a plan"),
            origin: core.grid_origin().expect("it has a plan"),
            spool: SpoolEpoch(spool),
            next: 1,
        }
    }

    /// Leaves out the rounds before this moment: nobody looked then.
    pub(crate) fn begin_at(&mut self, at: Timestamp) {
        let since = at.since(self.origin);
        for check in &mut self.checks {
            check.round = (since.as_millis() / check.every.as_millis().max(1)) as u64 + 1;
        }
    }

    /// What is due up to now and was not sent yet, in batches of at most so many.
    pub(crate) fn due(&mut self, now: Timestamp, at_most: usize) -> Vec<FindingBatch> {
        let (revision, hash, origin) = (self.revision, self.hash, self.origin);
        let mut found = Vec::new();
        for check in &mut self.checks {
            loop {
                let since = check.every.as_millis() as u64 * check.round + check.phase.as_millis() as u64;
                let due = origin.plus(Duration::from_millis(since));
                if due > now {
                    break;
                }
                found.push(check.finding(revision, hash, due));
                check.round += 1;
            }
        }
        let mut batches = Vec::new();
        while !found.is_empty() {
            let rest = found.split_off(found.len().min(at_most));
            batches.push(self.batch(std::mem::replace(&mut found, rest)));
        }
        batches
    }

    fn batch(&mut self, findings: Vec<Finding>) -> FindingBatch {
        let first_seq = self.next;
        self.next += findings.len() as u64;
        FindingBatch { agent: self.agent.clone(), spool_epoch: self.spool, first_seq, findings, gap: None }
    }
}

fn canary(plan: &Plan, seed: &[u8], agent: &AgentKey) -> Option<Check> {
    let name = Name::new(CANARY_CHECK).expect("a name");
    plan.canary.as_ref().map(|canary| Check {
        component: canary.component,
        every: CANARY_EVERY,
        phase: Duration::ZERO,
        seed: challenge::told_seed(seed, agent, &name),
        name,
        outcome: Outcome::Fail,
        round: 0,
    })
}

impl Check {
    /// A login as its check finds it: six steps, two measures, a trace id.
    fn finding(&self, plan_revision: u64, plan_hash: Sha256, due: Timestamp) -> Finding {
        let names = ["form", "log-in", "member-page", "stays", "log-out", "wrong-password"];
        let step = |name: &str| Step {
            name: name.to_owned(),
            outcome: self.outcome,
            duration_us: 1_234,
            note: "200 in 1 ms".to_owned(),
        };
        let measure = |name: &str, value| Measure { name: name.to_owned(), value, unit: "ms".to_owned() };
        let measures = vec![measure("log-in-ms", 12.5), measure("whole-ms", 40.25)];
        let report = Report { steps: names.into_iter().map(step).collect(), measures, ..Report::default() };
        Finding {
            check: self.name.clone(),
            plan_revision,
            plan_hash,
            assignment_id: format!("{}-1", self.name),
            component: self.component,
            boot_id: "7d1c0f3e-6a5e-4a6e-8f4b-0d5b0a1c2e3f".to_owned(),
            round: self.round,
            due,
            started_mono_ns: self.round * 1_000_000,
            duration_ns: 40_250_000,
            lateness_ns: 250_000,
            starved: false,
            nonce: challenge::nonce(&self.seed, self.round),
            target_revision: String::new(),
            outcome: self.outcome,
            cause: None,
            report,
            refused_calls: Vec::new(),
            trace_ids: vec!["0af7651916cd43dd8448eb211c80319c".to_owned()],
            pages: Default::default(),
        }
    }
}
