//! Proofs that both sides' agents give together: whatever the order, the repeats and the silences of what
//! arrives. A failure prints the seed and the smallest world that still fails.

#![expect(clippy::unwrap_used, reason = "a test stops at what must not be")]

#[expect(dead_code, reason = "each test file uses a part of the world")]
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use tidelock_core::record::Observation;
use tidelock_core::{Ask, EvidenceState, Migration};
use tidelock_model::{AgentKey, Cause, FindingBatch, Phase, Sha256, Side, SpoolEpoch};
use world::agents::{Behaviour, finding};
use world::{World, agent_key, asker, name, plans, seen};

const EVERY: u64 = 5;
/// A finding that is due at the beginning of a slot may come as late as its slot closes, and the last one of
/// it within the grace.
const ON_ITS_WAY: u64 = 5;
const PLAN: [&str; 6] = [
    "agents at least 2",
    "observe 0 s",
    "watch 120 s",
    "scenario login, critical, both: success margin 50 outage 1 slo 50",
    "scenario jobs, critical, both: owner source then target for 15 s",
    "gate ready: all",
];

fn agents() -> [AgentKey; 4] {
    [(Side::Source, "s1"), (Side::Source, "s2"), (Side::Target, "t1"), (Side::Target, "t2")]
        .map(|(side, agent)| agent_key(side, agent))
}

fn begin() -> World {
    let mut world = World::new();
    let mut plan = plans::empty();
    PLAN.iter().for_each(|line| plans::line(&mut plan, line));
    world.apply_plan(plan, "olga").unwrap();
    for key in agents() {
        world.enrol(&key).unwrap();
        world.see(Observation::Agent(seen(&key)));
    }
    world
}

/// What each agent finds in each round, and how many seconds that is on its way.
#[derive(Debug, Clone)]
struct Course {
    rounds: Vec<[(u8, u64); 4]>,
}

fn courses() -> impl Strategy<Value = Course> {
    let kind = prop_oneof![12 => Just(0_u8), 1 => Just(1), 1 => Just(2), 1 => Just(3)];
    let one = (kind, 0..ON_ITS_WAY);
    prop::collection::vec([one.clone(), one.clone(), one.clone(), one], 4..30)
        .prop_map(|rounds| Course { rounds })
}

fn behaviour(kind: u8) -> Option<Behaviour> {
    match kind {
        0 => Some(Behaviour::Passes),
        1 => Some(Behaviour::Fails("no".into())),
        2 => Some(Behaviour::NotRun(Cause::Trap)),
        _ => None,
    }
}

/// How a course is brought to the collector.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    AtOnce,
    Delayed,
    /// Agents are heard in the other order.
    Turned,
    /// Every batch comes twice.
    Twice,
}

fn play(course: &Course, way: Way) -> World {
    let mut world = begin();
    let plan = world.migration.plan().unwrap().clone();
    let revision = (1, Sha256::from_bytes([1; 32]));
    let login = name("login");
    let mut seqs = [0_u64; 4];
    let last = course.rounds.len() as u64 * EVERY + 16;
    for second in 1..=last {
        world.now = world.now.plus(Duration::from_secs(1));
        let mut order = [0, 1, 2, 3];
        if way == Way::Turned {
            order.reverse();
        }
        for place in order {
            let key = agents()[place].clone();
            if second.is_multiple_of(3) {
                world.see(Observation::Agent(seen(&key)));
            }
            let mut findings = Vec::new();
            for (round, outcomes) in course.rounds.iter().enumerate() {
                let (kind, delay) = outcomes[place];
                let due = round as u64 * EVERY;
                let arrives = due.max(1) + if way == Way::Delayed { delay } else { 0 };
                if let (true, Some(behaviour)) = (arrives == second, behaviour(kind)) {
                    let due = world::BEGIN.plus(Duration::from_secs(due));
                    let scenario = &plan.scenarios[&login];
                    findings.push(finding(&login, scenario, &behaviour, revision, due, round as u64));
                }
            }
            if findings.is_empty() {
                continue;
            }
            let number = findings.len() as u64;
            let (agent, spool_epoch) = (key, SpoolEpoch(7 + place as u128));
            let batch = FindingBatch { agent, spool_epoch, first_seq: seqs[place], findings, gap: None };
            seqs[place] += number;
            if way == Way::Twice {
                world.see(Observation::Findings(batch.clone()));
            }
            world.see(Observation::Findings(batch));
        }
        world.see(Observation::Tick);
    }
    world
}

