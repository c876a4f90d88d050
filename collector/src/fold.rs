//! The journal folded into migrations: the same code live, at a start and in an offline replay.
//!
//! What the core needs goes to the core. Beside it lies what only screens and agents need: plans as
//! they were written, the list of events, the latest findings of each check.

mod decode;
mod events;
mod recent;
mod replay;
mod runs;

use std::collections::BTreeMap;

use tidelock_core::Migration;
use tidelock_core::record::{Entry, EventKind, Observation, Record};
use tidelock_model::{Name, Sha256, Timestamp};

pub use events::{EventLine, Events};
pub use recent::{Recent, RecentFinding};
pub(crate) use replay::{Heard, replay_heard};
pub use replay::{ReplayError, replay};
pub use runs::Runs;

use crate::journal::Position;
use crate::records::{Decision, PlanExtras, Received, Seen};

/// A plan revision as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// Its number.
    pub revision: u64,
    /// Its hash.
    pub hash: Sha256,
    /// Its source.
    pub extras: PlanExtras,
}

/// One migration and what is shown of it.
#[derive(Debug)]
pub struct Folding {
    /// What decides.
    pub core: Migration,
    /// Its last decision.
    pub head: Option<Position>,
    /// The last thing seen before it began: what lies behind that is its own.
    pub begin: Position,
    /// Its plans, the latest last.
    pub revisions: Vec<Revision>,
    /// What happened.
    pub events: Events,
    /// What was found last.
    pub recent: Recent,
    /// The plan that the newest run walks, and the runs before it.
    pub runs: Runs,
    /// When it was last held for decisions that are missing.
    pub lost: Option<Timestamp>,
}

impl Folding {
    /// A migration before its first plan.
    pub fn new(name: Name) -> Folding {
        Folding {
            core: Migration::new(name),
            head: None,
            begin: Position::START,
            revisions: Vec::new(),
            events: Events::default(),
            recent: Recent::default(),
            runs: Runs::default(),
            lost: None,
        }
    }

    /// Believes something seen; a batch with its bytes, where somebody may ask for it later.
    pub(crate) fn seen(
        &mut self,
        position: Position,
        at: Timestamp,
        observation: &Observation,
        received: Option<&Received>,
    ) {
        self.core.observed(at, position.number(), observation);
        if let (Observation::Findings(batch), Some(received)) = (observation, received) {
            self.recent.take(position, at, batch.agent.clone(), received.clone());
        }
    }

    /// Believes a decision.
    pub fn decided(&mut self, position: Position, decision: Decision) {
        let Decision { migration: _, at, event, extras } = decision;
        if self.head.is_none() {
            self.begin = Position::new(event.findings_position);
        }
        self.runs.before(&self.core, at, &event.kind);
        self.core.apply(&Entry { at, record: Record::Decided(Box::new(event.clone())) });
        self.head = Some(position);
        if crate::heads::is_of_a_loss(&event) {
            self.lost = Some(at);
        }
        if let (EventKind::PlanApplied { revision, hash, .. }, Some(extras)) = (&event.kind, extras) {
            self.core.challenge(&extras.nonce_seed);
            self.revisions.push(Revision { revision: *revision, hash: *hash, extras });
        }
        self.events.push(EventLine { sequence: position.number(), at, event });
    }
}

/// Every migration of one journal.
#[derive(Debug, Default)]
pub struct Fold {
    /// By name.
    pub migrations: BTreeMap<Name, Folding>,
    /// The findings believed so far.
    pub position: Position,
    /// The latest moment in the journal.
    pub at: Timestamp,
}

impl Fold {
    /// Believes something seen, for its migration or for all of them.
    pub(crate) fn seen(
        &mut self,
        position: Position,
        at: Timestamp,
        seen: &Seen,
        received: Option<&Received>,
    ) {
        self.lacks_up_to(position.before(), None);
        self.position = position;
        self.at = self.at.max(at);
        match &seen.migration {
            Some(name) => {
                if let Some(folding) = self.migrations.get_mut(name) {
                    folding.seen(position, at, &seen.observation, received);
                }
            }
            None => {
                for folding in self.migrations.values_mut() {
                    folding.seen(position, at, &seen.observation, received);
                }
            }
        }
    }

    /// Believes a decision; the first one of a migration makes it.
    pub fn decided(&mut self, position: Position, decision: Decision) {
        self.at = self.at.max(decision.at);
        let name = decision.migration.clone();
        self.lacks_up_to(Position::new(decision.event.findings_position), Some(&name));
        self.migrations.entry(name.clone()).or_insert_with(|| Folding::new(name)).decided(position, decision);
    }

    /// What was seen up to here must be known by now: where it is not, the journal keeps it no more. Whoever began
    /// before that lacks some of its own.
    fn lacks_up_to(&mut self, position: Position, one: Option<&Name>) {
        if position <= self.position {
            return;
        }
        let lacking = |(name, folding): &(&Name, &mut Folding)| {
            one.is_none_or(|one| one == *name) && folding.begin < position
        };
        let lacking = self.migrations.iter_mut().filter(lacking);
        lacking.for_each(|(_, folding)| folding.core.findings_dropped());
    }
}

#[cfg(test)]
mod tests {
    use tidelock_core::record::Event;

    use super::*;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn decided(fold: &mut Fold, number: u64, migration: &str, rests_on: u64) {
        let event = Event {
            by: None,
            reason: String::new(),
            request_id: String::new(),
            findings_position: rests_on,
            evidence_hash: Sha256::from_bytes([0; 32]),
            holds: Vec::new(),
            kind: EventKind::HoldSet,
        };
        let at = Timestamp::from_millis(number);
        let decision = Decision { migration: name(migration), at, event, extras: None };
        fold.decided(Position::new(number), decision);
    }

    fn seen(fold: &mut Fold, numbers: std::ops::RangeInclusive<u64>) {
        let seen = Seen { migration: None, observation: Observation::Tick, boot_id: String::new() };
        numbers.for_each(|number| fold.seen(Position::new(number), Timestamp::ZERO, &seen, None));
    }

    fn lacks(fold: &Fold, migration: &str) -> bool {
        fold.migrations[&name(migration)].core.report(Timestamp::ZERO).findings_dropped
    }

    #[test]
    fn whoever_lacks_findings_of_its_own_knows_it_and_nobody_else_does() {
        // All of them are there.
        let mut whole = Fold::default();
        decided(&mut whole, 1, "shop", 0);
        seen(&mut whole, 1..=9);
        decided(&mut whole, 2, "bank", 9);
        seen(&mut whole, 10..=12);
        decided(&mut whole, 3, "shop", 12);
        assert!(!lacks(&whole, "shop") && !lacks(&whole, "bank"));
        // The first segment went: the one that began behind it lacks nothing.
        let mut cut = Fold::default();
        decided(&mut cut, 1, "shop", 0);
        decided(&mut cut, 2, "bank", 9);
        assert!(!lacks(&cut, "shop") && !lacks(&cut, "bank"), "nothing of their own is missing yet");
        seen(&mut cut, 10..=12);
        decided(&mut cut, 3, "bank", 12);
        assert!(lacks(&cut, "shop") && !lacks(&cut, "bank"));
        // All of them went: the decisions alone say that something was seen.
        let mut alone = Fold::default();
        decided(&mut alone, 1, "shop", 0);
        decided(&mut alone, 2, "bank", 9);
        decided(&mut alone, 3, "shop", 12);
        assert!(lacks(&alone, "shop") && !lacks(&alone, "bank"));
    }
}
