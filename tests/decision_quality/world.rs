//! A made-up pair of sides: agents that check on a grid, failures one by one, and outages.
//!
//! Time is a number. Each agent has its place inside the interval, as the grid gives it, so that an outage
//! shorter than the interval is still seen by some of them.

use crate::random::Random;

/// Who checks, how often, and how long a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Agents of each side.
    pub(crate) agents: usize,
    /// Between two checks of an agent.
    pub(crate) interval_s: u32,
    /// Of the evidence.
    pub(crate) slot_s: u32,
}

impl Setting {
    /// That many agents, a check each five seconds, slots of ten.
    pub(crate) fn of(agents: usize) -> Setting {
        Setting { agents, interval_s: 5, slot_s: 10 }
    }

    /// Slots in so many minutes.
    pub(crate) fn slots(self, minutes: u32) -> u32 {
        minutes * 60 / self.slot_s
    }
}

/// A time in which checks fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outage {
    /// Its first moment.
    pub(crate) from_s: f64,
    /// The first moment after it.
    pub(crate) until_s: f64,
}

/// What is wrong with a side.
#[derive(Debug, Clone)]
pub(crate) struct Faults {
    /// The chance that a check fails, always.
    pub(crate) random: f64,
    /// When there is an outage; each begins and ends no earlier than the one before.
    pub(crate) outages: Vec<Outage>,
    /// The chance that a check fails during an outage.
    pub(crate) during: f64,
    /// An outage strikes only every third agent.
    pub(crate) third: bool,
}

impl Faults {
    /// Failures one by one.
    pub(crate) fn random(chance: f64) -> Faults {
        Faults { random: chance, outages: Vec::new(), during: 1.0, third: false }
    }

    /// From a moment on, this share of checks fails, besides what fails one by one.
    pub(crate) fn from(from_s: f64, during: f64, random: f64) -> Faults {
        let outage = Outage { from_s, until_s: f64::INFINITY };
        Faults { outages: vec![outage], during, ..Faults::random(random) }
    }

    /// Outages of that length, as a Poisson process, at which all checks of the struck agents fail.
    pub(crate) fn outages(chance: &mut Random, rate: f64, length_s: f64, until_s: f64) -> Faults {
        let outages = chance.moments(rate, until_s).into_iter();
        let outages = outages.map(|from_s| Outage { from_s, until_s: from_s + length_s }).collect();
        Faults { outages, ..Faults::random(0.0) }
    }
}

/// A result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shot {
    /// Of the target, or else of the source.
    pub(crate) target: bool,
    /// The agent's number on its side.
    pub(crate) agent: usize,
    /// When the check was planned.
    pub(crate) at_s: f64,
    /// Whether it went well.
    pub(crate) ok: bool,
}

/// One side in the course of a run.
#[derive(Debug)]
struct Side {
    target: bool,
    agents: usize,
    /// From one agent's place in the interval to the next one's.
    apart_s: f64,
    faults: Faults,
    next: usize,
}

impl Side {
    fn new(target: bool, setting: Setting, faults: Faults) -> Side {
        let apart_s = f64::from(setting.interval_s) / setting.agents.max(1) as f64;
        Side { target, agents: setting.agents, apart_s, faults, next: 0 }
    }

    /// The results of one interval, in the order of time.
    fn round(&mut self, from_s: f64, chance: &mut Random, take: &mut impl FnMut(Shot)) {
        let faults = &self.faults;
        // Outages that were over before this round strike nothing any more.
        while faults.outages.get(self.next).is_some_and(|outage| outage.until_s <= from_s) {
            self.next += 1;
        }
        let open = &faults.outages[self.next..];
        for agent in 0..self.agents {
            let at_s = from_s + agent as f64 * self.apart_s;
            let struck = (!faults.third || agent.is_multiple_of(3))
                && (open.iter().take_while(|outage| outage.from_s <= at_s))
                    .any(|outage| at_s < outage.until_s);
            let failed = (struck && chance.happens(faults.during)) || chance.happens(faults.random);
            take(Shot { target: self.target, agent, at_s, ok: !failed });
        }
    }
}

/// Both sides.
#[derive(Debug)]
pub(crate) struct World {
    setting: Setting,
    target: Side,
    source: Side,
    chance: Random,
}

impl World {
    /// A run of that setting.
    pub(crate) fn new(setting: Setting, target: Faults, source: Faults, chance: Random) -> World {
        let target = Side::new(true, setting, target);
        let source = Side::new(false, setting, source);
        World { setting, target, source, chance }
    }

    /// All results of one slot, round by round.
    pub(crate) fn slot(&mut self, index: u32, mut take: impl FnMut(Shot)) {
        let Setting { interval_s, slot_s, .. } = self.setting;
        for round in 0..slot_s / interval_s {
            let from_s = f64::from(index * slot_s + round * interval_s);
            self.target.round(from_s, &mut self.chance, &mut take);
            self.source.round(from_s, &mut self.chance, &mut take);
        }
    }
}
