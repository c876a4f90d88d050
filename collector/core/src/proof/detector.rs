//! An alarm that may begin at any moment: a Shiryaev-Roberts detector of bettors who join every slot.
//!
//! Null: E[z | past] ≤ 0 with z ≥ −c, at every moment. Per component k
//! `lm_k = ln(e^{lm_k} + 1) + ln1p(f_k·z/c)` from −∞; `ln M = logsumexp(lm_k + ln w_k)`. With increments of
//! mean ≤ 1, M_b + (T − b) is a non-negative supermartingale that starts at T, hence
//! P(M reaches A within T slots) ≤ T/A, and the mean time to a false alarm is at least A.
//! Source: Shin, Ramdas & Rinaldo, arXiv 2203.03532; the finite T by Ville. Unit: one step a slot.

use super::constants::{GUARD_FRACTIONS, GUARD_WEIGHT};
use super::numbers::{exp, ln, ln_1p, log_sum_exp};
use super::state::{BadState, Persist, StateReader, StateWriter};

/// One detector: five bettors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detector {
    logs: [f64; 5],
}

impl Default for Detector {
    fn default() -> Detector {
        Detector::new()
    }
}

impl Detector {
    /// Before the first slot: M = 0.
    pub fn new() -> Detector {
        Detector { logs: [f64::NEG_INFINITY; 5] }
    }

    /// Takes the share of failures of one slot, against the null that it is `healthy` at most in the mean.
    /// Both are held inside [0, 1]; what is no number counts as no failure, for it is no witness of one.
    pub fn step(&mut self, failed: f64, healthy: f64) {
        let failed = if failed.is_nan() { 0.0 } else { failed.clamp(0.0, 1.0) };
        let ratio = (failed - healthy) / healthy;
        for (log, fraction) in self.logs.iter_mut().zip(GUARD_FRACTIONS) {
            *log = joined(*log) + ln_1p(fraction * ratio);
        }
    }

    /// Natural logarithm of M; −∞ before the first slot.
    pub fn ln_m(&self) -> f64 {
        log_sum_exp(&self.logs) + ln(GUARD_WEIGHT)
    }
}

/// ln(e^log + 1), which no long outage makes overflow.
fn joined(log: f64) -> f64 {
    if log > 0.0 { log + ln_1p(exp(-log)) } else { ln_1p(exp(log)) }
}

/// ln of the mean of several M: under any dependence between them it errs no more than one of them.
/// −∞ of none. Source: Vovk & Wang, arXiv 1912.06116.
pub fn combined(ln_m: &[f64]) -> f64 {
    if ln_m.is_empty() {
        return f64::NEG_INFINITY;
    }
    log_sum_exp(ln_m) - ln(ln_m.len() as f64)
}

impl Persist for Detector {
    fn write(&self, out: &mut StateWriter) {
        out.fractions(&self.logs);
    }

    fn read(from: &mut StateReader<'_>) -> Result<Detector, BadState> {
        let logs = from.fractions()?;
        if logs.contains(&f64::INFINITY) {
            return Err(from.bad("below infinity"));
        }
        Ok(Detector { logs })
    }
}
