//! Every command that has something to tell tells it as JSON, from the real programs against a running
//! collector: a pipeline must not find out at night that one of them prints words.

use std::time::Duration;

use serde_json::Value;
use tidelock_tests::{World, WorldOptions, eventually_for};

/// What is asked, in an order in which each can be answered. `{x}` is filled in.
const ASKED: [&str; 30] = [
    "status",
    "why",
    "why login",
    "gate ls",
    "gate check ready",
    "gate wait ready --timeout 60s",
    "brief",
    "events --since 1h",
    "report",
    "check ls",
    "check show login",
    "agent ls",
    "agent token --side source",
    "access ls",
    "access issue ana --role person",
    "plan check {plan}",
    "plan diff {plan}",
    "plan apply {plan} --yes --dry-run",
    "plan show",
    "plan schema",
    "plan explain E015",
    "plan timeline {plan}",
    "plugin ls",
    "plugin keygen {folder}/a.key",
    "manual ls",
    "rollback",
    "hold --reason test",
    "release --reason test",
    "doctor",
    "version",
];

/// One document, or one a line.
fn is_json(text: &str) -> bool {
    let lines = || text.lines().filter(|line| !line.is_empty());
    !text.trim().is_empty()
        && (serde_json::from_str::<Value>(text).is_ok()
            || lines().all(|line| serde_json::from_str::<Value>(line).is_ok()))
}

#[test]
fn every_command_answers_in_json_that_can_be_read() {
    let world = World::start(&WorldOptions::default());
    eventually_for(Duration::from_secs(60), "the gate is open", || {
        let answer = world.operator.run(&["gate", "check", "ready"]);
        if answer.code == 0 { Ok(()) } else { Err(answer.out) }
    });
    let folder = world.folder.path().display().to_string();
    let plan = format!("{folder}/plan.yaml");
    let mut wrong = Vec::new();
    for asked in ASKED {
        let asked = asked.replace("{plan}", &plan).replace("{folder}", &folder);
        let mut words: Vec<&str> = asked.split(' ').collect();
        words.extend(["-o", "json"]);
        let answer = world.operator.run(&words);
        // Nothing to list is an empty answer of a list that has one object a line.
        let nothing = answer.out.is_empty() && answer.code == 0 && asked.ends_with(" ls");
        if !nothing && !is_json(&answer.out) {
            wrong.push(format!("{asked} (exit {}): {} {}", answer.code, answer.out, answer.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
