//! What the collector's clock says, seen from the agent.
//!
//! The grid of a migration is in collector time. Both sides run the same round at the same moment only
//! when each agent knows how far its own clock is off, and how wrong it may be about that.

use std::collections::VecDeque;

use tidelock_model::Timestamp;

/// The exchanges that are kept: the quickest of them is believed.
const WINDOW: usize = 8;
/// What two clocks that are read in whole milliseconds may hide.
const GRAIN_MS: u64 = 1;

/// The four timestamps of one question and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// When the agent asked, in its own clock.
    pub agent_sent: Timestamp,
    /// When the collector got it, in the collector's clock.
    pub collector_received: Timestamp,
    /// When the collector answered, in the collector's clock.
    pub collector_sent: Timestamp,
    /// When the agent got the answer, in its own clock.
    pub agent_received: Timestamp,
}

/// How far the collector's clock is ahead of the agent's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// Collector time minus agent time, in milliseconds.
    pub ahead_ms: i64,
    /// How wrong that may be, in milliseconds.
    pub error_ms: u64,
}

impl Offset {
    /// Collector time at a moment of the agent's clock.
    pub fn to_collector(self, agent: Timestamp) -> Timestamp {
        Timestamp::from_millis(agent.as_millis().saturating_add_signed(self.ahead_ms))
    }

    /// The moment of the agent's clock at a collector time.
    pub fn to_agent(self, collector: Timestamp) -> Timestamp {
        Timestamp::from_millis(collector.as_millis().saturating_add_signed(self.ahead_ms.saturating_neg()))
    }
}

/// The last exchanges of a session.
#[derive(Debug, Clone, Default)]
pub struct ClockOffset {
    /// Round trip and offset of each, oldest first.
    seen: VecDeque<(u64, i64)>,
}

impl ClockOffset {
    /// Takes one exchange. One that cannot be, such as an answer before its question, is left out.
    pub fn observe(&mut self, exchange: Exchange) {
        let sent = i128::from(exchange.agent_sent.as_millis());
        let received = i128::from(exchange.agent_received.as_millis());
        let there = i128::from(exchange.collector_received.as_millis());
        let back = i128::from(exchange.collector_sent.as_millis());
        if received < sent || back < there {
            return;
        }
        let round_trip = (received - sent) - (back - there);
        let ahead = ((there - sent) + (back - received)) / 2;
        let (Ok(round_trip), Ok(ahead)) = (u64::try_from(round_trip.max(0)), i64::try_from(ahead)) else {
            return;
        };
        if self.seen.len() == WINDOW {
            self.seen.pop_front();
        }
        self.seen.push_back((round_trip, ahead));
    }

    /// The offset by the quickest of the kept exchanges; `None` before the first.
    pub fn offset(&self) -> Option<Offset> {
        // Of equally quick ones the newest: clocks drift.
        let (round_trip, ahead_ms) = *self.seen.iter().rev().min_by_key(|(round_trip, _)| *round_trip)?;
        Some(Offset { ahead_ms, error_ms: round_trip.div_ceil(2) + GRAIN_MS })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exchange(sent: u64, there: u64, back: u64, received: u64) -> Exchange {
        let at = Timestamp::from_millis;
        Exchange {
            agent_sent: at(sent),
            collector_received: at(there),
            collector_sent: at(back),
            agent_received: at(received),
        }
    }

    #[test]
    fn the_quickest_exchange_is_believed() {
        let mut clock = ClockOffset::default();
        assert_eq!(clock.offset(), None);
        clock.observe(exchange(1000, 1600, 1600, 1200));
        assert_eq!(clock.offset(), Some(Offset { ahead_ms: 500, error_ms: 101 }));
        clock.observe(exchange(2000, 2502, 2503, 2005));
        assert_eq!(clock.offset(), Some(Offset { ahead_ms: 500, error_ms: 3 }));
        clock.observe(exchange(3000, 3900, 3900, 3400));
        assert_eq!(clock.offset(), Some(Offset { ahead_ms: 500, error_ms: 3 }));
    }

    #[test]
    fn an_old_quick_exchange_is_forgotten_after_eight_others() {
        let mut clock = ClockOffset::default();
        clock.observe(exchange(1000, 1000, 1000, 1000));
        for n in 0..8 {
            clock.observe(exchange(2000 + n, 2110 + n, 2110 + n, 2020 + n));
        }
        assert_eq!(clock.offset(), Some(Offset { ahead_ms: 100, error_ms: 11 }));
    }

    #[test]
    fn an_answer_before_its_question_is_left_out() {
        let mut clock = ClockOffset::default();
        clock.observe(exchange(1000, 1000, 1000, 999));
        clock.observe(exchange(1000, 1000, 999, 1001));
        assert_eq!(clock.offset(), None);
    }

    proptest! {
        #[test]
        fn the_true_offset_lies_within_the_error(
            ahead in -100_000_i64..100_000, start in 1_000_000_u64..2_000_000,
            trips in prop::collection::vec((0_u64..500, 0_u64..50, 0_u64..500), 1..20),
        ) {
            let mut clock = ClockOffset::default();
            for (n, (there, inside, back)) in trips.into_iter().enumerate() {
                let sent = start + 3000 * n as u64;
                let received = (sent + there).saturating_add_signed(ahead);
                clock.observe(exchange(sent, received, received + inside, sent + there + inside + back));
            }
            let offset = clock.offset().unwrap();
            prop_assert!(offset.ahead_ms.abs_diff(ahead) <= offset.error_ms);
            let now = Timestamp::from_millis(start);
            prop_assert_eq!(offset.to_agent(offset.to_collector(now)), now);
        }
    }
}
