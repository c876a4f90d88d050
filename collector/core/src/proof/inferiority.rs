//! WORSE: is it proved that the target is worse by the margin?
//!
//! Null rejected: the target is *not* worse by m. Per slot z = −(x_T − x_S) − m, c = 1 + m, an e-process
//! without a cap; called at ln E ≥ −ln 0.01. After a regression all evidence begins anew, this too: later
//! attempts pay −ln(0.01·w_j), so that all starts together err at most 1.3 times the level.
//! Source: section 3; e-process arXiv 2010.09686.

use super::attempts::attempt_threshold;
use super::constants::WORSE_ALPHA;
use super::eprocess::Betting;
use super::numbers::ln;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// Evidence that the target is worse by the margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inferiority {
    betting: Betting,
}

impl Default for Inferiority {
    fn default() -> Inferiority {
        Inferiority { betting: Betting::new() }
    }
}

impl Inferiority {
    /// Takes one slot: `difference` is x_T − x_S.
    pub fn step(&mut self, difference: f64, margin: f64) {
        self.betting.step(-difference - margin, 1.0 + margin, f64::INFINITY);
    }

    /// ln E.
    pub fn ln_e(&self) -> f64 {
        self.betting.ln_e()
    }

    /// The ln E from which on the target is called worse.
    pub fn threshold(attempt: u32) -> f64 {
        if attempt <= 1 { -ln(WORSE_ALPHA) } else { attempt_threshold(WORSE_ALPHA, attempt) }
    }
}

impl Persist for Inferiority {
    fn write(&self, out: &mut StateWriter) {
        self.betting.write(out);
    }

    fn read(from: &mut StateReader<'_>) -> Result<Inferiority, BadState> {
        Ok(Inferiority { betting: Betting::read(from)? })
    }
}
