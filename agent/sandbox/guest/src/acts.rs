//! The behaviours, by name.

use crate::bindings::tidelock::check::host::{self, Level};
use crate::bindings::tidelock::check::state;
use crate::bindings::tidelock::check::types::{Outcome, Report, Trouble};
use crate::{Ask, ask, measure, report, step};

pub(crate) fn act(ask: &Ask) -> Result<Report, Trouble> {
    match ask.text("act").as_str() {
        "pass" => Ok(report(Outcome::Pass, format!("{} round {}", ask.context.check, ask.context.round))),
        "fail" => Ok(report(Outcome::Fail, "as told")),
        "not-run" => Ok(Report { note: "as told".to_owned(), ..report(Outcome::NotRun, "") }),
        "bad-settings" => Err(Trouble::BadSettings("key `x` is missing".to_owned())),
        "could-not-look" => Err(Trouble::CouldNotLook(ask.text("why"))),
        "loop" => spin(),
        "grow" => grow(ask.number("mib", 1024)),
        "trap" => trap(ask.number("lines", 0)),
        "overflow" => Ok(report(Outcome::Pass, deep(ask.number("depth", u64::MAX)).to_string())),
        "flood-output" => flood_output(ask.number("kib", 1024)),
        "flood-log" => flood_log(ask.number("lines", 10_000)),
        "big-log" => big_log(ask.number("mib", 8)),
        "sleep" => sleep(ask.number("ms", 60_000)),
        "random" => random(ask.number("bytes", 16)),
        "garbage" => garbage(&ask.text("kind")),
        "count" => count(ask.flag("then-trap")),
        "remember" => remember(ask.number("keys", 1), ask.number("bytes", 1)),
        "http" => ask::http(ask),
        "target-of" => ask::target_of(ask),
        "sql" => ask::sql(ask),
        other => Err(Trouble::BadSettings(format!("act {other:?} is not known"))),
    }
}

/// It has a name of its own, so that a backtrace can tell it.
#[inline(never)]
fn trap(lines: u64) -> ! {
    for line in 0..lines {
        host::log(Level::Info, &format!("line {line}"));
    }
    panic!("as told")
}

fn spin() -> ! {
    let mut n = 0_u64;
    loop {
        n = std::hint::black_box(n.wrapping_add(1));
    }
}

fn grow(mib: u64) -> Result<Report, Trouble> {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    for _ in 0..mib {
        hoard.push(std::hint::black_box(vec![1; 1 << 20]));
    }
    Ok(report(Outcome::Pass, format!("{} MiB", hoard.len())))
}

fn deep(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if depth == 0 { frame[0] } else { deep(depth - 1) + frame[1] }
}

fn flood_output(kib: u64) -> Result<Report, Trouble> {
    let long = "x".repeat(usize::try_from(kib << 10).unwrap_or(0));
    Ok(Report { note: long, ..report(Outcome::Pass, "") })
}

fn flood_log(lines: u64) -> Result<Report, Trouble> {
    for line in 0..lines {
        host::log(Level::Info, &format!("line {line} {}", "y".repeat(100)));
    }
    Ok(report(Outcome::Pass, ""))
}

fn big_log(mib: u64) -> Result<Report, Trouble> {
    host::log(Level::Info, &"z".repeat(usize::try_from(mib << 20).unwrap_or(0)));
    Ok(report(Outcome::Pass, ""))
}

fn sleep(ms: u64) -> Result<Report, Trouble> {
    host::sleep_ms(u32::try_from(ms).unwrap_or(u32::MAX));
    Ok(report(Outcome::Pass, "woke up"))
}

fn random(bytes: u64) -> Result<Report, Trouble> {
    let random = host::random(u32::try_from(bytes).unwrap_or(u32::MAX));
    Ok(report(
        Outcome::Pass,
        format!("{} bytes, sum {}", random.len(), random.iter().map(|b| u64::from(*b)).sum::<u64>()),
    ))
}

fn garbage(kind: &str) -> Result<Report, Trouble> {
    let good = report(Outcome::Pass, "");
    Ok(match kind {
        "nan" => Report { measures: vec![measure("answer", f64::NAN)], ..good },
        "twice" => Report { measures: vec![measure("answer", 1.0), measure("answer", 2.0)], ..good },
        "hidden-fail" => {
            let steps = vec![step("one", Outcome::Pass, ""), step("two", Outcome::Fail, "broken")];
            Report { steps, ..good }
        }
        "nothing" => Report { steps: Vec::new(), ..good },
        "escape" => Report {
            note: "\u{1b}[2Jgone".to_owned(),
            steps: vec![step("a", Outcome::Pass, "\u{202e}x\ny")],
            ..good
        },
        _ => Report { steps: vec![step("Not A Name", Outcome::Pass, "")], ..good },
    })
}

fn count(then_trap: bool) -> Result<Report, Trouble> {
    let before = state::get("count").ok().flatten().and_then(|bytes| bytes.first().copied()).unwrap_or(0);
    let _ = state::set("count", &[before + 1]);
    if then_trap {
        panic!("after the state was set");
    }
    Ok(report(Outcome::Pass, format!("run {}", before + 1)))
}

fn remember(keys: u64, bytes: u64) -> Result<Report, Trouble> {
    let value = vec![7; usize::try_from(bytes).unwrap_or(0)];
    for key in 0..keys {
        if let Err(failure) = state::set(&format!("k{key}"), &value) {
            return Ok(report(Outcome::Fail, format!("key {key}: {failure:?}")));
        }
    }
    Ok(report(Outcome::Pass, "kept"))
}
