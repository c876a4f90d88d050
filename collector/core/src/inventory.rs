//! The agents that the plan names: nobody else, and none of them missing.
//!
//! A number says how many must be there; only names say that it is the right ones. A machine that nobody
//! expected may be anybody's, and its word is not asked for before a person has looked.

use std::collections::BTreeSet;

use tidelock_model::{AgentKey, Name, Side, Timestamp, mutated};

use crate::migration::Migration;
use crate::plan::Plan;
use crate::verdict::{EvidenceState, Hold, HoldCode};

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

    /// The side has the agents that the plan names.
    pub(crate) fn inventory_fits(&self, plan: &Plan, side: Side, now: Timestamp) -> bool {
        let (missing, others) = self.off_inventory(plan, side, now);
        missing.is_empty() && others.is_empty()
    }

    /// Each agent that is missing from a side or not expected there.
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
        missing.chain(others).collect()
    }
}
