//! A replica that lags must not be called different.
//!
//! The source never rests: each state of it has its own digest. The target is what the source was up to the
//! tolerated lag ago, and never anything else.

use tidelock_core::proof::{DigestSettings, DigestState, Digests, LagDigests, LagSettings};
use tidelock_model::Side;

use crate::Size;
use crate::estimate::Estimate;
use crate::random::Random;
use crate::table::{Bar, Table};

const HOUR_S: u64 = 3600;
const LAG_S: f64 = 20.0;
const PARTITIONS: [&str; 4] = ["orders/0", "orders/1", "users/0", "users/1"];

/// An hour of one kind of digest.
type Way = fn(&mut Random) -> Said;

/// Makes the rows.
pub(crate) fn rows(size: Size, table: &mut Table) {
    const WAYS: [(&str, Way); 2] = [("at a watermark", at_watermarks), ("without a watermark", without)];
    for (way, run) in WAYS {
        let what = format!("{way}: mismatch in 1 h");
        let said: Vec<Said> = size.chances(&what, 1000).map(|mut chance| run(&mut chance)).collect();
        let wrong = said.iter().filter(|said| said.mismatch).count();
        let passed = said.iter().filter(|said| said.pass).count();
        let what = format!("{what} ({passed} of {} passed)", said.len());
        table.row(&what, Estimate::share(wrong, said.len()), Bar::AtMost(0.0));
    }
}

/// What was ever said in a run.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    mismatch: bool,
    pass: bool,
}

impl Said {
    fn hear(&mut self, state: DigestState) {
        self.mismatch |= state == DigestState::Mismatch;
        self.pass |= state == DigestState::Pass;
    }
}

/// Each side reports each partition at each watermark, the target later, and not always in order.
fn at_watermarks(chance: &mut Random) -> Said {
    let settings = DigestSettings { matches: 3, max_lag: 60, max_age_ms: 60_000 };
    let mut digests = Digests::new(PARTITIONS, settings);
    let mut reports: Vec<(u64, Side, usize, u64)> = Vec::new();
    for watermark in (0..HOUR_S).step_by(10) {
        for partition in 0..PARTITIONS.len() {
            let lag_s = chance.unit() * LAG_S;
            reports.push((watermark * 1000, Side::Source, partition, watermark));
            let at_ms = watermark * 1000 + (lag_s * 1000.0) as u64;
            reports.push((at_ms, Side::Target, partition, watermark));
        }
    }
    reports.sort_by_key(|(at_ms, ..)| *at_ms);
    let mut said = Said::default();
    for (at_ms, side, partition, watermark) in reports {
        let digest = [watermark.to_be_bytes(), (partition as u64).to_be_bytes()].concat();
        digests.put(at_ms, PARTITIONS[partition], side, watermark, &digest);
        said.hear(digests.state(at_ms));
    }
    said
}

/// Each side is looked at every ten seconds; the source changes every minute in the mean.
fn without(chance: &mut Random) -> Said {
    let settings =
        LagSettings { lag_ms: (LAG_S * 1000.0) as u64, matches: 3, max_age_ms: 120_000, rows_at_least: 1 };
    let mut digests = LagDigests::new(settings);
    let changes = chance.moments(1.0 / 60.0, HOUR_S as f64);
    let state_at = |at_s: f64| changes.partition_point(|change| *change <= at_s) as u64;
    let (mut said, mut shown) = (Said::default(), 0);
    for look in 0..HOUR_S / 10 {
        let target_s = (look * 10) as f64 + chance.unit() * 10.0;
        for (side, at_s) in [(Side::Source, (look * 10) as f64), (Side::Target, target_s)] {
            let behind_s = if side == Side::Target { chance.unit() * LAG_S } else { 0.0 };
            let mut state = state_at((at_s - behind_s).max(0.0));
            if side == Side::Target {
                // Replication does not run backwards.
                state = state.max(shown);
                shown = state;
            }
            let at_ms = (at_s * 1000.0) as u64;
            digests.put(at_ms, side, &state.to_be_bytes(), 100);
            said.hear(digests.state(at_ms));
        }
    }
    said
}