/// Everything that the scenario's proofs say.
fn told(world: &World) -> Vec<String> {
    let scenarios = world.migration.scenarios(world.now);
    let login = scenarios.iter().find(|scenario| scenario.name == *"login").unwrap();
    let claims = login.sides.iter().flat_map(|side| side.claims.iter().map(|claim| (side.side, claim)));
    let line = |(side, claim): (Side, &tidelock_core::ClaimStatus)| {
        let ln_e = claim.proof.as_ref().map(|proof| (proof.ln_e.clone(), proof.results, proof.slots));
        format!("{side} {} {:?} {}: {ln_e:?}", claim.name, claim.state, claim.is)
    };
    claims.map(line).collect()
}

fn hash(world: &World) -> Sha256 {
    world.migration.verdict(Phase::Ready, world.now).evidence_hash
}

/// One thing that happens in a world that is asked for nothing.
#[derive(Debug, Clone)]
enum Step {
    Seconds(u8),
    Behave(usize, usize, u8),
    Connect(usize, bool),
    Live(usize, bool),
    Clock(usize, u16),
    Away(u8),
    Build(u8),
    Switch,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..50_u8).prop_map(Step::Seconds),
        3 => (0..4_usize, 0..2_usize, 0..8_u8).prop_map(|(agent, check, kind)| Step::Behave(agent, check, kind)),
        1 => (0..4_usize, any::<bool>()).prop_map(|(agent, on)| Step::Connect(agent, on)),
        1 => (0..4_usize, any::<bool>()).prop_map(|(agent, on)| Step::Live(agent, on)),
        1 => (0..4_usize, 0..40_000_u16).prop_map(|(agent, ms)| Step::Clock(agent, ms)),
        1 => (1..60_u8).prop_map(Step::Away),
        1 => (0..3_u8).prop_map(Step::Build),
        2 => Just(Step::Switch),
    ];
    prop::collection::vec(step, 1..24)
}

fn healthy() -> World {
    let mut world = begin();
    for key in agents() {
        let agent = world.agents.get_mut(&key).unwrap();
        agent.behaviours.insert(name("login"), Behaviour::Passes);
        let writes = if key.side == Side::Source { 2.0 } else { 0.0 };
        agent
            .behaviours
            .insert(name("jobs"), Behaviour::Reports(vec![("writes".into(), writes)], Vec::new()));
    }
    (0..90).for_each(|_| second(&mut world));
    world
}

fn second(world: &mut World) {
    world.second();
    world.weigh();
    never_open_unproved(world);
}

fn take(world: &mut World, step: &Step) {
    let agents = agents();
    match step {
        Step::Seconds(seconds) => (0..*seconds).for_each(|_| second(world)),
        Step::Behave(agent, check, kind) => {
            let writes = |count| Behaviour::Reports(vec![("writes".into(), count)], Vec::new());
            let behaviour = match (check, kind) {
                (0, 0..=3) => Behaviour::Passes,
                (0, 4) => Behaviour::Fails("no".into()),
                (0, 5) => Behaviour::Takes(500),
                (_, 6) => Behaviour::Silent,
                (0, _) => Behaviour::AnotherComponent,
                (_, 0..=3) => writes(0.0),
                (_, 4) => writes(-1.0),
                (_, _) => writes(1.0),
            };
            let agent = world.agents.get_mut(&agents[*agent]).unwrap();
            agent.behaviours.insert(name(["login", "jobs"][*check]), behaviour);
        }
        Step::Connect(agent, on) => world.agents.get_mut(&agents[*agent]).unwrap().connected = *on,
        Step::Live(agent, on) => world.agents.get_mut(&agents[*agent]).unwrap().alive = *on,
        Step::Clock(agent, ms) => world.agents.get_mut(&agents[*agent]).unwrap().clock.0 = i64::from(*ms),
        Step::Away(seconds) => world.away(u64::from(*seconds)),
        Step::Build(build) => drop(world.builds.insert(Side::Target, format!("build {build}"))),
        Step::Switch => switch(world),
    }
    world.weigh();
    never_open_unproved(world);
}

/// Whatever of the way over is possible now.
fn switch(world: &mut World) {
    let (by, reason, request_id) = (asker("olga"), "as agreed".to_owned(), String::new());
    let decision = name("cutover");
    let go = Ask::Decide { decision, go: true, by, reason, evidence_sequence: None, request_id };
    let _ = world.ask(&go);
    world.weigh();
    let by = asker("pipeline");
    let epoch = world.token(Phase::Cutover).unwrap_or(0);
    let _ = world.ask(&Ask::Confirm { by: by.clone(), epoch, request_id: String::new() });
    world.weigh();
    let (to, reason) = (Side::Target, "as agreed".to_owned());
    let _ = world.ask(&Ask::Switched { to, by, reason, request_id: String::new() });
}

