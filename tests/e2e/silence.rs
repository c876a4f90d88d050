//! A silent agent holds the gate: silence is never read as good.

use tidelock_tests::{World, WorldOptions, eventually};

#[test]
fn a_stopped_agent_makes_its_side_unknown_and_is_named() {
    let mut world = World::start(&WorldOptions::default());
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    let agent = world.agents.iter_mut().find(|agent| agent.side == "target").expect("an agent on the target");
    let name = agent.name.clone();
    agent.kill9();
    let hold = world.until_hold(
        "ready",
        |hold| matches!(hold["state"].as_str(), Some("stale" | "missing")),
        "stale",
    );
    assert_eq!(hold["side"], "target", "{hold}");
    let check = world.operator.run(&["gate", "check", "ready"]);
    assert!(matches!(check.code, 3 | 6), "exit {} {}", check.code, check.out);
    eventually("the agent is no longer shown as online", || {
        let agents = world.operator.run(&["agent", "ls"]).good();
        let row = format!("target/{name} ");
        let silent = agents.out.lines().any(|line| line.starts_with(&row) && !line.contains("online"));
        if silent { Ok(()) } else { Err(agents.out) }
    });
    // It comes back by itself and needs no help.
    world.agents.iter_mut().find(|agent| agent.name == name).expect("still there").start();
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
}
