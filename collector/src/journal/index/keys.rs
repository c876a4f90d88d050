//! The keys of the index: a letter, then names each ended by a zero, then numbers big-endian.
//!
//! No checked name holds a zero, so no key of one is a prefix of another's.

use tidelock_model::{AgentKey, Name, Side, SpoolEpoch};

use crate::journal::types::Position;

/// What the index reflects.
pub(crate) const STAMP: &[u8] = b"s";

/// All chunks of a check's history on one side.
pub(crate) fn history(migration: &Name, check: &Name, side: Side) -> Vec<u8> {
    let mut key = named(b'h', &[migration, check]);
    key.push(side_code(side));
    key
}

/// All events of a migration.
pub(crate) fn events(migration: &Name) -> Vec<u8> {
    named(b'e', &[migration])
}

/// The cursors of an agent.
pub(crate) fn cursors(migration: &Name, agent: &AgentKey) -> Vec<u8> {
    let mut key = named(b'c', &[migration, &agent.name]);
    key.push(side_code(agent.side));
    key
}

/// All hashes of an agent's spool.
pub(crate) fn hashes(migration: &Name, agent: &AgentKey, spool_epoch: SpoolEpoch) -> Vec<u8> {
    let mut key = named(b'd', &[migration, &agent.name]);
    key.push(side_code(agent.side));
    key.extend_from_slice(&spool_epoch.0.to_be_bytes());
    key
}

/// The key of a number below such a prefix.
pub(crate) fn numbered(prefix: &[u8], number: u64) -> Vec<u8> {
    let mut key = prefix.to_vec();
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The number at the end of a key.
pub(crate) fn number(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The position at the end of a key.
pub(crate) fn position(key: &[u8]) -> Position {
    Position::new(number(key))
}

fn named(letter: u8, names: &[&Name]) -> Vec<u8> {
    let mut key = vec![letter];
    for name in names {
        key.extend_from_slice(name.as_str().as_bytes());
        key.push(0);
    }
    key
}

fn side_code(side: Side) -> u8 {
    match side {
        Side::Source => 1,
        Side::Target => 2,
    }
}
