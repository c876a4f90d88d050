//! What is wrong in a damaged journal, where, and the way out.
//!
//! Whoever reads this has a collector that does not start in the middle of a migration: the message
//! names the record and says what to do, not only that something is wrong.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::types::{Position, Set};

/// A place where the journal is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("journal is damaged at record {position} of {set}, {} offset {offset}: {what}; {way_out}", file.display())]
pub struct Damage {
    /// Which set it is in.
    pub set: Set,
    /// The file.
    pub file: PathBuf,
    /// The byte in it.
    pub offset: u64,
    /// The record that should be there.
    pub position: Position,
    /// What is there instead.
    pub what: String,
    /// What the operator can do.
    pub way_out: String,
}

impl Damage {
    pub(crate) fn new(
        set: Set,
        file: &Path,
        offset: u64,
        position: Position,
        what: impl Into<String>,
    ) -> Box<Damage> {
        let way_out = match set {
            Set::Decisions => {
                "the gates stay shut; keep a copy of the folder, restore it whole from a backup, \
                 and see `tidelock journal verify`"
            }
            Set::Findings => {
                "the gates stay shut; keep a copy of the folder, restore it whole from a backup, or start \
                 with an empty folder and collect new evidence, and see `tidelock journal verify`"
            }
        };
        Box::new(Damage {
            set,
            file: file.to_path_buf(),
            offset,
            position,
            what: what.into(),
            way_out: way_out.to_string(),
        })
    }
}

/// The unfinished end of a set, left by a crash: nothing in it was ever acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// Which set it is in.
    pub set: Set,
    /// The file.
    pub file: PathBuf,
    /// Where the good part ends.
    pub offset: u64,
    /// How many bytes lie behind it.
    pub bytes: u64,
    /// The last good record.
    pub after: Position,
    /// What was found there.
    pub what: String,
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unfinished write of {} bytes behind record {} of {}, {} offset {}: {}",
            self.bytes,
            self.after,
            self.set,
            self.file.display(),
            self.offset,
            self.what
        )
    }
}
