//! What may not happen in any run at all: one is too many.

use tidelock_core::proof::{GateWord, Standing, combine};

use crate::Size;
use crate::estimate::Estimate;
use crate::ours::{Gate, Level};
use crate::random::Random;
use crate::table::{Bar, Table};
use crate::world::{Faults, Setting, Shot, World};

const NEVER: Bar = Bar::AtMost(0.0);
const MINUTES: u32 = 240;

/// Makes the rows.
pub(crate) fn rows(size: Size, table: &mut Table) {
    for agents in [2, 3, 5, 10] {
        let what = format!("{agents} agents, half of the logins fail, level A");
        row(size, table, &what, agents, 0.5, |_| true);
    }
    row(size, table, "no data at all", 10, 0.0, |_| false);
    row(size, table, "the source is missing", 10, 0.0, |shot| shot.target);
    row(size, table, "the target is missing", 10, 0.0, |shot| !shot.target);
    components(size, table);
    for agents in [2, 3, 5, 10] {
        down_before(size, table, agents);
    }
}

/// A row of runs of 4 h in which only some results arrive; the source is fine.
fn row(
    size: Size,
    table: &mut Table,
    what: &str,
    agents: usize,
    failing: f64,
    arrives: impl Fn(&Shot) -> bool,
) {
    let setting = Setting::of(agents);
    let (mut hits, mut runs) = (0, 0);
    for chance in size.chances(what, 1000) {
        let mut world = World::new(setting, Faults::random(failing), Faults::random(0.0), chance);
        let mut gate = Gate::new(setting, Level::A);
        let opened = (0..setting.slots(MINUTES)).any(|slot| {
            world.slot(slot, |shot| {
                if arrives(&shot) {
                    gate.take(shot);
                }
            });
            gate.close();
            gate.open()
        });
        hits += usize::from(opened);
        runs += 1;
    }
    table.row(what, Estimate::share(hits, runs), NEVER);
}

/// Rare outages, so that it opens again and again; never within three slots of one.
fn down_before(size: Size, table: &mut Table, agents: usize) {
    let what = format!("{agents} agents, target down in the last 3 slots");
    let setting = Setting::of(agents);
    let (mut hits, mut runs, mut opened) = (0, 0, 0);
    for mut chance in size.chances(&what, 1000) {
        let until_s = f64::from(MINUTES * 60);
        let faults = Faults::outages(&mut chance, 1.0 / 3600.0, 30.0, until_s);
        let mut world = World::new(setting, faults, Faults::random(0.0), chance);
        let mut gate = Gate::new(setting, Level::A);
        let mut ever = false;
        for slot in 0..setting.slots(MINUTES) {
            gate.slot(&mut world, slot);
            ever |= gate.open();
        }
        hits += usize::from(gate.opened_on_a_down_target());
        opened += usize::from(ever);
        runs += 1;
    }
    table.row(&format!("{what} ({opened} opened)"), Estimate::share(hits, runs), NEVER);
}

/// A gate with nothing to look at, or of which one component is not proved.
fn components(size: Size, table: &mut Table) {
    let what = "no component at all, or one of them not proved";
    let opened = |mut chance: Random| {
        const WORDS: [Standing; 4] = [Standing::Bad, Standing::Blind, Standing::Unproved, Standing::Proved];
        let mut components: Vec<Standing> =
            (0..chance.bits() % 5).map(|_| WORDS[(chance.bits() % 4) as usize]).collect();
        if !components.is_empty() && components.iter().all(|one| *one == Standing::Proved) {
            components.push(WORDS[(chance.bits() % 3) as usize]);
        }
        combine(components, false) == GateWord::Ready
    };
    let hits = size.chances(what, 1000).filter(|chance| opened(chance.clone())).count();
    table.row(what, Estimate::share(hits, size.runs(1000)), NEVER);
}
