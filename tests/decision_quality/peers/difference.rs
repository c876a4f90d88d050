//! Rules that look for a difference, and open when they see none: a test of ranks, and one of shares.

use super::Minute;

/// Kayenta's judge: the Mann-Whitney U test at 98 % on the failed share of each minute, looked at every
/// five minutes over all that was seen; open at the first look that finds nothing.
#[derive(Debug, Default)]
pub(crate) struct MannWhitney {
    target: Vec<f64>,
    source: Vec<f64>,
}

/// 98 %, two-sided.
const Z_98: f64 = 2.326_347_874_040_841;
/// 95 %, two-sided.
const Z_95: f64 = 1.959_963_984_540_054;

impl MannWhitney {
    /// Ends a minute.
    pub(crate) fn minute(&mut self, minute: Minute) -> bool {
        let share = |(failed, all): (u32, u32)| f64::from(failed) / f64::from(all);
        if minute.target.1 > 0 && minute.source.1 > 0 {
            self.target.push(share(minute.target));
            self.source.push(share(minute.source));
        }
        let looks = !self.target.is_empty() && self.target.len().is_multiple_of(5);
        looks && MannWhitney::z(&self.target, &self.source) < Z_98
    }

    /// By how many standard deviations the first sample is above the second (U, normal approximation with
    /// the corrections for ties and for continuity).
    pub(crate) fn z(above: &[f64], below: &[f64]) -> f64 {
        let mut all: Vec<(f64, bool)> = above
            .iter()
            .map(|value| (*value, true))
            .chain(below.iter().map(|value| (*value, false)))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (n, m, count) = (above.len() as f64, below.len() as f64, all.len() as f64);
        let (mut ranks, mut ties, mut start) = (0.0, 0.0, 0);
        while start < all.len() {
            let tied = all[start..].iter().take_while(|(value, _)| *value == all[start].0).count();
            let middle = start as f64 + (tied as f64 + 1.0) / 2.0;
            ranks += middle * all[start..start + tied].iter().filter(|(_, above)| *above).count() as f64;
            ties += (tied as f64).powi(3) - tied as f64;
            start += tied;
        }
        let u = ranks - n * (n + 1.0) / 2.0;
        let variance = n * m / 12.0 * (count + 1.0 - ties / (count * (count - 1.0)));
        if variance <= 0.0 {
            return 0.0;
        }
        let away = u - n * m / 2.0;
        away.signum() * (away.abs() - 0.5).max(0.0) / variance.sqrt()
    }
}

/// The z test of two shares at 95 % over all that was seen, looked at each minute; open at the first look
/// that finds nothing.
#[derive(Debug, Default)]
pub(crate) struct ZTest {
    seen: Minute,
}

impl ZTest {
    /// Ends a minute.
    pub(crate) fn minute(&mut self, minute: Minute) -> bool {
        for (sum, more) in [(&mut self.seen.target, minute.target), (&mut self.seen.source, minute.source)] {
            sum.0 += more.0;
            sum.1 += more.1;
        }
        let (target, source) = (self.seen.target, self.seen.source);
        target.1 > 0 && source.1 > 0 && ZTest::z(target, source) < Z_95
    }

    /// By how many standard deviations the failed share of the first is above the second's (pooled).
    pub(crate) fn z(above: (u32, u32), below: (u32, u32)) -> f64 {
        let (n, m) = (f64::from(above.1), f64::from(below.1));
        let pooled = f64::from(above.0 + below.0) / (n + m);
        let spread = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
        if spread == 0.0 { 0.0 } else { (f64::from(above.0) / n - f64::from(below.0) / m) / spread }
    }
}
