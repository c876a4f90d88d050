//! A cutover with a fence and in weights, walked by an operator who stands by: no request fails, and each command
//! is run once. What it took is measured; `make bench ARGS=switch` prints it.

use serde_json::Value;
use tidelock_tests::{Operation, eventually};

use super::rig::Rig;
use super::two_operators;

/// What the runbook runs, in order.
const ALL: [&str; 9] = [
    "reverse prepare",
    "jobs off",
    "fence on",
    "open target",
    "weight 1",
    "weight 10",
    "weight 50",
    "weight 100",
    "traffic-is 100",
];

/// What a cutover took, beside the team's own commands.
pub(crate) struct Took {
    /// Seconds in which writes were shut, beyond the commands' own time.
    pub(crate) beyond: f64,
    /// The commands' own, in seconds.
    pub(crate) commands: f64,
    /// Milliseconds from a person's GO, as it was journaled, to the first command.
    pub(crate) go_ms: u64,
}

pub(crate) fn turns_nobody_away(rig: &Rig) -> Took {
    rig.ready();
    let before = rig.ops.log().len();
    let words = ["cutover", "run", "--yes", "--no-input", "--timeout", "60s"];
    let mut operator = rig.operator(&rig.bo, &words);
    rig.stands_by();
    rig.ops.stall_at("weight 10");
    rig.decided("cutover");
    rig.until_begun("weight 10", 1);
    two_operators::the_second_is_refused_and_told_who(rig);
    rig.ops.go_on();
    assert_eq!(operator.ended_or(|| rig.said()), 0, "{}", rig.said());
    let done = rig.ops.log().split_off(before);
    let begun: Vec<&str> = done.iter().filter(|it| it.begun).map(|it| it.words.as_str()).collect();
    assert_eq!(begun, ALL, "each command is run once, in order");
    rig.world.until_phase("watch");
    let run = rig.run("cutover").expect("there was a run");
    assert!(rig.load.reads_of("target") > 0, "reads go to the new shop");
    rig.load.nobody_turned_away("the cutover");
    let (beyond, commands) = shut(&run, &done);
    Took { beyond, commands, go_ms: first_command_after(rig, &done[0]) }
}

/// How long writes were shut beyond the commands that shut and open them, and how long those took.
fn shut(run: &Value, done: &[Operation]) -> (f64, f64) {
    let shut = run["writes_shut"]["seconds"].as_f64().unwrap_or_else(|| panic!("not measured: {run}"));
    let commands: u64 = ["fence on", "open target"].iter().map(|words| took_ms(done, words)).sum();
    let commands = commands as f64 / 1000.0;
    assert!(shut >= commands, "writes were shut for {shut} s, and the commands took {commands} s: {run}");
    (shut - commands, commands)
}

fn took_ms(done: &[Operation], words: &str) -> u64 {
    let at = |begun: bool| {
        let found = done.iter().find(|it| it.begun == begun && it.words == words);
        found.unwrap_or_else(|| panic!("{words} is not in {done:?}")).at_ms
    };
    at(false).saturating_sub(at(true))
}

/// From the GO, as it was journaled, to the first command.
fn first_command_after(rig: &Rig, first: &Operation) -> u64 {
    let go = eventually("the GO is told", || {
        let told = rig.bo.run(&["events", "--type", "decision", "-o", "ndjson"]);
        let last = told.out.lines().last().ok_or(told.err)?;
        let event: Value = serde_json::from_str(last).map_err(|error| error.to_string())?;
        unix_ms(event["time"].as_str().unwrap_or_default()).ok_or(event.to_string())
    });
    first.at_ms.saturating_sub(go)
}

/// `2026-11-22T20:15:00.123Z` in milliseconds since midnight of its day, put on today's.
fn unix_ms(time: &str) -> Option<u64> {
    let clock = time.strip_suffix('Z')?.split_once('T')?.1;
    let mut parts = clock.split(':');
    let (hours, minutes): (u64, u64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let seconds: f64 = parts.next()?.parse().ok()?;
    let of_day = (hours * 60 + minutes) * 60_000 + (seconds * 1000.0).round() as u64;
    let day = 86_400_000;
    let today = tidelock_tests::now_ms() / day * day;
    // A GO of just before midnight belongs to yesterday.
    Some(if today + of_day > tidelock_tests::now_ms() { today + of_day - day } else { today + of_day })
}
