//! Is it called as fast when it is not, and how soon when it is?
//!
//! Latencies are lognormal (median 100 ms, sigma 0.4). At the boundary the target is slower by the factor
//! at which 5 points fewer of its requests are inside the limit than of the source's inside its own p95.

use tidelock_core::proof::{LatencyGate, LatencySettings, LatencySide, LatencySlot, ScenarioVerdict};

use crate::Size;
use crate::estimate::{Estimate, Unit};
use crate::random::Random;
use crate::table::{Bar, Table};
use crate::world::Setting;

const MEDIAN_MS: f64 = 100.0;
const SIGMA: f64 = 0.4;
/// Quantiles of the standard normal distribution.
const Z_90: f64 = 1.281_551_565_544_600_4;
const Z_95: f64 = 1.644_853_626_951_472_2;
const MINUTES: u32 = 240;

/// Makes the rows.
pub(crate) fn rows(size: Size, table: &mut Table) {
    let limit_ms = LatencySettings::of(0.95).limit_ms(quantile_ms(Z_95));
    let slower = limit_ms / quantile_ms(Z_90);
    for agents in [2, 3, 5, 10] {
        let what = format!("{agents} agents, target slower by {slower:.2}: pass in 4 h");
        let passed_s = passed(size, &what, agents, slower);
        let hits = passed_s.iter().filter(|passed_s| passed_s.is_finite()).count();
        table.row(&what, Estimate::share(hits, passed_s.len()), Bar::AtMost(5.0));
        let what = format!("{agents} agents, equal: median");
        let passed_s = passed(size, &what, agents, 1.0);
        let bar = if agents == 10 { Bar::AtMost(11.0) } else { Bar::Nothing };
        table.row(&what, Estimate::median(passed_s, Unit::Minutes), bar);
    }
}

fn quantile_ms(z: f64) -> f64 {
    MEDIAN_MS * (SIGMA * z).exp()
}

/// When each run passed.
fn passed(size: Size, what: &str, agents: usize, slower: f64) -> Vec<f64> {
    let setting = Setting::of(agents);
    let results = agents * (setting.slot_s / setting.interval_s) as usize;
    let draw = |chance: &mut Random, into: &mut Vec<f64>, slower: f64| {
        into.clear();
        into.extend((0..results).map(|_| quantile_ms(chance.normal()) * slower));
    };
    (size.chances(what, 1000))
        .map(|mut chance| {
            let mut gate = LatencyGate::new(LatencySettings::of(0.95)).expect("the engine's own settings");
            let (mut target, mut source) = (Vec::new(), Vec::new());
            let slot = (0..setting.slots(MINUTES)).find(|_| {
                draw(&mut chance, &mut target, slower);
                draw(&mut chance, &mut source, 1.0);
                let (target, source) = (LatencySide::Each(&target), LatencySide::Each(&source));
                gate.slot(&LatencySlot::Pair { target, source });
                gate.verdict() == ScenarioVerdict::Pass
            });
            slot.map_or(f64::INFINITY, |slot| f64::from((slot + 1) * setting.slot_s))
        })
        .collect()
}
