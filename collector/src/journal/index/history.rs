//! The history of a check: chunks of a bounded size, and a bounded number of them.

use std::collections::BTreeMap;

use super::{HistoryItem, keys, table::Table, value};

/// A chunk is closed before it grows over this.
const CHUNK_BYTES: usize = 16 * 1024;
/// The longest summary that is kept of a finding.
const SUMMARY_BYTES: usize = 1024;

/// The number of each history's open chunk.
#[derive(Default)]
pub(crate) struct Tails {
    open: BTreeMap<Vec<u8>, u64>,
}

impl Tails {
    /// Adds a line; the oldest chunk goes when there are too many.
    pub(crate) fn add(
        &mut self,
        table: &mut Table,
        prefix: Vec<u8>,
        item: &HistoryItem,
        chunks_kept: u64,
    ) -> Result<(), String> {
        if item.summary.len() > SUMMARY_BYTES {
            return Err(format!(
                "a summary of {} bytes is over the limit of {SUMMARY_BYTES}",
                item.summary.len()
            ));
        }
        let number = match self.open.get(&prefix) {
            Some(number) => *number,
            None => latest(table, &prefix)?,
        };
        let bytes = value::history_item(item);
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
        self.open.insert(prefix, number);
        Ok(())
    }
}

fn latest(table: &Table, prefix: &[u8]) -> Result<u64, String> {
    let found = table.range(
        &keys::numbered(prefix, 0),
        &keys::numbered(prefix, u64::MAX),
        false,
        1,
    )?;
    Ok(found.first().map_or(0, |(key, _)| keys::number(key)))
}

/// The latest lines, newest first.
pub(crate) fn read(table: &Table, prefix: &[u8], limit: usize) -> Result<Vec<HistoryItem>, String> {
    let mut items = Vec::new();
    let mut to = keys::numbered(prefix, u64::MAX);
    let from = keys::numbered(prefix, 0);
    while items.len() < limit {
        let Some((key, chunk)) = table.range(&from, &to, false, 1)?.pop() else {
            break;
        };
        let mut chunk = value::history_chunk(&chunk).ok_or("a chunk of history cannot be read")?;
        chunk.reverse();
        items.extend(chunk);
        let Some(before) = keys::number(&key).checked_sub(1) else {
            break;
        };
        to = keys::numbered(prefix, before);
    }
    items.truncate(limit);
    Ok(items)
}
