//! The latencies of one side in one slot, one by one or as counts that real traffic brings.
//!
//! What a bucket hides is read against the target and for the source: a target's bucket is inside a limit
//! only as a whole, a source's as soon as it begins below.

use crate::proof::histogram::Histogram;

/// Results of real traffic whose latency lies in (`above_ms`, `up_to_ms`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyBucket {
    /// Lower edge.
    pub above_ms: f64,
    /// Upper edge; infinite for the last bucket.
    pub up_to_ms: f64,
    /// Results in it.
    pub count: u32,
}

/// The latencies of one side in one slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LatencySide<'a> {
    /// One number a result, in ms; infinite: failed. What is no latency counts as failed on the target, and is
    /// left out on the source.
    Each(&'a [f64]),
    /// Counts.
    Buckets {
        /// Passed results.
        buckets: &'a [LatencyBucket],
        /// Failed results.
        failed: u32,
    },
}

/// One slot of one scenario's latencies. Slots come in their order, each once, void ones too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LatencySlot<'a> {
    /// Too little was seen to judge.
    Void,
    /// What both sides took.
    Pair {
        /// The target's latencies.
        target: LatencySide<'a>,
        /// The source's latencies.
        source: LatencySide<'a>,
    },
}

fn is_latency(ms: f64) -> bool {
    ms >= 0.0
}

impl LatencySide<'_> {
    /// Results of a target: all of them.
    pub(super) fn target_results(&self) -> u64 {
        match self {
            LatencySide::Each(each) => each.len() as u64,
            LatencySide::Buckets { buckets, failed } => total(buckets, *failed),
        }
    }

    /// Results of a source: those that are latencies.
    pub(super) fn source_results(&self) -> u64 {
        match self {
            LatencySide::Each(each) => each.iter().filter(|ms| is_latency(**ms)).count() as u64,
            LatencySide::Buckets { buckets, failed } => total(buckets, *failed),
        }
    }

    /// Failed results of a source.
    pub(super) fn source_failed(&self) -> u64 {
        match self {
            LatencySide::Each(each) => each.iter().filter(|ms| **ms == f64::INFINITY).count() as u64,
            LatencySide::Buckets { failed, .. } => u64::from(*failed),
        }
    }

    /// Target results that surely took `limit_ms` at most.
    pub(super) fn surely_within(&self, limit_ms: f64) -> u64 {
        match self {
            LatencySide::Each(each) => {
                each.iter().filter(|ms| is_latency(**ms) && **ms <= limit_ms).count() as u64
            }
            LatencySide::Buckets { buckets, .. } => count(buckets, |bucket| bucket.up_to_ms <= limit_ms),
        }
    }

    /// Source results that may have taken `limit_ms` at most.
    pub(super) fn maybe_within(&self, limit_ms: f64) -> u64 {
        match self {
            LatencySide::Each(_) => self.surely_within(limit_ms),
            LatencySide::Buckets { buckets, .. } => {
                count(buckets, |bucket| bucket.above_ms < limit_ms || bucket.up_to_ms <= limit_ms)
            }
        }
    }

    /// Adds a source's results to what is known of it, a bucket by its lower edge.
    pub(super) fn add_to(&self, histogram: &mut Histogram) {
        match self {
            LatencySide::Each(each) => each.iter().for_each(|ms| histogram.add(*ms, 1)),
            LatencySide::Buckets { buckets, failed } => {
                buckets.iter().for_each(|bucket| histogram.add(bucket.above_ms.max(0.0), bucket.count));
                histogram.add(f64::INFINITY, *failed);
            }
        }
    }
}

fn total(buckets: &[LatencyBucket], failed: u32) -> u64 {
    count(buckets, |_| true) + u64::from(failed)
}

fn count(buckets: &[LatencyBucket], inside: impl Fn(&LatencyBucket) -> bool) -> u64 {
    buckets.iter().filter(|bucket| inside(bucket)).map(|bucket| u64::from(bucket.count)).sum()
}
