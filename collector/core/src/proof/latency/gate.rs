//! The evidence of one quantile of one scenario.

use super::LatencySettings;
use super::samples::{LatencySide, LatencySlot};
use crate::proof::attempts::attempt_threshold;
use crate::proof::constants::{CAP, FRESH_SLOTS, GUARD_RUN};
use crate::proof::course::{Pace, percent};
use crate::proof::guard::Guard;
use crate::proof::histogram::{CAUTION, GROWTH, Histogram};
use crate::proof::inferiority::Inferiority;
use crate::proof::noninferiority::NonInferiority;
use crate::proof::numbers::ln;
use crate::proof::scenario::ScenarioVerdict;
use crate::proof::settings::BadSettings;
use crate::proof::state::{BadState, Persist, StateReader, StateWriter};

/// Source results before which there is no evidence.
const ENOUGH: u64 = 200;

/// The course of one latency proof.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyCourse {
    /// ln E of non-inferiority.
    pub ln_e: f64,
    /// θ_j, which it must reach.
    pub threshold: f64,
    /// j: the attempt, from 1.
    pub attempt: u32,
    /// The source's cautious quantile for the next slot; none before 200 results.
    pub source_ms: Option<f64>,
    /// What the target's latency is held against.
    pub limit_ms: Option<f64>,
    /// Source results that the quantile stands on.
    pub source_known: u64,
    /// Results counted in valid slots, of both sides.
    pub results: u64,
    /// Valid slots since the evidence epoch began.
    pub slots: u32,
    /// Void slots since the evidence epoch began.
    pub void_slots: u32,
    /// Slots in which half of the source's results failed.
    pub source_down_slots: u32,
    /// Shares inside their limits in the last slot that was evidence: target, source.
    pub last_shares: Option<(f64, f64)>,
    /// Percent of the way: 100 only where the verdict is "pass".
    pub percent: u8,
    /// Slots still needed at the pace of the last 10; none: not getting closer.
    pub eta_slots: Option<f64>,
}

/// The evidence that a target is as fast as its source.
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyGate {
    settings: LatencySettings,
    attempt: u32,
    threshold: f64,
    evidence: NonInferiority,
    worse: Inferiority,
    pace: Pace<1>,
    guard: Guard,
    source: Histogram,
    frozen_ms: Option<f64>,
    last_shares: Option<(f64, f64)>,
    results: u64,
    valid: u32,
    void: u32,
    void_run: u32,
    source_down: u32,
}

impl LatencyGate {
    /// Nothing seen yet.
    ///
    /// # Errors
    /// Where the settings cannot be worked with.
    pub fn new(settings: LatencySettings) -> Result<LatencyGate, BadSettings> {
        Ok(LatencyGate::begun(settings.checked()?))
    }

    fn begun(settings: LatencySettings) -> LatencyGate {
        LatencyGate {
            settings,
            attempt: 1,
            threshold: attempt_threshold(settings.alpha, 1),
            evidence: NonInferiority::default(),
            worse: Inferiority::default(),
            pace: Pace::new(),
            guard: Guard::default(),
            source: Histogram::default(),
            frozen_ms: None,
            last_shares: None,
            results: 0,
            valid: 0,
            void: 0,
            void_run: 0,
            source_down: 0,
        }
    }

    /// What it has to prove.
    pub fn settings(&self) -> &LatencySettings {
        &self.settings
    }

    /// A new evidence epoch: first attempt. What is known of the source stays, for it looks at the source only.
    pub fn reset(&mut self) {
        let source = std::mem::take(&mut self.source);
        *self = LatencyGate { source, frozen_ms: self.frozen_ms, ..LatencyGate::begun(self.settings) };
    }

    /// Keeps the source's quantile as it is known now. False where too little is known.
    pub fn freeze(&mut self) -> bool {
        self.frozen_ms = self.source_ms();
        self.frozen_ms.is_some()
    }

    /// Keeps the source's quantile at a value known from elsewhere. False where it is none.
    pub fn freeze_at(&mut self, source_ms: f64) -> bool {
        let good = source_ms > 0.0 && source_ms.is_finite();
        if good {
            self.frozen_ms = Some(source_ms);
        }
        good
    }

    fn source_ms(&self) -> Option<f64> {
        self.frozen_ms.or_else(|| {
            let enough = self.source.total() >= ENOUGH;
            enough.then(|| self.source.quantile(self.settings.quantile, CAUTION)).flatten()
        })
    }

    /// Where the bucket of the source's quantile alone holds more than the margin, its lower edge leaves out
    /// what the quantile consists of, and any target would look as fast: then the whole bucket is meant.
    fn whole_ms(&self, x_ms: f64) -> f64 {
        let lumped = self.source.share_from(x_ms) > self.settings.margin;
        if lumped { x_ms * GROWTH } else { x_ms }
    }

    /// Takes the next slot.
    pub fn slot(&mut self, slot: &LatencySlot<'_>) {
        match slot {
            LatencySlot::Pair { target, source }
                if target.target_results() > 0 && source.source_results() > 0 =>
            {
                self.valid(target, source);
            }
            LatencySlot::Pair { .. } | LatencySlot::Void => {
                self.void = self.void.saturating_add(1);
                self.void_run = self.void_run.saturating_add(1);
            }
        }
    }

