//! Is the target as fast as the source, at one quantile?
//!
//! x_b: cautious quantile of the source's results up to slot b − 1, or frozen before; f_S: share of source
//! results with latency ≤ x_b; f_T: share of target results with latency ≤ (1+r)·x_b + a. Then z = f_T − f_S + m_q,
//! c = 1 − m_q, the e-process of NI. Null rejected: at the source's quantile the target has at least m_q fewer
//! requests inside (1+r). A failed check has infinite latency; no evidence before 200 source results.
//! GUARD: share of the target's results beyond its limit against p0 = 1 − q + m_q. A slot in which half of the
//! source's results failed is no evidence: the condition looks at the source only.
//! Source: section 4. Units: milliseconds, slots.

mod gate;
mod samples;

pub use gate::{LatencyCourse, LatencyGate, best_case_latency_slots};
pub use samples::{LatencyBucket, LatencySide, LatencySlot};

use super::settings::BadSettings;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// What a [`LatencyGate`] has to prove.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencySettings {
    /// q: which quantile; between 0 and 1.
    pub quantile: f64,
    /// r: allowed relative slack; from 0.
    pub slack: f64,
    /// a: allowed absolute slack; from 0.
    pub slack_ms: f64,
    /// m_q: share of requests that may be slower; between 0 and the quantile.
    pub margin: f64,
    /// α: how often "open" may be wrong; between 0 and 1.
    pub alpha: f64,
}

impl LatencySettings {
    /// The settings of a quantile: slack 10 % and 5 ms; m_q = 0.10 up to p50, 0.05 up to p95, 0.02 above.
    pub fn of(quantile: f64) -> LatencySettings {
        let margin = match quantile {
            low if low <= 0.5 => 0.10,
            middle if middle <= 0.95 => 0.05,
            _ => 0.02,
        };
        LatencySettings { quantile, slack: 0.10, slack_ms: 5.0, margin, alpha: 0.05 }
    }

    /// The same, or the first number that cannot be worked with.
    ///
    /// # Errors
    /// Where a number is outside of its range, or none.
    pub fn checked(self) -> Result<LatencySettings, BadSettings> {
        let share = |value: f64| value > 0.0 && value < 1.0;
        let slack = |value: f64| value >= 0.0 && value.is_finite();
        for (good, what) in [
            (share(self.quantile), "quantile is not between 0 and 1"),
            (slack(self.slack), "slack is below 0"),
            (slack(self.slack_ms), "slack in ms is below 0"),
            (share(self.margin) && self.margin < self.quantile, "margin is not between 0 and the quantile"),
            (share(self.alpha), "error rate is not between 0 and 1"),
        ] {
            if !good {
                return Err(BadSettings { what });
            }
        }
        Ok(self)
    }

    /// What the target's latency is held against, where the source's quantile is `x_ms`.
    pub fn limit_ms(&self, x_ms: f64) -> f64 {
        (1.0 + self.slack) * x_ms + self.slack_ms
    }
}

impl Persist for LatencySettings {
    fn write(&self, out: &mut StateWriter) {
        out.fractions(&[self.quantile, self.slack, self.slack_ms, self.margin, self.alpha]);
    }

    fn read(from: &mut StateReader<'_>) -> Result<LatencySettings, BadState> {
        let [quantile, slack, slack_ms, margin, alpha] = from.finite()?;
        LatencySettings { quantile, slack, slack_ms, margin, alpha }
            .checked()
            .map_err(|_| from.bad("settings"))
    }
}
