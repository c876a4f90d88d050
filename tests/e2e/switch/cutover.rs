//! A cutover with a fence and in weights, walked by an operator who stands by: no request fails, each command is
//! run once, and writes are shut hardly longer than the team's own commands take.

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
/// How long writes may be shut beyond the commands' own time.
const BEYOND_SECONDS: f64 = 2.0;
/// From a person's GO to the first command. The bar is 50 ms on a machine that does nothing else.
const AT_ONCE_MS: u64 = 1_000;

pub(super) fn turns_nobody_away(rig: &Rig) {
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
    shut_hardly_longer_than_the_commands(&run, &done);
    at_once(rig, &done[0]);
    assert!(rig.load.reads_of("target") > 0, "reads go to the new shop");
    rig.load.nobody_turned_away("the cutover");
}

#[expect(clippy::print_stderr, reason = "a measured number is shown")]
fn shut_hardly_longer_than_the_commands(run: &Value, done: &[Operation]) {
    let shut = run["writes_shut"]["seconds"].as_f64().unwrap_or_else(|| panic!("not measured: {run}"));
    let own: u64 = ["fence on", "open target"].iter().map(|words| took_ms(done, words)).sum();
    let beyond = shut - own as f64 / 1000.0;
    eprintln!("writes were shut for {shut:.3} s, {beyond:.3} s beyond the commands' own {own} ms");
    assert!(
        (0.0..=BEYOND_SECONDS).contains(&beyond),
        "writes shut {shut} s, the commands took {own} ms: {run}"
    );
}

fn took_ms(done: &[Operation], words: &str) -> u64 {
    let at = |begun: bool| {
        let found = done.iter().find(|it| it.begun == begun && it.words == words);
        found.unwrap_or_else(|| panic!("{words} is not in {done:?}")).at_ms
    };
    at(false).saturating_sub(at(true))
}

/// From the GO, as it was journaled, to the first command.
#[expect(clippy::print_stderr, reason = "a measured number is shown")]
fn at_once(rig: &Rig, first: &Operation) {
    let go = eventually("the GO is told", || {
        let told = rig.bo.run(&["events", "--type", "decision", "-o", "ndjson"]);
        let last = told.out.lines().last().ok_or(told.err)?;
        let event: Value = serde_json::from_str(last).map_err(|error| error.to_string())?;
        unix_ms(event["time"].as_str().unwrap_or_default()).ok_or(event.to_string())
    });
    let took = first.at_ms.saturating_sub(go);
    eprintln!("from the decision to the first command: {took} ms");
    assert!(took <= AT_ONCE_MS, "{took} ms from the decision to the first command");
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
