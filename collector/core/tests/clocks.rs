//! Clocks that jump and machines that sleep: time is what the entries of the journal say, it never runs back, and
//! whatever was not seen meanwhile opens nothing.

#![expect(clippy::unwrap_used, reason = "a test stops at what must not be")]

#[expect(dead_code, reason = "each test file uses a part of the world")]
mod world;

use std::time::Duration;

use tidelock_core::DecisionState;
use tidelock_core::record::{Entry, Observation, Record};
use tidelock_model::{Phase, Side};
use world::agents::{Behaviour, finding};
use world::{World, agent_key, name, plans};

const HOUR: Duration = Duration::from_secs(3600);

/// A world whose gate `ready` is open: one check passes on both sides.
fn open_gate() -> World {
    let mut world = World::new();
    let mut plan = plans::empty();
    plans::line(&mut plan, "scenario login, critical, both: 2 passes in a row");
    plans::line(&mut plan, "gate ready: all");
    world.apply_plan(plan, "olga").unwrap();
    for key in [agent_key(Side::Source, "s1"), agent_key(Side::Target, "t1")] {
        world.enrol(&key).unwrap();
        world.agents.get_mut(&key).unwrap().behaviours.insert(name("login"), Behaviour::Passes);
    }
    for _ in 0..20 {
        world.second();
        world.weigh();
    }
    assert!(is_open(&world), "the world of these tests begins with an open gate");
    world
}

fn is_open(world: &World) -> bool {
    world.migration.verdict(Phase::Ready, world.now).open()
}

/// A passing finding from either side that says it was due now.
fn passes(world: &mut World) {
    let plan = world.migration.plan().unwrap().clone();
    let revision = (world.migration.revision(), world.migration.plan_hash().unwrap());
    let login = name("login");
    for key in [agent_key(Side::Source, "s1"), agent_key(Side::Target, "t1")] {
        let found = finding(&login, &plan.scenarios[&login], &Behaviour::Passes, revision, world.now, 99_999);
        let batch = world.agents.get_mut(&key).unwrap().say(&key, found);
        world.see(Observation::Findings(batch));
    }
}

#[test]
fn after_a_suspend_of_any_length_no_gate_is_open_that_was() {
    // Longer than a lease, than freshness, than a night.
    for asleep in [Duration::from_secs(11), Duration::from_secs(60), HOUR, 12 * HOUR] {
        let mut world = open_gate();
        let epoch = world.token(Phase::Ready).unwrap();
        world.now = world.now.plus(asleep);
        // Nobody has appended anything yet: the lease alone has ended.
        assert!(!is_open(&world), "open after {asleep:?}, without a word");
        // What comes first after it is a pass. One is not the row that the plan wants, and the old row is broken.
        passes(&mut world);
        world.weigh();
        assert_ne!(world.token(Phase::Ready), Some(epoch), "the old token lives after {asleep:?}");
        if asleep >= Duration::from_secs(60) {
            assert!(!is_open(&world), "one pass opened it after {asleep:?}");
        }
        assert_eq!(world.replay().phase(), world.migration.phase());
    }
}

#[test]
fn entries_that_say_an_earlier_time_turn_nothing_back() {
    for back in [Duration::from_millis(1), Duration::from_secs(30), 5 * HOUR] {
        let mut world = open_gate();
        let (clock, until) = (world.migration.clock(), world.now.plus(HOUR));
        let position = world.migration.position() + 1;
        let entry = Entry { at: world.now.minus(back), record: Record::Seen(position, Observation::Tick) };
        world.migration.apply(&entry);
        assert_eq!(world.migration.clock(), clock, "{back:?}");
        // It made nothing fresh for longer either.
        assert!(!world.migration.verdict(Phase::Ready, until).open(), "{back:?}");
    }
}

#[test]
fn a_clock_that_was_set_forward_ages_all_evidence_at_once() {
    let mut world = open_gate();
    let hours = 5 * HOUR;
    world.now = world.now.plus(hours);
    world.see(Observation::Tick);
    world.weigh();
    assert!(!is_open(&world), "evidence of before the jump opened a gate");
    let sides = &world.migration.scenarios(world.now)[0].sides;
    assert!(sides.iter().all(|side| side.state != tidelock_core::EvidenceState::Proved), "{sides:?}");
    assert_eq!(world.migration.phase(), Phase::Sync);
}

#[test]
fn a_question_that_is_not_rung_again_within_its_minute_keeps_its_age() {
    let mut world = open_gate();
    let target = agent_key(Side::Target, "t1");
    let turn = |world: &mut World, behaviour: Behaviour, seconds: u32| {
        world.agents.get_mut(&target).unwrap().behaviours.insert(name("login"), behaviour);
        for _ in 0..seconds {
            world.second();
            world.weigh();
        }
    };
    let told = |world: &World| {
        let decision = world.migration.verdict(Phase::Cutover, world.now).decision.unwrap();
        (decision.state, decision.since)
    };
    let (state, asked) = told(&world);
    assert_eq!(state, DecisionState::Asked);
    turn(&mut world, Behaviour::Fails("sign-in refused".to_owned()), 10);
    assert!(!is_open(&world));
    turn(&mut world, Behaviour::Passes, 20);
    assert!(is_open(&world) && world.now.since(asked) < Duration::from_secs(60));
    assert!(world.migration.question(world.now).is_empty(), "nobody is rung twice in a minute");
    assert_eq!(told(&world), (DecisionState::Asked, asked), "those who were asked know of it since then");
    turn(&mut world, Behaviour::Passes, 60);
    let again = world.migration.question(world.now);
    assert_eq!(again.len(), 1, "then they are asked again");
    assert_eq!(told(&world), (DecisionState::Asked, again[0].asked));
}
