//! A process that walks the runbook: it asks, acts on the answer, reports, and may die anywhere.

use tidelock_core::machine::Move;
use tidelock_core::record::StepOutcome;

/// What a process is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum At {
    /// Its machine is off.
    Dead,
    /// It looks what is next.
    Idle,
    /// The collector decided, and has not appended yet. What came in between makes it stale.
    Asked {
        moved: Move,
        stale: bool,
        /// What its command came to, which it must still tell.
        then: Option<Told>,
    },
    /// It carries out a command.
    Running { part: usize, undo: bool },
    /// Its command is over.
    Told(Told),
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Told {
    pub(crate) part: usize,
    pub(crate) undo: bool,
    pub(crate) outcome: StepOutcome,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Operator {
    pub(crate) at: At,
    /// The lease that it believes to have.
    pub(crate) lease: Option<u64>,
    /// How often it may still crash.
    pub(crate) crashes: u8,
}

impl Operator {
    pub(crate) fn first() -> Operator {
        Operator { at: At::Idle, lease: Some(1), crashes: 2 }
    }

    pub(crate) fn second() -> Operator {
        Operator { at: At::Idle, lease: None, crashes: 2 }
    }
}
