//! The keys of the spool's database: big-endian, so that their order is the order of the findings.

use tidelock_model::Name;

/// The random name of the spool.
pub(super) const EPOCH: &[u8] = b"m/epoch";
/// The number of the next finding.
pub(super) const NEXT_SEQ: &[u8] = b"m/next";
/// What the keys of batches begin with.
pub(super) const BATCHES: &[u8] = b"b/";

/// What the keys of states begin with.
pub(super) const STATES: &[u8] = b"s/";

pub(super) fn batch(first: u64) -> [u8; 10] {
    let mut key = [0; 10];
    key[..2].copy_from_slice(BATCHES);
    key[2..].copy_from_slice(&first.to_be_bytes());
    key
}

pub(super) fn first_of(key: &[u8]) -> Option<u64> {
    key.strip_prefix(BATCHES).and_then(|rest| rest.try_into().ok()).map(u64::from_be_bytes)
}

/// A check's name has no `/` in it, so one check's keys never begin another's.
pub(super) fn states(check: &Name) -> Vec<u8> {
    format!("s/{check}/").into_bytes()
}

/// The check whose state lies under a key.
pub(super) fn check_of(key: &[u8]) -> Option<Name> {
    let name = key.strip_prefix(STATES)?.split(|byte| *byte == b'/').next()?;
    Name::new(std::str::from_utf8(name).ok()?).ok()
}

pub(super) fn state(check: &Name, key: &str) -> Vec<u8> {
    let mut full = states(check);
    full.extend_from_slice(key.as_bytes());
    full
}
