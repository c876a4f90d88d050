//! The values of the index, and how they are taken apart again.

use tidelock_model::SpoolEpoch;

use super::{Cursor, HistoryItem, HistoryLine};
use crate::journal::types::{Heads, Position};

/// Changes whenever keys or values do: an index of another layout is built again.
const LAYOUT: u32 = 2;

/// What the index reflects, and of which journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) journal: [u8; 16],
    pub(crate) reflects: Heads,
}

impl Stamp {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = LAYOUT.to_be_bytes().to_vec();
        out.extend_from_slice(&self.journal);
        out.extend_from_slice(&self.reflects.findings.number().to_be_bytes());
        out.extend_from_slice(&self.reflects.decisions.number().to_be_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Stamp> {
        let bytes: &[u8; 36] = bytes.try_into().ok()?;
        let at = |from: usize| Position::new(u64::from_be_bytes(std::array::from_fn(|i| bytes[from + i])));
        (bytes[..4] == LAYOUT.to_be_bytes()).then(|| Stamp {
            journal: std::array::from_fn(|i| bytes[4 + i]),
            reflects: Heads { findings: at(20), decisions: at(28) },
        })
    }
}

/// The bytes that one line of history adds to its chunk.
pub(crate) fn history_item(position: Position, item: &HistoryItem) -> Vec<u8> {
    let mut out = item.at_unix_ms.to_be_bytes().to_vec();
    out.extend_from_slice(&position.number().to_be_bytes());
    out.extend_from_slice(&u16::try_from(item.summary.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(&item.summary);
    out
}

/// The lines of a chunk, oldest first; `None` when it is not one.
pub(crate) fn history_chunk(mut bytes: &[u8]) -> Option<Vec<HistoryLine>> {
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let (at, rest) = bytes.split_first_chunk::<8>()?;
        let (position, rest) = rest.split_first_chunk::<8>()?;
        let (len, rest) = rest.split_first_chunk::<2>()?;
        let (summary, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        items.push(HistoryLine {
            at_unix_ms: u64::from_be_bytes(*at),
            position: Position::new(u64::from_be_bytes(*position)),
            summary: summary.to_vec(),
        });
        bytes = rest;
    }
    Some(items)
}

/// An agent's cursors.
pub(crate) fn cursors(cursors: &[Cursor]) -> Vec<u8> {
    let mut out = Vec::with_capacity(cursors.len() * 24);
    for cursor in cursors {
        out.extend_from_slice(&cursor.spool_epoch.0.to_be_bytes());
        out.extend_from_slice(&cursor.last_seq.to_be_bytes());
    }
    out
}

/// Moves the latest of an agent's cursors forward in its place, and gives back where it stood; `None` where it is of
/// another spool.
pub(crate) fn move_last(bytes: &mut [u8], spool_epoch: SpoolEpoch, last_seq: u64) -> Option<u64> {
    let (epoch, seq) = bytes.last_chunk_mut::<24>()?.split_first_chunk_mut::<16>()?;
    if *epoch != spool_epoch.0.to_be_bytes() {
        return None;
    }
    let before = u64::from_be_bytes(*seq.first_chunk::<8>()?);
    seq.copy_from_slice(&before.max(last_seq).to_be_bytes());
    Some(before)
}

/// Reads them back; `None` when they are none.
pub(crate) fn cursors_of(bytes: &[u8]) -> Option<Vec<Cursor>> {
    let (parts, rest) = bytes.as_chunks::<24>();
    rest.is_empty().then(|| {
        parts
            .iter()
            .map(|part| Cursor {
                spool_epoch: SpoolEpoch(u128::from_be_bytes(std::array::from_fn(|i| part[i]))),
                last_seq: u64::from_be_bytes(std::array::from_fn(|i| part[16 + i])),
            })
            .collect()
    })
}
