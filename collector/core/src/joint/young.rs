//! The exact claims of a scenario once more, on what was seen since a step was carried out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tidelock_model::{AgentKey, Finding, Outcome, Timestamp};

use super::{Exact, JointEvidence, Joints, Staff, Stage, quorum};
use crate::board::NotCounted;
use crate::migration::Traffic;
use crate::plan::{Claim, ClaimKind, Joint, Plan, Scenario};

/// The claim, where it is counted or compared exactly.
pub(crate) fn exact_claim(claim: &Claim) -> Option<&Joint> {
    match &claim.kind {
        ClaimKind::Joint(joint) if !joint.needs_slots() => Some(joint),
        ClaimKind::Joint(_) | ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => None,
    }
}

impl Joints {
    /// Who owes findings now.
    pub(crate) fn staff_now(&self) -> &Arc<Staff> {
        &self.staff
    }

    /// Evidence that begins with a step, with the step's own time for what must be quiet. None where the scenario
    /// claims nothing of the kind.
    pub(crate) fn young(
        &self,
        at: Timestamp,
        (plan, scenario): (&Plan, &Scenario),
        traffic: &Traffic,
        bake: Duration,
    ) -> Option<JointEvidence> {
        // The first look after the step also counts what was written before it.
        let settles = Some(at.plus(scenario.every));
        let exact: BTreeMap<usize, Exact> = (scenario.claims.iter().enumerate())
            .filter_map(|(index, claim)| {
                let joint = at_step_strength(exact_claim(claim)?, bake);
                Some((index, Exact::settling(&joint, (plan, scenario), traffic, settles)?))
            })
            .collect();
        let quorum = quorum(scenario);
        (!exact.is_empty()).then(|| JointEvidence {
            since: at,
            runs: true,
            stage: Stage::of(scenario, traffic),
            slots: None,
            exact,
            noted: BTreeMap::new(),
            staff: self.staff.asking(&quorum),
            quorum,
            builds: BTreeMap::new(),
        })
    }
}

impl JointEvidence {
    /// Takes over who owes findings.
    pub(crate) fn staffed(&mut self, staff: &Arc<Staff>) {
        self.staff = staff.asking(&self.quorum);
        self.exact.values_mut().for_each(|exact| exact.staffed(staff));
    }

    /// Takes a finding into the exact claims.
    pub(crate) fn take_exactly(
        &mut self,
        at: Timestamp,
        agent: &AgentKey,
        finding: &Finding,
        (counted, offset_ms): (Result<(), NotCounted>, i64),
    ) {
        for exact in self.exact.values_mut() {
            match counted.is_ok() && finding.outcome != Outcome::NotRun {
                true => exact.take(at, agent, finding, offset_ms),
                false => exact.take_late(at, agent, finding, offset_ms),
            }
        }
        self.note(at);
    }

    /// Findings of an agent are lost.
    pub(crate) fn lose(&mut self, at: Timestamp, agent: &AgentKey) {
        self.exact.values_mut().for_each(|exact| exact.gap(at, agent));
        self.note(at);
    }

    /// What the agent saw before counts no more.
    pub(crate) fn forget_agent(&mut self, agent: &AgentKey) {
        self.exact.values_mut().for_each(|exact| exact.forget(agent));
    }
}

/// The claim with the step's own time.
fn at_step_strength(joint: &Joint, bake: Duration) -> Joint {
    let mut joint = joint.clone();
    match &mut joint {
        Joint::Gauge(gauge) => gauge.held_for = bake,
        Joint::Drained(silence) | Joint::Silent(silence) | Joint::Owner { quiet: silence, .. } => {
            silence.held_for = bake;
        }
        Joint::Success(_) | Joint::Latency(_) | Joint::Parity(_) | Joint::Marks { .. } => {}
        Joint::SameResponse { .. } | Joint::NoDependencyOn(_) => {}
    }
    joint
}
