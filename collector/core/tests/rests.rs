//! What a phase does not run rests: its slots stand still, and it begins anew where it runs again.

#![expect(clippy::unwrap_used, reason = "a test stops at what must not be")]

#[expect(dead_code, reason = "each test file uses a part of the world")]
mod world;

use tidelock_core::SlotCourse;
use tidelock_core::plan::Plan;
use tidelock_model::{Phase, Side};
use world::agents::Behaviour;
use world::{World, agent_key, name, plans};

/// A plan whose login runs in these phases; what the gate needs runs in all.
fn plan(phases: &str) -> Plan {
    let mut plan = plans::empty();
    let login =
        format!("scenario login, important, both, during {phases}: success margin 50 outage 30 slo 50");
    let rest = ["scenario rows, critical, target: 1 pass in a row", "gate ready: rows"];
    for line in [login.as_str()].into_iter().chain(rest) {
        plans::line(&mut plan, line);
    }
    plan
}

/// Two agents a side, and everything passes.
fn world(phases: &str) -> World {
    let mut world = World::new();
    world.apply_plan(plan(phases), "olga").unwrap();
    for (side, agent) in
        [(Side::Source, "s1"), (Side::Source, "s2"), (Side::Target, "t1"), (Side::Target, "t2")]
    {
        let key = agent_key(side, agent);
        world.enrol(&key).unwrap();
        for check in ["login", "rows"] {
            let agent = world.agents.get_mut(&key).unwrap();
            agent.behaviours.insert(name(check), Behaviour::Passes);
        }
    }
    world
}

fn run(world: &mut World, seconds: u64) {
    for _ in 0..seconds {
        world.second();
        world.weigh();
    }
}

fn course(world: &World) -> SlotCourse {
    world.migration.course(&name("login")).unwrap()
}

fn asked(world: &World) -> bool {
    let scenarios = world.migration.scenarios(world.now);
    scenarios.iter().find(|scenario| scenario.name == "login").unwrap().asked
}

/// Of what rests nothing holds, and it says so.
fn holds(world: &World) -> usize {
    world.migration.explain(&name("login"), world.now).unwrap().holds.len()
}

#[test]
fn no_slot_closes_while_a_check_rests_and_it_begins_anew_where_it_runs_again() {
    let mut world = world("sync ready");
    run(&mut world, 60);
    assert_eq!(world.migration.phase(), Phase::Ready);
    let before = course(&world);
    assert!(before.points.len() >= 3 && asked(&world) && holds(&world) > 0, "{before:?}");

    world.apply_plan(plan("watch"), "olga").unwrap();
    run(&mut world, 60);
    let rested = course(&world);
    assert_eq!((rested.begun, rested.points.len()), (before.begun, before.points.len()), "{rested:?}");
    assert!(!asked(&world) && holds(&world) == 0);

    world.apply_plan(plan("sync ready"), "olga").unwrap();
    let anew = course(&world);
    assert_eq!((anew.begun, anew.points.len()), (world.now, 0), "what it saw before counts: {anew:?}");
    run(&mut world, 60);
    let again = course(&world);
    let lacks = again.points.iter().map(|point| point.target.failed + point.target.missing);
    assert_eq!((again.points.len() >= 3, lacks.sum::<u64>()), (true, 0), "{again:?}");
    assert!(world.replay() == world.migration, "a replay gives another state");
}

#[test]
fn a_check_that_only_a_later_phase_runs_is_in_no_state_of_the_report() {
    let mut world = world("watch");
    run(&mut world, 60);
    let report = world.migration.report(world.now);
    let spans = |check: &str| &report.scenarios.iter().find(|it| it.name == check).unwrap().spans;
    assert!(spans("login").is_empty(), "{:?}", spans("login"));
    assert!(!spans("rows").is_empty());
}
