//! WORSE: is it proved that the target is worse by the margin?
//!
//! Null rejected: the target is *not* worse by m. Per slot z = −(x_T − x_S) − m, c = 1 + m; called at
//! ln E ≥ −ln 0.01. A regression leaves it alone: what shows that the target is sick is no reason to forget it,
//! and one e-process for the whole epoch keeps the level. The ceiling of the gates lets the word go, once the target
//! is well again, within what a proof takes anyway; the worked cases have none.
//! Source: section 3; e-process arXiv 2010.09686.

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
    /// Takes one slot: `difference` is x_T − x_S. No component exceeds the ceiling.
    pub fn step(&mut self, difference: f64, margin: f64, ceiling: f64) {
        self.betting.step(-difference - margin, 1.0 + margin, ceiling);
    }

    /// ln E.
    pub fn ln_e(&self) -> f64 {
        self.betting.ln_e()
    }

    /// The ln E from which on the target is called worse.
    pub fn threshold() -> f64 {
        -ln(WORSE_ALPHA)
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
