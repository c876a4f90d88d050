//! How long the source's answers took, in buckets, and a quantile that is not above the true one.
//!
//! Bucket i holds (γ^{i−1}, γ^i], i = ⌈ln v/ln γ − 1e−9⌉. The cautious quantile is the **lower** edge of the
//! bucket that holds rank ⌈nq − z√(nq(1−q))⌉, z = 2: an upper edge would let a slower target pass. A failed
//! result is slower than any. Bounded: latencies are held inside 1 ns to 10⁷ ms, which with γ = 1.02 is 1,513
//! buckets at most. Source: section 4. Unit: milliseconds.

use super::numbers::{ln, power};
use super::state::{BadState, Persist, StateReader, StateWriter};

/// Growth of the buckets.
pub const GROWTH: f64 = 1.02;
/// Standard deviations by which the rank is lowered.
pub const CAUTION: f64 = 2.0;

const FASTEST_MS: f64 = 1e-6;
const SLOWEST_MS: f64 = 1e7;
/// As many buckets as the smallest growth can make.
const MAX_BUCKETS: usize = 32_768;

/// Counts of latencies.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    growth: f64,
    /// Bucket and count, the buckets rise.
    buckets: Vec<(i32, u32)>,
    failed: u64,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { growth: GROWTH, buckets: Vec::new(), failed: 0, total: 0 }
    }
}

impl Histogram {
    /// Buckets that grow by another factor, 1.001 to 2.
    pub fn with_growth(growth: f64) -> Option<Histogram> {
        (1.001..=2.0).contains(&growth).then(|| Histogram { growth, ..Histogram::default() })
    }

    /// Counts results that took `latency_ms`; infinite: failed. What is no latency is not counted.
    pub fn add(&mut self, latency_ms: f64, count: u32) {
        if latency_ms.is_nan() || latency_ms < 0.0 || count == 0 {
            return;
        }
        self.total = self.total.saturating_add(u64::from(count));
        if latency_ms.is_infinite() {
            self.failed = self.failed.saturating_add(u64::from(count));
            return;
        }
        let bucket = self.bucket(latency_ms);
        match self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(place) => self.buckets[place].1 = self.buckets[place].1.saturating_add(count),
            Err(place) => self.buckets.insert(place, (bucket, count)),
        }
    }

    fn bucket(&self, latency_ms: f64) -> i32 {
        let held = latency_ms.clamp(FASTEST_MS, SLOWEST_MS);
        (ln(held) / ln(self.growth) - 1e-9).ceil() as i32
    }

    /// Results counted, failed ones too.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The share of all results in the bucket that begins at this edge.
    pub fn share_from(&self, edge_ms: f64) -> f64 {
        // Inside the bucket, so that rounding at its edge finds no other one.
        let bucket = self.bucket(edge_ms * self.growth.sqrt());
        let place = self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket);
        let count = place.map_or(0, |place| self.buckets[place].1);
        if self.total == 0 { 0.0 } else { f64::from(count) / self.total as f64 }
    }

    /// The cautious quantile; none without a result, or where it lies among the failed.
    pub fn quantile(&self, quantile: f64, caution: f64) -> Option<f64> {
        let n = self.total as f64;
        let middle = n * quantile;
        let rank = (middle - caution * (middle * (1.0 - quantile)).sqrt()).ceil().max(1.0);
        let mut below = 0.0;
        for (bucket, count) in &self.buckets {
            below += f64::from(*count);
            if below >= rank {
                return Some(power(self.growth, bucket - 1));
            }
        }
        None
    }
}

impl Persist for Histogram {
    fn write(&self, out: &mut StateWriter) {
        out.fraction(self.growth);
        out.number(self.failed);
        out.number(self.total);
        out.list(self.buckets.iter(), |(bucket, count), out| {
            out.number((i64::from(*bucket) - i64::from(i32::MIN)) as u64);
            out.number(u64::from(*count));
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<Histogram, BadState> {
        let growth = from.fraction()?;
        let empty = Histogram::with_growth(growth).ok_or_else(|| from.bad("a growth"))?;
        let (failed, total) = (from.number()?, from.number()?);
        let buckets = from.list(MAX_BUCKETS, |from| {
            let bucket = i64::from(from.small()?) + i64::from(i32::MIN);
            let bucket = i32::try_from(bucket).map_err(|_| from.bad("a bucket"))?;
            Ok((bucket, from.small()?))
        })?;
        if buckets.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(from.bad("a rising bucket"));
        }
        Ok(Histogram { buckets, failed, total, ..empty })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_is_below_the_true_one() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|value| histogram.add(f64::from(value), 1));
        let low = histogram.quantile(0.95, CAUTION).unwrap();
        assert!(low < 950.0 && low > 900.0, "{low}");
    }

    #[test]
    fn what_is_no_latency_never_enters() {
        let mut histogram = Histogram::default();
        for absurd in [f64::NAN, -1.0, f64::NEG_INFINITY] {
            histogram.add(absurd, 1);
        }
        assert_eq!(histogram, Histogram::default());
        histogram.add(f64::INFINITY, 1);
        assert_eq!((histogram.total(), histogram.quantile(0.5, 0.0)), (1, None));
        histogram.add(0.0, 2);
        histogram.add(1e300, 1);
        assert!(histogram.quantile(0.75, 0.0).is_some_and(f64::is_finite));
        assert_eq!(histogram.quantile(0.99, 0.0), None, "among the failed");
    }
}
