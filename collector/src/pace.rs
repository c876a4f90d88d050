//! How often one caller may do something: a few at once, and then at a steady pace.
//!
//! Whoever is known by an address or a token alone can ask without end. Each has a bucket of its own, so that
//! one who floods takes nothing from the others; there are only so many buckets, and all for whom there is no
//! room share the last one.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tidelock_model::Timestamp;

/// Callers that have a bucket of their own.
const MAX_CALLERS: usize = 10_000;

/// A pace, and how far each caller has used it up. Clones count together.
#[derive(Debug)]
pub(crate) struct Pace<K> {
    at_once: u64,
    one_in: Duration,
    used: Arc<Mutex<Used<K>>>,
}

#[derive(Debug)]
struct Used<K> {
    callers: HashMap<K, Bucket>,
    others: Bucket,
}

/// When it is empty of what was done, as if all had been done at the steady pace.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    free_at: Timestamp,
}

impl<K> Clone for Pace<K> {
    fn clone(&self) -> Pace<K> {
        Pace { at_once: self.at_once, one_in: self.one_in, used: self.used.clone() }
    }
}

impl<K: Eq + Hash> Pace<K> {
    /// So many at once, and then one in that time.
    pub(crate) fn new(at_once: u64, one_in: Duration) -> Pace<K> {
        let used = Used { callers: HashMap::new(), others: Bucket { free_at: Timestamp::ZERO } };
        Pace { at_once, one_in, used: Arc::new(Mutex::new(used)) }
    }

    /// Counts one more for this caller, where that is not too many.
    pub(crate) fn take(&self, caller: K, now: Timestamp) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.callers.len() >= MAX_CALLERS && !used.callers.contains_key(&caller) {
            used.callers.retain(|_, bucket| bucket.free_at > now);
        }
        let full = used.callers.len() >= MAX_CALLERS && !used.callers.contains_key(&caller);
        let bucket = match full {
            true => &mut used.others,
            false => used.callers.entry(caller).or_insert(Bucket { free_at: now }),
        };
        let free_at = bucket.free_at.max(now);
        let room = u32::try_from(self.at_once.saturating_sub(1)).unwrap_or(u32::MAX);
        if free_at.since(now) > self.one_in.saturating_mul(room) {
            return false;
        }
        bucket.free_at = free_at.plus(self.one_in);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + ms)
    }

    #[test]
    fn a_few_at_once_and_then_at_a_steady_pace_each_for_itself() {
        let pace = Pace::new(5, Duration::from_secs(1));
        let taken = |who: &'static str, ms| (0..100).filter(|_| pace.take(who, at(ms))).count();
        assert_eq!(taken("a", 0), 5);
        assert_eq!(taken("b", 0), 5, "another one has its own");
        assert_eq!(taken("a", 3_000), 3);
        assert_eq!(taken("a", 1_000_000), 5, "no more is saved up than that");
    }

    #[test]
    fn a_clock_that_goes_back_frees_nobody_and_holds_nobody_for_ever() {
        let pace = Pace::new(2, Duration::from_secs(1));
        assert!(pace.take("a", at(10_000)) && pace.take("a", at(10_000)) && !pace.take("a", at(5_000)));
        assert!(pace.take("a", at(12_000)));
    }

    #[test]
    fn too_many_callers_share_one_bucket_until_some_are_done() {
        let pace = Pace::new(1, Duration::from_secs(1));
        assert!((0..MAX_CALLERS).all(|who| pace.take(who, at(0))));
        assert!(pace.take(MAX_CALLERS, at(0)) && !pace.take(MAX_CALLERS + 1, at(0)));
        assert!(pace.take(MAX_CALLERS + 1, at(2_000)), "the first ones have left");
        assert!(pace.used.lock().unwrap().callers.len() <= MAX_CALLERS);
    }
}
