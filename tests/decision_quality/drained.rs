//! A queue into which six jobs an hour still fall must not be called drained.

use tidelock_core::proof::{Drained, DwellSettings, DwellState, QueueLook};

use crate::Size;
use crate::estimate::Estimate;
use crate::table::{Bar, Table};

/// Jobs a second that still arrive.
const RATE: f64 = 6.0 / 3600.0;
/// The window that excludes them at the level 0.05 in the first attempt: 33.5 minutes.
const WINDOW_S: f64 = 2011.0;
const HOURS_S: u64 = 4 * 3600;
const LOOK_S: u64 = 10;

/// Makes the rows.
pub(crate) fn rows(size: Size, table: &mut Table) {
    let what = "6 residual jobs an hour, window 33.5 min: drained in 4 h";
    let (mut hits, mut fixed_hits, mut runs) = (0, 0, 0);
    for mut chance in size.chances(what, 10_000) {
        let arrivals = chance.moments(RATE, HOURS_S as f64);
        hits += usize::from(drained(&arrivals));
        fixed_hits += usize::from(fixed(&arrivals));
        runs += 1;
    }
    table.row(what, Estimate::share(hits, runs), Bar::AtMost(6.5));
    let what = "the same with a fixed window, as others have it";
    table.row(what, Estimate::share(fixed_hits, runs), Bar::Nothing);
}

/// Whether the queue is ever called drained; a job is done before the next look.
fn drained(arrivals: &[f64]) -> bool {
    let settings =
        DwellSettings { enter: 0.0, leave: 0.0, first_s: WINDOW_S, max_gap_ms: LOOK_S * 2_500, alpha: 0.05 };
    let mut queue = Drained::new(settings).expect("sound settings");
    let mut put_in = 0;
    (0..=HOURS_S / LOOK_S).any(|look| {
        let (at_s, at_ms) = ((look * LOOK_S) as f64, look * LOOK_S * 1000);
        let before = put_in;
        put_in = arrivals.partition_point(|arrival| *arrival < at_s);
        let depth = (put_in - before) as f64;
        queue.look(at_ms, QueueLook { depth, in_flight: 0.0, enqueued: Some((1, put_in as u64)) });
        queue.standing(at_ms).state == DwellState::Pass
    })
}

/// Whether there is a hole as long as the window.
fn fixed(arrivals: &[f64]) -> bool {
    let mut ends = arrivals.iter().copied().chain([HOURS_S as f64]);
    let mut from = 0.0;
    ends.any(|end| end - std::mem::replace(&mut from, end) >= WINDOW_S)
}
