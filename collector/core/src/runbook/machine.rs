//! The heart of a run, small enough to be explored state by state: what was begun, what became of it, who holds
//! the lease, and which way it goes.
//!
//! It knows no time, no names and no plan. Whoever drives it says what is true at this moment as [`Facts`], and
//! keeps words and times beside it. The model check of `tests/model` drives exactly this code.
//!
//! # Invariants
//! - A part is begun only under the present lease, after everything before it is done.
//! - The point of no return is passed once, and never by a run that goes back.
//! - A run that goes back takes back everything that may have had an effect, the last first, and ends only then.
//! - What nobody can know is neither carried out again nor passed over until a person has said what happened.

mod answer;
mod take;

use super::{NextAction, PartState, shape};
use std::sync::Arc;

use crate::plan::{Direction, Runbook};
use crate::record::{RunOutcome, StepOutcome};

/// What carrying a part out means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// The operator runs a command. Nobody knows what became of it when the operator is gone.
    Command,
    /// There is nothing to run: the operator says so, as often as it takes.
    Nothing,
    /// A person does it, and says so.
    Person,
    /// The point of no return.
    NoReturn,
}

/// What taking a part back means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Undo {
    /// It had no effect.
    Nothing,
    /// The operator runs a command.
    Command,
    /// Nothing in the plan takes it back: a person does, and says so.
    Person,
}

/// One part of a runbook, as far as the machine must know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Piece {
    /// The step it belongs to. The weights of a route are one step, and are taken back together.
    pub step: usize,
    /// How it is carried out.
    pub work: Work,
    /// How it is taken back.
    pub undo: Undo,
}

/// How long a run can turn back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turns {
    /// Until its point of no return.
    UntilNoReturn,
    /// At any time: a rehearsal.
    Always,
    /// Never: a way back without a point of no return of its own goes on until it has arrived.
    Never,
}

/// Why a run goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Somebody asked for it.
    Asked,
    /// The migration is given up.
    GivenUp,
    /// A part failed.
    Failed(usize),
    /// A part was not done, or not proved, in its time.
    Overdue(usize),
    /// The operator's lease ended, and nobody went on.
    LeaseEnded,
    /// Somebody pressed hold.
    Hold,
    /// Something moved on the side that is shut.
    FenceMoved,
    /// Writes are shut for longer than a scenario may be away.
    Dip,
    /// People decided to go back.
    Decided,
    /// The watch after the switch calls.
    Alarm,
    /// The plan is another one now.
    PlanChanged,
}

/// What is true at a moment, and not the machine's to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Facts {
    /// The operator's lease lasts.
    pub lease_valid: bool,
    /// The part under way is past its time.
    pub overdue: bool,
    /// The postcondition of the part under way is proved.
    pub proved: bool,
    /// Something outside the run says that it must go back.
    pub against: Option<Why>,
    /// The migration went another way: the run has nothing left to reach.
    pub gone: bool,
}

/// What somebody wants of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Want {
    /// The lease.
    Take {
        /// Whoever asks is the person who holds it.
        own: bool,
    },
    /// To let the lease go.
    Leave {
        /// The asker's lease.
        lease: u64,
    },
    /// To carry a part out, or take it back.
    Begin {
        /// The asker's lease.
        lease: u64,
        /// Which part.
        part: usize,
        /// Take it back.
        undo: bool,
    },
    /// To say what became of it.
    End {
        /// The asker's lease.
        lease: u64,
        /// Which part.
        part: usize,
        /// It was taken back.
        undo: bool,
        /// How it ended.
        outcome: StepOutcome,
    },
    /// A person says that a part of theirs is done or failed.
    Confirm {
        /// Which part.
        part: usize,
        /// It is done.
        done: bool,
    },
    /// A person says what nobody else can know.
    Settle {
        /// Which part.
        part: usize,
        /// It is about taking it back.
        undo: bool,
        /// It was carried out.
        done: bool,
    },
    /// To pass the point of no return.
    PassNoReturn {
        /// The asker's lease.
        lease: u64,
        /// Which part.
        part: usize,
    },
    /// To go back.
    Turn,
}

/// What happens to a run. Journaled before it is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Move {
    /// The lease has a new number.
    Taken {
        /// The new one.
        lease: u64,
    },
    /// Nobody holds the lease any more.
    Left {
        /// The one that ended.
        lease: u64,
    },
    /// A part is about to be carried out, or taken back.
    Begun {
        /// The operator's lease.
        lease: u64,
        /// Which part.
        part: usize,
        /// It is taken back.
        undo: bool,
    },
    /// What became of it.
    Ended {
        /// The operator's lease; 0 where a person said it.
        lease: u64,
        /// Which part.
        part: usize,
        /// It was taken back.
        undo: bool,
        /// How it ended.
        outcome: StepOutcome,
    },
    /// A part's postcondition is proved.
    Proved {
        /// Which part.
        part: usize,
    },
    /// A person said what nobody else could know.
    Settled {
        /// Which part.
        part: usize,
        /// It is about taking it back.
        undo: bool,
        /// It was carried out.
        done: bool,
    },
    /// From here on the run goes back.
    Turned(Why),
    /// The point of no return is passed.
    NoReturn {
        /// The operator's lease.
        lease: u64,
        /// Which part.
        part: usize,
    },
    /// The run is over.
    Over(RunOutcome),
}

/// Why somebody does not get what they want.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum No {
    /// The run is over.
    Over,
    /// Somebody else holds the lease.
    Leased,
    /// The asker's lease ended, or is another's.
    OldLease,
    /// Something else is next.
    NotNext,
    /// The run goes back, or is about to.
    GoesBack,
    /// The point of no return is passed.
    Passed,
}

