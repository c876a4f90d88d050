//! The history of a check: chunks of a bounded size, and a bounded number of them.

use std::collections::BTreeMap;

use super::{HistoryItem, HistoryLine, keys, table::Table, value};
use crate::journal::types::Position;

/// A chunk is closed before it grows over this.
const CHUNK_BYTES: usize = 16 * 1024;
/// The longest summary that is kept of a finding.
const SUMMARY_BYTES: usize = 1024;
/// How many hashes one value holds at most.
const HASHES_PER_VALUE: usize = 2048;
/// A value with fewer is added to: agents with little to say send one finding at a time, and a key for each of them would
/// cost many times as much as what it holds.
const HASHES_ADDED_TO: usize = 256;
const HASH_BYTES: usize = 16;

/// Where each list ends that is written at one end and forgotten at the other, so that nobody looks
/// for the ends again with every record.
#[derive(Default)]
pub(crate) struct Tails {
    /// The number of each history's open chunk.
    open: BTreeMap<Vec<u8>, u64>,
    /// Below the first number nothing is left of a spool's hashes; nothing more goes before the second one.
    forgotten: BTreeMap<Vec<u8>, (u64, u64)>,
    /// The first number of each spool's newest value of hashes, and how many it holds.
    newest: BTreeMap<Vec<u8>, (u64, usize)>,
}

impl Tails {
    /// Removes whole values of hashes that end before this number, a few at a time. It is looked for them once in as
    /// many numbers as a value of single findings holds.
    pub(crate) fn forget_before(&mut self, table: &mut Table, prefix: &[u8], low: u64) -> Result<(), String> {
        const AT_ONCE: usize = 4;
        let (from, again) = self.forgotten.get(prefix).copied().unwrap_or_default();
        if low < again {
            return Ok(());
        }
        let old = table.range(&keys::numbered(prefix, from), &keys::numbered(prefix, low), true, AT_ONCE)?;
        let (mut from, all) = (from, old.len() < AT_ONCE);
        let mut kept = None;
        for (key, hashes) in old {
            let first = keys::number(&key);
            let end = first + (hashes.len() / HASH_BYTES) as u64;
            if end > low {
                kept = Some(end);
                break;
            }
            table.remove(key);
            from = first + 1;
        }
        let again = match kept {
            Some(end) => end,
            None if all => low.saturating_add(HASHES_ADDED_TO as u64),
            None => low,
        };
        self.forgotten.insert(prefix.to_vec(), (from, again));
        Ok(())
    }

    /// Adds the hashes of numbers that were not known, from this one on.
    pub(crate) fn add_hashes(
        &mut self,
        table: &mut Table,
        prefix: &[u8],
        mut first: u64,
        mut hashes: &[[u8; HASH_BYTES]],
    ) -> Result<(), String> {
        if let Some((start, held)) = self.newest.get_mut(prefix)
            && *start + *held as u64 == first
            && *held < HASHES_ADDED_TO
        {
            let (fit, rest) = hashes.split_at(hashes.len().min(HASHES_ADDED_TO - *held));
            let limit = HASHES_ADDED_TO * HASH_BYTES;
            if table.append(&keys::numbered(prefix, *start), &fit.concat(), limit)? {
                *held += fit.len();
                (first, hashes) = (first + fit.len() as u64, rest);
            }
        }
        for part in hashes.chunks(HASHES_PER_VALUE) {
            if let Some((from, again)) = self.forgotten.get_mut(prefix)
                && first < *from
            {
                (*from, *again) = (first, 0);
            }
            table.put(keys::numbered(prefix, first), part.concat())?;
            self.newest.insert(prefix.to_vec(), (first, part.len()));
            first += part.len() as u64;
        }
        Ok(())
    }

    /// Nothing is left of a spool.
    pub(crate) fn gone(&mut self, prefix: &[u8]) {
        self.forgotten.remove(prefix);
        self.newest.remove(prefix);
    }

    /// Adds a line; the oldest chunk goes when there are too many.
    pub(crate) fn add(
        &mut self,
        table: &mut Table,
        prefix: Vec<u8>,
        position: Position,
        item: &HistoryItem,
        chunks_kept: u64,
    ) -> Result<(), String> {
        if item.summary.len() > SUMMARY_BYTES {
            return Err(format!(
                "a summary of {} bytes is over the limit of {SUMMARY_BYTES}",
                item.summary.len()
            ));
        }
        let open = self.open.get(&prefix).copied();
        let number = match open {
            Some(number) => number,
            None => latest(table, &prefix)?,
        };
        let bytes = value::history_item(position, item);
        let number = if table.append(&keys::numbered(&prefix, number), &bytes, CHUNK_BYTES)? {
            number
        } else {
            let next = number + 1;
            table.put(keys::numbered(&prefix, next), bytes)?;
            if let Some(oldest) = next.checked_sub(chunks_kept) {
                table.remove(keys::numbered(&prefix, oldest));
            }
            next
        };
        if open != Some(number) {
            self.open.insert(prefix, number);
        }
        Ok(())
    }
}

fn latest(table: &Table, prefix: &[u8]) -> Result<u64, String> {
    let found = table.range(&keys::numbered(prefix, 0), &keys::numbered(prefix, u64::MAX), false, 1)?;
    Ok(found.first().map_or(0, |(key, _)| keys::number(key)))
}

/// The latest lines before this position, newest first.
pub(crate) fn read(
    table: &Table,
    prefix: &[u8],
    before: Position,
    limit: usize,
) -> Result<Vec<HistoryLine>, String> {
    let mut items = Vec::new();
    let mut to = keys::numbered(prefix, u64::MAX);
    let from = keys::numbered(prefix, 0);
    while items.len() < limit {
        let Some((key, chunk)) = table.range(&from, &to, false, 1)?.pop() else {
            break;
        };
        let chunk = value::history_chunk(&chunk).ok_or("a chunk of history cannot be read")?;
        items.extend(chunk.into_iter().rev().filter(|item| item.position < before));
        let Some(before) = keys::number(&key).checked_sub(1) else {
            break;
        };
        to = keys::numbered(prefix, before);
    }
    items.truncate(limit);
    Ok(items)
}
