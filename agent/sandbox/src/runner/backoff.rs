//! How long to wait before another runner is started.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(10);
/// A runner that lived this long was a good one.
const GOOD: Duration = Duration::from_secs(60);

/// Doubles from 50 ms to 10 s as long as runners die young.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    deaths: u32,
}

impl Backoff {
    /// The wait after a runner that lived for `lived`.
    pub(super) fn after(&mut self, lived: Duration) -> Duration {
        if lived >= GOOD {
            self.deaths = 0;
        }
        let wait = FIRST.saturating_mul(2_u32.saturating_pow(self.deaths.min(16))).min(LONGEST);
        self.deaths = self.deaths.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runners_that_die_young_are_started_ever_more_slowly() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..10).map(|_| backoff.after(Duration::ZERO).as_millis()).collect();
        assert_eq!(waits, [50, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        assert_eq!(backoff.after(GOOD), FIRST);
    }
}
