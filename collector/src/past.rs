//! What was decided long ago: read from the segments, where memory does not reach back so far.

use std::sync::Arc;

use tidelock_core::record::Event;
use tidelock_model::{Name, Timestamp};

use crate::fold::EventLine;
use crate::journal::{Position, ReadError, Store, Stored};
use crate::records::decision_from_bytes;

/// A migration's events after this one, oldest first, at most so many. Blocks.
///
/// # Errors
/// Says what cannot be read.
pub(crate) fn decided_after(
    store: &dyn Store,
    name: &Name,
    after: u64,
    at_most: usize,
) -> Result<Vec<Arc<EventLine>>, String> {
    decisions(store, name, after).take(at_most).map(|line| line.map(Arc::new)).collect()
}

/// A migration's newest event like that. Reads all of them, and keeps one. Blocks.
///
/// # Errors
/// Says what cannot be read.
pub(crate) fn newest(
    store: &dyn Store,
    name: &Name,
    fits: impl Fn(&Event) -> bool,
) -> Result<Option<EventLine>, String> {
    let mut newest = None;
    for line in decisions(store, name, 0) {
        let line = line?;
        if fits(&line.event) {
            newest = Some(line);
        }
    }
    Ok(newest)
}

/// A migration's events after this one, oldest first.
fn decisions(store: &dyn Store, name: &Name, after: u64) -> impl Iterator<Item = Result<EventLine, String>> {
    let read = move |stored: Result<Stored, ReadError>| -> Result<Option<EventLine>, String> {
        let stored = stored.map_err(|error| error.to_string())?;
        let decision = decision_from_bytes(&stored.record.body).map_err(|error| error.to_string())?;
        if decision.migration != *name {
            return Ok(None);
        }
        let at = Timestamp::from_millis(stored.record.at_unix_ms);
        Ok(Some(EventLine { sequence: stored.position.number(), at, event: decision.event }))
    };
    let after = Position::new(after.saturating_add(1));
    store.read_decisions(after).filter_map(move |stored| read(stored).transpose())
}
