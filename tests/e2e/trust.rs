//! An agent is what its certificate says: a wrong authority or the other side's is refused.

use std::fs;

use serde_json::{Value, json};
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
fn a_join_token_that_leaked_is_found_taken_back_and_lets_nobody_else_in() {
    let mut world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    let operator = world.operator.clone();
    let ask = ["agent", "token", "--side", "source", "--count", "5", "-o", "json"];
    let issued = operator.run(&ask).good().json();
    let (id, token) = (text(&issued["id"]), text(&issued["token"]));
    let folder = world.folder.path().to_owned();
    let join = |name: &str| {
        let mut join = std::process::Command::new(tidelock_tests::program("tidelock-agent"));
        join.args(["join", &operator.server, &token, "--name", name, "--dir"]).arg(folder.join(name));
        join.output().expect("it starts")
    };
    assert!(join("first").status.success());
    let listed = || operator.run(&["agent", "token", "ls", "-o", "json"]).good().json();
    let row = |left: u32, revoked: bool| {
        json!([{
            "id": id, "side": "source", "name": null, "left": left, "expires": issued["expires"], "by": "operator",
            "revoked": revoked,
        }])
    };
    assert_eq!(listed(), row(4, false), "its secret is in no list");
    let lines = operator.run(&["agent", "token", "ls"]).good().out;
    assert!(lines.starts_with(&id) && lines.contains(" 4 of source ") && lines.contains(" good "), "{lines}");
    let viewer = world.access("vera", "viewer");
    for words in [&["agent", "token", "ls"][..], &["agent", "token", "revoke", id.as_str()]] {
        assert_eq!(viewer.run(words).code, 4, "{words:?}");
    }
    let told = operator.run(&["agent", "token", "revoke", &id]).good();
    assert!(told.out.contains(&format!("join token {id} is taken back")), "{}", told.out);
    for name in ["second", "third"] {
        let refused = join(name);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains("the join token is not valid"), "{said}");
        world.kill_collector();
        world.start_collector();
    }
    assert_eq!(listed(), row(4, true));
    let events = |kind: &str| {
        let told = operator.run(&["events", "--type", kind, "-o", "ndjson"]).good().out;
        told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>()
    };
    let said = events("join_token");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(text(&said[0]["text"]).starts_with(&format!("join token {id} lets 5 agents of source in")));
    assert!(text(&said[1]["text"]).starts_with(&format!("join token {id} is taken back")), "{said:?}");
    assert!(said.iter().all(|event| event["by"] == "operator"), "{said:?}");
    let joined = events("agent_enrolled");
    assert_eq!(joined.len(), 1, "{joined:?}");
    assert_eq!(joined[0]["text"], "agent source/first has a certificate");
    assert_eq!(joined[0]["reason"], format!("with join token {id} of operator"));
}

fn text(of: &Value) -> String {
    of.as_str().unwrap_or_else(|| panic!("no text: {of}")).to_owned()
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
