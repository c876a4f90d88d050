//! The words of the journal, shared by every backend.

use std::fmt;

use tidelock_model::{Name, Sha256};

/// Where a record lies in its set: 1 is the first, and no number is ever used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(u64);

impl Position {
    /// Before the first record: the head of an empty set.
    pub const START: Position = Position(0);

    /// The position with this number.
    #[must_use]
    pub fn new(number: u64) -> Position {
        Position(number)
    }

    /// The number itself.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// The position right behind this one.
    #[must_use]
    pub fn next(self) -> Position {
        Position(self.0.saturating_add(1))
    }

    /// The position right before this one; the start stays the start.
    #[must_use]
    pub fn before(self) -> Position {
        Position(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One of the two sets of segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Set {
    /// What was received and ticked: bulk, dropped by whole segments after its retention.
    Findings,
    /// What was decided: small, kept for ever.
    Decisions,
}

impl Set {
    /// Both sets.
    pub const BOTH: [Set; 2] = [Set::Findings, Set::Decisions];

    /// The word used for the folder and in messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Set::Findings => "findings",
            Set::Decisions => "decisions",
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Set::Findings => 1,
            Set::Decisions => 2,
        }
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a caller hands in; the journal does not look inside the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What the body is, in the caller's numbering.
    pub kind: u8,
    /// Collector time, in milliseconds since 1970.
    pub at_unix_ms: u64,
    /// The canonical bytes.
    pub body: Vec<u8>,
}

/// A decision to be appended by compare-and-set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// Whose chain it belongs to.
    pub migration: Name,
    /// The migration's last decision as the caller knows it; `None` for the first.
    pub expected: Option<Position>,
    /// The findings position that it was taken at; durable before the decision is.
    pub rests_on: Position,
    /// What was decided.
    pub record: Record,
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a decision counts only when it was appended"]
pub enum Answer {
    /// It is durable.
    Appended {
        /// Where it lies in the set of decisions.
        position: Position,
        /// The head of the migration's chain with it.
        link: Sha256,
    },
    /// Another decision was first: read, fold and decide again, never resend.
    Conflict {
        /// The migration's durable head.
        head: Option<Position>,
    },
    /// It may be there or not. Shut the gate until the journal has been read again.
    Unknown {
        /// Why nobody can say.
        why: String,
    },
}

/// The last decision of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionHead {
    /// Where it lies.
    pub position: Position,
    /// The migration's chain up to it.
    pub link: Sha256,
    /// The findings position that it rests on.
    pub rests_on: Position,
}

/// How far both sets are durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heads {
    /// The last durable record of `findings`.
    pub findings: Position,
    /// The last durable record of `decisions`.
    pub decisions: Position,
}

impl Heads {
    /// The head of one set.
    #[must_use]
    pub fn of(self, set: Set) -> Position {
        match set {
            Set::Findings => self.findings,
            Set::Decisions => self.decisions,
        }
    }
}

/// A record as it lies in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the set.
    pub position: Position,
    /// Its place in the group that was committed by one `fdatasync`.
    pub in_group: u16,
    /// What was handed in.
    pub record: Record,
    /// The fields that only decisions have.
    pub decision: Option<DecisionFrame>,
    /// The set's chain up to this record.
    pub chain: Sha256,
}

/// What the frame of a decision says beside its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionFrame {
    /// Whose chain it belongs to.
    pub migration: Name,
    /// The migration's decision before it.
    pub previous: Option<Position>,
    /// The findings position that it was taken at.
    pub rests_on: Position,
    /// The migration's chain up to this decision.
    pub link: Sha256,
}
