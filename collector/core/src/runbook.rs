//! The runbooks: one operator walks the steps, the journal knows what was begun and what became of it,
//! and what is done is proved before the next step.
//!
//! # Invariants
//! - A part is carried out only after its beginning was journaled, under the operator's present lease.
//! - Before the point of no return everything that was done can be undone, the last first; after it nothing is.
//! - What nobody can know is never carried out again by itself: a person says.

mod assert;
mod fence;
#[cfg(test)]
pub(crate) mod stand;
mod status;
mod young;

use std::time::Duration;

use tidelock_model::{Name, Timestamp};

pub use assert::runbook_breach;
pub use status::{NextAction, PartState, PartStatus, RunState, RunStatus};
pub(crate) use young::{Heard, Young, began};

use crate::ask::{Asker, Refusal, RefusalCode, RunAsk};
use crate::migration::Migration;
use crate::record::{Event, EventKind};
use crate::verdict::Hold;

/// How long an operator's lease lasts without being renewed.
pub const RUN_LEASE: Duration = Duration::from_secs(15);

/// The runs of a migration.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Runs {}

impl Migration {
    /// The newest run, real or rehearsed.
    pub fn run_status(&self, _now: Timestamp) -> Option<RunStatus> {
        None
    }

    /// Answers an ask about a run.
    pub(crate) fn run_ask(&self, _now: Timestamp, _ask: &RunAsk, _by: &Asker) -> Result<EventKind, Refusal> {
        Err(Refusal::new(RefusalCode::NoRunbook, "the plan has no runbook"))
    }

    /// Takes what was decided about a run. Gives back whether it fitted.
    pub(crate) fn run_event(&mut self, _at: Timestamp, _event: &Event) -> bool {
        false
    }

    /// The operator's lease was renewed.
    pub(crate) fn run_renewed(&mut self, _at: Timestamp, _run: u64, _lease: u64, _until: Timestamp) {}

    /// What evidence and time alone decide about a run.
    pub(crate) fn run_next(&self, _now: Timestamp) -> Option<(EventKind, Option<Name>)> {
        None
    }

    /// What of the runbook holds the gate.
    pub(crate) fn run_holds(&self, _gate: tidelock_model::Phase, _now: Timestamp) -> Vec<Hold> {
        Vec::new()
    }
}

/// The ask is the one that recorded this.
pub(crate) fn made(_ask: &RunAsk, _recorded: &EventKind) -> bool {
    false
}
