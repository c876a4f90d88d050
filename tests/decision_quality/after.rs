//! The time after the switch: the engine's watch over one or more scenarios, each with its own world.

use tidelock_core::proof::{Alarm, Blame, SideSlot, Slot, Watch, WatchSettings};

use crate::random::Random;
use crate::world::{Faults, Setting, Shot, World};

/// Slots of a watch of one hour.
pub(crate) const HOUR_SLOTS: u32 = 360;

/// A watch and what it looks at.
#[derive(Debug)]
pub(crate) struct After {
    watch: Watch,
    worlds: Vec<World>,
}

impl After {
    /// A watch of one hour; a world a scenario, each with its own faults of target and source.
    pub(crate) fn new(setting: Setting, faults: Vec<(Faults, Faults)>, chance: &mut Random) -> After {
        let watch = Watch::new(WatchSettings::of(HOUR_SLOTS, faults.len()));
        let worlds = (faults.into_iter())
            .map(|(target, source)| World::new(setting, target, source, chance.branch()))
            .collect();
        After { watch: watch.expect("the engine's own settings are sound"), worlds }
    }

    /// Takes the next slot; tells each result of the target of the first scenario.
    pub(crate) fn slot(&mut self, number: u32, mut tell: impl FnMut(Shot)) -> Option<Alarm> {
        let mut slots = Vec::with_capacity(self.worlds.len());
        for (place, world) in self.worlds.iter_mut().enumerate() {
            let (mut target, mut source) = ((0, 0), (0, 0));
            world.slot(number, |shot| {
                let counts = if shot.target { &mut target } else { &mut source };
                *counts = (counts.0 + u32::from(shot.ok), counts.1 + 1);
                if shot.target && place == 0 {
                    tell(shot);
                }
            });
            let side = |(ok, all)| SideSlot::counts(ok, all, 0).expect("every agent answers");
            slots.push(Slot::Pair { target: side(target), source: Some(side(source)), hosts: &[] });
        }
        self.watch.slot(&slots);
        self.watch.alarm().copied()
    }

    /// Whose fault the open alarm is, as people are told now: what its episode says while that lasts.
    pub(crate) fn blame(&self) -> Option<Blame> {
        let alarm = self.watch.alarm()?;
        let lasting = self.watch.episode(alarm.scenario).filter(|episode| episode.slots() > 0);
        Some(lasting.map_or(alarm.blame, |episode| episode.blame(self.watch.settings().healthy)))
    }
}
