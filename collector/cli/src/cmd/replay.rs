//! Recorded slots through the engine once more, with other settings: "what would level C have said?"
//!
//! The same arithmetic as the collector's, and the same reading of a slot: what the side that must be good
//! owed or could not do counts as not passed, and what the other could not do is left out.

use tidelock_core::plan::Strength;
use tidelock_core::proof::{
    BadSettings, Course, Level, ScenarioGate, ScenarioSettings, ScenarioVerdict, SideSlot, Slot, Tuning,
    incidents_per_second,
};

use super::recorded::{Counts, Recorded, Subject, Success};

/// Slots in a row without evidence that are told one by one; nothing changes after that.
const SILENT_SLOTS: u64 = 3;

/// What of the recorded settings is to be something else.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Other {
    pub(crate) strength: Option<Strength>,
    pub(crate) margin: Option<f64>,
    pub(crate) slo: Option<f64>,
    pub(crate) error_rate: Option<f64>,
    pub(crate) outage_seconds: Option<f64>,
}

/// The settings in force when nothing was recorded.
const USUAL: Success = Success {
    strength: Strength::Standard,
    margin: 0.05,
    slo: 0.95,
    error_rate: 0.05,
    incidents_per_second: 0.05 / 30.0,
};

impl Other {
    /// The recorded settings, with these in their place.
    pub(crate) fn over(self, recorded: Option<Success>) -> Success {
        let base = recorded.unwrap_or(USUAL);
        let margin = self.margin.unwrap_or(base.margin);
        let level = |strength: Strength| match strength {
            Strength::Quick => Level::Quick,
            Strength::Standard => Level::Standard,
            Strength::Strict => Level::Strict,
        };
        // Outages as long as before, where nothing else is said: they use up another margin sooner or later.
        let rate = match (self.outage_seconds, self.strength, base.strength) {
            (Some(outage), _, _) => incidents_per_second(margin, outage),
            (None, Some(strength), _) => level(strength).incidents_per_second(margin),
            (None, None, Strength::Quick) => base.incidents_per_second,
            (None, None, Strength::Standard | Strength::Strict) => {
                base.incidents_per_second * (margin / base.margin)
            }
        };
        Success {
            strength: self.strength.unwrap_or(base.strength),
            margin,
            slo: self.slo.unwrap_or(base.slo),
            error_rate: self.error_rate.unwrap_or(base.error_rate),
            incidents_per_second: rate,
        }
    }
}

/// What is known after a slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) slot: u64,
    pub(crate) ends_ms: u64,
    pub(crate) state: &'static str,
    pub(crate) percent: u8,
    pub(crate) void: bool,
}

/// What the engine would have said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Replayed {
    pub(crate) settings: Success,
    pub(crate) steps: Vec<Step>,
    pub(crate) verdict: ScenarioVerdict,
    pub(crate) course: Course,
    /// When incidents began.
    pub(crate) incidents_ms: Vec<u64>,
    /// When it was proved first.
    pub(crate) proved_ms: Option<u64>,
    /// From when on its time is counted.
    pub(crate) begun_ms: u64,
    /// What was before the first slot in the file, in milliseconds.
    pub(crate) unseen_ms: u64,
}

impl Replayed {
    /// The state after the last slot.
    pub(crate) fn state(&self) -> &'static str {
        self.steps.last().map_or("missing", |step| step.state)
    }
}

/// Runs the slots.
pub(crate) fn replay(recorded: &Recorded, settings: Success) -> Result<Replayed, BadSettings> {
    let mut gate = ScenarioGate::new(ScenarioSettings {
        margin: settings.margin,
        slo: settings.slo,
        alpha: settings.error_rate,
        incidents_per_second: settings.incidents_per_second,
        slot_seconds: recorded.slot_ms as f64 / 1000.0,
        absolute_only: !recorded.compared,
        tuning: Tuning::default(),
    })?;
    let starts = recorded.slots.first().map_or(0, |first| first.ends_ms.saturating_sub(recorded.slot_ms));
    // Evidence begins with the first whole slot; more than that is missing from the file.
    let before = starts.saturating_sub(recorded.begun_ms);
    let unseen_ms = if before > recorded.slot_ms { before } else { 0 };
    let begun_ms = if unseen_ms > 0 { starts } else { recorded.begun_ms.min(starts) };
    let (mut steps, mut incidents_ms) = (Vec::with_capacity(recorded.slots.len()), Vec::new());
    let (mut next, mut incidents) = (None, 0);
    for slot in &recorded.slots {
        let silent = next.map_or(0, |next| slot.number.saturating_sub(next));
        (0..silent.min(SILENT_SLOTS)).for_each(|_| gate.slot(&Slot::Void));
        next = Some(slot.number.saturating_add(1));
        match pair(recorded, slot.source, slot.target).filter(|_| !slot.void) {
            Some(pair) => gate.slot(&pair),
            None => gate.slot(&Slot::Void),
        }
        let course = gate.course();
        if course.incidents > incidents {
            incidents_ms.push(slot.ends_ms.saturating_sub(recorded.slot_ms));
            incidents = course.incidents;
        }
        let observed = slot.ends_ms.saturating_sub(begun_ms) >= recorded.observe_at_least_ms;
        let state = word(gate.verdict(), observed, course.slots > 0);
        let percent = if state == "proved" { 100 } else { course.percent.min(99) };
        steps.push(Step { slot: slot.number, ends_ms: slot.ends_ms, state, percent, void: slot.void });
    }
    Ok(Replayed {
        settings,
        proved_ms: steps.iter().find(|step| step.state == "proved").map(|step| step.ends_ms),
        steps,
        verdict: gate.verdict(),
        course: gate.course(),
        incidents_ms,
        begun_ms,
        unseen_ms,
    })
}

/// The slot as the engine takes it; none where a side that is looked at has nothing in it.
fn pair(recorded: &Recorded, source: Counts, target: Counts) -> Option<Slot<'static>> {
    let subject = match recorded.subject {
        Subject::Source => source,
        Subject::Target => target,
    };
    let side = |of: Counts, not_run: u32| {
        let counted = of.ok.checked_add(of.failed)?.checked_add(not_run)?;
        SideSlot::counts(of.ok, counted, not_run).ok()
    };
    let good = side(subject, subject.not_run.checked_add(subject.missing)?)?;
    let other = if recorded.compared { Some(side(source, 0)?) } else { None };
    Some(Slot::Pair { target: good, source: other, hosts: &[] })
}

/// The state in the words of every screen.
fn word(verdict: ScenarioVerdict, observed: bool, seen: bool) -> &'static str {
    match verdict {
        ScenarioVerdict::Pass if observed => "proved",
        ScenarioVerdict::Pass | ScenarioVerdict::Undecided => "undecided",
        ScenarioVerdict::NoData if seen => "stale",
        ScenarioVerdict::NoData => "missing",
        ScenarioVerdict::Regressed | ScenarioVerdict::HostDown => "refuted",
        ScenarioVerdict::Veto | ScenarioVerdict::Worse => "refuted",
    }
}
