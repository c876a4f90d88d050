//! The watch after the switch: is the target failing, and would going back help?
//!
//! One detector over all scenarios with a proof of success, so that its false alarms are bounded for the
//! whole watch however many scenarios there are. An alarm recommends, and people decide; it stays until they
//! have. A plan that comes into force meanwhile may ask for more: that is watched, too. A shorter watch is not taken.

use std::time::Duration;

use tidelock_model::{Name, Side, Timestamp, mutated};

use crate::plan::{Plan, Scenario};
use crate::proof::slots::{ClosedSlot, Compared};
use crate::proof::{Blame, Persist, SideSlot, Slot, StateWriter, Watch, WatchSettings};

/// The share of slots that must have been evidence before a move is called complete.
const VALID_SHARE: f64 = 0.9;
/// Void slots in a row of which a scenario is called unseen.
const BLIND_AFTER: u32 = 3;

/// The watch of one switch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AfterSwitch {
    pub(crate) begun: Timestamp,
    pub(crate) length: Duration,
    names: Vec<Name>,
    /// The plan watches it no more.
    gone: Vec<bool>,
    watch: Watch,
    slots: Vec<Slots>,
    alarm_at: Option<Timestamp>,
    /// The shares of failures while the alarm's episode went on.
    failed: (f64, Option<f64>),
    /// Since when the target runs another build than the one that traffic was switched to.
    rebuilt: Option<Timestamp>,
}

/// What was seen of one scenario.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Slots {
    /// The newest slot that was heard had more failures than is healthy.
    failing: bool,
    /// So many slots in a row did; one of which nothing is known is none of them, and ends no row.
    failing_run: u32,
    valid: u64,
    all: u64,
    void_run: u32,
    /// The source was well once since the switch: one that never was is shut by design, and tells nothing.
    source_was_up: bool,
}

/// An alarm as people see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AlarmSeen<'a> {
    pub(crate) since: Timestamp,
    pub(crate) check: &'a Name,
    pub(crate) blame: Blame,
    /// The share of failures on the target and, where it was heard, on the source.
    pub(crate) failed: (f64, Option<f64>),
    /// The target still fails.
    pub(crate) lasts: bool,
    /// So many slots in a row it did, up to now.
    pub(crate) failing_run: u32,
}

impl AfterSwitch {
    /// None where no scenario claims what a watch could see.
    pub(crate) fn begin(plan: &Plan, at: Timestamp) -> Option<AfterSwitch> {
        let names: Vec<Name> = watched_by(plan).cloned().collect();
        let rule = plan.rollback.recommend;
        let mut settings = WatchSettings::of(slots_of(plan, rule.watch)?, names.len());
        settings.alpha = rule.false_alarm;
        Some(AfterSwitch {
            begun: at,
            length: rule.watch,
            watch: Watch::new(settings).ok()?,
            slots: vec![Slots::default(); names.len()],
            gone: vec![false; names.len()],
            names,
            alarm_at: None,
            failed: (0.0, None),
            rebuilt: None,
        })
    }

    /// A slot of a scenario closed.
    pub(crate) fn slot(&mut self, at: Timestamp, name: &Name, closed: &ClosedSlot) {
        let Some(place) = self.names.iter().position(|watched| watched == name) else { return };
        let side = |side| seen(closed.side(side).ok, closed.side(side).failed);
        let known = closed.seen_void(Compared::Only(Side::Target)).is_none();
        let heard = closed.seen_void(Compared::Only(Side::Source)).is_none();
        let slots = &mut self.slots[place];
        slots.all = slots.all.saturating_add(closed.times);
        match side(Side::Target).filter(|_| known) {
            Some(target) => {
                (slots.valid, slots.void_run) = (slots.valid.saturating_add(1), 0);
                let failed = target.passed_of_run().map_or(0.0, |passed| 1.0 - passed);
                slots.failing = failed > self.watch.settings().healthy;
                slots.failing_run = if slots.failing { slots.failing_run.saturating_add(1) } else { 0 };
                let source = side(Side::Source).filter(|_| heard);
                slots.source_was_up |=
                    source.and_then(|it| it.passed_of_run()).is_some_and(|passed| passed > 0.5);
                let source = source.filter(|_| slots.source_was_up);
                self.watch.take(place, &Slot::Pair { target, source, hosts: &[] });
            }
            None => {
                slots.void_run =
                    slots.void_run.saturating_add(u32::try_from(closed.times).unwrap_or(u32::MAX))
            }
        }
        if let Some(alarm) = self.watch.alarm() {
            self.alarm_at.get_or_insert(at);
            let failing = self.slots.get(alarm.scenario).is_some_and(|slots| slots.failing);
            if let Some(episode) = self.watch.episode(alarm.scenario).filter(|_| failing) {
                self.failed = episode.means();
            }
        }
    }

    /// The target runs another build than the one that people switched to.
    pub(crate) fn rebuild(&mut self, at: Timestamp) {
        self.rebuilt.get_or_insert(at);
    }

    /// Since when it does, where nobody has said that it stays.
    pub(crate) fn rebuilt(&self) -> Option<Timestamp> {
        self.rebuilt
    }

