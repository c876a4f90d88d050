//! Agents that come and go as pods do: each is killed, and another one joins with the same token under a new name. What
//! was proved stays, and those that came prove on.

use std::fs;
use std::process::Command;

use serde_json::Value;
use tidelock_tests::{World, eventually_for, program};

use super::{OWED, PATIENT, SHORT, page, plan, slots, until_claim, until_gate};

const PODS: usize = 3;
/// How long a pod's certificate lives: it is renewed at half of that, and the name of one that was killed ends with it.
const LIFE_SECS: u32 = 30;

/// A collector whose pods' certificates are short, the source's agent, and a token for twice as many pods as there are
/// at a time.
fn pods() -> (World, String) {
    let mut world = World::collector_alone();
    let config = world.collector_folder().join("collector.toml");
    let text = fs::read_to_string(&config).expect("a configuration");
    let line = text.lines().find(|line| line.starts_with("pod_certificate_secs")).expect("it is set");
    fs::write(&config, text.replace(line, &format!("pod_certificate_secs = {LIFE_SECS}"))).expect("written");
    world.kill_collector();
    world.start_collector();
    let plan = plan(1, &[page("home", SHORT)]);
    world.apply(&plan.replace("agents: { at_least: 1 }", "agents: { at_least: 1, at_most: 12 }"));
    world.join("source", "source-1");
    let count = (2 * PODS).to_string();
    let token = world.operator.run(&["agent", "token", "--side", "target", "--count", &count]).good();
    (world, token.out.trim().to_owned())
}

fn join(world: &mut World, token: &str, name: &str) {
    let folder = world.enrol_with(token, name);
    world.adopt("target", name, folder);
}

/// Waits until the agent of this name is in this state.
fn until_agent(world: &World, name: &str, state: &str) {
    eventually_for(PATIENT, &format!("{name} is {state}"), || {
        let status = world.status()?;
        let fits = |agent: &Value| agent["name"] == name && agent["state"] == state;
        match status["agents"].as_array().is_some_and(|agents| agents.iter().any(fits)) {
            true => Ok(()),
            false => Err(status["agents"].to_string()),
        }
    });
}

#[test]
fn three_agents_killed_and_rejoined_under_new_names_keep_what_is_proved_and_prove_on() {
    let (mut world, token) = pods();
    for pod in 0..PODS {
        join(&mut world, &token, &format!("first-{pod}"));
    }
    until_gate(&world, 0, "three pods prove it");
    let before = until_claim(&world, "home", "it is proved", |claim| claim["state"] == "proved");
    assert!(before["proof"]["begun"].is_string(), "{before}");
    for pod in 0..PODS {
        world.agents[1 + pod].kill9();
        join(&mut world, &token, &format!("second-{pod}"));
        until_agent(&world, &format!("second-{pod}"), "online");
    }
    let once_more = Command::new(program("tidelock-agent"))
        .args(["join", &world.operator.server, &token, "--name", "third", "--dir"])
        .arg(world.folder.path().join("third"))
        .output()
        .expect("it starts");
    assert!(!once_more.status.success(), "the token was for so many");

    eventually_for(PATIENT, "slots of those that came are evidence", || {
        let newest: Vec<Value> = slots(&world, "home").into_iter().rev().take(2).collect();
        let owed = OWED * u64::try_from(PODS).expect("a few");
        let whole = |slot: &Value| slot["void"].is_null() && slot["target"]["ok"].as_u64() == Some(owed);
        if newest.len() == 2 && newest.iter().all(whole) { Ok(()) } else { Err(format!("{newest:?}")) }
    });
    let after = until_claim(&world, "home", "it is proved still", |claim| claim["state"] == "proved");
    assert_eq!(after["proof"]["begun"], before["proof"]["begun"], "the evidence began anew: {after}");
    for pod in 0..PODS {
        until_agent(&world, &format!("first-{pod}"), "expired");
    }
    // Names that have ended owe nothing and hold nothing.
    until_gate(&world, 0, "those that came keep the gate open");
    let end = until_claim(&world, "home", "it is proved to the end", |claim| claim["state"] == "proved");
    assert_eq!(end["proof"]["begun"], before["proof"]["begun"], "the evidence began anew: {end}");
}
