//! The question that matters: does it open although the target is worse by exactly the margin?
//!
//! Outages of length d begin as a Poisson process at m/d a second, so that the target fails m of the time
//! (a little less, where two overlap: that is in favour of a false `open`) and the source never. They are
//! the hard case: between two of them everything looks fine.

use crate::Size;
use crate::estimate::Estimate;
use crate::ours::{Gate, Level};
use crate::peers::{Opened, Peers};
use crate::random::Random;
use crate::table::{Bar, Table};
use crate::world::{Faults, Setting, World};

/// The margin.
pub(crate) const MARGIN: f64 = 0.05;
const HOURS: u32 = 4;
const RUNS: usize = 2000;

/// In what shape the 5 points fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    /// Each check by itself, on the source with this chance.
    OneByOne(f64),
    /// Outages of so many seconds.
    Outages(f64),
    /// Outages of so many seconds of one third of the hosts, so many more of them.
    Third(f64),
}

impl Shape {
    fn faults(self, agents: usize, chance: &mut Random) -> Faults {
        let until_s = f64::from(HOURS) * 3600.0;
        match self {
            Shape::OneByOne(source) => Faults::random(MARGIN + source),
            Shape::Outages(length_s) => Faults::outages(chance, MARGIN / length_s, length_s, until_s),
            Shape::Third(length_s) => {
                let struck = agents.div_ceil(3) as f64 / agents as f64;
                let faults = Faults::outages(chance, MARGIN / struck / length_s, length_s, until_s);
                Faults { third: true, ..faults }
            }
        }
    }

    /// The chance that a check of the source fails.
    fn source(self) -> f64 {
        match self {
            Shape::OneByOne(source) => source,
            Shape::Outages(_) | Shape::Third(_) => 0.0,
        }
    }

    fn words(self) -> String {
        match self {
            Shape::OneByOne(source) => format!("one by one, source {} %", source * 100.0),
            Shape::Outages(length_s) => format!("{length_s} s outages"),
            Shape::Third(length_s) => format!("{length_s} s outages of a third of the hosts"),
        }
    }
}

/// Makes the rows.
pub(crate) fn rows(size: Size, table: &mut Table) {
    for agents in [2, 3, 5, 10] {
        let outages = Bar::AtMost(if agents < 5 { 7.0 } else { 5.0 });
        // A source that fails now and then is the goals' world. One that never fails puts NI and SLO at their
        // boundaries both at once: there the level itself is all that is promised.
        row(size, table, agents, Level::B, Shape::OneByOne(0.0), Bar::AtMost(5.0));
        row(size, table, agents, Level::B, Shape::OneByOne(0.01), Bar::AtMost(1.0));
        row(size, table, agents, Level::B, Shape::Outages(15.0), Bar::Nothing);
        row(size, table, agents, Level::B, Shape::Outages(30.0), outages);
        row(size, table, agents, Level::B, Shape::Outages(60.0), Bar::Nothing);
        for length_s in [15.0, 30.0] {
            row(size, table, agents, Level::B, Shape::Third(length_s), Bar::AtMost(5.0));
        }
        let long = if agents == 10 { Bar::AtMost(5.0) } else { Bar::Nothing };
        row(size, table, agents, Level::C, Shape::Outages(60.0), long);
    }
    for shape in [Shape::OneByOne(0.0), Shape::Outages(15.0), Shape::Outages(30.0)] {
        row(size, table, 10, Level::A, shape, Bar::Nothing);
    }
}

fn row(size: Size, table: &mut Table, agents: usize, level: Level, shape: Shape, bar: Bar) {
    let what = format!("{agents} agents, level {}, {}", level.word(), shape.words());
    let setting = Setting::of(agents);
    let (mut opened, mut peers_opened) = (0, Opened::default());
    for mut chance in size.chances(&what, RUNS) {
        let faults = shape.faults(agents, &mut chance);
        let mut world = World::new(setting, faults, Faults::random(shape.source()), chance);
        let (mut gate, mut peers) = (Gate::new(setting, level), Peers::default());
        let mut open = false;
        for slot in 0..setting.slots(HOURS * 60) {
            step(slot, setting, &mut world, (!open).then_some(&mut gate), &mut peers);
            open = open || gate.open();
            if open && peers.all_open() {
                break;
            }
        }
        opened += usize::from(open);
        peers_opened.push(&peers);
    }
    table.row_beside(&what, Estimate::share(opened, size.runs(RUNS)), bar, &peers_opened.shares());
}

/// Shows one slot to the gate, and its results and minutes to the peers.
pub(crate) fn step(
    slot: u32,
    setting: Setting,
    world: &mut World,
    mut gate: Option<&mut Gate>,
    peers: &mut Peers,
) {
    world.slot(slot, |shot| {
        if let Some(gate) = gate.as_mut() {
            gate.take(shot);
        }
        peers.result(shot.at_s, shot.target, shot.ok);
    });
    if let Some(gate) = gate {
        gate.close();
    }
    let end_s = (slot + 1) * setting.slot_s;
    if end_s.is_multiple_of(60) {
        peers.minute(f64::from(end_s));
    }
}
