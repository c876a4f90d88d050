//! What Tidelock costs, side by side with a peer or a physical limit. `make bench` runs all of it,
//! `make bench ARGS=check` one.
//!
//! Where bars were missed the last line names them, and `deploy/bench.sh` fails for it: the numbers are for people, and
//! the machine has its part in every one.

mod bare;
mod check;
mod clock;
mod decode_only;
mod engine;
mod feeder;
mod group;
mod idle;
mod ingest;
mod instance;
mod native;
mod past;
mod raw;
mod restart;
mod rotate;
mod sandbox;
mod scenarios;
mod sessions;
mod stream;
mod switch;
mod table;
mod usual;
mod verdict;
mod week;
mod world;

use std::process::ExitCode;

use table::say;

/// Every measure by its name: what it is about, and how it is taken.
const MEASURES: [(&str, &str, fn()); 13] = [
    ("check", "whole check against the same GET in native Rust", check::measure),
    ("instance", "a fresh instance for every run", instance::measure),
    ("ingest", "durable findings against decode-only and a bare append", ingest::measure),
    ("verdict", "from a failing finding to the watcher's verdict, under load", verdict::measure),
    ("engine", "the evidence of 1,000 scenarios, on one core", engine::measure),
    ("scenarios", "two migrations with 1,000 scenarios, on one core", scenarios::measure),
    ("group", "group commit at 1, 64 and 512 findings a batch, beside a bare append", group::measure),
    ("restart", "a start with a million findings in the journal, and a clean stop", restart::measure),
    (
        "sessions",
        "500 stand-ins for agents connected, 100 in each of five migrations: memory of each session",
        sessions::measure,
    ),
    ("week", "memory and disk over a week of traffic, its time made up", week::measure),
    ("rotate", "the certificates of 100 agents renewed while they report", rotate::measure),
    ("switch", "a cutover behind HAProxy with customers, and an operator who was killed", switch::measure),
    ("idle", "an agent with 100 checks", idle::measure),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [word, pki, port_file] = words.as_slice()
        && word == decode_only::ENTRY
    {
        decode_only::serve(pki.as_ref(), port_file.as_ref());
        return ExitCode::SUCCESS;
    }
    if let Some(odd) = words.iter().find(|word| MEASURES.iter().all(|(name, _, _)| name != word)) {
        let names: Vec<&str> = MEASURES.iter().map(|(name, _, _)| *name).collect();
        say(&format!("{odd:?} is no measure; there are {}", names.join(", ")));
        return ExitCode::from(2);
    }
    say(&table::machine());
    let mut missed = Vec::new();
    for (name, about, measure) in MEASURES {
        if words.is_empty() || words.iter().any(|word| word == name) {
            say(&format!("\n{name}: {about}"));
            measure();
            missed.extend(table::missed().into_iter().map(|what| format!("{name}: {what}")));
        }
    }
    if !missed.is_empty() {
        say(&format!("\nbars missed: {}", missed.join("; ")));
    }
    ExitCode::SUCCESS
}
