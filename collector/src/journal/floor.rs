//! The oldest segment of findings that is kept.
//!
//! Without it a deleted segment and one dropped on purpose would look alike.

use std::{io, path::Path};

use super::{
    small::{self, Small},
    types::Position,
};

const MAGIC: &[u8; 4] = b"TLF1";

/// The first segment and record that must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Floor {
    pub(crate) number: u64,
    pub(crate) first: Position,
}

impl Floor {
    /// Nothing was dropped yet.
    pub(crate) const BEGINNING: Floor = Floor { number: 1, first: Position::START };

    /// The first position that is kept.
    pub(crate) fn oldest(self) -> Position {
        self.first.max(Position::new(1))
    }
}

/// Reads the floor; `None` when its file is damaged.
pub(crate) fn read(path: &Path) -> io::Result<Option<Floor>> {
    Ok(match small::read(path, MAGIC, 16)? {
        Small::Missing => Some(Floor::BEGINNING),
        Small::Empty | Small::Damaged => None,
        Small::Content(bytes) => {
            let at = |from: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[from + i]));
            Some(Floor { number: at(0), first: Position::new(at(8)) })
        }
    })
}

/// Makes a floor durable, before anything below it is deleted.
pub(crate) fn write(path: &Path, floor: Floor) -> io::Result<()> {
    let mut content = floor.number.to_le_bytes().to_vec();
    content.extend_from_slice(&floor.first.number().to_le_bytes());
    small::write(path, MAGIC, &content)
}
