//! Wealth against a null: a bettor who cannot win in the mean while the null holds.
//!
//! Null: E[z | past] ≤ 0, where z ≥ −c always. Per component k `lw_k = min(lw_k + ln1p(f_k·z/c), ceiling)`
//! from `lw_k = ln w_k`; `ln E = logsumexp(lw)`. Since 1 + f·z/c ≥ 1 − f > 0 has conditional mean ≤ 1, each
//! product is a non-negative supermartingale, a mixture of them is one, and a ceiling only throws wealth
//! away; Ville: P(ever ln E ≥ θ) ≤ e^−θ, however often one looks.
//! Source: Waudby-Smith & Ramdas, arXiv 2010.09686; weights and ceiling our own. Unit: one step a slot.

use super::constants::{READY_FRACTIONS, READY_WEIGHTS};
use super::numbers::{ln, ln_1p, log_sum_exp};
use super::state::{BadState, Persist, StateReader, StateWriter};

/// One e-process: three bettors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Betting {
    logs: [f64; 3],
}

impl Betting {
    /// Before the first bet: E = 1.
    pub(crate) fn new() -> Betting {
        Betting { logs: READY_WEIGHTS.map(ln) }
    }

    /// Bets on `z` with the lower bound `c`. What is below −c, or no number, counts as −c.
    pub(crate) fn step(&mut self, z: f64, c: f64, ceiling: f64) {
        let z = z.max(-c).min(2.0);
        for (log, fraction) in self.logs.iter_mut().zip(READY_FRACTIONS) {
            *log = (*log + ln_1p(fraction * z / c)).min(ceiling);
        }
    }

    /// Natural logarithm of the wealth; 0 at the start.
    pub(crate) fn ln_e(&self) -> f64 {
        log_sum_exp(&self.logs)
    }
}

impl Persist for Betting {
    fn write(&self, out: &mut StateWriter) {
        out.fractions(&self.logs);
    }

    fn read(from: &mut StateReader<'_>) -> Result<Betting, BadState> {
        Ok(Betting { logs: from.finite()? })
    }
}