fn never_open_unproved(world: &World) {
    let now = world.now;
    for gate in [Phase::Ready, Phase::Cutover, Phase::Committed] {
        if !world.migration.verdict(gate, now).open() {
            continue;
        }
        for scenario in world.migration.scenarios(now) {
            for claim in scenario.sides.iter().flat_map(|side| &side.claims) {
                assert_eq!(
                    claim.state,
                    EvidenceState::Proved,
                    "{gate} is open: {}: {claim:?}",
                    scenario.name
                );
            }
        }
    }
}

/// The claims that are proved, each named.
fn proved(migration: &Migration, world: &World) -> Vec<String> {
    let scenarios = migration.scenarios(world.now);
    let sides = scenarios.iter().flat_map(|scenario| scenario.sides.iter().map(move |side| (scenario, side)));
    let claims = sides.flat_map(|(scenario, side)| {
        let good = side.claims.iter().filter(|claim| claim.state == EvidenceState::Proved);
        good.map(move |claim| format!("{} {} {}", scenario.name, side.side, claim.name))
    });
    claims.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_inside_the_grace_is_of_no_matter(course in courses()) {
        prop_assert_eq!(told(&play(&course, Way::Delayed)), told(&play(&course, Way::AtOnce)));
    }

    #[test]
    fn the_order_of_agents_streams_is_of_no_matter(course in courses()) {
        let (turned, straight) = (play(&course, Way::Turned), play(&course, Way::AtOnce));
        prop_assert_eq!(told(&turned), told(&straight));
        prop_assert_eq!(hash(&turned), hash(&straight));
    }

    #[test]
    fn what_comes_twice_counts_once(course in courses()) {
        let (twice, once) = (play(&course, Way::Twice), play(&course, Way::AtOnce));
        prop_assert_eq!(told(&twice), told(&once));
        prop_assert_eq!(hash(&twice), hash(&once));
    }

    #[test]
    fn no_gate_is_open_unproved_and_a_replay_gives_the_same(steps in steps(), cut in 0..100_usize) {
        let mut world = healthy();
        steps.iter().for_each(|step| take(&mut world, step));
        let replayed = world.replay();
        prop_assert!(replayed == world.migration, "a replay gives another state");
        for gate in Phase::ALL {
            prop_assert_eq!(replayed.verdict(*gate, world.now), world.migration.verdict(*gate, world.now));
        }
        let at = world.journal.len() * cut / 100;
        let mut tail = Migration::new(name("shop"));
        world.journal[..at].iter().for_each(|entry| tail.apply(entry));
        let mut tail = tail.clone();
        world.journal[at..].iter().for_each(|entry| tail.apply(entry));
        prop_assert!(tail == world.migration, "a snapshot and its tail give another state");
    }

    #[test]
    fn time_alone_makes_no_evidence_better(steps in steps(), seconds in 1..200_u64) {
        let mut world = healthy();
        steps.iter().for_each(|step| take(&mut world, step));
        // Slots that have results close yet; after that nothing is heard any more.
        world.agents.values_mut().for_each(|agent| agent.alive = false);
        (0..16).for_each(|_| second(&mut world));
        let before = proved(&world.migration, &world);
        (0..seconds).for_each(|_| second(&mut world));
        let after = proved(&world.migration, &world);
        let new: Vec<&String> = after.iter().filter(|claim| !before.contains(claim)).collect();
        prop_assert!(new.is_empty(), "became proved by waiting: {new:?}");
    }
}

#[test]
fn one_migration_takes_nothing_from_another() {
    let (mut broken, fine) = (healthy(), healthy());
    let alone = healthy();
    let agent = broken.agents.get_mut(&agent_key(Side::Target, "t1")).unwrap();
    agent.behaviours.insert(name("login"), Behaviour::Fails("no".into()));
    let mut worlds = BTreeMap::from([(1, broken), (2, fine), (3, alone)]);
    for _ in 0..60 {
        worlds.values_mut().for_each(second);
    }
    assert!(!worlds[&1].migration.verdict(Phase::Ready, worlds[&1].now).open());
    assert_eq!(told(&worlds[&2]), told(&worlds[&3]));
    assert!(worlds[&2].migration.verdict(Phase::Ready, worlds[&2].now).open());
}
