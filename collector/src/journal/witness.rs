//! How far the journal was durable the last time somebody was told.
//!
//! A torn tail and a damaged last record look alike; so do a short journal and one that lost its
//! end. The witness tells them apart: it is written after each group's sync and before its acks, so
//! whatever it names was durable. It is not synced itself: after a power cut it may be old or gone,
//! and then it merely vouches for less.

use std::{fs::File, io, path::Path};

use tidelock_model::Sha256;

use super::{
    disk::Disk,
    small::{self, Small},
    types::{Position, Set},
};

const MAGIC: &[u8; 4] = b"TLW1";
const CONTENT: usize = 16 + 2 * 40;
/// As `open` makes it, until somebody is told of something.
const EMPTY: &str = "it is empty";

/// One set's head and chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) position: Position,
    pub(crate) chain: Sha256,
}

/// What was durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Witness {
    pub(crate) journal: [u8; 16],
    pub(crate) findings: Mark,
    pub(crate) decisions: Mark,
}

impl Witness {
    /// What it says about one set.
    pub(crate) fn of(&self, set: Set) -> Mark {
        match set {
            Set::Findings => self.findings,
            Set::Decisions => self.decisions,
        }
    }
}

/// Reads the witness; the text says why there is none.
pub(crate) fn read(path: &Path) -> io::Result<Result<Witness, &'static str>> {
    let bytes = match small::read(path, MAGIC, CONTENT)? {
        Small::Missing => return Ok(Err("it is missing")),
        Small::Empty => return Ok(Err(EMPTY)),
        Small::Damaged => return Ok(Err("it cannot be read")),
        Small::Content(bytes) => bytes,
    };
    let mark = |from: usize| Mark {
        position: Position::new(u64::from_le_bytes(std::array::from_fn(|i| bytes[from + i]))),
        chain: Sha256::from_bytes(std::array::from_fn(|i| bytes[from + 8 + i])),
    };
    Ok(Ok(Witness { journal: std::array::from_fn(|i| bytes[i]), findings: mark(16), decisions: mark(56) }))
}

/// Whether there should be a witness where there is none, for this reason, beside sets that end here. An empty one
/// beside no record is how a start leaves it: there was nothing to vouch for yet.
pub(crate) fn is_missed(why: &str, ends: [Position; 2]) -> bool {
    why != EMPTY || ends != [Position::START; 2]
}

/// Whether somebody has told of more since this was read: then the journal is being written to.
pub(crate) fn moved(path: &Path, earlier: Option<Witness>) -> bool {
    read(path).is_ok_and(|now| now.ok() != earlier)
}

/// Opens the file to be kept up to date.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(false).open(path)
}

/// Overwrites the witness in place: it is smaller than a sector.
pub(crate) fn update(disk: &dyn Disk, file: &File, witness: &Witness) -> io::Result<()> {
    let mut content = witness.journal.to_vec();
    for mark in [&witness.findings, &witness.decisions] {
        content.extend_from_slice(&mark.position.number().to_le_bytes());
        content.extend_from_slice(mark.chain.as_bytes());
    }
    disk.write_at(file, &small::seal(MAGIC, &content), 0)
}
