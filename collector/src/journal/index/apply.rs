//! Puts what the fold made of a record into the table.

use tidelock_model::{AgentKey, Name, SpoolEpoch};

use super::{Batch, Cursor, Entry, Event, IndexSettings, Seen, history::Tails, keys, table::Table, value};
use crate::journal::types::Position;

/// How many spools of an agent are remembered; a spool that was set aside never comes back.
const SPOOLS_KEPT: usize = 4;
/// The longest event that is kept.
const EVENT_BYTES: usize = 32 * 1024;

/// Adds one entry of the record at this position.
pub(crate) fn add(
    table: &mut Table,
    tails: &mut Tails,
    settings: &IndexSettings,
    position: Position,
    entry: &Entry,
) -> Result<(), String> {
    match entry {
        Entry::Batch(batch) => add_batch(table, tails, settings, position, batch),
        Entry::Gap { migration, agent, spool_epoch, to } => {
            move_cursor(table, tails, migration, agent, *spool_epoch, *to).map(drop)
        }
        Entry::Event(event) => add_event(table, position, event),
    }
}

fn add_event(table: &mut Table, position: Position, event: &Event) -> Result<(), String> {
    if event.body.len() > EVENT_BYTES {
        return Err(format!("an event of {} bytes is over the limit of {EVENT_BYTES}", event.body.len()));
    }
    let mut bytes = event.at_unix_ms.to_be_bytes().to_vec();
    bytes.extend_from_slice(&event.body);
    table.put(keys::numbered(&keys::events(&event.migration), position.number()), bytes)
}

fn add_batch(
    table: &mut Table,
    tails: &mut Tails,
    settings: &IndexSettings,
    position: Position,
    batch: &Batch,
) -> Result<(), String> {
    let (migration, agent, epoch) = (&batch.migration, &batch.agent, batch.spool_epoch);
    for (check, item) in &batch.history {
        let prefix = keys::history(migration, check, agent.side);
        tails.add(table, prefix, position, item, settings.history_chunks)?;
    }
    let Some(more) = (batch.hashes.len() as u64).checked_sub(1) else {
        return Ok(());
    };
    let last = batch.first_seq.checked_add(more).ok_or("the numbers of a batch run over")?;
    let before = move_cursor(table, tails, migration, agent, epoch, last)?;
    let prefix = keys::hashes(migration, agent, epoch);
    for (first, hashes) in unknown(table, &prefix, &batch.hashes, batch.first_seq, before)? {
        tails.add_hashes(table, &prefix, first, hashes)?;
    }
    tails.forget_before(table, &prefix, last.saturating_sub(settings.dedup_window))
}

/// A number and the hashes from it on.
type Run<'a> = (u64, &'a [[u8; 16]]);

/// The runs of hashes that are not known yet: the first hash of a number stands.
fn unknown<'a>(
    table: &Table,
    prefix: &[u8],
    hashes: &'a [[u8; 16]],
    first_seq: u64,
    before: Option<u64>,
) -> Result<Vec<Run<'a>>, String> {
    if before.is_none_or(|before| first_seq > before) {
        return Ok(vec![(first_seq, hashes)]);
    }
    let mut runs = Vec::new();
    let mut start = None;
    for (at, seq) in (first_seq..).take(hashes.len()).enumerate() {
        match (seen(table, prefix, seq)?, start) {
            (Seen::No, None) => start = Some(at),
            (Seen::Yes(_), Some(from)) => {
                runs.push((first_seq + from as u64, &hashes[from..at]));
                start = None;
            }
            (Seen::No, Some(_)) | (Seen::Yes(_), None) => {}
        }
    }
    if let Some(from) = start {
        runs.push((first_seq + from as u64, &hashes[from..]));
    }
    Ok(runs)
}

/// What is known about a number of a spool.
pub(crate) fn seen(table: &Table, prefix: &[u8], seq: u64) -> Result<Seen, String> {
    let found = table.range(&keys::numbered(prefix, 0), &keys::numbered(prefix, seq), false, 1)?;
    let Some((key, hashes)) = found.first() else {
        return Ok(Seen::No);
    };
    let (hashes, rest) = hashes.as_chunks::<16>();
    if !rest.is_empty() {
        return Err("a value of hashes cannot be read".to_string());
    }
    let at = usize::try_from(seq - keys::number(key)).unwrap_or(usize::MAX);
    Ok(hashes.get(at).map_or(Seen::No, |hash| Seen::Yes(*hash)))
}

/// Moves an agent's cursor forward, never back; returns where it stood in this spool.
fn move_cursor(
    table: &mut Table,
    tails: &mut Tails,
    migration: &Name,
    agent: &AgentKey,
    spool_epoch: SpoolEpoch,
    last_seq: u64,
) -> Result<Option<u64>, String> {
    let key = keys::cursors(migration, agent);
    if let Some(before) = table.waiting(&key).and_then(|bytes| value::move_last(bytes, spool_epoch, last_seq))
    {
        return Ok(Some(before));
    }
    let mut cursors = read_cursors(table, &key)?;
    let before = match cursors.iter().position(|cursor| cursor.spool_epoch == spool_epoch) {
        Some(at) => {
            let mut cursor = cursors.remove(at);
            let before = cursor.last_seq;
            cursor.last_seq = before.max(last_seq);
            cursors.push(cursor);
            Some(before)
        }
        None => {
            cursors.push(Cursor { spool_epoch, last_seq });
            None
        }
    };
    while cursors.len() > SPOOLS_KEPT {
        let gone = cursors.remove(0);
        let prefix = keys::hashes(migration, agent, gone.spool_epoch);
        tails.gone(&prefix);
        let all =
            table.range(&keys::numbered(&prefix, 0), &keys::numbered(&prefix, u64::MAX), true, usize::MAX)?;
        for (key, _) in all {
            table.remove(key);
        }
    }
    table.put(key, value::cursors(&cursors))?;
    Ok(before)
}

/// The cursors of an agent, the latest last.
pub(crate) fn read_cursors(table: &Table, key: &[u8]) -> Result<Vec<Cursor>, String> {
    match table.get(key)? {
        None => Ok(Vec::new()),
        Some(bytes) => {
            value::cursors_of(&bytes).ok_or_else(|| "the cursors of an agent cannot be read".to_string())
        }
    }
}
