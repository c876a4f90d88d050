//! CLOCK: how much time without an incident has been seen?
//!
//! Autocorrelation is what fools counters: a minute of clean slots says little about outages that come
//! six times an hour. Null rejected: incidents begin at rate ν0 or more (Poisson). Per component k, for the
//! rate r_k·ν0: an incident's start adds ln r_k; each slot outside of incidents adds ν0(1 − r_k)·L, up to the
//! ceiling. An incident starts with a bad slot and ends after 3 good slots; its slots, those three too, are
//! no exposure. Source: section 3; likelihood ratio of Poisson processes. Units: ν0 a second, L seconds.

use super::constants::{INCIDENT_RATIOS, INCIDENT_WEIGHTS};
use super::numbers::{ln, log_sum_exp};
use super::state::{BadState, Persist, StateReader, StateWriter};

/// Evidence that incidents are rarer than a rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IncidentClock {
    logs: [f64; 3],
    /// Good slots in a row while inside an incident.
    good: u32,
    inside: bool,
    incidents: u32,
    exposed_slots: u32,
}

impl Default for IncidentClock {
    fn default() -> IncidentClock {
        let logs = INCIDENT_WEIGHTS.map(ln);
        IncidentClock { logs, good: 0, inside: false, incidents: 0, exposed_slots: 0 }
    }
}

impl IncidentClock {
    /// Takes one slot. `expected` is ν0·L, the incidents that the null expects in it. True where an incident
    /// begins.
    pub fn step(&mut self, bad: bool, expected: f64, ends_after: u32, ceiling: f64) -> bool {
        let begins = bad && !self.inside;
        if begins {
            self.inside = true;
            self.incidents = self.incidents.saturating_add(1);
            for (log, ratio) in self.logs.iter_mut().zip(INCIDENT_RATIOS) {
                *log += ln(ratio);
            }
        } else if !self.inside {
            self.exposed_slots = self.exposed_slots.saturating_add(1);
            for (log, ratio) in self.logs.iter_mut().zip(INCIDENT_RATIOS) {
                *log = (*log + expected * (1.0 - ratio)).min(ceiling);
            }
        }
        if bad {
            self.good = 0;
        } else if self.inside {
            self.good += 1;
            if self.good >= ends_after {
                self.inside = false;
                self.good = 0;
            }
        }
        begins
    }

    /// ln E.
    pub fn ln_e(&self) -> f64 {
        log_sum_exp(&self.logs)
    }

    /// Incidents that began.
    pub fn incidents(&self) -> u32 {
        self.incidents
    }

    /// Slots outside of incidents.
    pub fn exposed_slots(&self) -> u32 {
        self.exposed_slots
    }

    /// Whether an incident lasts.
    pub fn inside(&self) -> bool {
        self.inside
    }
}

impl Persist for IncidentClock {
    fn write(&self, out: &mut StateWriter) {
        out.fractions(&self.logs);
        out.number(u64::from(self.good));
        out.flag(self.inside);
        out.number(u64::from(self.incidents));
        out.number(u64::from(self.exposed_slots));
    }

    fn read(from: &mut StateReader<'_>) -> Result<IncidentClock, BadState> {
        Ok(IncidentClock {
            logs: from.finite()?,
            good: from.small()?,
            inside: from.flag()?,
            incidents: from.small()?,
            exposed_slots: from.small()?,
        })
    }
}
