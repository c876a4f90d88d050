//! The journal as a receiver reads it: from memory as far as that reaches, from the segments before it.

use std::sync::Arc;

use tidelock_core::plan::ReceiverKind;
use tidelock_core::record::EventKind;
use tidelock_model::Name;

use super::Shared;
use crate::fold::{EventLine, Events};
use crate::past::decided_after;

/// Events that are looked at in one go.
pub(super) const PAGE: usize = 256;

impl Shared {
    /// The next events after this one, oldest first.
    pub(super) async fn lines(&self, name: &Name, after: u64) -> Result<Vec<Arc<EventLine>>, String> {
        let Some(events) = self.driver.events(name) else { return Ok(Vec::new()) };
        if events.reach_back_to(after) {
            return Ok(events.after(after, PAGE));
        }
        let (store, name) = (self.store.clone(), name.clone());
        let read = tokio::task::spawn_blocking(move || decided_after(&*store, &name, after, PAGE)).await;
        read.unwrap_or_else(|_| Err("the journal was not read".to_owned()))
    }

    /// Where a receiver begins that has no cursor, or one from another journal: with the revision that
    /// named it first, and has named it ever since.
    pub(super) fn begins(&self, name: &Name, kind: &ReceiverKind) -> u64 {
        self.driver.events(name).map_or(0, |events| first_named(&events, kind))
    }
}

fn first_named(events: &Events, kind: &ReceiverKind) -> u64 {
    let mut begins = None;
    for line in events.latest(usize::MAX).iter().rev() {
        if let EventKind::PlanApplied { plan, .. } = &line.event.kind {
            if !plan.switch.notify.iter().any(|receiver| receiver.kind == *kind) {
                return begins.unwrap_or(0);
            }
            begins = Some(line.sequence.saturating_sub(1));
        }
    }
    // Named by every revision that is remembered: perhaps by one before those, too.
    begins.filter(|_| events.reach_back_to(0)).unwrap_or(0)
}
