//! Nothing is believed behind numbers that are missing, and nothing that is missing is taken for read.

#![expect(clippy::unwrap_used, reason = "a test stops at what must not be")]

#[expect(dead_code, reason = "each test file uses a part of the world")]
mod world;

use std::collections::BTreeMap;

use tidelock_core::record::Observation;
use tidelock_core::{EvidenceState, NotCounted};
use tidelock_model::{AgentKey, FindingBatch, Gap, Side, SpoolEpoch};
use world::agents::{Behaviour, finding};
use world::{World, agent_key, name, plans};

const PASSES: u32 = 3;

/// One agent a side that has said nothing yet.
fn world() -> World {
    let mut world = World::new();
    let mut plan = plans::empty();
    plans::line(&mut plan, &format!("scenario login, critical, both: {PASSES} passes in a row"));
    plans::line(&mut plan, "gate ready: all");
    world.apply_plan(plan, "olga").unwrap();
    world.enrol(&t1()).unwrap();
    world
}

fn t1() -> AgentKey {
    agent_key(Side::Target, "t1")
}

fn batch(first_seq: u64) -> FindingBatch {
    FindingBatch { agent: t1(), spool_epoch: SpoolEpoch(7), first_seq, findings: Vec::new(), gap: None }
}

/// The finding with this number, of the round with this number.
fn send(world: &mut World, number: u64, behaviour: &Behaviour) {
    let plan = world.migration.plan().unwrap().clone();
    let revision = (world.migration.revision(), world.migration.plan_hash().unwrap());
    let login = name("login");
    let found = finding(&login, &plan.scenarios[&login], behaviour, revision, world.now, number);
    world.see(Observation::Findings(FindingBatch { findings: vec![found], ..batch(number) }));
}

fn state(world: &World) -> EvidenceState {
    world.migration.scenarios(world.now)[0].sides[1].state
}

fn counted(world: &World, reason: NotCounted) -> u64 {
    world.migration.not_counted().get(&reason).copied().unwrap_or(0)
}

#[test]
fn what_lies_behind_a_hole_waits_and_what_was_missing_still_counts() {
    let mut world = world();
    for number in 5..8 {
        send(&mut world, number, &Behaviour::Passes);
    }
    assert_eq!(state(&world), EvidenceState::Proved, "a spool begins anywhere");
    send(&mut world, 9, &Behaviour::Passes);
    assert_eq!(state(&world), EvidenceState::Undecided, "what is missing may have failed");
    assert_eq!(counted(&world, NotCounted::Unfitting), 1);
    send(&mut world, 8, &Behaviour::Fails("no".into()));
    assert_eq!(state(&world), EvidenceState::Refuted, "it had failed");
    assert_eq!(counted(&world, NotCounted::Duplicate), 0);
    for number in 9..12 {
        send(&mut world, number, &Behaviour::Passes);
    }
    assert_eq!(state(&world), EvidenceState::Proved);
}

#[test]
fn a_gap_record_stands_for_what_is_missing() {
    let mut world = world();
    send(&mut world, 1, &Behaviour::Passes);
    let counts = BTreeMap::from([(name("login"), 3)]);
    let gap = Gap { from: 2, to: 4, counts, reason: "full".into() };
    world.see(Observation::Findings(FindingBatch { gap: Some(gap), ..batch(2) }));
    for number in 5..8 {
        send(&mut world, number, &Behaviour::Passes);
    }
    assert_eq!((state(&world), counted(&world, NotCounted::Unfitting)), (EvidenceState::Proved, 0));
}
