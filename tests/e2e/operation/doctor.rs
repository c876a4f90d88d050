//! `tidelock doctor` at a real installation: all is well, and then something is broken.

use std::time::Duration;

use serde_json::Value;
use tidelock_tests::{Answer, World, WorldOptions, eventually_for};

/// The texts of the lines in this state.
fn texts(answer: &Answer, state: &str) -> Vec<String> {
    let value: Value =
        serde_json::from_str(&answer.out).unwrap_or_else(|e| panic!("{e}: {}{}", answer.out, answer.err));
    let findings = value["findings"].as_array().expect("lines").clone();
    let of_state = findings.into_iter().filter(|finding| finding["state"] == state);
    of_state.map(|finding| finding["text"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_doctor_finds_what_is_broken_and_waits_until_it_is_mended() {
    let mut world = World::start(&WorldOptions::default());
    for person in ["ana", "bo"] {
        let _ = world.person(person);
    }
    let file = world.folder.path().join("plan.yaml").display().to_string();
    let doctor = ["doctor", "--plan", &file, "-o", "json"];
    let answer = world.operator.run(&[&doctor[..], &["--wait", "60s"]].concat());
    assert_eq!((answer.code, texts(&answer, "failure")), (0, vec![]), "{}", answer.out);
    let good = texts(&answer, "good").join("\n");
    for expected in [
        "its journal is writable",
        "source: 1 of at least 1 online",
        "the one check of this phase has results",
        "ana can answer cutover",
        "revision 1 is",
    ] {
        assert!(good.contains(expected), "{expected} is not in\n{good}");
    }
    // An agent dies, a plan is changed here and not applied, somebody loses access.
    world.agents[1].kill9();
    let text = std::fs::read_to_string(&file).expect("it is there");
    std::fs::write(&file, text.replace("window: 1h", "window: 2h")).expect("it can be written");
    let grants = world.operator.run(&["access", "ls", "-o", "json"]).good().json();
    let bo = grants
        .as_array()
        .expect("grants")
        .iter()
        .find(|grant| grant["subject"] == "bo")
        .expect("bo has access");
    let _ = world.operator.run(&["access", "revoke", bo["id"].as_str().expect("an id")]).good();
    eventually_for(Duration::from_secs(60), "all three are found", || {
        let answer = world.operator.run(&doctor);
        let failing = texts(&answer, "failure").join("\n");
        let all = ["target: 0 of at least 1 online", "is not revision 1", "bo has no access"];
        let found = all.iter().all(|one| failing.contains(one)) && answer.code == 1;
        if found { Ok(()) } else { Err(failing) }
    });
    let said = world.operator.run(&["doctor", "--plan", &file, "--rehearsal"]);
    assert_eq!(said.code, 1);
    for expected in ["hint: tidelock access issue bo", "no complete rehearsal", "Exit 1."] {
        assert!(said.out.contains(expected), "{expected} is not in\n{}", said.out);
    }
    world.agents[1].start();
    std::fs::write(&file, text).expect("it can be written");
    let _ = world.person("bo");
    let answer = world.operator.run(&[&doctor[..], &["--wait", "60s"]].concat());
    assert_eq!(answer.code, 0, "{}", answer.out);
    world.kill_collector();
    let said = world.operator.run(&["doctor"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(said.out.contains("✖ no status from") && said.out.contains("/readyz"), "{}", said.out);
}
