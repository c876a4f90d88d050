//! The list of what was decided, for people: the latest in memory, all of it in the journal.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tidelock_core::record::{Event, EventKind};
use tidelock_model::{Name, Timestamp};

/// Events kept in memory for each migration.
const KEPT: usize = 10_000;

/// One event, with its place in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct EventLine {
    /// Its position in the set of decisions.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// The latest events of a migration; clones see the same list.
#[derive(Debug, Clone, Default)]
pub struct Events {
    lines: Arc<Mutex<VecDeque<Arc<EventLine>>>>,
    /// The last event that was let go.
    dropped: Arc<AtomicU64>,
}

impl Events {
    pub(super) fn push(&self, line: EventLine) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT
            && let Some(oldest) = lines.pop_front()
        {
            self.dropped.store(oldest.sequence, Ordering::Release);
        }
        lines.push_back(Arc::new(line));
    }

    /// Every event after this one is here.
    pub fn reach_back_to(&self, sequence: u64) -> bool {
        sequence >= self.dropped.load(Ordering::Acquire)
    }

    /// The two are one list.
    pub(crate) fn same(&self, other: &Events) -> bool {
        Arc::ptr_eq(&self.lines, &other.lines)
    }

    /// Events after this one, oldest first, at most so many.
    pub fn after(&self, sequence: u64, at_most: usize) -> Vec<Arc<EventLine>> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let from = lines.partition_point(|line| line.sequence <= sequence);
        lines.iter().skip(from).take(at_most).cloned().collect()
    }

    /// The latest events, oldest first.
    pub fn latest(&self, at_most: usize) -> Vec<Arc<EventLine>> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = lines.len().saturating_sub(at_most);
        lines.iter().skip(skip).cloned().collect()
    }

    /// The latest event of such a kind.
    pub fn newest(&self, fits: impl Fn(&EventKind) -> bool) -> Option<Arc<EventLine>> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().rev().find(|line| fits(&line.event.kind)).cloned()
    }

    /// The event that an earlier ask with this id made; an ask without an id is never the same.
    pub fn of_request(&self, by: &Name, request_id: &str) -> Option<Arc<EventLine>> {
        if request_id.is_empty() {
            return None;
        }
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |line: &&Arc<EventLine>| {
            line.event.request_id == request_id && line.event.by.as_ref() == Some(by)
        };
        lines.iter().find(same).cloned()
    }
}
