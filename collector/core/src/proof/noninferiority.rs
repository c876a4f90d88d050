//! NI: is the target's success no worse than the source's by the margin?
//!
//! Null rejected: target success is lower than the source's by m or more. Per slot z = x_T − x_S + m,
//! c = 1 − m, an e-process. x_T, x_S in [0, 1] are the success shares of the slot; m the margin.
//! Source: section 3; e-process arXiv 2010.09686; null as in non-inferiority trials.

use super::eprocess::Betting;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// Evidence that the target is not worse by the margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NonInferiority {
    betting: Betting,
}

impl Default for NonInferiority {
    fn default() -> NonInferiority {
        NonInferiority { betting: Betting::new() }
    }
}

impl NonInferiority {
    /// Takes one slot: `difference` is x_T − x_S; no component exceeds `ceiling` (infinite: no cap).
    pub fn step(&mut self, difference: f64, margin: f64, ceiling: f64) {
        self.betting.step(difference + margin, 1.0 - margin, ceiling);
    }

    /// ln E.
    pub fn ln_e(&self) -> f64 {
        self.betting.ln_e()
    }
}

impl Persist for NonInferiority {
    fn write(&self, out: &mut StateWriter) {
        self.betting.write(out);
    }

    fn read(from: &mut StateReader<'_>) -> Result<NonInferiority, BadState> {
        Ok(NonInferiority { betting: Betting::read(from)? })
    }
}
