//! A gauge that must reach a bound and stay there: a queue that drained, a lag that is small.
//!
//! Null: what the gauge counts still arrives, at a rate of at least ln(1/(α·w₁))/D₁. A dwell of D seconds
//! without an arrival has probability e^(−rate·D) at most, so D_j = D₁·θ_j/θ₁ with θ_j = −ln(α·w_j) bounds
//! the chance of a false pass over *all* attempts by α; with a fixed dwell it goes to 1.
//! (`docs/DECISION.md`, section 5; own, by the union bound. Unit: milliseconds; gauges in their own.)
//!
//! Values are the *maximum since the last report*. A hole in the reports restarts the dwell without spending
//! an attempt; reports older than the hole allowed are stale. A count of zero proves nothing about what
//! passes between two looks, so "drained" also wants the counter of what was put in.

use super::attempts::attempt_threshold;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// What is asked of a gauge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DwellSettings {
    /// The dwell begins at or below this value.
    pub enter: f64,
    /// It is broken above this value, which is not below `enter`.
    pub leave: f64,
    /// The dwell of the first attempt, in seconds.
    pub first_s: f64,
    /// A longer hole in the reports restarts the dwell; 2.5 intervals.
    pub max_gap_ms: u64,
    /// The error level for all attempts together.
    pub alpha: f64,
}

/// How a gauge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DwellState {
    /// It was never reported, or without the counter that it needs.
    NoData,
    /// The last report is too old.
    Stale,
    /// It is not below the bound.
    Above,
    /// It is, but not for long enough.
    Dwelling,
    /// It reached the bound and stayed.
    Pass,
}

impl DwellState {
    /// The word of the specification.
    pub fn word(self) -> &'static str {
        match self {
            DwellState::NoData => "NO_DATA",
            DwellState::Stale => "STALE",
            DwellState::Above => "ABOVE",
            DwellState::Dwelling => "DWELLING",
            DwellState::Pass => "PASS",
        }
    }
}

/// How a gauge stands, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DwellStanding {
    /// The word.
    pub state: DwellState,
    /// Time spent in the dwell, in milliseconds; 0 where there is none.
    pub dwelt_ms: u64,
    /// The dwell that this attempt needs, in seconds.
    pub required_s: f64,
    /// Attempts begun.
    pub attempt: u32,
}

/// D_j in seconds: the dwell that attempt `attempt` needs where the first needs `first_s`.
pub fn dwell_required(first_s: f64, alpha: f64, attempt: u32) -> f64 {
    first_s * attempt_threshold(alpha, attempt) / attempt_threshold(alpha, 1)
}

/// The dwell of one gauge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dwell {
    settings: DwellSettings,
    attempt: u32,
    since_ms: Option<u64>,
    last_ms: Option<u64>,
}

impl Dwell {
    /// A gauge of which nothing is known; none where the settings can mean nothing.
    pub fn new(settings: DwellSettings) -> Option<Dwell> {
        let sound = settings.enter.is_finite()
            && settings.leave.is_finite()
            && settings.enter <= settings.leave
            && settings.first_s.is_finite()
            && 0.0 <= settings.first_s
            && (f64::MIN_POSITIVE..1.0).contains(&settings.alpha);
        sound.then_some(Dwell { settings, attempt: 1, since_ms: None, last_ms: None })
    }

    /// What was asked of it.
    pub fn settings(&self) -> &DwellSettings {
        &self.settings
    }

    /// Takes the maximum since the last report. No number is no report; an older one can only break.
    pub fn sample(&mut self, at_ms: u64, value: f64) {
        if value.is_nan() {
            return;
        }
        let last = self.last_ms.unwrap_or(at_ms);
        if at_ms < last {
            if self.settings.leave < value && self.since_ms.is_some_and(|since| since <= at_ms) {
                self.broken();
            }
            return;
        }
        if self.settings.max_gap_ms < at_ms - last {
            self.since_ms = None;
        }
        self.last_ms = Some(at_ms);
        match self.since_ms {
            Some(_) if self.settings.leave < value => self.broken(),
            Some(_) => {}
            None => self.since_ms = (value <= self.settings.enter).then_some(at_ms),
        }
    }

    /// Something that must not happen in a dwell happened: this one is spent.
    pub fn broken(&mut self) {
        if self.since_ms.take().is_some() {
            self.attempt = self.attempt.saturating_add(1);
        }
    }

    /// Something is not known of the dwell: it begins again, and no attempt is spent.
    pub fn restart(&mut self) {
        self.since_ms = None;
    }

