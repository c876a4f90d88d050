//! What caution costs: how long it takes to open when there is nothing to fear.
//!
//! A gate that never opens gets overridden, so a false `hold` is a defect like a false `open`.

use crate::Size;
use crate::boundary::step;
use crate::estimate::{Estimate, Unit};
use crate::ours::{Gate, Level};
use crate::peers::{Opened, Peers};
use crate::table::{Bar, Table};
use crate::world::{Faults, Setting, World};

/// Runs end here; what is not open by then counts as never.
const MINUTES: u32 = 120;
/// Within these it shall be open.
pub(crate) const SOON_S: f64 = 3600.0;
/// The chances that a check fails, on both sides alike.
pub(crate) const CHANCES: [f64; 4] = [0.0, 0.005, 0.01, 0.02];

/// Makes the rows.
pub(crate) fn rows(size: Size, table: &mut Table) {
    for (level, most) in [(Level::A, 18.5), (Level::B, 37.0), (Level::C, 73.0)] {
        let what = format!("10 agents, level {}, nothing fails", level.word());
        let (opened_s, peers) = course(size, &what, Setting::of(10), level, 0.0);
        let ours = Estimate::median(opened_s, Unit::Minutes);
        table.row_beside(&format!("{what}: median"), ours, Bar::AtMost(most), &peers.medians());
    }
    for agents in [2, 3, 5, 10] {
        let bar = if agents < 5 { Bar::AtLeast(95.0) } else { Bar::Nothing };
        for failing in CHANCES {
            both(size, table, Setting::of(agents), failing, bar);
        }
    }
    let slow = Setting { agents: 2, interval_s: 10, slot_s: 30 };
    for failing in CHANCES {
        both(size, table, slow, failing, Bar::Nothing);
    }
}

/// Two rows: the share that is open within an hour, and the median.
fn both(size: Size, table: &mut Table, setting: Setting, failing: f64, bar: Bar) {
    let Setting { agents, interval_s, slot_s } = setting;
    let what =
        format!("{agents} agents every {interval_s} s, slot {slot_s} s, {:.1} % fail", failing * 100.0);
    let (opened_s, peers) = course(size, &what, setting, Level::B, failing);
    let soon = opened_s.iter().filter(|opened_s| **opened_s <= SOON_S).count();
    table.row(&format!("{what}: within 60 min"), Estimate::share(soon, opened_s.len()), bar);
    let ours = Estimate::median(opened_s, Unit::Minutes);
    table.row_beside(&format!("{what}: median"), ours, Bar::Nothing, &peers.medians());
}

/// When each run opened, in seconds.
fn course(size: Size, what: &str, setting: Setting, level: Level, failing: f64) -> (Vec<f64>, Opened) {
    let (mut opened_s, mut peers_opened) = (Vec::new(), Opened::default());
    for chance in size.chances(what, 4000) {
        let mut world = World::new(setting, Faults::random(failing), Faults::random(failing), chance);
        let (mut gate, mut peers) = (Gate::new(setting, level), Peers::default());
        let mut open_s = f64::INFINITY;
        for slot in 0..setting.slots(MINUTES) {
            step(slot, setting, &mut world, open_s.is_infinite().then_some(&mut gate), &mut peers);
            if open_s.is_infinite() && gate.open() {
                open_s = f64::from((slot + 1) * setting.slot_s);
            }
            if open_s.is_finite() && peers.all_open() {
                break;
            }
        }
        opened_s.push(open_s);
        peers_opened.push(&peers);
    }
    (opened_s, peers_opened)
}
