//! Who runs what, as people look at it: the same judgement that holds a gate, whichever gate stands next.

use tidelock_model::{Name, Phase, Side, Timestamp};

use super::{Owned, Runs};
use crate::migration::Migration;
use crate::verdict::{EvidenceState, Hold};

/// How a thing with an owner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnershipState {
    /// Its owner was seen to run it, and nobody else.
    Owned,
    /// Nobody was seen to run it since it has this owner, and it is not missed yet.
    NotSeenYet,
    /// Both sides run it.
    TwoOwners,
    /// The side that must not runs it.
    WrongOwner,
    /// Nobody runs it.
    NoOwner,
    /// Somebody who should tell does not.
    NotKnown,
}

impl OwnershipState {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            OwnershipState::Owned => "owned",
            OwnershipState::NotSeenYet => "not_seen_yet",
            OwnershipState::TwoOwners => "two_owners",
            OwnershipState::WrongOwner => "wrong_owner",
            OwnershipState::NoOwner => "no_owner",
            OwnershipState::NotKnown => "not_known",
        }
    }
}

/// A job, worker, scheduler or consumer, and who runs it.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnershipStatus {
    /// Its name in the plan.
    pub name: Name,
    /// `job`, `worker`, `scheduler` or `consumer`.
    pub kind: String,
    /// Who owns it now.
    pub owner: Side,
    /// The scenario that sees it run.
    pub seen_by: Name,
    /// How it stands.
    pub state: OwnershipState,
    /// What is wrong, in a sentence; empty where nothing is.
    pub reason: String,
    /// When it was seen to run on the source last.
    pub ran_on_source: Option<Timestamp>,
    /// When it was seen to run on the target last.
    pub ran_on_target: Option<Timestamp>,
}

impl Migration {
    /// Everything that the plan gives an owner, with who runs it.
    pub fn ownership(&self, now: Timestamp) -> Vec<OwnershipStatus> {
        let Some(plan) = self.plan() else { return Vec::new() };
        let one = |(name, thing)| {
            let thing: &crate::plan::OwnedThing = thing;
            let found = plan.scenarios.get(&thing.seen_by).map(|seen| self.owned(name, thing, seen));
            let (state, reason) = match &found {
                Some(owned) => self.ownership_state(owned, now),
                None => {
                    let reason =
                        format!("{name} is seen by {}, which the plan does not declare", thing.seen_by);
                    (OwnershipState::NotKnown, reason)
                }
            };
            let ran = |side| found.as_ref()?.book?.runs.get(&side).map(|runs: &Runs| runs.at);
            OwnershipStatus {
                name: name.clone(),
                kind: thing.kind.clone(),
                owner: found.as_ref().map_or(thing.until_switch, |owned| owned.owner),
                seen_by: thing.seen_by.clone(),
                state,
                reason,
                ran_on_source: ran(Side::Source),
                ran_on_target: ran(Side::Target),
            }
        };
        plan.switch.owners.iter().map(one).collect()
    }

    /// The worst that can be said of it, by what the gate of this phase would be held for.
    fn ownership_state(&self, owned: &Owned<'_>, now: Timestamp) -> (OwnershipState, String) {
        let gate = match self.phase {
            Phase::Prepare | Phase::Sync | Phase::Ready => Phase::Cutover,
            Phase::Cutover | Phase::Watch | Phase::Committed | Phase::Retired => Phase::Watch,
            Phase::RollingBack | Phase::RolledBack | Phase::Aborted => Phase::RolledBack,
        };
        let said = |state, hold: Hold| (state, hold.reason);
        if let Some(hold) = self.two_owners(owned, now) {
            let both = owned
                .book
                .is_some_and(|book| book.ran_since(owned.owner, self.owned_since(owned.owner)).is_some());
            let state = if both { OwnershipState::TwoOwners } else { OwnershipState::WrongOwner };
            return said(state, hold);
        }
        if let Some(hold) = self.no_owner(owned, gate, now) {
            return said(OwnershipState::NoOwner, hold);
        }
        if let Some(hold) = self.lost_runs(owned, gate, now) {
            return said(OwnershipState::NotKnown, hold);
        }
        if let Some(hold) = self.untold(owned, gate, now).into_iter().next() {
            debug_assert_eq!(hold.state, Some(EvidenceState::Missing), "silence is missing evidence");
            return said(OwnershipState::NotKnown, hold);
        }
        if !owned.scenario.phases.contains(&self.phase) {
            let reason = format!("{} does not run in {}", owned.thing.seen_by, self.phase);
            return (OwnershipState::NotKnown, reason);
        }
        let runs = |book: &super::Book| book.ran_since(owned.owner, self.owned_since(owned.owner)).is_some();
        match owned.book.is_some_and(runs) {
            true => (OwnershipState::Owned, String::new()),
            false => (OwnershipState::NotSeenYet, String::new()),
        }
    }
}
