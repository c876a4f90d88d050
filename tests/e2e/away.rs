//! The collector is away for a minute: agents keep their findings, deliver them after, and the gate
//! opens on fresh evidence only.

use std::time::Duration;

use tidelock_tests::{World, WorldOptions, eventually_for};

#[test]
fn a_minute_without_a_collector_loses_nothing_and_opens_nothing() {
    let mut world = World::start(&WorldOptions::default());
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    let rounds_before = world.target.logouts();
    world.kill_collector();
    // Whoever waits is told that nothing is known: that is no gate on HOLD, and nothing soft.
    for words in [&["--timeout", "5s"][..], &["--timeout", "1s", "--soft"]] {
        let waited = world.operator.run(&[&["gate", "wait", "watch"][..], words].concat());
        assert!(waited.code == 7 && waited.out.is_empty(), "{words:?}: {waited:?}");
    }
    // The agents go on looking: a minute of rounds, seen by the shop itself.
    eventually_for(Duration::from_secs(90), "a minute of rounds without a collector", || {
        // Each round of the login check ends with one logout.
        let rounds = world.target.logouts() - rounds_before;
        if rounds >= 55 { Ok(()) } else { Err(format!("{rounds} rounds")) }
    });
    world.start_collector();
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    let answer = world.operator.run(&["check", "show", "login", "--last", "100", "-o", "json"]).good();
    // The hundred newest of both sides: all of them are of the minute, and none is missing among them.
    let found = answer.json().as_array().expect("a list").clone();
    assert!(found.len() >= 100, "the rounds of the minute are there: {}", found.len());
    for side in ["source", "target"] {
        let of_side = found.iter().filter(|finding| finding["side"] == side);
        let rounds: Vec<u64> = of_side.filter_map(|finding| finding["round"].as_u64()).collect();
        let (first, last) = (rounds.iter().min().expect("rounds"), rounds.iter().max().expect("rounds"));
        let missing: Vec<u64> = (*first..=*last).filter(|round| !rounds.contains(round)).collect();
        assert!(missing.len() <= 2, "rounds of {side} that nobody told of: {missing:?}");
    }
}
