//! The share of late results in the last ten minutes: above 5 % what is seen is not what happens.

use std::collections::BTreeMap;

use crate::proof::{BadState, Persist, StateReader, StateWriter};

/// More than this share of late results makes the evidence stale.
pub const LATE_SHARE_LIMIT: f64 = 0.05;
const WINDOW_MINUTES: u64 = 10;
const MINUTE_MS: u64 = 60_000;

/// Results in time and late, by the minute of their arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Minutes {
    minutes: BTreeMap<u64, (u64, u64)>,
}

impl Minutes {
    /// Counts one result. Only the latest minutes are kept.
    pub(super) fn count(&mut self, at_ms: u64, late: bool) {
        let minute = self.minutes.entry(at_ms / MINUTE_MS).or_default();
        minute.0 += u64::from(!late);
        minute.1 += u64::from(late);
        while WINDOW_MINUTES < self.minutes.len() as u64 {
            self.minutes.pop_first();
        }
    }

    /// Late results by all results, in the ten minutes up to the one of `at_ms`.
    pub(super) fn late_share(&self, at_ms: u64) -> f64 {
        let now = at_ms / MINUTE_MS;
        let from = now.saturating_sub(WINDOW_MINUTES - 1);
        let (used, late) = self
            .minutes
            .range(from..=now)
            .fold((0, 0), |sum, (_, minute)| (sum.0 + minute.0, sum.1 + minute.1));
        if late == 0 { 0.0 } else { late as f64 / (used + late) as f64 }
    }
}

impl Persist for Minutes {
    fn write(&self, out: &mut StateWriter) {
        out.list(self.minutes.iter(), |(minute, (used, late)), out| {
            [*minute, *used, *late].into_iter().for_each(|value| out.number(value));
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<Minutes, BadState> {
        let minutes =
            from.map(WINDOW_MINUTES as usize, |from| Ok((from.number()?, (from.number()?, from.number()?))))?;
        Ok(Minutes { minutes })
    }
}
