//! Numbers as people read them, each beside its bar.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The rows whose bar was missed since somebody asked.
static MISSED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Prints one line.
#[expect(clippy::print_stdout, reason = "a program's own output")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Prints a row: what, the number, and what there is to add.
pub(crate) fn row(what: &str, number: &str, more: &str) {
    say(format!("  {what:<44} {number:>14}  {more}").trim_end());
}

/// Prints a row with its bar and whether it was met.
pub(crate) fn judged(what: &str, number: &str, bar: &str, met: bool) {
    row(what, number, &format!("bar {bar}: {}", if met { "ok" } else { "MISSED" }));
    if !met {
        MISSED.lock().unwrap_or_else(PoisonError::into_inner).push(what.trim().to_owned());
    }
}

/// The rows whose bar was missed since this was asked before.
pub(crate) fn missed() -> Vec<String> {
    std::mem::take(&mut *MISSED.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A duration in microseconds or milliseconds.
pub(crate) fn time(duration: Duration) -> String {
    let us = duration.as_secs_f64() * 1e6;
    if us < 10_000.0 { format!("{us:.1} µs") } else { format!("{:.1} ms", us / 1e3) }
}

/// Bytes in KiB or MiB.
pub(crate) fn size(bytes: u64) -> String {
    let kib = bytes as f64 / 1024.0;
    if kib < 10_000.0 { format!("{kib:.1} KiB") } else { format!("{:.1} MiB", kib / 1024.0) }
}

/// So many a second.
pub(crate) fn rate(number: u64, took: Duration) -> String {
    let whole = format!("{:.0}", per_second(number, took));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} /s")
}

/// The same as a number.
pub(crate) fn per_second(number: u64, took: Duration) -> f64 {
    number as f64 / took.as_secs_f64().max(1e-9)
}

/// Durations in order.
#[derive(Debug, Default)]
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    /// Takes one more.
    pub(crate) fn push(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// Takes those of another one.
    pub(crate) fn join(&mut self, other: Sample) {
        self.0.extend(other.0);
    }

    /// The duration that this share of all does not exceed.
    pub(crate) fn percentile(&mut self, share: f64) -> Duration {
        self.0.sort_unstable();
        let at = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(at.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// The middle.
    pub(crate) fn median(&mut self) -> Duration {
        self.percentile(0.5)
    }
}

/// What this was measured on: cores, load, build.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    let build =
        if cfg!(debug_assertions) { "debug build: the numbers mean nothing" } else { "release build" };
    format!("{cores} cores, load {load} before the first measure, {build}")
}
