//! The two environments of a migration.

use std::fmt;
use std::str::FromStr;

/// One side of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The environment that is left.
    Source,
    /// The environment that is moved to.
    Target,
}

impl Side {
    /// Both sides, source first.
    pub const BOTH: [Side; 2] = [Side::Source, Side::Target];

    /// The word used in the plan, on the wire and on every screen.
    pub fn word(self) -> &'static str {
        match self {
            Side::Source => "source",
            Side::Target => "target",
        }
    }

    /// The opposite side.
    pub fn other(self) -> Side {
        match self {
            Side::Source => Side::Target,
            Side::Target => Side::Source,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Side {
    type Err = String;

    fn from_str(text: &str) -> Result<Side, String> {
        Side::BOTH
            .into_iter()
            .find(|side| side.word() == text)
            .ok_or_else(|| format!("{text:?} is not a side; the sides are source and target"))
    }
}
