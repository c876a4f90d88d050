//! How far a proof has come, and how long it still takes: what a person asks first.

use super::state::{BadState, Persist, StateReader, StateWriter};

/// Slots that the pace of a proof is measured over.
pub(crate) const PACE_SLOTS: usize = 10;
/// Incidents whose place is remembered.
pub(crate) const INCIDENTS_KEPT: usize = 4;

/// ln E of the three parts of readiness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parts {
    /// Non-inferiority; none where a scenario is judged by the target alone.
    pub ni: Option<f64>,
    /// The objective.
    pub slo: f64,
    /// The incident clock.
    pub clock: f64,
}

/// The course of one scenario's proof.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// ln E a part.
    pub ln_e: Parts,
    /// θ_j, which each must reach.
    pub threshold: f64,
    /// ln E that the target is worse, and where it is called so.
    pub ln_e_worse: f64,
    /// The ln E at which the target is called worse.
    pub threshold_worse: f64,
    /// j: the attempt, from 1; each regression begins another.
    pub attempt: u32,
    /// Results counted in valid slots, of both sides.
    pub results: u64,
    /// Valid slots since the evidence epoch began.
    pub slots: u32,
    /// Void slots since the evidence epoch began.
    pub void_slots: u32,
    /// Slots in which the source was down, so that SLO and GUARD were skipped.
    pub source_down_slots: u32,
    /// Incidents since the evidence epoch began.
    pub incidents: u32,
    /// Where the last incidents were noticed, oldest first: slots since the epoch's first, void ones counted.
    pub last_incidents: Vec<u32>,
    /// An incident lasts.
    pub in_incident: bool,
    /// Hosts of the target that are down.
    pub hosts_down: Vec<u64>,
    /// Percent of the way: 100 only where the verdict is "pass".
    pub percent: u8,
    /// Valid slots still needed at the pace of the last 10; none: not getting closer.
    pub eta_slots: Option<f64>,
}

/// What the ln E were before each of the last slots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pace<const PARTS: usize> {
    /// A ring; single precision is enough for a pace.
    before: [[f32; PARTS]; PACE_SLOTS],
    next: u8,
    held: u8,
}

impl<const PARTS: usize> Pace<PARTS> {
    pub(crate) fn new() -> Pace<PARTS> {
        Pace { before: [[0.0; PARTS]; PACE_SLOTS], next: 0, held: 0 }
    }

    /// A slot is about to be taken.
    pub(crate) fn before(&mut self, ln_e: [f64; PARTS]) {
        self.before[usize::from(self.next)] = ln_e.map(|value| value as f32);
        self.next = (self.next + 1) % PACE_SLOTS as u8;
        self.held = (self.held + 1).min(PACE_SLOTS as u8);
    }

    /// Slots until every part has reached the threshold; none where one does not come closer.
    pub(crate) fn eta(&self, ln_e: [f64; PARTS], needed: [bool; PARTS], threshold: f64) -> Option<f64> {
        let mut longest = 0.0_f64;
        for part in (0..PARTS).filter(|part| needed[*part] && ln_e[*part] < threshold) {
            if self.held == 0 {
                return None;
            }
            let oldest = if usize::from(self.held) < PACE_SLOTS { 0 } else { self.next };
            let gained = ln_e[part] - f64::from(self.before[usize::from(oldest)][part]);
            if gained <= 0.0 {
                return None;
            }
            longest = longest.max((threshold - ln_e[part]) * f64::from(self.held) / gained);
        }
        Some(longest)
    }
}

/// Percent of the way of the part that is farthest behind; never 100.
pub(crate) fn percent<const PARTS: usize>(ln_e: [f64; PARTS], needed: [bool; PARTS], threshold: f64) -> u8 {
    let behind = (0..PARTS).filter(|part| needed[*part]).map(|part| ln_e[part].max(0.0) / threshold);
    (behind.fold(1.0, f64::min) * 100.0).min(99.0) as u8
}

impl<const PARTS: usize> Persist for Pace<PARTS> {
    fn write(&self, out: &mut StateWriter) {
        out.number(u64::from(self.next));
        out.number(u64::from(self.held));
        for value in self.before.iter().flatten() {
            out.number(u64::from(value.to_bits()));
        }
    }

    fn read(from: &mut StateReader<'_>) -> Result<Pace<PARTS>, BadState> {
        let mut pace = Pace::new();
        pace.next = from.count(PACE_SLOTS - 1)? as u8;
        pace.held = from.count(PACE_SLOTS)? as u8;
        for value in pace.before.iter_mut().flatten() {
            *value = f32::from_bits(from.small()?);
            if !value.is_finite() {
                return Err(from.bad("finite"));
            }
        }
        Ok(pace)
    }
}
