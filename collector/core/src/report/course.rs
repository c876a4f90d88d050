//! One scenario's time, by phase and state: it adds up to the time in which the scenario was asked.

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{Phase, Timestamp};

use super::ReportSpan;
use crate::verdict::EvidenceState;

/// What a scenario is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) phase: Phase,
    /// None while nobody asks: such time belongs to no state.
    pub(super) state: Option<EvidenceState>,
    /// It holds the next gate.
    pub(super) holds: bool,
}

/// One scenario's time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Course {
    last: Look,
    /// Since when it is so; none while no plan has it.
    since: Option<Timestamp>,
    spans: BTreeMap<(Phase, EvidenceState), Duration>,
    held_since: Option<Timestamp>,
    longest: Duration,
}

impl Course {
    pub(super) fn new(at: Timestamp, look: Look) -> Course {
        let held_since = look.holds.then_some(at);
        Course { last: look, since: Some(at), spans: BTreeMap::new(), held_since, longest: Duration::ZERO }
    }

    /// One that is over, as it was filed.
    pub(super) fn over(spans: &[ReportSpan], longest: Duration) -> Course {
        let last = Look { phase: Phase::Prepare, state: None, holds: false };
        let spans = spans.iter().map(|span| ((span.phase, span.state), span.time)).collect();
        Course { last, since: None, spans, held_since: None, longest }
    }

    /// What it is now; until now it was what it was.
    pub(super) fn note(&mut self, at: Timestamp, look: Look) {
        if self.since.is_none() || (look.phase, look.state) != (self.last.phase, self.last.state) {
            self.add(at);
            self.since = Some(at);
        }
        if look.holds {
            self.held_since.get_or_insert(at);
        } else {
            self.let_go(at);
        }
        self.last = look;
    }

    /// No plan has it any more.
    pub(super) fn end(&mut self, at: Timestamp) {
        self.add(at);
        self.let_go(at);
        self.since = None;
    }

    fn let_go(&mut self, at: Timestamp) {
        if let Some(since) = self.held_since.take() {
            self.longest = self.longest.max(at.since(since));
        }
    }

    fn add(&mut self, at: Timestamp) {
        if let (Some(since), Some(state)) = (self.since, self.last.state) {
            *self.spans.entry((self.last.phase, state)).or_default() += at.since(since);
        }
    }

    pub(super) fn spans(&self, now: Timestamp) -> Vec<ReportSpan> {
        let mut whole = self.clone();
        whole.add(now);
        let told = |((phase, state), time)| ReportSpan { phase, state, time };
        whole.spans.into_iter().filter(|(_, time)| !time.is_zero()).map(told).collect()
    }

    pub(super) fn longest_hold(&self, now: Timestamp) -> Duration {
        let lasting = self.held_since.map(|since| now.since(since)).unwrap_or_default();
        self.longest.max(lasting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    fn look(state: EvidenceState) -> Look {
        Look { phase: Phase::Sync, state: Some(state), holds: state != EvidenceState::Proved }
    }

    #[test]
    fn time_in_which_nobody_asks_is_in_no_state_and_holds_nothing() {
        let rests = Look { phase: Phase::Committed, state: None, holds: false };
        let mut course = Course::new(at(10), Look { phase: Phase::Prepare, ..rests });
        assert_eq!((course.spans(at(20)), course.longest_hold(at(20))), (Vec::new(), Duration::ZERO));
        course.note(at(20), look(EvidenceState::Missing));
        course.note(at(24), rests);
        course.note(at(90), rests);
        let spent =
            ReportSpan { phase: Phase::Sync, state: EvidenceState::Missing, time: Duration::from_secs(4) };
        assert_eq!((course.spans(at(99)), course.longest_hold(at(99))), (vec![spent], spent.time));
    }

    #[test]
    fn every_second_is_counted_once() {
        let mut course = Course::new(at(10), look(EvidenceState::Missing));
        course.note(at(13), look(EvidenceState::Proved));
        course.note(at(14), look(EvidenceState::Proved));
        course.note(at(20), look(EvidenceState::Refuted));
        course.note(at(25), look(EvidenceState::Proved));
        let all: Duration = course.spans(at(31)).iter().map(|span| span.time).sum();
        assert_eq!((all, course.longest_hold(at(31))), (Duration::from_secs(21), Duration::from_secs(5)));
        course.end(at(40));
        course.note(at(50), look(EvidenceState::Missing));
        let all: Duration = course.spans(at(57)).iter().map(|span| span.time).sum();
        assert_eq!((all, course.longest_hold(at(57))), (Duration::from_secs(37), Duration::from_secs(7)));
    }
}
