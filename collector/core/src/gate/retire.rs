//! What is still there once the move is complete: the old side's activity, and agents that must go last.
//!
//! The old side is proved quiet by agents, and then the agents go too: what they proved stays known, and
//! counts from the moment that none of them is left who could say otherwise.

use tidelock_model::{Name, Phase, Side, Timestamp};

use super::needs::Sheet;
use crate::migration::Migration;
use crate::plan::{ClaimKind, Joint, Scenario};
use crate::verdict::{EvidenceState, Hold, HoldCode};

impl Migration {
    /// What else holds once traffic is on the target: turbulence, what the old side still does, rows and
    /// agents that are left.
    pub(crate) fn after_holds(&self, gate: Phase, now: Timestamp) -> Vec<Hold> {
        let mut holds: Vec<Hold> = self.turbulence_hold(gate, now).into_iter().collect();
        holds.extend(self.residual_holds(gate, now));
        holds.extend(self.leftover_hold(gate));
        holds.extend(self.agents_left(gate, now));
        holds
    }

    /// The old side still writes, though no gate asks whether it does: declared and seen is enough.
    fn residual_holds(&self, gate: Phase, now: Timestamp) -> Vec<Hold> {
        let after = matches!(
            (self.phase, gate),
            (Phase::Watch, Phase::Committed) | (Phase::Committed, Phase::Retired)
        );
        let (Some(plan), Some(sheet), true) = (self.plan(), self.sheet(gate), after) else {
            return Vec::new();
        };
        let asked = |name: &Name| {
            sheet.scenarios.iter().any(|(needed, on)| needed == name && on.contains(&Side::Source))
        };
        let mut holds = Vec::new();
        for (name, scenario) in plan.scenarios.iter().filter(|(name, _)| !asked(name)) {
            let active = |index| {
                let state = self.joints.get(name).map(|it| it.state((index, Side::Source), gate, now).0);
                state == Some(EvidenceState::Refuted)
            };
            if !scenario.phases.contains(&self.phase) || !quiet_claims(scenario).any(active) {
                continue;
            }
            let found = self.scenario_holds((name, scenario), (&[Side::Source], gate), now);
            holds.extend(found.into_iter().filter(|it| it.state == Some(EvidenceState::Refuted)).map(
                |mut hold| {
                    hold.reason = format!("{}; if it goes on: {}", hold.reason, scenario.if_broken);
                    hold
                },
            ));
        }
        holds
    }

    /// What the old side still does once traffic has left it is somebody's: whoever decides that the move is complete
    /// answers for it.
    pub(crate) fn name_owners(&self, gate: Phase, holds: &mut [Hold]) {
        let after = matches!(self.phase, Phase::Watch | Phase::Committed)
            && matches!(gate, Phase::Committed | Phase::Retired);
        let Some(plan) = self.plan().filter(|_| after) else { return };
        let asks = self.sheet(Phase::Committed).and_then(|sheet| sheet.rule.decision.as_ref());
        let who = asks.and_then(|decision| plan.decisions.get(decision)).map(|rule| rule.who.as_slice());
        let names: Vec<&str> = who.unwrap_or_default().iter().map(Name::as_str).collect();
        let residual = |hold: &Hold| {
            let scenario = hold.check.as_ref().and_then(|check| plan.scenarios.get(check));
            hold.side == Some(Side::Source)
                && hold.state == Some(EvidenceState::Refuted)
                && scenario.is_some_and(|scenario| quiet_claims(scenario).next().is_some())
        };
        for hold in holds.iter_mut().filter(|hold| !names.is_empty() && residual(hold)) {
            hold.reason = format!("{}; for {} to end", hold.reason, names.join(" or "));
        }
    }

    /// Agents that still have a certificate, once everything else is proved: they go last.
    fn agents_left(&self, gate: Phase, now: Timestamp) -> Vec<Hold> {
        let Some(sheet) = self.sheet(gate).filter(|_| gate == Phase::Retired) else {
            return Vec::new();
        };
        let steady = self.gates.steady.get(&gate).map(|steady| now.since(steady.since));
        if self.gates.proved_to_retire.is_none() && steady.is_none_or(|steady| steady < sheet.rule.stable_for)
        {
            return Vec::new();
        }
        let left = self.roster.iter().filter(|(_, member)| !member.revoked && now < member.certificate_ends);
        left.map(|(agent, _)| {
            let reason = format!("agent {} of {} still has a certificate", agent.name, agent.side);
            let (name, side) = (&agent.name, agent.side);
            let next = format!("tidelock agent revoke {name} --side {side} --reason TEXT");
            let mut hold = Hold::new(HoldCode::NotRemoved, self.phase_since, reason, next);
            (hold.side, hold.agent) = (Some(agent.side), Some(agent.name.clone()));
            hold
        })
        .collect()
    }

    /// What `retired` needs was proved for as long as it asks, and every agent that proved it is gone.
    pub(crate) fn witnesses_gone(&self, gate: Phase, sheet: &Sheet, now: Timestamp) -> bool {
        let gone = || sheet.sides.iter().all(|side| self.roster.owing(*side, now).next().is_none());
        gate == Phase::Retired && self.gates.proved_to_retire.is_some() && gone()
    }

    /// Notes that all that `retired` needs was proved for long enough, until somebody shows otherwise.
    pub(crate) fn note_retire(&mut self, at: Timestamp) {
        let (Some(sheet), Phase::Committed) = (self.sheet(Phase::Retired), self.phase) else {
            self.gates.proved_to_retire = None;
            return;
        };
        let steady = self.gates.steady.get(&Phase::Retired).filter(|steady| !steady.over);
        if steady.is_some_and(|steady| at.since(steady.since) >= sheet.rule.stable_for) {
            self.gates.proved_to_retire.get_or_insert(at);
        } else if self.gates.proved_to_retire.is_some() && self.shown_otherwise(sheet, at) {
            self.gates.proved_to_retire = None;
        }
    }

    fn shown_otherwise(&self, sheet: &Sheet, at: Timestamp) -> bool {
        let scenarios = &self.plan().map(|plan| &plan.scenarios);
        sheet.scenarios.iter().any(|(name, on)| {
            let scenario = scenarios.and_then(|scenarios| scenarios.get(name));
            scenario.is_some_and(|scenario| {
                let holds = self.scenario_holds((name, scenario), (on, Phase::Retired), at);
                holds.iter().any(|hold| hold.state == Some(EvidenceState::Refuted))
            })
        })
    }
}

/// The claims that the old side does nothing any more, by their places.
fn quiet_claims(scenario: &Scenario) -> impl Iterator<Item = usize> {
    let quiet = |kind: &ClaimKind| match kind {
        ClaimKind::Joint(Joint::Silent(_) | Joint::Owner { .. } | Joint::Drained(_)) => true,
        ClaimKind::Joint(Joint::Success(_) | Joint::Latency(_) | Joint::Gauge(_) | Joint::Parity(_)) => false,
        ClaimKind::Joint(Joint::Marks { .. } | Joint::SameResponse { .. } | Joint::NoDependencyOn(_)) => {
            false
        }
        ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => false,
    };
    let on_source = scenario.sides.contains(&Side::Source);
    let claims = scenario.claims.iter().enumerate().filter(move |(_, claim)| on_source && quiet(&claim.kind));
    claims.map(|(index, _)| index)
}
