//! The moments at which the rounds of one check are due.

use std::num::NonZeroU64;

use tidelock_model::Timestamp;

/// The grid of one check, in collector time: round n is due at origin + n · every + phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    first_ms: u64,
    every_ms: NonZeroU64,
}

impl Grid {
    /// A grid from a migration's origin and a check's interval and phase; `None` when the interval is
    /// zero.
    pub fn new(origin: Timestamp, every_ms: u64, phase_ms: u64) -> Option<Grid> {
        let every_ms = NonZeroU64::new(every_ms)?;
        Some(Grid { first_ms: origin.as_millis().saturating_add(phase_ms), every_ms })
    }

    /// Whether both grids number their rounds alike, though perhaps at other moments.
    pub fn counts_like(&self, other: &Grid) -> bool {
        self.every_ms == other.every_ms
    }

    /// When a round is due.
    pub fn due(&self, round: u64) -> Timestamp {
        Timestamp::from_millis(self.first_ms.saturating_add(round.saturating_mul(self.every_ms.get())))
    }

    /// The first round that is due after `now`.
    pub fn next_after(&self, now: Timestamp) -> u64 {
        self.newest_at(now).map_or(0, |round| round + 1)
    }

    /// The newest round that is due at `now` or was before; `None` before the first.
    pub fn newest_at(&self, now: Timestamp) -> Option<u64> {
        now.as_millis().checked_sub(self.first_ms).map(|past| past / self.every_ms)
    }
}
