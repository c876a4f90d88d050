//! The agents that the plan names: nobody else, and none of them missing; and no more of them than the plan allows.
//!
//! A number says how many must be there; only names say that it is the right ones. A machine that nobody
//! expected may be anybody's, and its word is not asked for before a person has looked. One too many is let in by
//! nobody, and may come back all the same: it signed off, another one joined, and it is heard again.

use std::collections::BTreeSet;

use tidelock_model::{AgentKey, Name, Side, Timestamp, mutated};

use crate::migration::Migration;
use crate::plan::Plan;
use crate::proof::AGENTS_PER_SIDE;
use crate::verdict::{EvidenceState, Hold, HoldCode};
use crate::words::{count, list};

/// So many names are told; the rest is counted.
const NAMED: usize = 8;

impl Migration {
    /// Who is named and does not owe findings, and who owes some and is not named.
    fn off_inventory<'a>(
        &'a self,
        plan: &'a Plan,
        side: Side,
        now: Timestamp,
    ) -> (Vec<&'a Name>, Vec<&'a Name>) {
        let named = &plan.environment(side).agents_named;
        if named.is_empty() || mutated("agents-are-expected-by-name") {
            return (Vec::new(), Vec::new());
        }
        let here: BTreeSet<&Name> = self.roster.owing(side, now).map(|(agent, _)| &agent.name).collect();
        let missing = named.iter().filter(|name| !here.contains(name)).collect();
        (missing, here.into_iter().filter(|name| !named.contains(*name)).collect())
    }

    /// The side has the agents that the plan names, and no more than it allows.
    pub(crate) fn inventory_fits(&self, plan: &Plan, side: Side, now: Timestamp) -> bool {
        let (missing, others) = self.off_inventory(plan, side, now);
        missing.is_empty() && others.is_empty() && !self.is_crowded(plan, side, now)
    }

    fn is_crowded(&self, plan: &Plan, side: Side, now: Timestamp) -> bool {
        let there = self.roster.owing(side, now).count();
        there > most_agents(plan, side) && !mutated("a-side-has-its-most")
    }

    /// More agents are there than the plan allows, or than a proof hears.
    fn crowd_hold(&self, plan: &Plan, side: Side, now: Timestamp) -> Option<Hold> {
        if !self.is_crowded(plan, side, now) {
            return None;
        }
        let names: Vec<&str> = self.roster.owing(side, now).map(|(agent, _)| agent.name.as_str()).collect();
        let newest = self.roster.owing(side, now).map(|(_, member)| member.enrolled).max();
        let told = match names.len().checked_sub(NAMED).filter(|more| *more > 0) {
            None => list(&names),
            Some(more) => format!("{} and {}", names[..NAMED].join(", "), count(more as u64, "more", "more")),
        };
        let reason = format!(
            "{side} has {} agents and may have {}: {told}; revoke what is not needed",
            names.len(),
            most_agents(plan, side)
        );
        let next = format!("tidelock agent revoke NAME --side {side} --reason TEXT");
        let mut hold = Hold::new(HoldCode::Agents, newest.unwrap_or(self.phase_since), reason, next);
        (hold.side, hold.state) = (Some(side), Some(EvidenceState::Undecided));
        Some(hold)
    }

    /// Each agent that is missing from a side or not expected there, and all of them where they are too many.
    pub(crate) fn inventory_holds(&self, plan: &Plan, side: Side, now: Timestamp) -> Vec<Hold> {
        let (missing, others) = self.off_inventory(plan, side, now);
        let hold = |name: &Name, since, reason: String, next: String| {
            let mut hold = Hold::new(HoldCode::Agents, since, reason, next);
            (hold.side, hold.agent) = (Some(side), Some(name.clone()));
            hold.state = Some(EvidenceState::Missing);
            hold
        };
        let missing = missing.into_iter().map(|name| {
            let reason = format!("the plan names the agent {side}/{name}, and it is not there");
            hold(name, self.phase_since, reason, format!("tidelock agent token --side {side} --name {name}"))
        });
        let others = others.into_iter().map(|name| {
            let agent = AgentKey { side, name: name.clone() };
            let since = self.roster.get(&agent).map_or(self.phase_since, |member| member.enrolled);
            let reason = format!("{agent} is not among the agents that the plan names");
            hold(name, since, reason, format!("tidelock agent revoke {name} --side {side} --reason TEXT"))
        });
        missing.chain(others).chain(self.crowd_hold(plan, side, now)).collect()
    }
}

/// So many agents a side may have. Of no more than a proof hears is anything known; where the plan has names, whoever
/// is not among them is held by name.
fn most_agents(plan: &Plan, side: Side) -> usize {
    let environment = plan.environment(side);
    match environment.agents_named.is_empty() {
        true => usize::try_from(environment.agents_at_most).unwrap_or(usize::MAX).min(AGENTS_PER_SIDE),
        false => AGENTS_PER_SIDE,
    }
}
