//! The list of what was decided, for people: the latest in memory, all of it in the journal.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidelock_core::MAX_REQUESTS;
use tidelock_core::record::Event;
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
    lines: Arc<Mutex<Lines>>,
    /// The last event that was let go.
    dropped: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Lines {
    latest: VecDeque<Arc<EventLine>>,
    asked: Asked,
}

/// Who asked, and under which id.
type Request = (Option<Name>, String);

/// What was recorded under which id, for as long as the core knows the id: whoever asks again is answered by the event,
/// however many came since.
#[derive(Debug, Default)]
struct Asked {
    made: BTreeMap<Request, Arc<EventLine>>,
    /// The oldest first.
    order: VecDeque<Request>,
}

impl Asked {
    fn remember(&mut self, line: &Arc<EventLine>) {
        if line.event.request_id.is_empty() {
            return;
        }
        let request: Request = (line.event.by.clone(), line.event.request_id.clone());
        if self.made.insert(request.clone(), line.clone()).is_some() {
            self.order.retain(|known| *known != request);
        }
        self.order.push_back(request);
        if self.order.len() > MAX_REQUESTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.made.remove(&oldest);
        }
    }
}

impl Events {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, line: EventLine) {
        let (mut lines, line) = (self.lines(), Arc::new(line));
        if lines.latest.len() == KEPT
            && let Some(oldest) = lines.latest.pop_front()
        {
            self.dropped.store(oldest.sequence, Ordering::Release);
        }
        lines.asked.remember(&line);
        lines.latest.push_back(line);
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
        let lines = self.lines();
        let from = lines.latest.partition_point(|line| line.sequence <= sequence);
        lines.latest.iter().skip(from).take(at_most).cloned().collect()
    }

    /// The latest events, oldest first.
    pub fn latest(&self, at_most: usize) -> Vec<Arc<EventLine>> {
        let lines = self.lines();
        let skip = lines.latest.len().saturating_sub(at_most);
        lines.latest.iter().skip(skip).cloned().collect()
    }

    /// The latest event like that, as far as they are here.
    pub fn newest(&self, fits: impl Fn(&Event) -> bool) -> Option<Arc<EventLine>> {
        self.lines().latest.iter().rev().find(|line| fits(&line.event)).cloned()
    }

    /// The event that an earlier ask with this id made; an ask without an id is never the same. It is here for as long
    /// as the core knows the id.
    pub fn of_request(&self, by: &Name, request_id: &str) -> Option<Arc<EventLine>> {
        self.lines().asked.made.get(&(Some(by.clone()), request_id.to_owned())).cloned()
    }
}

#[cfg(test)]
mod tests {
    use tidelock_core::record::EventKind;
    use tidelock_model::Sha256;

    use super::*;

    fn line(sequence: u64, request_id: &str) -> EventLine {
        let event = Event {
            by: Name::new("ana").ok(),
            reason: String::new(),
            request_id: request_id.to_owned(),
            findings_position: 0,
            evidence_hash: Sha256::from_bytes([0; 32]),
            holds: Vec::new(),
            kind: EventKind::HoldSet,
        };
        EventLine { sequence, at: Timestamp::from_millis(sequence), event }
    }

    #[test]
    fn who_asks_again_is_answered_by_the_event_however_many_came_since() {
        let (events, ana) = (Events::default(), Name::new("ana").unwrap());
        events.push(line(1, "confirm"));
        (2..3 + KEPT as u64).for_each(|sequence| events.push(line(sequence, "")));
        assert!(!events.reach_back_to(0), "the list has let it go");
        assert_eq!(events.of_request(&ana, "confirm").map(|line| line.sequence), Some(1));
        assert_eq!(events.of_request(&ana, ""), None, "an ask without an id is never the same");
        assert_eq!(events.of_request(&Name::new("eve").unwrap(), "confirm"), None);
        // As many as the core knows, and the oldest goes first there, too.
        let later = 3 + KEPT as u64;
        for number in 0..MAX_REQUESTS as u64 {
            events.push(line(later + number, &format!("ask {number}")));
        }
        assert_eq!(events.of_request(&ana, "confirm"), None);
        assert!(events.of_request(&ana, "ask 0").is_some());
        assert_eq!(events.lines().asked.made.len(), MAX_REQUESTS);
        assert_eq!(events.lines().asked.order.len(), MAX_REQUESTS);
    }
}
