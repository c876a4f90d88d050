//! After the switch: is the target failing, and would going back help?
//!
//! Null: no scenario of the target fails more than p0 = 0.02 in the mean. One Shiryaev-Roberts detector a
//! scenario on fail − p0, c = p0; alarm when logsumexp_k(ln M_k) − ln K ≥ ln(T/α) over K scenarios. The mean of the
//! M is a detector itself, whatever ties the scenarios together, so that P(any false alarm within T slots) ≤ α.
//! A watch that outlasts its T slots errs in proportion. What did not run is left out: Tidelock's own
//! trouble can make a watch blind, never raise an alarm. Source: section 8; arXiv 2203.03532, 1912.06116.
//! Unit: slots.

use super::attempts::alarm_threshold;
use super::blame::{Blame, Episode};
use super::constants::FRESH_SLOTS;
use super::detector::{Detector, combined};
use super::settings::BadSettings;
use super::side::{SideSlot, Slot};
use super::state::{BadState, Persist, StateReader, StateWriter};

/// Scenarios of one watch.
const MAX_SCENARIOS: usize = 10_000;

/// What a [`Watch`] is asked to notice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WatchSettings {
    /// T: slots of the whole watch; from 1.
    pub slots: u32,
    /// α: how often a healthy watch may alarm; between 0 and 1.
    pub alpha: f64,
    /// p0: share of failures that is healthy; between 0 and 1.
    pub healthy: f64,
    /// K: scenarios; 1 to 10,000.
    pub scenarios: usize,
}

impl WatchSettings {
    /// A watch with the level 0.01 and 0.02 of failures as healthy.
    pub fn of(slots: u32, scenarios: usize) -> WatchSettings {
        WatchSettings { slots, alpha: 0.01, healthy: 0.02, scenarios }
    }

    fn checked(self) -> Result<WatchSettings, BadSettings> {
        let share = |value: f64| value > 0.0 && value < 1.0;
        for (good, what) in [
            (self.slots > 0, "watch has no slot"),
            (share(self.alpha), "false alarm rate is not between 0 and 1"),
            (share(self.healthy), "healthy share of failures is not between 0 and 1"),
            ((1..=MAX_SCENARIOS).contains(&self.scenarios), "scenarios of a watch are not 1 to 10000"),
        ] {
            if !good {
                return Err(BadSettings { what });
            }
        }
        Ok(self)
    }
}

/// One scenario under watch.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Watched {
    detector: Detector,
    episode: Episode,
    valid: u32,
    void_run: u32,
}

/// An alarm, as it was when it was raised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alarm {
    /// Slot of the watch, from 0.
    pub slot: u32,
    /// The scenario that weighs most, by its place.
    pub scenario: usize,
    /// Whose fault it was.
    pub blame: Blame,
}

/// The watch over all scenarios of a migration.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    settings: WatchSettings,
    watched: Vec<Watched>,
    /// ln M of each scenario, after the last slot.
    ln_m: Vec<f64>,
    slots: u32,
    alarm: Option<Alarm>,
}

impl Watch {
    /// Nothing seen yet.
    ///
    /// # Errors
    /// Where the settings cannot be worked with.
    pub fn new(settings: WatchSettings) -> Result<Watch, BadSettings> {
        let settings = settings.checked()?;
        Ok(Watch {
            settings,
            watched: vec![Watched::default(); settings.scenarios],
            ln_m: vec![f64::NEG_INFINITY; settings.scenarios],
            slots: 0,
            alarm: None,
        })
    }

    /// What it is asked to notice.
    pub fn settings(&self) -> &WatchSettings {
        &self.settings
    }

    /// Watches `more` scenarios besides, from now on, and lasts for at least so many slots. What was seen stays, and
    /// neither T nor α ever falls: whoever comes later has a smaller M, so the mean errs no more often than before.
    ///
    /// # Errors
    /// Where the settings cannot be worked with; then nothing changes.
    pub fn widen(&mut self, slots: u32, alpha: f64, more: usize) -> Result<(), BadSettings> {
        let settings = WatchSettings {
            slots: self.settings.slots.max(slots),
            alpha: self.settings.alpha.max(alpha),
            scenarios: self.settings.scenarios.saturating_add(more),
            ..self.settings
        };
        self.settings = settings.checked()?;
        self.watched.resize(settings.scenarios, Watched::default());
        self.ln_m.resize(settings.scenarios, f64::NEG_INFINITY);
        Ok(())
    }

