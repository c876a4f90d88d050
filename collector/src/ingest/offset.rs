//! How far an agent's clock is off, from the four timestamps of its heartbeats.

use std::collections::VecDeque;

/// Samples kept; the one with the least error counts.
const KEPT: usize = 8;

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    /// Agent time + offset = collector time, in milliseconds.
    pub(super) offset_ms: i64,
    /// The bound of its error, in milliseconds.
    pub(super) error_ms: u64,
}

/// The latest measurements of one session.
#[derive(Debug, Default)]
pub(super) struct Offset {
    samples: VecDeque<Sample>,
}

/// The four moments of one exchange, each by the clock of the side that it names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exchange {
    /// The agent sent its heartbeat.
    pub(super) agent_sent: u64,
    /// The collector received it.
    pub(super) collector_received: u64,
    /// The collector sent its reply.
    pub(super) collector_sent: u64,
    /// The agent received it.
    pub(super) agent_received: u64,
}

impl Offset {
    /// Takes an exchange that the agent tells of. One that cannot have happened is left out.
    pub(super) fn take(&mut self, exchange: Exchange) {
        let Exchange { agent_sent, collector_received, collector_sent, agent_received } = exchange;
        let round = i128::from(agent_received) - i128::from(agent_sent);
        let held = i128::from(collector_sent) - i128::from(collector_received);
        if agent_sent == 0 || collector_received == 0 || held < 0 || round < 0 {
            return;
        }
        let there = i128::from(collector_received) - i128::from(agent_sent);
        let back = i128::from(collector_sent) - i128::from(agent_received);
        let offset = (there + back) / 2;
        // Half of the way there and back, and a millisecond for the rounding of all four.
        let error = (round - held).max(0) / 2 + 1;
        let sample = Sample {
            offset_ms: i64::try_from(offset).unwrap_or(if offset < 0 { i64::MIN } else { i64::MAX }),
            error_ms: u64::try_from(error).unwrap_or(u64::MAX),
        };
        if self.samples.len() == KEPT {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// The best of the latest measurements; none before the first whole exchange.
    pub(super) fn best(&self) -> Option<Sample> {
        self.samples.iter().copied().min_by_key(|sample| sample.error_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_two_seconds_behind_is_known_within_half_a_round_trip() {
        let mut offset = Offset::default();
        offset.take(Exchange {
            agent_sent: 8_000,
            collector_received: 10_010,
            collector_sent: 10_012,
            agent_received: 8_022,
        });
        assert_eq!(offset.best(), Some(Sample { offset_ms: 2_000, error_ms: 11 }));
    }

    #[test]
    fn what_cannot_have_happened_is_left_out() {
        let mut offset = Offset::default();
        offset.take(Exchange { agent_sent: 0, collector_received: 1, collector_sent: 2, agent_received: 3 });
        offset.take(Exchange { agent_sent: 9, collector_received: 1, collector_sent: 2, agent_received: 3 });
        offset.take(Exchange { agent_sent: 1, collector_received: 9, collector_sent: 2, agent_received: 3 });
        assert_eq!(offset.best(), None);
        offset.take(Exchange {
            agent_sent: 1,
            collector_received: u64::MAX,
            collector_sent: u64::MAX,
            agent_received: 2,
        });
        assert_eq!(offset.best().map(|sample| sample.offset_ms), Some(i64::MAX));
    }
}
