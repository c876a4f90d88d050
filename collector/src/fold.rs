//! The journal folded into migrations: the same code live, at a start and in an offline replay.
//!
//! What the core needs goes to the core. Beside it lies what only screens and agents need: plans as
//! they were written, the list of events, the latest findings of each check.

mod decode;
mod events;
mod recent;
mod replay;

use std::collections::BTreeMap;

use tidelock_core::Migration;
use tidelock_core::record::{Entry, EventKind, Observation, Record};
use tidelock_model::{Name, Sha256, Timestamp};

pub use events::{EventLine, Events};
pub use recent::{Recent, RecentFinding};
pub(crate) use replay::replay_heard;
pub use replay::{ReplayError, replay};

use crate::journal::Position;
use crate::records::{Decision, PlanExtras, Seen};

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
    /// Its plans, the latest last.
    pub revisions: Vec<Revision>,
    /// What happened.
    pub events: Events,
    /// What was found last.
    pub recent: Recent,
}

impl Folding {
    /// A migration before its first plan.
    pub fn new(name: Name) -> Folding {
        Folding {
            core: Migration::new(name),
            head: None,
            revisions: Vec::new(),
            events: Events::default(),
            recent: Recent::default(),
        }
    }

    /// Believes something seen, and gives it back: batches are large, and are not copied for this.
    pub fn seen(&mut self, position: Position, at: Timestamp, observation: Observation) -> Observation {
        let entry = Entry { at, record: Record::Seen(position.number(), observation) };
        self.core.apply(&entry);
        let observation = match entry.record {
            Record::Seen(_, observation) => observation,
            Record::Decided(_) => Observation::Tick,
        };
        if let Observation::Findings(batch) = &observation {
            self.recent.take(at, batch);
        }
        observation
    }

    /// Believes a decision.
    pub fn decided(&mut self, position: Position, decision: Decision) {
        let Decision { migration: _, at, event, extras } = decision;
        self.core.apply(&Entry { at, record: Record::Decided(Box::new(event.clone())) });
        self.head = Some(position);
        if let (EventKind::PlanApplied { revision, hash, .. }, Some(extras)) = (&event.kind, extras) {
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
    /// Believes something seen, for its migration or for all of them, and gives it back.
    pub fn seen(&mut self, position: Position, at: Timestamp, seen: Seen) -> Seen {
        self.position = position;
        self.at = self.at.max(at);
        let Seen { migration, mut observation, boot_id } = seen;
        match &migration {
            Some(name) => {
                if let Some(folding) = self.migrations.get_mut(name) {
                    observation = folding.seen(position, at, observation);
                }
            }
            None => {
                for folding in self.migrations.values_mut() {
                    observation = folding.seen(position, at, observation);
                }
            }
        }
        Seen { migration, observation, boot_id }
    }

    /// Believes a decision; the first one of a migration makes it.
    pub fn decided(&mut self, position: Position, decision: Decision) {
        self.at = self.at.max(decision.at);
        let name = decision.migration.clone();
        self.migrations.entry(name.clone()).or_insert_with(|| Folding::new(name)).decided(position, decision);
    }
}