    /// Takes the next slot of every scenario, each in its place; a missing one is void.
    pub fn slot(&mut self, slots: &[Slot<'_>]) {
        for (place, watched) in self.watched.iter_mut().enumerate() {
            watched.step(slots.get(place).unwrap_or(&Slot::Void), self.settings.healthy);
            self.ln_m[place] = watched.detector.ln_m();
        }
        self.slots = self.slots.saturating_add(1);
        self.call();
    }

    /// Takes the next slot of one scenario, where each has a length of its own. T counts the slots of the
    /// scenario that has had most.
    pub fn take(&mut self, place: usize, slot: &Slot<'_>) {
        let Some(watched) = self.watched.get_mut(place) else { return };
        watched.step(slot, self.settings.healthy);
        self.ln_m[place] = watched.detector.ln_m();
        self.slots = self.slots.max(watched.valid);
        self.call();
    }

    fn call(&mut self) {
        if self.alarm.is_none() && self.ln_m() >= self.threshold() {
            let scenario = self.leading();
            let slot = self.slots.saturating_sub(1);
            self.alarm = Some(Alarm { slot, scenario, blame: self.blame() });
        }
    }

    /// ln of the mean M over all scenarios.
    pub fn ln_m(&self) -> f64 {
        combined(&self.ln_m)
    }

    /// The ln M at which the watch alarms.
    pub fn threshold(&self) -> f64 {
        alarm_threshold(f64::from(self.settings.slots), self.settings.alpha)
    }

    /// The alarm that is open. It stays open until a person has acknowledged it.
    pub fn alarm(&self) -> Option<&Alarm> {
        self.alarm.as_ref()
    }

    /// Whose fault the episode of the heaviest scenario is, as seen now.
    pub fn blame(&self) -> Blame {
        self.watched[self.leading()].episode.blame(self.settings.healthy)
    }

    /// The episode of one scenario.
    pub fn episode(&self, scenario: usize) -> Option<&Episode> {
        self.watched.get(scenario).map(|watched| &watched.episode)
    }

    /// The scenario with the largest M, the first of equals.
    fn leading(&self) -> usize {
        let heavier =
            |best: usize, place: usize| if self.ln_m[place] > self.ln_m[best] { place } else { best };
        (0..self.ln_m.len()).fold(0, heavier)
    }

    /// A person has seen the alarm and stays: all detectors and episodes begin anew, and so may the error.
    pub fn acknowledge(&mut self) {
        self.alarm = None;
        self.ln_m.fill(f64::NEG_INFINITY);
        for watched in &mut self.watched {
            *watched = Watched { valid: watched.valid, void_run: watched.void_run, ..Watched::default() };
        }
    }

    /// Scenarios of which nothing is known for 3 slots or longer: silence is not failure, and not health.
    pub fn blind(&self) -> impl Iterator<Item = usize> + '_ {
        self.void_runs().filter(|(_, void_run)| *void_run >= FRESH_SLOTS).map(|(place, _)| place)
    }

    /// Void slots in a row up to now, a scenario.
    pub fn void_runs(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        self.watched.iter().map(|watched| watched.void_run).enumerate()
    }

    /// Slots taken, void ones too.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Whether the whole watch has passed.
    pub fn over(&self) -> bool {
        self.slots >= self.settings.slots
    }

    /// The smallest share of valid slots of any scenario; 0 before the first.
    pub fn valid_share(&self) -> f64 {
        let fewest = self.watched.iter().map(|watched| watched.valid).min().unwrap_or(0);
        if self.slots == 0 { 0.0 } else { f64::from(fewest) / f64::from(self.slots) }
    }
}

impl Watched {
    fn step(&mut self, slot: &Slot<'_>, healthy: f64) {
        let failed = |side: SideSlot| side.passed_of_run().map(|passed| 1.0 - passed);
        let seen = match slot {
            Slot::Void => None,
            Slot::Pair { target, source, .. } => {
                failed(*target).map(|target| (target, source.and_then(failed)))
            }
        };
        let Some((target, source)) = seen else {
            self.void_run = self.void_run.saturating_add(1);
            return;
        };
        self.void_run = 0;
        self.valid = self.valid.saturating_add(1);
        self.detector.step(target, healthy);
        self.episode.step(target, source, healthy);
    }
}

