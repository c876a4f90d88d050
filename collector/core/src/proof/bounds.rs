//! How long nothing must happen, and how many partitions must be equal, to exclude more.
//!
//! - Zero events over T reject "events come at rate r or more" at level α iff e^(−rT) ≤ α: T = ln(1/α)/r.
//! - n random partitions, all equal, reject "a share f or more has diverged" iff (1−f)^n ≤ α:
//!   n = ⌈ln α/ln(1−f)⌉. Drawn without replacement from N of which `bad` diverged, the chance of seeing none
//!   is Π (N−bad−i)/(N−i) over i < n (hypergeometric), which needs fewer.
//!
//! (`docs/DECISION.md`, sections 5 to 7; textbook.)

use super::numbers::{ln, ln_1p};

/// Partitions that are counted one by one at most.
const PARTITIONS: u64 = 10_000_000;
/// What rounding may add to a whole number or to a probability that is met exactly.
const ROUNDING: f64 = 1e-12;

/// The zero-event window in seconds that excludes `rate_per_s`; none where either number means nothing.
pub fn zero_event_window(rate_per_s: f64, alpha: f64) -> Option<f64> {
    let sound = 0.0 < rate_per_s && rate_per_s.is_finite() && is_level(alpha);
    sound.then(|| -ln(alpha) / rate_per_s)
}

/// Random partitions, drawn with replacement, that must all be equal to bound the diverged share by `share`.
pub fn sampled_partitions(share: f64, alpha: f64) -> Option<u64> {
    let sound = 0.0 < share && share < 1.0 && is_level(alpha);
    let needed = sound.then(|| ln(alpha) / ln_1p(-share))?;
    Some(((needed - needed * ROUNDING).ceil() as u64).max(1))
}

/// The same drawn without replacement, to exclude that `bad` of `of` partitions have diverged.
pub fn sampled_partitions_of(of: u64, bad: u64, alpha: f64) -> Option<u64> {
    if bad == 0 || of < bad || PARTITIONS < of || !is_level(alpha) {
        return None;
    }
    let mut unseen = 1.0;
    for drawn in 0..=of - bad {
        let left = of - drawn;
        unseen *= (left - bad) as f64 / left as f64;
        if unseen <= alpha + alpha * ROUNDING {
            return Some(drawn + 1);
        }
    }
    // Once every partition that did not diverge is drawn, the chance of seeing none is 0.
    Some(of - bad + 1)
}

fn is_level(alpha: f64) -> bool {
    0.0 < alpha && alpha < 1.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_numbers_of_the_specification() {
        assert_eq!(sampled_partitions(0.01, 0.05), Some(299));
        assert_eq!(sampled_partitions(0.001, 0.05), Some(2995));
        assert_eq!(sampled_partitions_of(1000, 10, 0.05), Some(258));
        let window = zero_event_window(6.0 / 3600.0, 0.05 * 0.7).expect("sound");
        assert!((window / 60.0 - 33.5).abs() < 0.05, "33.5 min for 6 an hour, {window}");
    }

    #[test]
    fn a_chance_that_is_met_exactly_is_met() {
        assert_eq!(sampled_partitions(0.5, 0.25), Some(2));
        assert_eq!(sampled_partitions_of(20, 1, 0.05), Some(19));
        assert_eq!(sampled_partitions_of(4, 4, 0.05), Some(1));
        assert_eq!(sampled_partitions_of(4, 1, 1e-9), Some(4));
    }

    #[test]
    fn what_means_nothing_has_no_answer() {
        assert_eq!(zero_event_window(0.0, 0.05), None);
        assert_eq!(zero_event_window(f64::NAN, 0.05), None);
        assert_eq!(sampled_partitions(1.0, 0.05), None);
        assert_eq!(sampled_partitions_of(10, 0, 0.05), None);
        assert_eq!(sampled_partitions_of(10, 11, 0.05), None);
        assert_eq!(sampled_partitions_of(10, 1, 1.0), None);
    }

    proptest! {
        #[test]
        fn without_replacement_never_needs_more(of in 2_u64..2_000, share in 1_u64..50, alpha in 0.001..0.5_f64) {
            let bad = (of * share / 100).max(1);
            let with = sampled_partitions((bad as f64 / of as f64).min(0.999), alpha).expect("sound");
            let without = sampled_partitions_of(of, bad, alpha).expect("sound");
            prop_assert!(without <= with && without <= of);
        }
    }
}
