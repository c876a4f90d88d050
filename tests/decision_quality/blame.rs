//! Would going back help? A fault of the target alone must be called one, a fault of both sides must not.
//!
//! The first word rests on few results where few agents check; what is said a minute later is asked for too.

use crate::Size;
use crate::after::{After, HOUR_SLOTS};
use crate::estimate::Estimate;
use crate::table::{Bar, Table};
use crate::world::{Faults, Setting};
use tidelock_core::proof::Blame;

const FAULT_SLOT: u32 = HOUR_SLOTS / 2;
const HEALTHY: f64 = 0.005;
const MINUTE_SLOTS: u32 = 6;

/// Makes the rows.
pub(crate) fn rows(size: Size, table: &mut Table) {
    for agents in [2, 3, 5, 10] {
        for during in [1.0, 0.3, 0.1] {
            row(size, table, agents, during, false, Bar::Nothing);
        }
        for during in [1.0, 0.5, 0.3] {
            let bar = if agents == 10 { Bar::AtMost(1.0) } else { Bar::Nothing };
            row(size, table, agents, during, true, bar);
        }
    }
}

/// Two rows: the share of alarms that are called a reason to go back, at once and a minute later.
fn row(size: Size, table: &mut Table, agents: usize, during: f64, both: bool, bar: Bar) {
    let setting = Setting::of(agents);
    let fault_s = f64::from(FAULT_SLOT * setting.slot_s);
    let who = if both { "both sides fail" } else { "target alone fails" };
    let what = format!("{agents} agents, {who} {} %", during * 100.0);
    let (mut called, mut called_later, mut alarms) = (0, 0, 0);
    for mut chance in size.chances(&what, 2000) {
        let failing = || Faults::from(fault_s, during, HEALTHY);
        let source = if both { failing() } else { Faults::random(HEALTHY) };
        let mut after = After::new(setting, vec![(failing(), source)], &mut chance);
        let alarm = (0..2 * HOUR_SLOTS).find_map(|slot| after.slot(slot, |_| {}));
        if let Some(alarm) = alarm.filter(|alarm| alarm.slot >= FAULT_SLOT) {
            alarms += 1;
            called += usize::from(alarm.blame == Blame::Rollback);
            (1..=MINUTE_SLOTS).for_each(|later| {
                after.slot(alarm.slot + later, |_| {});
            });
            called_later += usize::from(after.blame() == Some(Blame::Rollback));
        }
    }
    table.row(&format!("{what} ({alarms} alarms)"), Estimate::share(called, alarms), bar);
    table.row(&format!("{what}: a minute later"), Estimate::share(called_later, alarms), bar);
}
