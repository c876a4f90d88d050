//! How soon a receiver that failed is tried again.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(300);
/// The longest wait that a receiver may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);
/// News that people must hear at once cut a wait short, but not below this.
pub(super) const URGENT: Duration = Duration::from_secs(3);

/// How often it failed in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pace {
    failures: u32,
}

impl Pace {
    /// It failed once more: how long to wait, where it asked for a time itself at least for that long.
    pub(super) fn failed(&mut self, asked: Option<Duration>) -> Duration {
        let wait = FIRST.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        wait.max(asked.unwrap_or_default().min(LONGEST_ASKED))
    }

    /// How often it failed in a row.
    pub(super) fn failures(self) -> u32 {
        self.failures
    }

    /// It took something.
    pub(super) fn taken(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_five_minutes_and_begin_anew_after_a_success() {
        let mut pace = Pace::default();
        let waits: Vec<u64> = (0..12).map(|_| pace.failed(None).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        pace.taken();
        assert_eq!(pace.failed(None), FIRST);
    }

    #[test]
    fn what_a_receiver_asks_for_is_obeyed_within_reason() {
        let mut pace = Pace::default();
        assert_eq!(pace.failed(Some(Duration::from_secs(40))).as_secs(), 40);
        assert_eq!(pace.failed(Some(Duration::from_secs(1))).as_secs(), 2);
        assert_eq!(pace.failed(Some(Duration::from_secs(1 << 40))), LONGEST_ASKED);
    }
}