impl Persist for Watch {
    fn write(&self, out: &mut StateWriter) {
        out.number(u64::from(self.settings.slots));
        out.fractions(&[self.settings.alpha, self.settings.healthy]);
        out.list(self.watched.iter(), |watched, out| {
            watched.detector.write(out);
            watched.episode.write(out);
            out.number(u64::from(watched.valid));
            out.number(u64::from(watched.void_run));
        });
        out.number(u64::from(self.slots));
        out.option(self.alarm.as_ref(), |alarm, out| {
            out.number(u64::from(alarm.slot));
            out.number(alarm.scenario as u64);
            out.number(match alarm.blame {
                Blame::Rollback => 0,
                Blame::Incident => 1,
                Blame::SourceSilent => 2,
            });
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<Watch, BadState> {
        let slots = from.small()?;
        let [alpha, healthy] = from.finite()?;
        let watched = from.list(MAX_SCENARIOS, |from| {
            let (detector, episode) = (Detector::read(from)?, Episode::read(from)?);
            Ok(Watched { detector, episode, valid: from.small()?, void_run: from.small()? })
        })?;
        let settings = WatchSettings { slots, alpha, healthy, scenarios: watched.len() };
        let settings = settings.checked().map_err(|_| from.bad("settings of a watch"))?;
        let ln_m = watched.iter().map(|watched| watched.detector.ln_m()).collect();
        let slots = from.small()?;
        let alarm = from.option(|from| {
            let (slot, scenario) = (from.small()?, from.count(settings.scenarios - 1)?);
            let blame = match from.number()? {
                0 => Blame::Rollback,
                1 => Blame::Incident,
                2 => Blame::SourceSilent,
                _ => return Err(from.bad("a blame")),
            };
            Ok(Alarm { slot, scenario, blame })
        })?;
        Ok(Watch { settings, watched, ln_m, slots, alarm })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing() -> Slot<'static> {
        let side = |ok| SideSlot::counts(ok, 4, 0).expect("four results");
        Slot::Pair { target: side(0), source: Some(side(4)), hosts: &[] }
    }

    /// Failing slots of that scenario until the alarm.
    fn slots_to_alarm(watch: &mut Watch, place: usize) -> u32 {
        (1..100)
            .find(|_| {
                watch.take(place, &failing());
                watch.alarm().is_some()
            })
            .expect("a target that fails raises an alarm")
    }

    #[test]
    fn a_watch_that_grows_keeps_what_it_saw_and_sees_what_is_new() {
        let begun = || Watch::new(WatchSettings::of(4, 1)).expect("a watch");
        let alone = slots_to_alarm(&mut begun(), 0);
        let mut watch = begun();
        (1..alone).for_each(|_| watch.take(0, &failing()));
        assert!(watch.alarm().is_none());
        watch.widen(4, 0.01, 1).expect("one more");
        assert_eq!((watch.settings().slots, watch.settings().scenarios), (4, 2));
        assert!(slots_to_alarm(&mut watch, 0) <= 2, "what it saw counts, and weighs half as much");
        let mut watch = begun();
        watch.widen(300, 0.01, 1).expect("longer");
        let later = slots_to_alarm(&mut watch, 1);
        assert!(alone <= later && later < 20, "{later} slots, and {alone} in a watch of four");
        assert_eq!(watch.alarm().map(|alarm| alarm.scenario), Some(1));
    }

    #[test]
    fn a_watch_never_gets_shorter_nor_blinder_and_has_its_bound() {
        let mut watch = Watch::new(WatchSettings::of(300, 2)).expect("a watch");
        let before = watch.clone();
        watch.widen(4, 0.001, 0).expect("nothing that counts");
        assert_eq!(watch, before);
        watch.widen(4, 0.02, 0).expect("it may call more often");
        assert!(watch.threshold() < before.threshold());
        let before = watch.clone();
        assert!(watch.widen(4, 0.01, MAX_SCENARIOS).is_err() && watch == before, "it changed all the same");
    }
}
