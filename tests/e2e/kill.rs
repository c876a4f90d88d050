//! `kill -9` of the collector, an agent and a runner in mid-stream: what was acked is there, nothing
//! counts twice, and no gate is open on the way.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tidelock_tests::{World, WorldOptions, children, eventually, eventually_for};

/// The newest findings of the login check, as `(side/agent, round)`.
fn findings(world: &World) -> Vec<(String, u64)> {
    let answer = world.operator.run(&["check", "show", "login", "--last", "100", "-o", "json"]).good();
    (answer.json().as_array().expect("a list").iter())
        .map(|finding| {
            let agent = format!("{}/{}", finding["side"], finding["agent"]);
            (agent, finding["round"].as_u64().expect("a round"))
        })
        .collect()
}

fn counted_once(found: &[(String, u64)]) {
    let mut times: BTreeMap<&(String, u64), u32> = BTreeMap::new();
    for finding in found {
        *times.entry(finding).or_default() += 1;
    }
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "counted twice: {twice:?}");
}

#[test]
fn the_collector_comes_back_with_all_that_it_acked() {
    let mut world = World::start(&WorldOptions::default());
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    for _ in 0..3 {
        let before = findings(&world);
        world.kill_collector();
        world.start_collector();
        let after = eventually("the collector answers", || {
            let answer = world.operator.run(&["check", "show", "login", "--last", "100", "-o", "json"]);
            if answer.code == 0 { Ok(findings(&world)) } else { Err(answer.err) }
        });
        // Shown means journaled, so everything that is still inside the window must be there.
        let oldest = after.iter().map(|(_, round)| *round).min().unwrap_or(0);
        let lost: Vec<_> = before.iter().filter(|f| f.1 > oldest && !after.contains(f)).collect();
        assert!(lost.is_empty(), "acked and lost: {lost:?}");
        counted_once(&after);
    }
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    counted_once(&findings(&world));
}

#[test]
fn an_agent_goes_on_where_it_was() {
    let mut world = World::start(&WorldOptions::default());
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    for _ in 0..3 {
        world.agents[0].kill9();
        world.agents[0].start();
    }
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    counted_once(&findings(&world));
}

/// The runner child of an agent.
fn runner_of(agent: u32) -> Option<u32> {
    children(agent, "runner").first().copied()
}

#[test]
fn a_killed_runner_hurts_nothing() {
    let world = World::start(&WorldOptions::default());
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    let agent = world.agents[0].process.as_ref().expect("it runs").pid();
    let first = eventually("the agent has a runner", || runner_of(agent).ok_or("none".to_owned()));
    let pid = i32::try_from(first).ok().and_then(rustix::process::Pid::from_raw).expect("a number");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it can be killed");
    let second = eventually_for(Duration::from_secs(20), "another runner", || {
        runner_of(agent).filter(|pid| *pid != first).ok_or("none".to_owned())
    });
    assert_ne!(first, second);
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    let status: Value = world.status().expect("the collector answers");
    let online = status["agents"].as_array().expect("agents").iter().all(|agent| agent["state"] == "online");
    assert!(online, "the agent must not have noticed more than a lost run: {status}");
}
