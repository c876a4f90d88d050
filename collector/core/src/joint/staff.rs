//! Who owes findings, and whose are believed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tidelock_model::{AgentKey, Side, Timestamp};

use crate::plan::Plan;
use crate::proof::slots::SlotRoster;
use crate::roster::Roster;

/// Who owes findings, and how many of a side must agree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Staff {
    agents: BTreeSet<AgentKey>,
    at_least: [u32; 2],
    /// Agents whose clocks are not believed for slots of that length, in milliseconds.
    doubted: BTreeSet<(u64, AgentKey)>,
}

impl Staff {
    /// The staff at that moment, for slots of these lengths.
    pub(super) fn of(roster: &Roster, plan: &Plan, slots: &BTreeSet<u64>, at: Timestamp) -> Staff {
        let at_least = Side::BOTH.map(|side| plan.environment(side).agents_at_least);
        let mut staff = Staff { at_least, ..Staff::default() };
        for (agent, member) in Side::BOTH.into_iter().flat_map(|side| roster.owing(side, at)) {
            if member.suspended.is_some() {
                continue;
            }
            let short = slots.iter().filter(|slot_ms| member.doubted(**slot_ms));
            staff.doubted.extend(short.map(|slot_ms| (*slot_ms, agent.clone())));
            staff.agents.insert(agent.clone());
        }
        staff
    }

    /// The same for a check that asks for other numbers of agents than its sides.
    pub(super) fn asking(self: &Arc<Staff>, quorum: &BTreeMap<Side, u32>) -> Arc<Staff> {
        if quorum.is_empty() {
            return self.clone();
        }
        let mut staff = Staff::clone(self);
        quorum.iter().for_each(|(side, least)| staff.at_least[place(*side)] = *least);
        Arc::new(staff)
    }

    /// All of both sides.
    pub(crate) fn agents(&self) -> impl Iterator<Item = &AgentKey> {
        self.agents.iter()
    }

    pub(crate) fn has(&self, agent: &AgentKey, side: Side) -> bool {
        agent.side == side && self.agents.contains(agent)
    }

    /// At least 1: nobody proves nothing.
    pub(crate) fn at_least(&self, side: Side) -> usize {
        (self.at_least[place(side)].max(1)) as usize
    }

    /// Agents of the side whose clocks are not believed for slots of that length.
    pub(crate) fn doubted(&self, side: Side, slot_ms: u64) -> impl Iterator<Item = &AgentKey> {
        let of = move |doubt: &&(u64, AgentKey)| doubt.0 == slot_ms && doubt.1.side == side;
        self.doubted.iter().filter(of).map(|(_, agent)| agent)
    }

    /// As the slots of that length need it.
    pub(super) fn slots(&self, side: Side, slot_ms: u64) -> SlotRoster {
        let names = self.agents.iter().filter(|agent| agent.side == side).map(|agent| agent.name.as_str());
        let mut roster = SlotRoster::new(names, self.at_least(side) as u32);
        self.doubted(side, slot_ms).for_each(|agent| roster.quarantine(agent.name.as_str(), true));
        roster
    }
}

fn place(side: Side) -> usize {
    usize::from(side == Side::Target)
}
