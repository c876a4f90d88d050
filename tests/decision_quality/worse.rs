//! Proved to be worse: soon where the target is far worse, and not where it is worse by the margin only.

use crate::Size;
use crate::boundary::MARGIN;
use crate::estimate::{Estimate, Unit};
use crate::ours::{Gate, Level};
use crate::table::{Bar, Table};
use crate::world::{Faults, Setting, World};

/// Makes the rows.
pub(crate) fn rows(size: Size, table: &mut Table) {
    for agents in [2, 3, 5, 10] {
        let bar = if agents == 10 { Bar::AtMost(20.0) } else { Bar::Nothing };
        let what = format!("{agents} agents, 10 points worse: proved, median");
        let said_s = said(size, &what, agents, 2.0 * MARGIN, 120, Gate::worse);
        table.row(&what, Estimate::median(said_s, Unit::Minutes), bar);
        let what = format!("{agents} agents, 10 points worse: refused by any word, median");
        let said_s = said(size, &what, agents, 2.0 * MARGIN, 120, Gate::refused);
        table.row(&what, Estimate::median(said_s, Unit::Minutes), Bar::Nothing);
        let what = format!("{agents} agents, 5 points worse: proved in 4 h");
        let said_s = said(size, &what, agents, MARGIN, 240, Gate::worse);
        let hits = said_s.iter().filter(|said_s| said_s.is_finite()).count();
        table.row(&what, Estimate::share(hits, said_s.len()), Bar::AtMost(1.0));
    }
}

/// When it was said in each run.
fn said(
    size: Size,
    what: &str,
    agents: usize,
    failing: f64,
    minutes: u32,
    word: fn(&Gate) -> bool,
) -> Vec<f64> {
    let setting = Setting::of(agents);
    (size.chances(what, 1000))
        .map(|chance| {
            let mut world = World::new(setting, Faults::random(failing), Faults::random(0.0), chance);
            let mut gate = Gate::new(setting, Level::B);
            let slot = (0..setting.slots(minutes)).find(|slot| {
                gate.slot(&mut world, *slot);
                word(&gate)
            });
            slot.map_or(f64::INFINITY, |slot| f64::from((slot + 1) * setting.slot_s))
        })
        .collect()
}
