//! How long to wait before trying again.
//!
//! Six agents that lose their collector in the same moment must not come back in the same moment:
//! the wait grows to a cap, and chance takes up to half of it away.

use std::time::Duration;

/// A capped exponential wait with jitter.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    /// Waits about `first` at the beginning and never more than `cap`.
    pub fn new(first: Duration, cap: Duration) -> Backoff {
        Backoff { first, cap: cap.max(first), failures: 0 }
    }

    /// The wait after one more failure: between half and all of the present step. `random` is any
    /// evenly spread number.
    pub fn next(&mut self, random: u64) -> Duration {
        let factor = 1_u32.checked_shl(self.failures.min(31)).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(factor).min(self.cap);
        self.failures = self.failures.saturating_add(1);
        let half = whole / 2;
        let range = u64::try_from((whole - half).as_nanos()).unwrap_or(u64::MAX).saturating_add(1);
        half + Duration::from_nanos(random % range)
    }

    /// It worked: the next wait is a short one again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_doubles_up_to_the_cap_and_begins_anew_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        let waits: Vec<u128> = (0..6).map(|_| backoff.next(0).as_millis()).collect();
        assert_eq!(waits, [50, 100, 200, 400, 500, 500]);
        backoff.reset();
        assert_eq!(backoff.next(0).as_millis(), 50);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_longer_than_the_cap_nor_shorter_than_half_the_first(
            first in 1_u64..10_000, cap in 1_u64..100_000, randoms in prop::collection::vec(any::<u64>(), 1..80),
        ) {
            let mut backoff = Backoff::new(Duration::from_millis(first), Duration::from_millis(cap));
            for random in randoms {
                let wait = backoff.next(random);
                prop_assert!(wait <= Duration::from_millis(cap.max(first)));
                prop_assert!(wait >= Duration::from_millis(first) / 2);
            }
        }
    }
}
