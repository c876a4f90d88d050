//! Three agents look at the target, two must: one may die; one that lives and gives no answers counts as
//! failures, and so does a target that never answers.

use rustix::process::{Pid, Signal, kill_process};
use tidelock_tests::{World, children, eventually, eventually_for};

use super::{PATIENT, SHORT, nothing_twice, openings, page, plan, slots, until_claim, until_gate};

fn three() -> World {
    let mut world = World::collector_alone();
    world.apply(&plan(2, &[page("home", SHORT)]));
    world.join("source", "source-1");
    for name in ["target-1", "target-2", "target-3"] {
        world.join("target", name);
    }
    world
}

/// The runner of an agent.
fn runner_of(world: &World, agent: usize) -> Pid {
    let agent = world.agents[agent].process.as_ref().expect("it runs").pid();
    let runner = eventually("the agent has a runner", || {
        children(agent, "runner").first().copied().ok_or("none".to_owned())
    });
    i32::try_from(runner).ok().and_then(Pid::from_raw).expect("a number")
}

#[test]
fn one_agent_may_die_and_what_hangs_has_failed() {
    let mut world = three();
    until_gate(&world, 0, "three agents prove it");
    let opened = openings(&world);
    let before = until_claim(&world, "home", "it is proved", |claim| claim["state"] == "proved");
    let target_ok = |slot: &serde_json::Value| slot["target"]["ok"].as_u64();

    world.agents[3].kill9();
    eventually_for(PATIENT, "slots of two agents are evidence", || {
        let newest = slots(&world, "home").into_iter().rev().take(2).collect::<Vec<_>>();
        let two = |slot: &serde_json::Value| slot["void"].is_null() && target_ok(slot) == Some(8);
        if newest.len() == 2 && newest.iter().all(two) { Ok(()) } else { Err(format!("{newest:?}")) }
    });
    let after = until_claim(&world, "home", "two agents are enough", |claim| claim["state"] == "proved");
    assert_eq!(after["proof"]["begun"], before["proof"]["begun"], "{after}");
    assert_eq!(world.operator.run(&["gate", "check", "ready"]).code, 0, "two of three must be enough");
    assert_eq!(openings(&world), opened, "the gate was shut because of one dead agent");

    // Its runner stands still: the agent lives and owes what it does not give.
    let runner = runner_of(&world, 2);
    kill_process(runner, Signal::STOP).expect("it takes a signal");
    eventually_for(PATIENT, "what the agent owes counts against the target", || {
        let newest = slots(&world, "home").pop().expect("slots");
        let target = &newest["target"];
        let owed = target["missing"].as_u64().unwrap_or(0) + target["not_run"].as_u64().unwrap_or(0);
        if newest["void"].is_null() && owed > 0 { Ok(()) } else { Err(newest.to_string()) }
    });
    // A runner that the agent has given up already takes no signal any more.
    let _ = kill_process(runner, Signal::CONT);
    until_gate(&world, 0, "the runner goes on, or another one does");

    world.target.hang(true);
    until_gate(&world, 3, "a target that never answers is down");
    let hung =
        until_claim(&world, "home", "the silence of the target is told", |claim| claim["state"] == "refuted");
    assert!(hung["is"].as_str().is_some_and(|is| is.contains("was down")), "{hung}");
    let failed = slots(&world, "home").pop().expect("slots")["target"]["failed"].as_u64();
    assert!(failed > Some(0), "no answer in time is a failure");
    nothing_twice(&world, "home", [1, 3]);
}
