//! An agent is what its certificate says: a wrong authority or the other side's is refused.

use std::fs;

use tidelock_tests::{World, WorldOptions, eventually};

#[test]
fn a_token_is_good_once_and_for_one_side() {
    let mut world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    let token = world.operator.run(&["agent", "token", "--side", "source"]).good().out.trim().to_owned();
    let join = |name: &str| {
        let output = std::process::Command::new(tidelock_tests::program("tidelock-agent"))
            .args(["join", &world.operator.server, &token, "--name", name, "--dir"])
            .arg(world.folder.path().join(name))
            .output();
        output.expect("it starts")
    };
    assert!(join("first").status.success());
    assert!(!join("second").status.success(), "a token is good once");
    world.join("target", "target-1");
    eventually("the agent on the target is online", || {
        let status = world.status()?;
        let agents = status["agents"].as_array().cloned().unwrap_or_default();
        let online = agents.iter().any(|agent| agent["name"] == "target-1" && agent["state"] == "online");
        if online { Ok(()) } else { Err(status.to_string()) }
    });
}

#[test]
fn a_collector_of_another_authority_gets_nothing() {
    let (mut world, other) = (World::collector_alone(), World::collector_alone());
    world.apply(&WorldOptions::default().plan);
    other.apply(&WorldOptions::default().plan);
    world.join("source", "source-1");
    let agent = world.agents.last_mut().expect("it joined");
    agent.kill9();
    // The agent is turned to a collector of the same migration's name, but of another authority.
    let config = agent.folder.join("agent.toml");
    let text = fs::read_to_string(&config).expect("a configuration");
    let ports = fs::read_to_string(other.collector_folder().join("ports.json")).expect("ports");
    let ports: serde_json::Value = serde_json::from_str(&ports).expect("JSON");
    let mine = fs::read_to_string(world.folder.path().join("collector/ports.json")).expect("ports");
    let mine: serde_json::Value = serde_json::from_str(&mine).expect("JSON");
    let port = |ports: &serde_json::Value| {
        ports["agents"].as_str().and_then(|a| a.rsplit(':').next()).expect("a port").to_owned()
    };
    assert!(text.contains(&port(&mine)), "{text}");
    fs::write(&config, text.replace(&port(&mine), &port(&ports))).expect("written");
    agent.start();
    let process = agent.process.as_ref().expect("it runs");
    eventually("the agent says that the certificate is not acceptable", || {
        let log = process.log().to_lowercase();
        if log.contains("certificate") || log.contains("unknown") { Ok(()) } else { Err(log) }
    });
    let status = other.status().expect("it answers");
    let agents = status["agents"].as_array().cloned().unwrap_or_default();
    assert!(agents.is_empty(), "a stranger is among the agents: {agents:?}");
}
