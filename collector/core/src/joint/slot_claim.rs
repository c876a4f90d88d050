//! One claim that is weighed slot by slot.

use super::latency::LatencyEvidence;
use super::same::Same;
use super::stage::Stage;
use super::{FNV_BEGIN, fnv};
use crate::plan::{Joint, SuccessClaim};
use crate::proof::slots::{ClosedSlot, Void};
use crate::proof::{
    HostSlot, Persist, ScenarioGate, ScenarioSettings, ScenarioVerdict, SideSlot, Slot, StateWriter, Tuning,
};
use crate::verdict::EvidenceState;

/// One statistical claim.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SlotClaim {
    Success(Box<ScenarioGate>),
    Latency(Box<LatencyEvidence>),
    Same(Box<Same>),
}

impl SlotClaim {
    /// None where the claim is not weighed by slots.
    pub(super) fn new(joint: &Joint, stage: Stage, slot_seconds: f64) -> Option<SlotClaim> {
        match joint {
            Joint::Success(claim) => {
                let gate = ScenarioGate::new(settings(claim, stage.compared, slot_seconds)).ok()?;
                Some(SlotClaim::Success(Box::new(gate)))
            }
            Joint::Latency(claim) => {
                Some(SlotClaim::Latency(Box::new(LatencyEvidence::new(claim, stage.compared)?)))
            }
            Joint::Gauge(_) | Joint::Drained(_) | Joint::Silent(_) | Joint::Owner { .. } => None,
            Joint::SameResponse { margin, error_rate } => {
                Some(SlotClaim::Same(Box::new(Same::new(*margin, *error_rate, stage.compared)?)))
            }
            Joint::Parity(_) | Joint::Marks { .. } | Joint::NoDependencyOn(_) => None,
        }
    }

    /// Takes the next slot; a void one is no evidence.
    pub(super) fn feed(&mut self, closed: &ClosedSlot, stage: Stage, void: Option<Void>) {
        match self {
            SlotClaim::Success(gate) => {
                let subject = closed.side(stage.subject);
                let hosts: Vec<HostSlot> = subject.hosts.iter().map(host).collect();
                let target =
                    engine_side(subject.ok, subject.failed, subject.not_run.saturating_add(subject.missing));
                let source = &closed.source;
                let source = stage.compared.then(|| engine_side(source.ok, source.failed, 0)).flatten();
                match (void, target) {
                    (None, Some(target)) => gate.slot(&Slot::Pair { target, source, hosts: &hosts }),
                    (Some(_), _) | (_, None) => gate.slot(&Slot::Void),
                }
            }
            SlotClaim::Latency(latency) => latency.feed(closed, stage, void),
            SlotClaim::Same(same) => same.close(closed.slot, void.is_some()),
        }
    }

    /// Everything that the claim rests on.
    pub(super) fn write(&self, out: &mut StateWriter) {
        match self {
            SlotClaim::Success(gate) => gate.write(out),
            SlotClaim::Latency(latency) => latency.write(out),
            SlotClaim::Same(same) => same.write(out),
        }
    }

    /// What the claim is after the last slot, were it fresh.
    pub(super) fn state(&self, observed: bool) -> EvidenceState {
        match self.verdict() {
            ScenarioVerdict::Pass if observed => EvidenceState::Proved,
            ScenarioVerdict::Pass | ScenarioVerdict::Undecided => EvidenceState::Undecided,
            ScenarioVerdict::NoData => EvidenceState::Stale,
            ScenarioVerdict::Regressed | ScenarioVerdict::HostDown => EvidenceState::Refuted,
            ScenarioVerdict::Veto | ScenarioVerdict::Worse => EvidenceState::Refuted,
        }
    }

    /// There is nothing to compare with, and no limit of its own.
    pub(crate) fn rests_on_nothing(&self) -> bool {
        match self {
            SlotClaim::Success(_) => false,
            SlotClaim::Latency(latency) => latency.rests_on_nothing(),
            SlotClaim::Same(same) => same.rests_on_nothing(),
        }
    }

    /// Agents left the roster: what was held against their hosts goes with them.
    pub(crate) fn forget_hosts(&mut self, agents: &[&str]) {
        if let SlotClaim::Success(gate) = self {
            agents.iter().for_each(|agent| gate.forget_host(host_number(agent)));
        }
    }

    /// The attempt that is under way.
    pub(crate) fn attempt(&self) -> u32 {
        match self {
            SlotClaim::Success(gate) => gate.course().attempt,
            SlotClaim::Latency(latency) => latency.gate.course().attempt,
            SlotClaim::Same(_) => 1,
        }
    }

    /// Slots still needed at the present pace; none where it does not come closer.
    pub(crate) fn eta_slots(&self) -> Option<f64> {
        match self {
            SlotClaim::Success(gate) => gate.course().eta_slots,
            SlotClaim::Latency(latency) => latency.gate.course().eta_slots,
            SlotClaim::Same(same) => same.eta_slots(),
        }
    }

    pub(crate) fn verdict(&self) -> ScenarioVerdict {
        match self {
            SlotClaim::Success(gate) => gate.verdict(),
            SlotClaim::Latency(latency) => latency.verdict(),
            SlotClaim::Same(same) => same.verdict(),
        }
    }

    pub(crate) fn percent(&self) -> u8 {
        match self {
            SlotClaim::Success(gate) => gate.course().percent,
            SlotClaim::Latency(latency) => latency.percent(),
            SlotClaim::Same(same) => same.percent(),
        }
    }
}

/// What a claim of success has to prove.
pub(crate) fn settings(claim: &SuccessClaim, compared: bool, slot_seconds: f64) -> ScenarioSettings {
    ScenarioSettings {
        margin: claim.margin,
        slo: claim.slo,
        alpha: claim.error_rate,
        incidents_per_second: claim.incidents_per_second,
        slot_seconds,
        absolute_only: !compared,
        tuning: Tuning::default(),
    }
}

fn engine_side(ok: u64, failed: u64, not_run: u64) -> Option<SideSlot> {
    let count = |value: u64| u32::try_from(value).ok();
    SideSlot::counts(count(ok)?, count(ok.checked_add(failed)?.checked_add(not_run)?)?, count(not_run)?).ok()
}

fn host(host: &crate::proof::slots::HostSlot) -> HostSlot {
    let passed = host.results.iter().filter(|passed| **passed).count() as u32;
    HostSlot { host: host_number(&host.agent), passed, failed: host.results.len() as u32 - passed }
}

/// A number that stays the same for an agent's name.
fn host_number(agent: &str) -> u64 {
    fnv(FNV_BEGIN, agent.bytes())
}