    /// How it stands.
    pub fn standing(&self, now_ms: u64) -> DwellStanding {
        let required_s = dwell_required(self.settings.first_s, self.settings.alpha, self.attempt);
        let of = |state, dwelt_ms| DwellStanding { state, dwelt_ms, required_s, attempt: self.attempt };
        let Some(last) = self.last_ms else { return of(DwellState::NoData, 0) };
        if self.settings.max_gap_ms < now_ms.saturating_sub(last) {
            return of(DwellState::Stale, 0);
        }
        let Some(since) = self.since_ms else { return of(DwellState::Above, 0) };
        let dwelt_ms = now_ms.saturating_sub(since);
        let enough = required_s <= dwelt_ms as f64 / 1_000.0;
        of(if enough { DwellState::Pass } else { DwellState::Dwelling }, dwelt_ms)
    }
}

/// One look at a queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueLook {
    /// The most that waited since the last report.
    pub depth: f64,
    /// Taken by a worker and not done.
    pub in_flight: f64,
    /// Everything ever put in, with the life of the queue that it counts in; without it nothing is proved.
    pub enqueued: Option<(u64, u64)>,
}

/// A queue that must be drained: depth 0, nothing in flight, and nothing put in over the whole dwell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drained {
    dwell: Dwell,
    enqueued: Option<(u64, u64)>,
    counted: bool,
}

impl Drained {
    /// A queue of which nothing is known; see [`Dwell::new`]. `enter` and `leave` are what may wait.
    pub fn new(settings: DwellSettings) -> Option<Drained> {
        Some(Drained { dwell: Dwell::new(settings)?, enqueued: None, counted: false })
    }

    /// Takes a look. A counter that moved, or began anew, breaks the dwell however empty the queue is.
    pub fn look(&mut self, at_ms: u64, look: QueueLook) {
        let late = self.dwell.last_ms.is_some_and(|last| at_ms < last);
        if !late {
            self.counted = look.enqueued.is_some();
            // The counter is the witness of the time without it; before its first word there was none.
            match (self.enqueued, look.enqueued) {
                (_, None) => {}
                (Some(known), Some(now)) if known == now => {}
                (Some(_), Some(_)) => self.dwell.broken(),
                (None, Some(_)) => self.dwell.since_ms = None,
            }
            self.enqueued = look.enqueued.or(self.enqueued);
        }
        self.dwell.sample(at_ms, look.depth.max(0.0) + look.in_flight.max(0.0));
    }

    /// Something was seen that must not be in a drained queue: this dwell is spent.
    pub fn broken(&mut self) {
        self.dwell.broken();
    }

    /// Something is not known of the dwell: it begins again, and no attempt is spent.
    pub fn restart(&mut self) {
        self.dwell.restart();
    }

    /// How it stands; without a counter it has no data, however long the queue was empty.
    pub fn standing(&self, now_ms: u64) -> DwellStanding {
        let standing = self.dwell.standing(now_ms);
        let blind = !self.counted && matches!(standing.state, DwellState::Dwelling | DwellState::Pass);
        if blind { DwellStanding { state: DwellState::NoData, dwelt_ms: 0, ..standing } } else { standing }
    }
}

impl Persist for Dwell {
    fn write(&self, out: &mut StateWriter) {
        let settings = &self.settings;
        [settings.enter, settings.leave, settings.first_s, settings.alpha]
            .into_iter()
            .for_each(|value| out.fraction(value));
        out.number(settings.max_gap_ms);
        out.number(u64::from(self.attempt));
        out.option(self.since_ms.as_ref(), |ms, out| out.number(*ms));
        out.option(self.last_ms.as_ref(), |ms, out| out.number(*ms));
    }

    fn read(from: &mut StateReader<'_>) -> Result<Dwell, BadState> {
        let [enter, leave, first_s, alpha] =
            [from.fraction()?, from.fraction()?, from.fraction()?, from.fraction()?];
        let settings = DwellSettings { enter, leave, first_s, alpha, max_gap_ms: from.number()? };
        let dwell = Dwell::new(settings).ok_or_else(|| from.bad("the settings of a dwell"))?;
        let attempt = u32::try_from(from.number()?).ok().filter(|attempt| 0 < *attempt);
        let attempt = attempt.ok_or_else(|| from.bad("an attempt"))?;
        let since_ms = from.option(|from| from.number())?;
        let last_ms = from.option(|from| from.number())?;
        if last_ms < since_ms {
            return Err(from.bad("a report within the dwell"));
        }
        Ok(Dwell { attempt, since_ms, last_ms, ..dwell })
    }
}

impl Persist for Drained {
    fn write(&self, out: &mut StateWriter) {
        self.dwell.write(out);
        out.option(self.enqueued.as_ref(), |(life, count), out| {
            out.number(*life);
            out.number(*count);
        });
        out.flag(self.counted);
    }

    fn read(from: &mut StateReader<'_>) -> Result<Drained, BadState> {
        let dwell = Dwell::read(from)?;
        let enqueued = from.option(|from| Ok((from.number()?, from.number()?)))?;
        Ok(Drained { dwell, enqueued, counted: from.flag()? })
    }
}

#[cfg(test)]
mod tests;
