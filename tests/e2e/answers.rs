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
    let soft = world.operator.run(&["gate", "wait", "ready", "--timeout", "1s", "--soft"]);
    assert_eq!(soft.code, 8, "--soft is for HOLD alone: {} {}", soft.out, soft.err);
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
    let at_once = world.operator.run(&["gate", "wait", "ready", "--timeout", "0s"]);
    assert!(at_once.code == 0 && at_once.out.contains("OPEN"), "it is asked once: {at_once:?}");
    let soft = world.operator.run(&["gate", "wait", "cutover", "--timeout", "0s", "--soft"]);
    assert!(soft.code == 0 && soft.out.contains("PENDING") && soft.out.contains("Exit 0."), "{soft:?}");
    assert_eq!(world.operator.run(&["gate", "wait", "cutover", "--timeout", "0s"]).code, 8);
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
    // Each names what there is.
    for (words, told) in [
        (&["gate", "check", "redy"][..], "did you mean ready?"),
        (&["gate", "check", "no-such-gate"], "ready, cutover"),
        (&["why", "logn"], "did you mean login?"),
        (&["check", "run", "no-such-check"], "there are: login"),
        (&["status", "-m", "nosuch"], "there are: shop"),
    ] {
        let answer = world.operator.run(words);
        assert_eq!(answer.code, 2, "{words:?}: {}", answer.err);
        assert!(answer.err.contains(told), "{words:?} does not say {told:?}: {}", answer.err);
    }
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

#[test]
fn a_token_of_another_migration_is_not_taken_for_an_older_journal() {
    let world = World::collector_alone();
    let plan = WorldOptions::default().plan;
    world.apply(&plan);
    world.apply(&plan.replace("name: shop", "name: other"));
    let _ = world.operator.run(&["status", "-m", "shop"]).good();
    let remembers = || std::fs::read_to_string(world.folder.path().join("heads.json")).expect("it remembers");
    assert!(remembers().contains("\"shop\""), "{}", remembers());
    for role in ["person", "operator"] {
        let issued = world.operator.run(&["access", "issue", "ana", "--role", role, "-m", "other"]).good();
        let file = world.folder.path().join(format!("{role}.token"));
        std::fs::write(&file, issued.out.trim()).expect("a token can be written");
        let bound = world.operator.with_token(&file);
        let status = bound.run(&["status", "-m", "shop"]);
        assert_eq!((status.code, status.out.as_str()), (6, ""), "nothing is known: {}", status.err);
        let first = status.err.lines().next().unwrap_or_default();
        assert!(first.contains("no migration shop for this access"), "{}", status.err);
        assert!(!status.err.contains("journal accept"), "{}", status.err);
        let accepted = bound.run(&["journal", "accept", "-m", "shop"]);
        assert_eq!(accepted.code, 4, "{} {}", accepted.out, accepted.err);
        assert!(remembers().contains("\"shop\""), "{role} made it forget: {}", remembers());
    }
    let _ = world.operator.run(&["status", "-m", "shop"]).good();
}

#[test]
fn a_token_of_one_gate_that_asks_for_more_is_refused_and_the_collector_is_not_called_silent() {
    let world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    let _ = world.operator.run(&["status"]).good();
    let issue = ["access", "issue", "ci", "--role", "pipeline", "-m", "shop", "--gate", "ready"];
    let file = world.folder.path().join("ci.token");
    let issued = world.operator.run(&issue).good();
    std::fs::write(&file, issued.out.trim()).expect("a token can be written");
    let bound = world.operator.with_token(&file);
    assert_eq!(bound.run(&["gate", "check", "ready", "-m", "shop"]).code, 6, "its gate is answered");
    for words in [&["journal", "accept", "-m", "shop"][..], &["journal", "accept"]] {
        let said = bound.run(words);
        assert_eq!((said.code, said.out.as_str()), (4, ""), "{words:?}: {}", said.err);
        let first = said.err.lines().next().unwrap_or_default();
        assert!(first.contains("this token may ask for the gate ready and nothing else"), "{}", said.err);
        assert!(!said.err.contains("does not answer"), "{}", said.err);
    }
    assert_eq!(world.operator.run(&["journal", "accept", "-m", "shop"]).code, 0);
}

#[test]
fn what_is_so_already_is_told_with_what_made_it_so() {
    let world = World::collector_alone();
    let plan = WorldOptions::default().plan;
    world.apply(&plan.replace("window: 1h }", "window: 1h, no_return: [\"RDS is stopped\"] }"));
    let ana = world.access("ana", "person");
    let never = ana.run(&["cutovers", "on", "--reason", "are they?"]).good();
    assert_eq!(never.out.trim(), "= cutovers are on already");
    for words in
        [&["cutovers", "off", "--reason", "freeze"][..], &["fact", "RDS is stopped", "--reason", "gone"]]
    {
        let first = ana.run(words).good();
        let number = first.out.trim().rsplit_once("decision ").expect("a number").1.to_owned();
        let again = ana.run(words).good();
        let stands = format!("decision {number} by ana");
        assert!(again.out.starts_with("= ") && again.out.contains(&stands), "{}", again.out);
        let told = ana.run(&[words, &["-o", "json"]].concat()).good().json();
        assert_eq!((&told["already"], told["sequence"].to_string()), (&true.into(), number), "{told}");
    }
}

#[test]
fn a_dry_run_refuses_nothing_that_applying_would_bring_and_a_plan_is_of_its_own_migration() {
    let world = World::collector_alone();
    let file = world.folder.path().join("plan.yaml");
    std::fs::write(&file, world.plan_text(&WorldOptions::default().plan)).expect("the plan can be written");
    let file = file.display().to_string();
    let apply =
        |more: &[&str]| world.operator.run(&[&["plan", "apply", file.as_str(), "--yes"][..], more].concat());
    let dry = apply(&["--dry-run"]).good();
    assert!(dry.out.contains("builtin:login would be pushed first"), "{}", dry.out);
    let told = apply(&["--dry-run", "-o", "json"]).good().json();
    assert_eq!(told["pushes"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(world.operator.run(&["plugin", "ls"]).good().out, "", "a dry run pushes nothing");
    let refused = world.operator.run(&["access", "refused", "-o", "json"]).good().json();
    assert_eq!(refused["asks"].as_array().map_or(0, Vec::len), 0, "{refused}");
    let other = apply(&["-m", "bank"]);
    assert_eq!(other.code, 2, "{}", other.err);
    assert!(other.err.contains("is the plan of shop, not of bank"), "{}", other.err);
    assert_eq!(world.operator.run(&["plugin", "ls"]).good().out, "", "nothing was begun");
    let _ = apply(&["-m", "shop"]).good();
    let dry = apply(&["--dry-run"]).good();
    assert!(!dry.out.contains("would be pushed"), "{}", dry.out);
}
