//! Named GO, token, switch, hold and the way back.

use tidelock_tests::{World, WorldOptions, eventually};

/// Up to the phase `ready`.
fn ready() -> World {
    let world = World::start(&WorldOptions::default());
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    world.until_phase("ready");
    world
}

const GO: [&str; 8] =
    ["decide", "cutover", "--go", "--reason", "all green", "--confirm", "shop", "--no-input"];

#[test]
fn only_a_named_person_of_the_plan_gives_the_go() {
    let world = ready();
    assert_eq!(world.operator.run(&GO).code, 4, "an operator is no decider");
    assert_eq!(world.access("ci", "pipeline").run(&GO).code, 4, "a pipeline is no decider");
    let ana = world.person("ana");
    let unnamed = ana.run(&["decide", "cutover", "--go", "--reason", "all green", "--no-input"]);
    assert_eq!(unnamed.code, 2, "a GO names the migration: {}", unnamed.err);
    let twice = [&GO[..], &["--request-id", "r-1"]].concat();
    let first = ana.run(&twice).good();
    let second = ana.run(&twice).good();
    assert_eq!(first.out.lines().next(), second.out.lines().next(), "the same ask twice is one event");
    let events = world.operator.run(&["events", "--type", "decision", "-o", "ndjson"]).good();
    assert_eq!(events.out.lines().count(), 1, "{}", events.out);
    assert!(events.out.contains("ana"), "{}", events.out);
}

#[test]
fn go_confirm_switch_and_back() {
    let world = ready();
    let (ana, ci) = (world.person("ana"), world.access("ci", "pipeline"));
    let _ = ana.run(&GO).good();
    let waited = ci.run(&["gate", "wait", "cutover", "--timeout", "30s", "-o", "json"]).good();
    let token = waited.json()["token"].as_str().expect("a token").to_owned();
    assert!(!token.is_empty(), "{}", waited.out);
    let viewer = world.access("screen", "viewer");
    assert_eq!(viewer.run(&["gate", "confirm", "cutover", "--token", &token]).code, 4);
    let _ = ci.run(&["gate", "confirm", "cutover", "--token", &token]).good();
    assert_eq!(ci.run(&["gate", "confirm", "cutover", "--token", &token]).code, 3, "a token is taken once");
    world.until_phase("cutover");
    let _ = ci.run(&["switched", "--to", "target"]).good();
    let status = world.until_phase("watch");
    assert_eq!(status["traffic"], "target", "{status}");
    let rollback = world.operator.run(&["rollback"]);
    assert!(rollback.code == 0 && rollback.out.contains("possible"), "{}", rollback.out);
    // Something breaks on the target: a person decides, the way back is carried out and proved.
    world.target.lose_sessions(true);
    let back = ana.run(&[
        "decide",
        "rollback",
        "--go",
        "--reason",
        "sessions lost",
        "--confirm",
        "shop",
        "--no-input",
    ]);
    let _ = back.good();
    world.until_phase("rolling-back");
    let wait = ci.run(&["gate", "wait", "committed", "--timeout", "20s"]);
    assert_eq!(wait.code, 5, "waiting longer cannot help: {}", wait.out);
    world.target.lose_sessions(false);
    let _ = ci.run(&["switched", "--to", "source"]).good();
    let end = world.until_phase("rolled-back");
    assert_eq!(end["traffic"], "source", "{end}");
}

#[test]
fn a_hold_shuts_the_open_gate_and_voids_its_token() {
    let world = ready();
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    let ci = world.access("ci", "pipeline");
    let _ = ana.run(&GO).good();
    let waited = ci.run(&["gate", "wait", "cutover", "--timeout", "30s", "-o", "json"]).good();
    let token = waited.json()["token"].as_str().expect("a token").to_owned();
    let _ = bo.run(&["hold", "--reason", "payments called"]).good();
    assert_eq!(ci.run(&["gate", "check", "cutover"]).code, 3);
    assert_eq!(
        ci.run(&["gate", "confirm", "cutover", "--token", &token]).code,
        3,
        "the token is of an older epoch"
    );
    let why = world.operator.run(&["why", "--gate", "cutover"]).good();
    assert!(why.out.contains("payments called"), "{}", why.out);
    let _ = bo.run(&["release", "--reason", "payments are fine"]).good();
    assert_eq!(
        ci.run(&["gate", "confirm", "cutover", "--token", &token]).code,
        3,
        "it stays void after the release"
    );
}

#[test]
fn a_go_dies_when_what_it_rested_on_changes() {
    let world = ready();
    let ana = world.person("ana");
    let _ = ana.run(&GO).good();
    let _ = world.operator.run(&["gate", "wait", "cutover", "--timeout", "30s"]).good();
    world.target.lose_sessions(true);
    eventually("the gate shuts", || {
        let answer = world.operator.run(&["gate", "check", "cutover"]);
        if answer.code == 3 || answer.code == 6 { Ok(()) } else { Err(answer.out) }
    });
    world.until_phase("sync");
    world.target.lose_sessions(false);
    world.until_phase("ready");
    let answer = world.operator.run(&["gate", "check", "cutover"]);
    assert_eq!(answer.code, 3, "the old GO must not open the gate again: {}", answer.out);
}
