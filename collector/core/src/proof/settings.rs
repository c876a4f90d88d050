//! What a scenario's proof is asked to rule out.

use super::constants::{BAD_DROP, BAD_FAILURES, CAP, DOWN_AT, FRESH_SLOTS, GUARD_RUN};
use super::numbers::ln;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// How rare incidents must be proved to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A: fewer than 12 incidents an hour.
    Quick,
    /// B: incidents of 30 s take less than the margin of the time.
    Standard,
    /// C: incidents of 60 s take less than the margin of the time.
    Strict,
}

impl Level {
    /// ν0, the incidents a second to be excluded.
    pub fn incidents_per_second(self, margin: f64) -> f64 {
        match self {
            Level::Quick => 12.0 / 3600.0,
            Level::Standard => incidents_per_second(margin, 30.0),
            Level::Strict => incidents_per_second(margin, 60.0),
        }
    }
}

/// ν0 = m / outage: that many incidents of that length would cost just the margin.
pub fn incidents_per_second(margin: f64, outage_seconds: f64) -> f64 {
    margin / outage_seconds
}

/// Numbers that nobody sets but a conformance case; the default is the specification.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// Mean slots to a false alarm of the guard.
    pub guard_run: f64,
    /// Drop of success that makes a slot bad.
    pub bad_drop: f64,
    /// Failures above the source's share that make a slot bad by themselves.
    pub bad_failures: f64,
    /// Target success that vetoes.
    pub veto_at: f64,
    /// Source success at which the source is down.
    pub source_down_at: f64,
    /// What a component may exceed the threshold by.
    pub cap: f64,
    /// The same for the evidence that the target is worse.
    pub worse_cap: f64,
    /// Void slots in a row after which nothing is known; valid slots that a veto looks back on; 1 to 32.
    pub fresh_slots: u32,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning {
            guard_run: GUARD_RUN,
            bad_drop: BAD_DROP,
            bad_failures: BAD_FAILURES,
            veto_at: DOWN_AT,
            source_down_at: DOWN_AT,
            cap: CAP,
            worse_cap: CAP,
            fresh_slots: FRESH_SLOTS,
        }
    }
}

/// What a [`ScenarioGate`](super::ScenarioGate) has to prove.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScenarioSettings {
    /// m: the target may be worse than the source by less than this share; between 0 and 1.
    pub margin: f64,
    /// s: the target's success must be above this share; between 0 and 1.
    pub slo: f64,
    /// α: how often "open" may be wrong; between 0 and 1.
    pub alpha: f64,
    /// ν0: incidents a second that must be excluded; above 0.
    pub incidents_per_second: f64,
    /// L: length of a slot; above 0.
    pub slot_seconds: f64,
    /// No source can be asked: judged by SLO and CLOCK alone, and shown as "absolute only".
    pub absolute_only: bool,
    /// What nobody sets.
    pub tuning: Tuning,
}

impl ScenarioSettings {
    /// A level's settings with margin 0.05, objective 0.95 and error level 0.05.
    pub fn of(level: Level, slot_seconds: f64) -> ScenarioSettings {
        ScenarioSettings {
            margin: 0.05,
            slo: 0.95,
            alpha: 0.05,
            incidents_per_second: level.incidents_per_second(0.05),
            slot_seconds,
            absolute_only: false,
            tuning: Tuning::default(),
        }
    }

    /// The same, or the first number that cannot be worked with.
    ///
    /// # Errors
    /// Where a number is outside of its range, or none.
    pub fn checked(self) -> Result<ScenarioSettings, BadSettings> {
        let share = |value: f64| value > 0.0 && value < 1.0;
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let tuning = self.tuning;
        for (good, what) in [
            (share(self.margin), "margin is not between 0 and 1"),
            (share(self.slo), "slo is not between 0 and 1"),
            (share(self.alpha), "error rate is not between 0 and 1"),
            (positive(self.incidents_per_second), "incident rate is not above 0"),
            (positive(self.slot_seconds), "slot is not longer than 0 s"),
            (tuning.guard_run > 1.0 && tuning.guard_run.is_finite(), "run of the guard is not above 1"),
            (share(tuning.bad_drop), "drop of a bad slot is not between 0 and 1"),
            (
                tuning.bad_failures >= 0.0 && tuning.bad_failures.is_finite(),
                "failures of a bad slot are below 0",
            ),
            ((0.0..=1.0).contains(&tuning.veto_at), "veto is not between 0 and 1"),
            ((0.0..=1.0).contains(&tuning.source_down_at), "source down is not between 0 and 1"),
            (tuning.cap >= 0.0, "cap is below 0"),
            (tuning.worse_cap >= 0.0, "cap of worse is below 0"),
            ((1..=32).contains(&tuning.fresh_slots), "fresh slots are not 1 to 32"),
        ] {
            if !good {
                return Err(BadSettings { what });
            }
        }
        Ok(self)
    }

    /// ν0·L: incidents that the null expects in a slot.
    pub(crate) fn incidents_a_slot(&self) -> f64 {
        self.incidents_per_second * self.slot_seconds
    }

    /// ln M at which the guard calls.
    pub(crate) fn guard_threshold(&self) -> f64 {
        ln(self.tuning.guard_run)
    }
}

/// Settings that cannot be worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadSettings {
    /// What is wrong.
    pub what: &'static str,
}

impl std::fmt::Display for BadSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what)
    }
}

impl std::error::Error for BadSettings {}

impl Persist for ScenarioSettings {
    fn write(&self, out: &mut StateWriter) {
        let tuning = self.tuning;
        out.fractions(&[self.margin, self.slo, self.alpha, self.incidents_per_second, self.slot_seconds]);
        out.flag(self.absolute_only);
        out.fractions(&[tuning.guard_run, tuning.bad_drop, tuning.bad_failures]);
        out.fractions(&[tuning.veto_at, tuning.source_down_at, tuning.cap, tuning.worse_cap]);
        out.number(u64::from(tuning.fresh_slots));
    }

    fn read(from: &mut StateReader<'_>) -> Result<ScenarioSettings, BadState> {
        let [margin, slo, alpha, incidents_per_second, slot_seconds] = from.finite()?;
        let absolute_only = from.flag()?;
        let [guard_run, bad_drop, bad_failures] = from.fractions()?;
        let [veto_at, source_down_at, cap, worse_cap] = from.fractions()?;
        let fresh_slots = from.small()?;
        let tuning = Tuning {
            guard_run,
            bad_drop,
            bad_failures,
            veto_at,
            source_down_at,
            cap,
            worse_cap,
            fresh_slots,
        };
        ScenarioSettings { margin, slo, alpha, incidents_per_second, slot_seconds, absolute_only, tuning }
            .checked()
            .map_err(|_| from.bad("settings"))
    }
}
