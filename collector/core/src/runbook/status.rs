//! What people and the operator's process see of a run.

use std::time::Duration;

use tidelock_model::{Name, Timestamp};

use crate::plan::Direction;
use crate::record::{RunOutcome, StepOutcome};
use crate::verdict::Hold;

/// A run of a runbook, as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct RunStatus {
    /// Counts from 1, over all runs of the migration.
    pub run: u64,
    /// Which runbook.
    pub direction: Direction,
    /// Nothing is really done.
    pub rehearsal: bool,
    /// The revision of the plan that it walks.
    pub revision: u64,
    /// Where it goes.
    pub state: RunState,
    /// Why it goes back, where it does.
    pub why: String,
    /// Who walks it; none where nobody holds the lease.
    pub operator: Option<Name>,
    /// The operator's lease; the last one where nobody holds it.
    pub lease: u64,
    /// Until when nobody else may walk it.
    pub lease_until: Timestamp,
    /// When it began.
    pub begun: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// When its point of no return was passed.
    pub no_return: Option<Timestamp>,
    /// Its parts, in their order.
    pub parts: Vec<PartStatus>,
    /// Since when nobody can write.
    pub writes_shut_since: Option<Timestamp>,
    /// How long that may last, and the scenario that says so.
    pub dip: Option<(Name, Duration)>,
    /// How long it lasted, once it is over.
    pub writes_shut: Option<Duration>,
    /// What is to be done now.
    pub next: NextAction,
}

/// Where a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Forward.
    Forward,
    /// What was done is undone.
    Undoing,
    /// It is over.
    Ended(RunOutcome),
}

impl RunState {
    /// The word on every screen and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            RunState::Forward => "forward",
            RunState::Undoing => "undoing",
            RunState::Ended(outcome) => outcome.word(),
        }
    }
}

/// One part of a run, as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PartStatus {
    /// Its place among the runbook's parts.
    pub part: u32,
    /// The step's name.
    pub name: Name,
    /// The share of traffic on the target, where it is a route.
    pub weight: Option<u32>,
    /// The step's kind, as the plan words it.
    pub kind: &'static str,
    /// Who answers for it.
    pub owner: Name,
    /// How long it should take.
    pub planned: Duration,
    /// When it is not waited for any longer, once it began.
    pub deadline: Option<Timestamp>,
    /// How it stands.
    pub state: PartState,
    /// When it began.
    pub begun: Option<Timestamp>,
    /// When its command or its person was done.
    pub acted: Option<Timestamp>,
    /// When it was proved.
    pub done: Option<Timestamp>,
    /// What was said of it last.
    pub outcome: Option<StepOutcome>,
    /// Something durable happened, whatever the outcome.
    pub durable: bool,
    /// The end of what the command said last.
    pub output: String,
    /// What its postcondition waits for.
    pub holds: Vec<Hold>,
}

/// How a part of a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartState {
    /// Not begun.
    Pending,
    /// Begun, and its outcome is not known yet.
    Begun,
    /// Carried out; its postcondition is waited for.
    Acted,
    /// Carried out and proved.
    Done,
    /// It failed.
    Failed,
    /// Nobody can know whether it was carried out: a person must say.
    Ambiguous,
    /// It is being taken back.
    Undoing,
    /// It was taken back.
    Undone,
    /// It could not be taken back.
    UndoFailed,
    /// Nobody can know whether it was taken back: a person must say.
    UndoAmbiguous,
}

impl PartState {
    /// The word on every screen and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            PartState::Pending => "pending",
            PartState::Begun => "begun",
            PartState::Acted => "acted",
            PartState::Done => "done",
            PartState::Failed => "failed",
            PartState::Ambiguous => "ambiguous",
            PartState::Undoing => "undoing",
            PartState::Undone => "undone",
            PartState::UndoFailed => "undo_failed",
            PartState::UndoAmbiguous => "undo_ambiguous",
        }
    }
}

/// What is to be done now, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NextAction {
    /// The operator carries the part's command out, or takes it back.
    Carry {
        /// Its place among the runbook's parts.
        part: u32,
        /// It is taken back.
        undo: bool,
    },
    /// The part's owner confirms it.
    Confirm {
        /// Its place among the runbook's parts.
        part: u32,
    },
    /// The operator passes the point of no return.
    PassNoReturn {
        /// Its place among the runbook's parts.
        part: u32,
    },
    /// The part's postcondition is waited for.
    Wait {
        /// Its place among the runbook's parts.
        part: u32,
    },
    /// A person says whether the part was carried out, or taken back.
    Settle {
        /// Its place among the runbook's parts.
        part: u32,
        /// It is about taking it back.
        undo: bool,
    },
    /// Nothing: it is over.
    Over,
}

impl NextAction {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            NextAction::Carry { undo: false, .. } => "carry",
            NextAction::Carry { undo: true, .. } => "undo",
            NextAction::Confirm { .. } => "confirm",
            NextAction::PassNoReturn { .. } => "pass_no_return",
            NextAction::Wait { .. } => "wait",
            NextAction::Settle { .. } => "settle",
            NextAction::Over => "over",
        }
    }
}
