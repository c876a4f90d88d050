//! A rolling restart must change nothing: three agents a side, two are enough, one is restarted an hour.
//!
//! The results go through the collector's own assembler, heartbeats too: what a restart does to the slots
//! at its edges is what is asked about here.

use tidelock_core::proof::slots::{Arrival, RunKey, SlotAssembler, SlotGrid, SlotRoster};
use tidelock_model::{Outcome, Side};

use crate::Size;
use crate::estimate::{Estimate, Unit};
use crate::fine::{CHANCES, SOON_S};
use crate::ours::{Gate, Level, name};
use crate::random::Random;
use crate::table::{Bar, Table};
use crate::world::{Faults, Outage, Setting, Shot, World};

const MINUTES: u32 = 120;
/// How long a restart takes.
const RESTART_S: f64 = 30.0;
/// Check timeout of five seconds, and two more.
const GRACE_MS: u64 = 7_000;
const AGENTS: usize = 3;

/// Makes the rows.
pub(crate) fn rows(size: Size, table: &mut Table) {
    for failing in CHANCES {
        let what = format!("3 agents, {:.1} % fail, a restart an hour", failing * 100.0);
        let opened_s: Vec<f64> = size.chances(&what, 4000).map(|chance| run(chance, failing)).collect();
        let soon = opened_s.iter().filter(|opened_s| **opened_s <= SOON_S).count();
        let ours = Estimate::share(soon, opened_s.len());
        table.row(&format!("{what}: within 60 min"), ours, Bar::AtLeast(95.0));
        table.row(&format!("{what}: median"), Estimate::median(opened_s, Unit::Minutes), Bar::Nothing);
    }
}

/// Who is away when.
struct Restart {
    side: Side,
    agent: usize,
    away: Outage,
}

impl Restart {
    fn hides(&self, side: Side, agent: usize, at_s: f64) -> bool {
        side == self.side && agent == self.agent && (self.away.from_s..self.away.until_s).contains(&at_s)
    }
}

fn restarts(chance: &mut Random) -> Vec<Restart> {
    let moments = chance.moments(1.0 / 3600.0, f64::from(MINUTES * 60));
    (moments.into_iter())
        .map(|from_s| Restart {
            side: if chance.happens(0.5) { Side::Target } else { Side::Source },
            agent: (chance.bits() % AGENTS as u64) as usize,
            away: Outage { from_s, until_s: from_s + RESTART_S },
        })
        .collect()
}

/// When the run opened, in seconds.
fn run(mut chance: Random, failing: f64) -> f64 {
    let setting = Setting::of(AGENTS);
    let restarts = restarts(&mut chance);
    let (every_ms, slot_ms) = (u64::from(setting.interval_s) * 1000, u64::from(setting.slot_s) * 1000);
    let grid = SlotGrid::new(0, every_ms, slot_ms, 0, GRACE_MS).expect("a grid of whole seconds");
    let names: Vec<String> = (0..AGENTS).map(name).collect();
    let rosters = [SlotRoster::new(names.clone(), 2), SlotRoster::new(names.clone(), 2)];
    let mut slots = SlotAssembler::new(grid, rosters, 4, 0);
    let mut world = World::new(setting, Faults::random(failing), Faults::random(failing), chance);
    let mut gate = Gate::new(setting, Level::B);
    for slot in 0..setting.slots(MINUTES) {
        world.slot(slot, |shot| report(&mut slots, &names, &restarts, slot, shot));
        for closed in slots.close(grid.closes_at(u64::from(slot))) {
            gate.closed(&closed);
        }
        if gate.open() {
            return f64::from((slot + 1) * setting.slot_s);
        }
    }
    f64::INFINITY
}

/// A check and a heartbeat of the agent, unless it is being restarted.
fn report(slots: &mut SlotAssembler, names: &[String], restarts: &[Restart], slot: u32, shot: Shot) {
    let side = if shot.target { Side::Target } else { Side::Source };
    if restarts.iter().any(|restart| restart.hides(side, shot.agent, shot.at_s)) {
        return;
    }
    // A restarted agent keeps its numbers, which are those of the rounds, but lives another life.
    let lives =
        restarts.iter().filter(|r| r.side == side && r.agent == shot.agent && r.away.from_s < shot.at_s);
    let key = RunKey { stream: 1 + lives.count() as u128, number: (shot.at_s / 5.0) as u64 };
    let at_ms = (shot.at_s * 1000.0) as u64;
    let agent = names[shot.agent].as_str();
    slots.heard(side, agent, at_ms);
    let outcome = if shot.ok { Outcome::Pass } else { Outcome::Fail };
    let arrival = Arrival {
        side,
        agent,
        key,
        slot: u64::from(slot),
        outcome,
        latency_ms: None,
        traffic: None,
        version: 1,
    };
    slots.take(at_ms, &arrival);
}
