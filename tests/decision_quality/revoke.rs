//! How fast an `open` is taken back: evidence is a lease, and the target's last slots have a veto.
//!
//! The fault begins with a slot, 60 minutes after the start; what is counted is the time to the end of the
//! slot whose verdict is no longer a pass. A run that was not open before the fault is not counted.

use crate::Size;
use crate::estimate::{Estimate, Unit};
use crate::ours::{Gate, Level};
use crate::table::{Bar, Table};
use crate::world::{Faults, Setting, World};

/// When the fault begins.
const FAULT_MINUTES: u32 = 60;
/// How long it is waited for.
const WAIT_MINUTES: u32 = 30;
/// The chance that a check fails on a healthy side.
const HEALTHY: f64 = 0.005;

/// Makes the rows.
pub(crate) fn rows(size: Size, table: &mut Table) {
    for agents in [2, 3, 5, 10] {
        for (during, most) in [(1.0, 10.0), (0.3, 80.0)] {
            let what = format!("{agents} agents, {} % of checks fail: median", during * 100.0);
            let bar = Bar::AtMost(most);
            table.row(&what, Estimate::median(delays(size, &what, agents, during, 0.0), Unit::Seconds), bar);
        }
    }
    let what = "10 agents, 100 % of checks fail, from within a slot: median";
    let ours = Estimate::median(delays(size, what, 10, 1.0, 1.0), Unit::Seconds);
    table.row(what, ours, Bar::Nothing);
}

/// The delays in seconds; the fault begins up to `within` of a slot after a slot's start.
fn delays(size: Size, what: &str, agents: usize, during: f64, within: f64) -> Vec<f64> {
    let setting = Setting::of(agents);
    let mut delays_s = Vec::new();
    for mut chance in size.chances(what, 1000) {
        let fault_s = f64::from(FAULT_MINUTES * 60) + within * chance.unit() * f64::from(setting.slot_s);
        let target = Faults::from(fault_s, during, HEALTHY);
        let mut world = World::new(setting, target, Faults::random(HEALTHY), chance);
        let mut gate = Gate::new(setting, Level::B);
        let fault = setting.slots(FAULT_MINUTES);
        (0..fault).for_each(|slot| gate.slot(&mut world, slot));
        if !gate.open() {
            continue;
        }
        let mut after = fault..fault + setting.slots(WAIT_MINUTES);
        let shut = after.find(|slot| {
            gate.slot(&mut world, *slot);
            !gate.open()
        });
        delays_s.push(shut.map_or(f64::INFINITY, |slot| f64::from((slot + 1) * setting.slot_s) - fault_s));
    }
    delays_s
}