/// A run, as far as it decides anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Machine {
    pieces: Arc<[Piece]>,
    /// The part before which the point of no return stands, or that is it.
    no_return_at: Option<usize>,
    turns: Turns,
    states: Vec<PartState>,
    lease: u64,
    held: bool,
    passed: bool,
    turned: bool,
    outcome: Option<RunOutcome>,
}

impl Machine {
    /// A run of this runbook that begins, under its first lease.
    pub fn of(direction: Direction, runbook: &Runbook, rehearsal: bool, lease: u64) -> Machine {
        let pieces = shape::pieces(runbook, rehearsal);
        let turns = shape::turns(direction, rehearsal);
        Machine::begin(pieces, shape::no_return(direction, runbook), turns, lease)
    }

    /// A run that begins, under its first lease.
    pub fn begin(pieces: Vec<Piece>, no_return_at: Option<usize>, turns: Turns, lease: u64) -> Machine {
        let states = vec![PartState::Pending; pieces.len()];
        Machine {
            pieces: pieces.into(),
            no_return_at,
            turns,
            states,
            lease,
            held: true,
            passed: false,
            turned: false,
            outcome: None,
        }
    }

    /// What it knows of each part.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The part that is the point of no return, or before which it stands.
    pub fn no_return_at(&self) -> Option<usize> {
        self.no_return_at
    }

    /// How each part stands.
    pub fn states(&self) -> &[PartState] {
        &self.states
    }

    /// The operator's lease, or the last one.
    pub fn lease(&self) -> u64 {
        self.lease
    }

    /// Somebody holds the lease.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// The point of no return is passed.
    pub fn is_passed(&self) -> bool {
        self.passed
    }

    /// It goes back.
    pub fn is_turned(&self) -> bool {
        self.turned
    }

    /// How it ended, where it did.
    pub fn outcome(&self) -> Option<RunOutcome> {
        self.outcome
    }

    /// It cannot go back any more.
    pub fn forward_only(&self) -> bool {
        match self.turns {
            Turns::UntilNoReturn => self.passed,
            Turns::Always => false,
            Turns::Never => true,
        }
    }

    /// The part that the way forward has come to; none where all are done.
    pub fn current(&self) -> Option<usize> {
        self.states.iter().position(|state| *state != PartState::Done)
    }

    /// The part that a run which goes back takes back next: the last that may have had an effect.
    pub(crate) fn to_undo(&self) -> Option<usize> {
        (0..self.pieces.len()).rev().find(|part| match self.states[*part] {
            PartState::Undoing | PartState::UndoFailed | PartState::UndoAmbiguous => true,
            PartState::Begun
            | PartState::Acted
            | PartState::Done
            | PartState::Failed
            | PartState::Ambiguous => self.pieces[*part].undo != Undo::Nothing,
            PartState::Pending | PartState::Undone => false,
        })
    }

    /// A part whose command runs now, as far as anybody knows.
    pub(crate) fn running(&self) -> Option<usize> {
        let runs = |part: &usize| match self.states[*part] {
            PartState::Undoing => true,
            PartState::Begun => self.pieces[*part].work == Work::Command,
            PartState::Pending
            | PartState::Acted
            | PartState::Done
            | PartState::Failed
            | PartState::Ambiguous
            | PartState::Undone
            | PartState::UndoFailed
            | PartState::UndoAmbiguous => false,
        };
        (0..self.pieces.len()).find(runs).filter(|_| self.held)
    }

    /// What is to be done now, and by whom.
    pub fn next(&self) -> NextAction {
        if self.outcome.is_some() {
            return NextAction::Over;
        }
        // Two commands of one run never run at the same time: what runs ends first, whichever way it goes.
        if let Some(part) = self.running() {
            return NextAction::Wait { part: number(part) };
        }
        if self.turned { self.next_back() } else { self.next_forward() }
    }

    fn next_back(&self) -> NextAction {
        let Some(at) = self.to_undo() else {
            return NextAction::Wait { part: 0 };
        };
        let part = number(at);
        match self.states[at] {
            PartState::UndoFailed | PartState::UndoAmbiguous => NextAction::Settle { part, undo: true },
            PartState::Undoing => NextAction::Wait { part },
            PartState::Pending
            | PartState::Begun
            | PartState::Acted
            | PartState::Done
            | PartState::Failed
            | PartState::Ambiguous
            | PartState::Undone => match self.pieces[at].undo {
                Undo::Person => NextAction::Settle { part, undo: true },
                Undo::Command | Undo::Nothing => NextAction::Carry { part, undo: true },
            },
        }
    }

    fn next_forward(&self) -> NextAction {
        let Some(at) = self.current() else {
            return NextAction::Wait { part: number(self.pieces.len().saturating_sub(1)) };
        };
        let part = number(at);
        match self.states[at] {
            PartState::Pending if self.no_return_at == Some(at) && !self.passed => {
                NextAction::PassNoReturn { part }
            }
            PartState::Pending | PartState::Begun if self.pieces[at].work == Work::Person => {
                NextAction::Confirm { part }
            }
            PartState::Pending => NextAction::Carry { part, undo: false },
            PartState::Failed if self.forward_only() => NextAction::Settle { part, undo: false },
            PartState::Ambiguous => NextAction::Settle { part, undo: false },
            PartState::Begun
            | PartState::Acted
            | PartState::Done
            | PartState::Failed
            | PartState::Undoing
            | PartState::Undone
            | PartState::UndoFailed
            | PartState::UndoAmbiguous => NextAction::Wait { part },
        }
    }
}

/// A part's place as the journal counts it.
fn number(part: usize) -> u32 {
    u32::try_from(part).unwrap_or(u32::MAX)
}
