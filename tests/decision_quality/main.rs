//! How often the engine is wrong, and how long it takes to be right, beside the rules that others use.
//!
//! Worlds are simulated from a seed in virtual time; the engine under test is the collector's own. Every
//! bar is a row of the goals in `docs/DECISION.md`. `make bench-decision` runs it:
//! `ARGS=--quick` takes a tenth of the runs and judges by
//! the intervals, `ARGS=--strict` fails where a bar is missed, `ARGS="--seed 7"`
//! makes other worlds, and names of parts take only these.

mod after;
mod blame;
mod boundary;
mod clock;
mod digests;
mod drained;
mod estimate;
mod fine;
mod latency;
mod never;
mod ours;
mod peers;
mod random;
mod restarts;
mod revoke;
mod table;
mod watch;
mod world;
mod worse;

use std::process::ExitCode;

use random::Random;
use table::{Table, say};

/// How many runs a row has, and from which seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    seed: u64,
    quick: bool,
}

impl Size {
    /// The number of runs of a row that has so many in full.
    pub(crate) fn runs(self, full: usize) -> usize {
        if self.quick { full / 10 } else { full }
    }

    /// The streams of chance of a row's runs.
    pub(crate) fn chances(self, row: &str, full: usize) -> impl Iterator<Item = Random> {
        (0..self.runs(full) as u64).map(move |run| Random::of(self.seed, row, run))
    }
}

/// Makes the rows of a part.
type Rows = fn(Size, &mut Table);

/// The parts of the table: name, what it is about, and how it is made.
const PARTS: [(&str, &str, Rows); 11] = [
    (
        "boundary",
        "Opened in 4 h although the target is worse by exactly the margin of 5 points",
        boundary::rows,
    ),
    ("never", "Opened where nothing may ever open", never::rows),
    ("fine", "Opened when the target is as good as the source", fine::rows),
    ("restarts", "The same with one agent restarted an hour: 3 agents a side, at least 2", restarts::rows),
    ("revoke", "From a fault to an `open` that is taken back (without the slot's grace)", revoke::rows),
    ("worse", "The target proved to be worse", worse::rows),
    ("watch", "After the switch: alarms (without the slot's grace)", watch::rows),
    ("blame", "After the switch: alarms that are called a reason to go back", blame::rows),
    ("latency", "Latency at p95, slack of 10 % and 5 ms", latency::rows),
    ("drained", "A queue into which jobs still fall, called drained", drained::rows),
    ("digests", "Digests of a replica that lags by up to 20 s", digests::rows),
];

/// The seed of a run that names none.
const SEED: u64 = 20_261_122;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let (mut size, mut strict, mut parts) = (Size { seed: SEED, quick: false }, false, Vec::new());
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => size.quick = true,
            "--strict" => strict = true,
            "--seed" => match words.next().and_then(|seed| seed.parse().ok()) {
                Some(seed) => size.seed = seed,
                None => return refuse("--seed needs a whole number"),
            },
            part if PARTS.iter().any(|(name, _, _)| *name == part) => parts.push(part.to_owned()),
            odd => return refuse(&format!("{odd:?} is no part; there are {}", names().join(", "))),
        }
    }
    let met = all(size, &parts);
    if strict && !met { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn names() -> Vec<&'static str> {
    PARTS.iter().map(|(name, _, _)| *name).collect()
}

fn refuse(why: &str) -> ExitCode {
    say(why);
    ExitCode::from(2)
}

/// Makes the table; true where every bar was met.
fn all(size: Size, parts: &[String]) -> bool {
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    say(&format!(
        "seed {}, {} runs or more a row, {build} build, one core; proof: level B (standard) where no other is named",
        size.seed,
        size.runs(1000),
    ));
    Table::head();
    let mut table = Table::new(size.quick);
    let whole = clock::Watch::start();
    for (name, about, rows) in PARTS {
        if parts.is_empty() || parts.iter().any(|part| part == name) {
            let watch = clock::Watch::start();
            Table::part(about);
            rows(size, &mut table);
            say(&format!("  ({name}: {:.1} s)", watch.elapsed().as_secs_f64()));
        }
    }
    let met = table.end();
    say(&format!("took {:.0} s", whole.elapsed().as_secs_f64()));
    met
}
