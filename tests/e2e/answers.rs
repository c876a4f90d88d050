//! Word and exit code agree, in every form of the answer; and nothing is open without proof.

use std::time::Duration;

use tidelock_tests::{World, WorldOptions, eventually_for};

#[test]
fn a_gate_without_evidence_is_shut_and_says_why() {
    let world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    let answer = world.operator.run(&["gate", "check", "ready", "-o", "json"]);
    let gate = answer.json();
    assert_eq!(answer.code, 6, "{gate}");
    assert_eq!((gate["verdict"].as_str(), gate["open"].as_bool()), (Some("unknown"), Some(false)), "{gate}");
    assert!(!gate["holds"].as_array().expect("holds").is_empty(), "it is silent about why: {gate}");
    assert_eq!(gate["loss"]["known"], false, "nothing was seen, so nothing is known of the loss: {gate}");
    // Waiting ends with PENDING, not with anything that reads as good.
    let waited = world.operator.run(&["gate", "wait", "ready", "--timeout", "1s"]);
    assert_eq!(waited.code, 8, "{} {}", waited.out, waited.err);
    assert!(waited.out.contains("PENDING"), "{}", waited.out);
}

#[test]
fn two_good_sides_open_the_gate_and_every_form_says_so() {
    let world = World::start(&WorldOptions::default());
    let waited = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s", "-o", "ndjson"]);
    assert_eq!(waited.code, 0, "{}\n{}", waited.out, waited.err);
    let last: serde_json::Value =
        serde_json::from_str(waited.out.lines().last().expect("a last line")).expect("JSON");
    assert_eq!((last["final"].as_bool(), last["exit_code"].as_u64()), (Some(true), Some(0)), "{last}");
    let check = world.operator.run(&["gate", "check", "ready"]);
    assert_eq!(check.code, 0, "{}", check.out);
    assert!(check.out.contains("OPEN"), "{}", check.out);
    assert_eq!(world.operator.run(&["gate", "check", "ready", "-o", "nagios"]).code, 0);
    // The next gate waits for a person, and says whom.
    let cutover = world.operator.run(&["gate", "check", "cutover"]);
    assert_eq!(cutover.code, 3, "{}", cutover.out);
    assert!(cutover.out.contains("HOLD") && cutover.out.to_lowercase().contains("ana"), "{}", cutover.out);
    let status = world.operator.run(&["status"]);
    assert_eq!(status.code, 0, "status only looks");
    assert!(status.out.contains("HOLD"), "{}", status.out);
    assert_eq!(world.operator.run(&["status", "--fail"]).code, 3);
}

#[test]
fn questions_without_an_answer_have_their_own_exit_codes() {
    let world = World::collector_alone();
    assert_eq!(world.operator.run(&["status"]).code, 2, "no migration yet");
    world.apply(&WorldOptions::default().plan);
    assert_eq!(world.operator.run(&["gate", "check", "no-such-gate"]).code, 2);
    assert_eq!(world.operator.run(&["why", "no-such-check"]).code, 2);
    let nobody = world.operator.with_token(std::path::Path::new("/dev/null"));
    assert_eq!(nobody.run(&["status"]).code, 4);
    let viewer = world.access("screen", "viewer");
    assert_eq!(viewer.run(&["status"]).code, 0);
    assert_eq!(viewer.run(&["hold", "--reason", "no right to"]).code, 4);
    let mut gone = world.operator.clone();
    gone.server = "https://127.0.0.1:9".to_owned();
    assert_eq!(gone.run(&["status"]).code, 7);
    let waited = gone.run(&["gate", "wait", "ready", "--timeout", "30s", "--connect-patience", "2s"]);
    assert_eq!(waited.code, 7, "{}", waited.err);
}

#[test]
fn access_is_never_wider_because_the_migration_was_not_clear() {
    let world = World::collector_alone();
    let plan = WorldOptions::default().plan;
    world.apply(&plan);
    world.apply(&plan.replace("name: shop", "name: other"));
    let unclear = world.operator.run(&["access", "issue", "ci", "--role", "pipeline"]);
    assert_eq!((unclear.code, unclear.out.as_str()), (2, ""), "{}", unclear.err);
    let bound = ["access", "issue", "ci", "--role", "pipeline", "-m", "shop", "-o", "json"];
    let _ = world.operator.run(&bound).good();
    let grants = world.operator.run(&["access", "ls", "-o", "json"]).good().json();
    let ci: Vec<_> =
        grants.as_array().expect("a list").iter().filter(|g| g["subject"] == "ci").cloned().collect();
    assert_eq!(ci.len(), 1, "{grants}");
    assert_eq!(ci[0]["migration"], "shop", "{grants}");
}

#[test]
fn a_failing_check_shuts_an_open_gate_and_is_named() {
    let world = World::start(&WorldOptions::default());
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    world.target.lose_sessions(true);
    eventually_for(Duration::from_secs(10), "the gate shuts", || {
        let answer = world.operator.run(&["gate", "check", "ready"]);
        if answer.code == 3 && answer.out.contains("login") { Ok(()) } else { Err(answer.out) }
    });
    world.until_phase("sync");
    world.target.lose_sessions(false);
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
}
