//! The engine under test, fed with results as the collector would feed it.

use tidelock_core::proof::slots::{ClosedSlot, Compared};
use tidelock_core::proof::{HostSlot, Level as Proof, ScenarioGate, ScenarioSettings, ScenarioVerdict};
use tidelock_core::proof::{SideSlot, Slot};

use crate::world::{Setting, Shot, World};

/// How rare incidents must be proved to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// `proof: quick`
    A,
    /// `proof: standard`
    B,
    /// `proof: strict`
    C,
}

impl Level {
    /// The letter.
    pub(crate) fn word(self) -> char {
        match self {
            Level::A => 'A',
            Level::B => 'B',
            Level::C => 'C',
        }
    }
}

/// One scenario's gate, and the slot that fills.
#[derive(Debug)]
pub(crate) struct Gate {
    gate: ScenarioGate,
    hosts: Vec<HostSlot>,
    /// Passed and all, of the source.
    source: (u32, u32),
    /// Bit n: the target was down n slots ago.
    downs: u32,
    opened_on_a_down_target: bool,
}

impl Gate {
    /// Nothing seen yet.
    pub(crate) fn new(setting: Setting, level: Level) -> Gate {
        let proof = match level {
            Level::A => Proof::Quick,
            Level::B => Proof::Standard,
            Level::C => Proof::Strict,
        };
        let settings = ScenarioSettings::of(proof, f64::from(setting.slot_s));
        Gate {
            gate: ScenarioGate::new(settings).expect("the engine's own settings are sound"),
            hosts: (0..setting.agents as u64).map(|host| HostSlot { host, passed: 0, failed: 0 }).collect(),
            source: (0, 0),
            downs: 0,
            opened_on_a_down_target: false,
        }
    }

    /// Takes one result.
    pub(crate) fn take(&mut self, shot: Shot) {
        if shot.target {
            let host = &mut self.hosts[shot.agent];
            *(if shot.ok { &mut host.passed } else { &mut host.failed }) += 1;
        } else {
            self.source.0 += u32::from(shot.ok);
            self.source.1 += 1;
        }
    }

    /// Ends the slot.
    pub(crate) fn close(&mut self) {
        let passed: u32 = self.hosts.iter().map(|host| host.passed).sum();
        let failed: u32 = self.hosts.iter().map(|host| host.failed).sum();
        let target = SideSlot::counts(passed, passed + failed, 0);
        let source = SideSlot::counts(self.source.0, self.source.1, 0);
        // A side of which nothing was heard: the slot is void.
        match (target, source) {
            (Ok(target), Ok(source)) => {
                self.gate.slot(&Slot::Pair { target, source: Some(source), hosts: &self.hosts });
                self.downs = (self.downs << 1 | u32::from(failed >= passed)) & 0b111;
            }
            (Err(_), _) | (_, Err(_)) => self.gate.slot(&Slot::Void),
        }
        self.opened_on_a_down_target |= self.open() && self.downs != 0;
        self.source = (0, 0);
        self.hosts.iter_mut().for_each(|host| (host.passed, host.failed) = (0, 0));
    }

    /// Takes a whole slot of a world.
    pub(crate) fn slot(&mut self, world: &mut World, number: u32) {
        world.slot(number, |shot| self.take(shot));
        self.close();
    }

    /// Takes a slot that the assembler closed.
    pub(crate) fn closed(&mut self, slot: &ClosedSlot) {
        let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let (target, source) = (&slot.target, &slot.source);
        let not_run = small(target.not_run + target.missing);
        let target_counts = SideSlot::counts(small(target.ok), small(target.counted()), not_run);
        let source_counts = SideSlot::counts(small(source.ok), small(source.counted()), 0);
        let hosts: Vec<HostSlot> = (target.hosts.iter())
            .map(|seen| {
                let host = number(&seen.agent);
                let passed = small(seen.results.iter().filter(|ok| **ok).count() as u64);
                HostSlot { host, passed, failed: small(seen.results.len() as u64) - passed }
            })
            .collect();
        match (slot.void(Compared::Both), target_counts, source_counts) {
            (None, Ok(target), Ok(source)) => {
                self.gate.slot(&Slot::Pair { target, source: Some(source), hosts: &hosts });
            }
            (Some(_), _, _) | (None, Err(_), _) | (None, _, Err(_)) => self.gate.slot(&Slot::Void),
        }
    }

    /// Whether it may be opened.
    pub(crate) fn open(&self) -> bool {
        self.gate.verdict() == ScenarioVerdict::Pass
    }

    /// Whether it has proved that the target is worse, whatever other word stands before that one.
    pub(crate) fn worse(&self) -> bool {
        let course = self.gate.course();
        course.threshold_worse <= course.ln_e_worse
    }

    /// Whether it says that the target is sick, in one of the words for it.
    pub(crate) fn refused(&self) -> bool {
        use ScenarioVerdict::{HostDown, Regressed, Worse};
        matches!(self.gate.verdict(), Worse | Regressed | HostDown)
    }

    /// Whether it was ever open while the target had been down in one of the last three slots.
    pub(crate) fn opened_on_a_down_target(&self) -> bool {
        self.opened_on_a_down_target
    }
}

/// The name of an agent of that number.
pub(crate) fn name(agent: usize) -> String {
    format!("agent-{agent:02}")
}

fn number(name: &str) -> u64 {
    name.rsplit('-').next().and_then(|number| number.parse().ok()).expect("agents are named by their number")
}