    fn valid(&mut self, target: &LatencySide<'_>, source: &LatencySide<'_>) {
        let (of_target, of_source) = (target.target_results(), source.source_results());
        self.results = self.results.saturating_add(of_target + of_source);
        self.valid = self.valid.saturating_add(1);
        self.void_run = 0;
        let x_ms = self.source_ms();
        if source.source_failed().saturating_mul(2) >= of_source {
            self.source_down = self.source_down.saturating_add(1);
        } else if let Some(x_ms) = x_ms {
            let limit_ms = self.settings.limit_ms(x_ms);
            let f_t = target.surely_within(limit_ms) as f64 / of_target as f64;
            let f_s = source.maybe_within(self.whole_ms(x_ms)) as f64 / of_source as f64;
            self.weigh(f_t, f_s);
        }
        if self.frozen_ms.is_none() {
            source.add_to(&mut self.source);
        }
    }

    fn weigh(&mut self, f_t: f64, f_s: f64) {
        let settings = self.settings;
        self.last_shares = Some((f_t, f_s));
        self.pace.before([self.evidence.ln_e()]);
        self.evidence.step(f_t - f_s, settings.margin, self.threshold + CAP);
        self.worse.step(f_t - f_s, settings.margin, Inferiority::threshold() + CAP);
        let healthy = 1.0 - settings.quantile + settings.margin;
        if self.guard.step(1.0 - f_t, healthy, ln(GUARD_RUN)) {
            self.attempt = self.attempt.saturating_add(1);
            self.threshold = attempt_threshold(settings.alpha, self.attempt);
            self.evidence = NonInferiority::default();
            self.pace = Pace::new();
        }
        self.guard.settle(1.0 - f_t <= healthy);
    }

    /// What is known now; "host down" and "veto" are the scenario's to say.
    pub fn verdict(&self) -> ScenarioVerdict {
        if self.valid == 0 || self.void_run >= FRESH_SLOTS {
            ScenarioVerdict::NoData
        } else if self.guard.regressed() {
            ScenarioVerdict::Regressed
        } else if self.worse.ln_e() >= Inferiority::threshold() {
            ScenarioVerdict::Worse
        } else if self.evidence.ln_e() >= self.threshold {
            ScenarioVerdict::Pass
        } else {
            ScenarioVerdict::Undecided
        }
    }

    /// How it came to that, and how far it has come.
    pub fn course(&self) -> LatencyCourse {
        let (ln_e, source_ms) = (self.evidence.ln_e(), self.source_ms());
        let passed = self.verdict() == ScenarioVerdict::Pass;
        LatencyCourse {
            ln_e,
            threshold: self.threshold,
            attempt: self.attempt,
            source_ms,
            limit_ms: source_ms.map(|x_ms| self.settings.limit_ms(x_ms)),
            source_known: self.source.total(),
            results: self.results,
            slots: self.valid,
            void_slots: self.void,
            source_down_slots: self.source_down,
            last_shares: self.last_shares,
            percent: if passed { 100 } else { percent([ln_e], [true], self.threshold) },
            eta_slots: self.pace.eta([ln_e], [true], self.threshold),
        }
    }
}

/// The fewest slots to "pass" once the source's quantile is known, with both sides equal; none above a million.
///
/// # Errors
/// Where the settings cannot be worked with.
pub fn best_case_latency_slots(settings: LatencySettings) -> Result<Option<u64>, BadSettings> {
    let mut gate = LatencyGate::new(settings)?;
    gate.freeze_at(1.0);
    let quick = LatencySide::Each(&[1.0]);
    let slot = LatencySlot::Pair { target: quick, source: quick };
    Ok((1..=1_000_000).find(|_| {
        gate.slot(&slot);
        gate.verdict() == ScenarioVerdict::Pass
    }))
}

impl Persist for LatencyGate {
    fn write(&self, out: &mut StateWriter) {
        self.settings.write(out);
        out.number(u64::from(self.attempt));
        self.evidence.write(out);
        self.worse.write(out);
        self.pace.write(out);
        self.guard.write(out);
        self.source.write(out);
        out.option(self.frozen_ms.as_ref(), |ms, out| out.fraction(*ms));
        out.option(self.last_shares.as_ref(), |(f_t, f_s), out| out.fractions(&[*f_t, *f_s]));
        out.number(self.results);
        for value in [self.valid, self.void, self.void_run, self.source_down] {
            out.number(u64::from(value));
        }
    }

    fn read(from: &mut StateReader<'_>) -> Result<LatencyGate, BadState> {
        let mut gate = LatencyGate::begun(LatencySettings::read(from)?);
        gate.attempt = from.small()?.max(1);
        gate.threshold = attempt_threshold(gate.settings.alpha, gate.attempt);
        gate.evidence = NonInferiority::read(from)?;
        gate.worse = Inferiority::read(from)?;
        gate.pace = Pace::read(from)?;
        gate.guard = Guard::read(from)?;
        gate.source = Histogram::read(from)?;
        gate.frozen_ms = from.option(|from| from.finite::<1>().map(|[ms]| ms))?;
        gate.last_shares = from.option(|from| from.finite().map(|[f_t, f_s]| (f_t, f_s)))?;
        gate.results = from.number()?;
        for value in [&mut gate.valid, &mut gate.void, &mut gate.void_run, &mut gate.source_down] {
            *value = from.small()?;
        }
        Ok(gate)
    }
}