    /// People have seen the alarm, or the other build, and stay.
    pub(crate) fn acknowledge(&mut self) {
        self.watch.acknowledge();
        (self.alarm_at, self.failed, self.rebuilt) = (None, (0.0, None), None);
    }

    pub(crate) fn alarm(&self) -> Option<AlarmSeen<'_>> {
        let alarm = self.watch.alarm()?;
        let episode = self.watch.episode(alarm.scenario);
        let healthy = self.watch.settings().healthy;
        // While it lasts, evidence grows: few results at the first moment may point to the wrong side.
        let lasting = episode.filter(|episode| episode.slots() > 0);
        Some(AlarmSeen {
            since: self.alarm_at.unwrap_or(self.begun),
            check: self.names.get(alarm.scenario)?,
            blame: lasting.map_or(alarm.blame, |episode| episode.blame(healthy)),
            failed: self.failed,
            lasts: self.slots.get(alarm.scenario).is_some_and(|slots| slots.failing),
            failing_run: self.slots.get(alarm.scenario).map_or(0, |slots| slots.failing_run),
        })
    }

    /// A scenario of which nothing is known at present.
    pub(crate) fn blind(&self, now: Timestamp) -> Option<&Name> {
        let over = now >= self.ends();
        let unseen = |slots: &Slots| slots.void_run >= BLIND_AFTER || over && slots.valid == 0;
        self.named().find(|(_, slots)| unseen(slots)).map(|(name, _)| name)
    }

    /// The plan changed: what it watches no more is not missed, and what it watches besides is watched from now on. The
    /// watch lasts as long as the longer of both says: people switched on the promise of this one.
    pub(crate) fn replan(&mut self, at: Timestamp, plan: &Plan) {
        for (name, gone) in self.names.iter().zip(&mut self.gone) {
            *gone = plan.scenarios.get(name).is_none_or(|scenario| !scenario.is_watched());
        }
        let length = self.length.max(plan.watch());
        let Some(slots) = slots_of(plan, length) else { return };
        if mutated("a-stricter-plan-is-watched") {
            return;
        }
        let more: Vec<Name> = watched_by(plan).filter(|name| !self.names.contains(name)).cloned().collect();
        match self.watch.widen(slots, plan.rollback.recommend.false_alarm, more.len()) {
            Ok(()) => {
                self.length = length;
                self.names.extend(more);
                self.slots.resize(self.names.len(), Slots::default());
                self.gone.resize(self.names.len(), false);
            }
            // The plans since the switch had more scenarios than one watch has: it begins anew with those of now.
            Err(_) => {
                if let Some(anew) = AfterSwitch::begin(plan, at) {
                    *self = anew;
                }
            }
        }
    }

    fn named(&self) -> impl Iterator<Item = (&Name, &Slots)> {
        let kept = self.names.iter().zip(&self.slots).zip(&self.gone).filter(|(_, gone)| !**gone);
        kept.map(|(named, _)| named)
    }

    /// When the watch is over.
    pub(crate) fn ends(&self) -> Timestamp {
        self.begun.plus(self.length)
    }

    /// Enough of it was seen: the worst scenario, in percent, where it was not.
    pub(crate) fn seen_too_little(&self) -> Option<(&Name, u64)> {
        let share = |slots: &Slots| slots.valid as f64 / slots.all.max(1) as f64;
        let worst = self.named().min_by(|(_, a), (_, b)| share(a).total_cmp(&share(b)))?;
        (share(worst.1) < VALID_SHARE).then(|| (worst.0, (share(worst.1) * 100.0) as u64))
    }

    /// Everything that an alarm rests on.
    pub(crate) fn write(&self, out: &mut StateWriter) {
        out.number(self.begun.as_millis());
        self.watch.write(out);
        out.option(self.rebuilt.as_ref(), |at, out| out.number(at.as_millis()));
        for slots in &self.slots {
            [slots.valid, slots.all, u64::from(slots.void_run), u64::from(slots.source_was_up)]
                .iter()
                .for_each(|value| out.number(*value));
        }
    }
}

/// The scenarios that a plan watches after the switch.
fn watched_by(plan: &Plan) -> impl Iterator<Item = &Name> {
    let watched = |(_, scenario): &(&Name, &Scenario)| scenario.is_watched();
    plan.scenarios.iter().filter(watched).map(|(name, _)| name)
}

/// How many slots of the shortest of them a watch of that length has; none where nothing is watched.
fn slots_of(plan: &Plan, length: Duration) -> Option<u32> {
    let shortest = watched_by(plan).filter_map(|name| plan.scenarios.get(name)?.slot).min()?;
    let slots = (length.as_millis() / shortest.as_millis().max(1)).max(1);
    Some(u32::try_from(slots).unwrap_or(u32::MAX))
}

fn seen(ok: u64, failed: u64) -> Option<SideSlot> {
    let all = u32::try_from(ok.checked_add(failed)?).ok()?;
    SideSlot::counts(u32::try_from(ok).ok()?, all, 0).ok()
}
