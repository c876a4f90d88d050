//! GUARD: has the target become sick since it was proved?
//!
//! Null rejected: (healthy) the share of failures is p0 = 1 − s at most. A Shiryaev-Roberts detector with
//! z = fail − p0, c = p0, alarm at ln M ≥ ln 10⁴: at least 10⁴ slots to a false alarm in the mean. An alarm
//! ends the attempt; the scenario stays "regressed" until 3 valid slots in a row with fail ≤ p0.
//! Source: section 3; arXiv 2203.03532. Unit: slots.

use super::constants::CALM_AFTER;
use super::detector::Detector;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// The guard of one scenario.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Guard {
    detector: Detector,
    regressed: bool,
    calm: u32,
}

impl Guard {
    /// Takes one slot's share of failures. True where it alarms; the detector then begins anew.
    pub(crate) fn step(&mut self, failed: f64, healthy: f64, threshold: f64) -> bool {
        self.detector.step(failed, healthy);
        let alarm = self.detector.ln_m() >= threshold;
        if alarm {
            *self = Guard { regressed: true, ..Guard::default() };
        }
        alarm
    }

    /// Looks for the end of a regression, at the end of each valid slot.
    pub(crate) fn settle(&mut self, calm: bool) {
        self.calm = if calm { self.calm + 1 } else { 0 };
        if self.calm >= CALM_AFTER {
            self.regressed = false;
            self.calm = 0;
        }
    }

    /// Whether the last alarm is not over.
    pub(crate) fn regressed(&self) -> bool {
        self.regressed
    }
}

impl Persist for Guard {
    fn write(&self, out: &mut StateWriter) {
        self.detector.write(out);
        out.flag(self.regressed);
        out.number(u64::from(self.calm));
    }

    fn read(from: &mut StateReader<'_>) -> Result<Guard, BadState> {
        let guard = Guard { detector: Detector::read(from)?, regressed: from.flag()?, calm: from.small()? };
        if guard.calm >= CALM_AFTER { Err(from.bad("below 3")) } else { Ok(guard) }
    }
}
