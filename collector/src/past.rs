//! What was decided long ago: read from the segments, where memory does not reach back so far.

use std::sync::Arc;

use tidelock_model::{Name, Timestamp};

use crate::fold::EventLine;
use crate::journal::{Position, Store};
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
    let mut lines = Vec::new();
    for stored in store.read_decisions(Position::new(after.saturating_add(1))) {
        if lines.len() == at_most {
            break;
        }
        let stored = stored.map_err(|error| error.to_string())?;
        let decision = decision_from_bytes(&stored.record.body).map_err(|error| error.to_string())?;
        if decision.migration != *name {
            continue;
        }
        let at = Timestamp::from_millis(stored.record.at_unix_ms);
        lines.push(Arc::new(EventLine { sequence: stored.position.number(), at, event: decision.event }));
    }
    Ok(lines)
}
