//! How fast a failing target is noticed after the switch, and how often a healthy one is slandered.
//!
//! A fault begins with a slot, half an hour into the watch; what is counted is the time to the end of the
//! slot that alarms.

use crate::Size;
use crate::after::{After, HOUR_SLOTS};
use crate::estimate::{Estimate, Unit};
use crate::peers::{PEERS, ThreeInARow};
use crate::random::Random;
use crate::table::{Bar, Table};
use crate::world::{Faults, Setting};

const FAULT_SLOT: u32 = HOUR_SLOTS / 2;
/// The chance that a check fails on a healthy side.
const HEALTHY: f64 = 0.005;
/// A blip of five seconds each twenty minutes in the mean.
const BLIP_S: f64 = 5.0;
const BLIP_RATE: f64 = 1.0 / 1200.0;

/// Makes the rows.
pub(crate) fn rows(size: Size, table: &mut Table) {
    for (scenarios, most) in [(1, [40.0, 60.0, 120.0]), (10, [50.0, 70.0, 140.0])] {
        for (during, most) in [1.0, 0.3, 0.1].into_iter().zip(most) {
            detected(size, table, 10, scenarios, during, Bar::AtMost(most));
        }
    }
    for agents in [2, 3, 5] {
        for during in [1.0, 0.3, 0.1] {
            detected(size, table, agents, 1, during, Bar::Nothing);
        }
    }
    for (agents, scenarios) in [(2, 1), (3, 1), (5, 1), (10, 1), (10, 10)] {
        healthy(size, table, agents, scenarios, false);
        healthy(size, table, agents, scenarios, true);
    }
}

/// The median delay of an alarm where one of the scenarios fails.
fn detected(size: Size, table: &mut Table, agents: usize, scenarios: usize, during: f64, bar: Bar) {
    let setting = Setting::of(agents);
    let fault_s = f64::from(FAULT_SLOT * setting.slot_s);
    let what = format!("{agents} agents, 1 of {scenarios} scenarios fails {} %: median", during * 100.0);
    let (mut ours_s, mut three_s) = (Vec::new(), Vec::new());
    for mut chance in size.chances(&what, 1000) {
        let healthy = || Faults::random(HEALTHY);
        let mut faults: Vec<_> = (1..scenarios).map(|_| (healthy(), healthy())).collect();
        faults.insert(0, (Faults::from(fault_s, during, HEALTHY), healthy()));
        let mut after = After::new(setting, faults, &mut chance);
        let (mut three, mut fired_s) = (ThreeInARow::default(), f64::INFINITY);
        let mut called = None;
        for slot in 0..2 * HOUR_SLOTS {
            let alarm = after.slot(slot, |shot| {
                // What fires before the fault is told by the rows of healthy hours.
                if three.result(shot.ok) && shot.at_s >= fault_s {
                    fired_s = fired_s.min(shot.at_s - fault_s);
                }
            });
            called = called.or(alarm.map(|alarm| alarm.slot));
            if called.is_some() && fired_s.is_finite() {
                break;
            }
        }
        let delay_s = |slot: u32| f64::from((slot + 1 - FAULT_SLOT) * setting.slot_s);
        ours_s.push(called.filter(|slot| *slot >= FAULT_SLOT).map_or(f64::INFINITY, delay_s));
        three_s.push(fired_s);
    }
    let three = Estimate::median(three_s, Unit::Seconds);
    table.row_beside(&what, Estimate::median(ours_s, Unit::Seconds), bar, &last(three));
}

/// The share of healthy hours with an alarm.
fn healthy(size: Size, table: &mut Table, agents: usize, scenarios: usize, blips: bool) {
    let with = if blips { ", 5 s blips" } else { "" };
    let what = format!("{agents} agents, {scenarios} scenarios, healthy hours{with}: alarms");
    let setting = Setting::of(agents);
    let full = if scenarios == 1 { 2000 } else { 1000 };
    let (mut alarms, mut three_alarms) = (0, 0);
    for mut chance in size.chances(&what, full) {
        let faults = (0..scenarios).map(|_| (target(&mut chance, blips), Faults::random(HEALTHY))).collect();
        let mut after = After::new(setting, faults, &mut chance);
        let (mut three, mut fired, mut alarmed) = (ThreeInARow::default(), false, false);
        for slot in 0..HOUR_SLOTS {
            alarmed |= after.slot(slot, |shot| fired |= three.result(shot.ok)).is_some();
        }
        alarms += usize::from(alarmed);
        three_alarms += usize::from(fired);
    }
    let runs = size.runs(full);
    let three = Estimate::share(three_alarms, runs);
    table.row_beside(&what, Estimate::share(alarms, runs), Bar::AtMost(1.0), &last(three));
}

fn target(chance: &mut Random, blips: bool) -> Faults {
    let rate = if blips { BLIP_RATE } else { 0.0 };
    let blips = Faults::outages(chance, rate, BLIP_S, 3600.0);
    Faults { random: HEALTHY, ..blips }
}

/// A value in the last peer's column.
fn last(estimate: Estimate) -> Vec<Option<Estimate>> {
    let mut peers = vec![None; PEERS.len() - 1];
    peers.push(Some(estimate));
    peers
}
