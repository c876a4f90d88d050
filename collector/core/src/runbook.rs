//! The runbooks: one operator walks the steps, the journal knows what was begun and what became of it,
//! and what is done is proved before the next step.
//!
//! # Invariants
//! - A part is carried out only after its beginning was journaled, under the operator's present lease.
//! - Before the point of no return everything that was done can be undone, the last first; after it nothing is.
//! - What nobody can know is never carried out again by itself: a person says.

mod asks;
mod assert;
mod facts;
mod failed;
mod fence;
mod fold;
mod holds;
pub mod machine;
mod requests;
mod shape;
mod show;
mod shut;
#[cfg(test)]
pub(crate) mod stand;
mod status;
mod young;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tidelock_model::{Name, Phase, Timestamp};

pub use assert::{AssertionState, AssertionStatus, runbook_breach};
pub use failed::{FailedUndo, Settled};
pub(crate) use requests::made;
pub use status::{NextAction, PartState, PartStatus, RunState, RunStatus};
pub(crate) use young::{Heard, Young, began};

use crate::migration::Migration;
use crate::plan::{Direction, Runbook, Step};
use crate::record::StepOutcome;
use failed::FailedUndos;
use machine::Machine;
use shut::Shut;

/// How long an operator's lease lasts without being renewed.
pub const RUN_LEASE: Duration = Duration::from_secs(15);

/// A part without a deadline of its own is not waited for any longer than this: no wait is without a bound.
pub(crate) const WAIT_AT_MOST: Duration = Duration::from_secs(3600);

/// Why a run goes back whose migration is given up: it ends in `aborted`, not in `sync`.
pub(crate) const GIVEN_UP: &str = "the migration is given up";

/// The runs of a migration.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Runs {
    /// The newest run, real or rehearsed, under way or over.
    pub(crate) newest: Option<Run>,
    /// The last rehearsal of each runbook that came to its end.
    pub(crate) rehearsals: BTreeMap<Direction, Rehearsal>,
    /// The last one of each that was walked to its end: what it measured stands until another is.
    pub(crate) measured: BTreeMap<Direction, Rehearsal>,
    /// How many leases were given out, over all runs.
    leases: u64,
    /// Until when somebody stands by to go back at once.
    pub(crate) standby: Option<Timestamp>,
    /// Steps that could not be taken back, over all runs.
    failed_undos: FailedUndos,
}

/// A rehearsal that came to its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rehearsal {
    /// The revision of the plan that was rehearsed.
    pub(crate) revision: u64,
    /// When it was over.
    pub(crate) at: Timestamp,
    /// How long writes would have been shut.
    pub(crate) writes_shut: Option<Duration>,
    /// Every step of it was walked and proved.
    pub(crate) succeeded: bool,
}

/// A run: the machine, with the words and times that it does not need.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) number: u64,
    pub(crate) direction: Direction,
    pub(crate) rehearsal: bool,
    pub(crate) revision: u64,
    pub(crate) runbook: Arc<Runbook>,
    pub(crate) machine: Machine,
    /// Who holds the lease, or held it last.
    operator: Option<Name>,
    pub(crate) lease_until: Timestamp,
    pub(crate) begun: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) no_return: Option<Timestamp>,
    /// Why it goes back.
    pub(crate) why: String,
    /// It goes back because the migration is given up.
    pub(crate) given_up: bool,
    pub(crate) marks: Vec<Marks>,
    pub(crate) shut: Shut,
}

/// When things happened to a part, and what was said of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Marks {
    pub(crate) begun: Option<Timestamp>,
    pub(crate) acted: Option<Timestamp>,
    pub(crate) done: Option<Timestamp>,
    outcome: Option<StepOutcome>,
    durable: bool,
    output: String,
}

impl Run {
    /// It is not over.
    pub(crate) fn under_way(&self) -> bool {
        self.machine.outcome().is_none()
    }

    /// The step that a part belongs to.
    pub(crate) fn step(&self, part: usize) -> Option<&Step> {
        let part = self.runbook.parts().get(part).copied()?;
        self.runbook.steps.get(part.step)
    }

    /// What people call a part: the step's name, and a route's weight.
    pub(crate) fn called(&self, part: usize) -> String {
        let weight = self.runbook.parts().get(part).and_then(|part| part.weight);
        let name = self.step(part).map(|step| step.name.as_str()).unwrap_or("a part");
        weight.map_or_else(|| name.to_owned(), |weight| format!("{name} at {weight} %"))
    }

    /// What a command takes for a part: `fence`, `traffic@10%`.
    pub(crate) fn named(&self, part: usize) -> String {
        let weight = self.runbook.parts().get(part).and_then(|part| part.weight);
        let name = self.step(part).map(|step| step.name.as_str()).unwrap_or("STEP");
        weight.map_or_else(|| name.to_owned(), |weight| format!("{name}@{weight}%"))
    }

    /// Whoever holds the lease now.
    pub(crate) fn operator(&self) -> Option<&Name> {
        self.operator.as_ref().filter(|_| self.machine.is_held())
    }

    /// It was carried out, and waits for its proof.
    pub(crate) fn is_acted(&self, part: u32) -> bool {
        let state = usize::try_from(part).ok().and_then(|part| self.machine.states().get(part));
        state == Some(&PartState::Acted)
    }

    /// After this the part is not waited for any longer.
    pub(crate) fn deadline(&self, part: usize) -> Option<Timestamp> {
        if let Some(begun) = self.marks.get(part)?.begun {
            return Some(begun.plus(self.step(part)?.deadline.unwrap_or(WAIT_AT_MOST)));
        }
        // What nobody begins is bounded as well, from when it was its turn.
        let turn = self.machine.current() == Some(part);
        let before = part.checked_sub(1).and_then(|before| self.marks.get(before)?.done);
        turn.then(|| before.unwrap_or(self.begun).plus(WAIT_AT_MOST))
    }
}

impl Migration {
    /// The run that is under way.
    pub(crate) fn run_under_way(&self) -> Option<&Run> {
        self.runs.newest.as_ref().filter(|run| run.under_way())
    }

    /// The newest real run of this direction, since the phase in which it belongs began.
    pub(crate) fn real_run(&self, direction: Direction) -> Option<&Run> {
        let here = match direction {
            Direction::Cutover => self.phase == Phase::Cutover,
            Direction::Rollback => self.phase == Phase::RollingBack,
        };
        let fits = |run: &&Run| !run.rehearsal && run.direction == direction && run.begun >= self.phase_since;
        self.runs.newest.as_ref().filter(|_| here).filter(fits)
    }

    /// Steps that could not be taken back, and what became of each; oldest first.
    pub fn failed_undos(&self) -> &[FailedUndo] {
        self.runs.failed_undos.all()
    }

    /// The plan has a runbook for this way.
    pub(crate) fn walks(&self, direction: Direction) -> bool {
        self.plan().is_some_and(|plan| plan.runbook(direction).is_some())
    }

    /// A cutover by a runbook that can still be taken back whole.
    pub(crate) fn reversible(&self) -> bool {
        let can = |run: &Run| !run.machine.forward_only() && run.ended_forward().is_none();
        self.phase == Phase::Cutover
            && self.walks(Direction::Cutover)
            && self.real_run(Direction::Cutover).is_none_or(can)
    }
}
