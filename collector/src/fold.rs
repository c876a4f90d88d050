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
        self.migrations.entry(name.clone()).or_insert_with(|| Folding::new(name)).decided(position, decision);
    }
}
