//! SLO: does the target succeed often enough by itself?
//!
//! Null rejected: target success ≤ s. Per slot z = x_T − s, c = s, an e-process. x_T in [0, 1] is the
//! target's success share of the slot; s the objective. Source: section 3; e-process arXiv 2010.09686.

use super::eprocess::Betting;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// Evidence that the target meets its objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Objective {
    betting: Betting,
}

impl Default for Objective {
    fn default() -> Objective {
        Objective { betting: Betting::new() }
    }
}

impl Objective {
    /// Takes one slot: the target's success share; no component exceeds `ceiling` (infinite: no cap).
    pub fn step(&mut self, target: f64, slo: f64, ceiling: f64) {
        self.betting.step(target - slo, slo, ceiling);
    }

    /// ln E.
    pub fn ln_e(&self) -> f64 {
        self.betting.ln_e()
    }
}

impl Persist for Objective {
    fn write(&self, out: &mut StateWriter) {
        self.betting.write(out);
    }

    fn read(from: &mut StateReader<'_>) -> Result<Objective, BadState> {
        Ok(Objective { betting: Betting::read(from)? })
    }
}
