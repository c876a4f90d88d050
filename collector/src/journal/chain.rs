//! The hash chains: each record vouches for all before it.

use sha2::{Digest, Sha256 as Hasher};
use tidelock_model::{Name, Sha256};

use super::types::{Position, Record, Set};

/// Where the chain of a set begins; another journal's segments do not fit on it.
pub(crate) fn genesis(journal: &[u8; 16], set: Set) -> Sha256 {
    let mut hash = Hasher::new();
    hash.update(b"tidelock journal 1");
    hash.update([set.code()]);
    hash.update(journal);
    Sha256::from_bytes(hash.finalize().into())
}

/// The set's chain with one record more; `content` is the frame from its seq to its body.
pub(crate) fn extend(chain: &Sha256, content: &[u8]) -> Sha256 {
    let mut hash = Hasher::new();
    hash.update(chain.as_bytes());
    hash.update(content);
    Sha256::from_bytes(hash.finalize().into())
}

/// The migration's chain with one decision more; `previous` is its position and link.
pub(crate) fn link(
    migration: &Name,
    previous: Option<(Position, &Sha256)>,
    position: Position,
    rests_on: Position,
    record: &Record,
) -> Sha256 {
    let (before, link) = previous.map_or((Position::START, [0; 32]), |(at, link)| (at, *link.as_bytes()));
    let name = migration.as_str();
    let mut hash = Hasher::new();
    hash.update(link);
    hash.update(before.number().to_le_bytes());
    hash.update(position.number().to_le_bytes());
    hash.update([record.kind]);
    hash.update(record.at_unix_ms.to_le_bytes());
    hash.update((name.len() as u64).to_le_bytes());
    hash.update(name.as_bytes());
    hash.update(rests_on.number().to_le_bytes());
    hash.update(&record.body);
    Sha256::from_bytes(hash.finalize().into())
}
