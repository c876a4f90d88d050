//! A check that asks for several agents of a side is never good by fewer, and not by liars alone.
//!
//! A failure prints the seed and the smallest sequence that still fails.

#![expect(clippy::unwrap_used, reason = "a test stops at what must not be")]

#[expect(dead_code, reason = "each test file uses a part of the world")]
mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use tidelock_core::record::{Observation, Record};
use tidelock_core::{AgentStanding, Ask, EvidenceState, Migration};
use tidelock_model::{AgentKey, Cause, Digest, Name, Outcome, Phase, Side};
use world::agents::Behaviour;
use world::{World, agent_key, asker, name, plans};

/// A finding is fresh for so long after it came.
const FRESH: Duration = Duration::from_secs(13);
const CHECKS: [&str; 2] = ["login", "rows"];
const QUORUM: usize = 2;
const PLAN: [&str; 3] = [
    "scenario login, critical, both, target agents at least 2: 2 passes in a row",
    "scenario rows, critical, both, target agents at least 2: parity lag 5 matches 2",
    "gate ready: all",
];

fn agents() -> [AgentKey; 4] {
    [(Side::Source, "s1"), (Side::Target, "t1"), (Side::Target, "t2"), (Side::Target, "t3")]
        .map(|(side, agent)| agent_key(side, agent))
}

/// A plan and its agents; on each side as many of them as are asked for by number.
fn begin(targets: usize, behaviour: impl Fn(&AgentKey, &str) -> Behaviour) -> World {
    let mut world = World::new();
    let mut plan = plans::empty();
    PLAN.iter().for_each(|line| plans::line(&mut plan, line));
    world.apply_plan(plan, "olga").unwrap();
    for key in agents().iter().take(1 + targets) {
        world.enrol(key).unwrap();
        for check in CHECKS {
            let agent = world.agents.get_mut(key).unwrap();
            agent.behaviours.insert(name(check), behaviour(key, check));
        }
    }
    world
}

/// What a check shows when all is well, or says it is.
fn good(check: &str) -> Behaviour {
    if check == "login" {
        return Behaviour::Passes;
    }
    let digest = Digest { key: "orders".into(), hash: vec![7], rows: 10, position: String::new() };
    Behaviour::Shows(vec![digest])
}

fn state(world: &World, check: &str, side: Side) -> EvidenceState {
    let scenarios = world.migration.scenarios(world.now);
    let scenario = scenarios.iter().find(|scenario| scenario.name == *check).unwrap();
    scenario.sides.iter().find(|it| it.side == side).unwrap().state
}

/// The target's agents whose word of the check came in the last seconds, as the journal has it.
fn told(world: &World, check: &Name) -> usize {
    let told: BTreeSet<&AgentKey> = (world.journal.iter().rev())
        .take_while(|entry| world.now.since(entry.at) <= FRESH)
        .filter_map(|entry| match &entry.record {
            Record::Seen(_, Observation::Findings(batch)) => Some(batch),
            Record::Seen(..) | Record::Decided(_) => None,
        })
        .filter(|batch| batch.agent.side == Side::Target)
        .filter(|batch| world.migration.expects(&batch.agent) == AgentStanding::Enrolled)
        .filter(|batch| batch.findings.iter().any(|it| it.check == *check && it.outcome != Outcome::NotRun))
        .map(|batch| &batch.agent)
        .collect();
    told.len()
}

/// Of whatever is good at least two agents told, and without them no gate is open.
fn never_good_by_fewer(world: &World) {
    never_good_by_fewer_than(QUORUM, world);
}

/// The same of checks that ask for so many.
fn never_good_by_fewer_than(least: usize, world: &World) {
    for check in CHECKS {
        let told = told(world, &name(check));
        let state = state(world, check, Side::Target);
        assert!(
            state != EvidenceState::Proved || told >= least,
            "{check} is good, and {told} agents told of it"
        );
        let open = world.migration.verdict(Phase::Ready, world.now).open();
        assert!(!open || told >= least, "ready is open, and {told} agents told of {check}");
    }
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Seconds(u8),
    Behave(usize, usize, u8),
    Live(usize, bool),
    SignOff(usize),
    Revoke(usize),
    Refuse(usize, usize, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (1..25_u8).prop_map(Step::Seconds),
        3 => (0..4_usize, 0..2_usize, 0..8_u8).prop_map(|(agent, check, kind)| Step::Behave(agent, check, kind)),
        1 => (0..4_usize, any::<bool>()).prop_map(|(agent, on)| Step::Live(agent, on)),
        1 => (0..4_usize).prop_map(Step::SignOff),
        1 => (2..4_usize).prop_map(Step::Revoke),
        1 => (0..4_usize, 0..2_usize, any::<bool>()).prop_map(|(agent, check, on)| Step::Refuse(agent, check, on)),
    ];
    prop::collection::vec(step, 1..40)
}

fn take(world: &mut World, step: &Step, seen: &mut bool) {
    let agents = agents();
    match step {
        Step::Seconds(seconds) => {
            for _ in 0..*seconds {
                world.second();
                world.weigh();
                never_good_by_fewer(world);
                *seen |= state(world, "login", Side::Target) == EvidenceState::Proved;
            }
        }
        Step::Behave(agent, check, kind) => {
            let check = CHECKS[*check];
            let behaviour = match *kind {
                0..=3 => good(check),
                4 => Behaviour::Fails("broken".into()),
                5 => Behaviour::NotRun(Cause::Timeout),
                6 => Behaviour::Silent,
                _ => Behaviour::AnotherComponent,
            };
            world.agents.get_mut(&agents[*agent]).unwrap().behaviours.insert(name(check), behaviour);
        }
        Step::Live(agent, on) => world.agents.get_mut(&agents[*agent]).unwrap().alive = *on,
        Step::SignOff(agent) => {
            world.agents.get_mut(&agents[*agent]).unwrap().alive = false;
            world.see(Observation::SignedOff(agents[*agent].clone()));
        }
        Step::Revoke(agent) => {
            let (agent, by) = (agents[*agent].clone(), asker("operator"));
            let _ = world.ask(&Ask::RevokeAgent { agent, by, reason: "it is gone".into() });
        }
        Step::Refuse(agent, check, refused) => {
            let refusal = tidelock_core::record::Refusal {
                check: name(CHECKS[*check]),
                cause: "interface".into(),
                reason: "another contract".into(),
                refused: *refused,
            };
            world.see(Observation::Refused(agents[*agent].clone(), refusal));
        }
    }
    world.weigh();
    never_good_by_fewer(world);
}

/// What is so on a target that is broken.
fn truth(check: &str) -> Behaviour {
    match check {
        "login" => Behaviour::Fails("sign-in refused".into()),
        _ => Behaviour::Shows(Vec::new()),
    }
}

/// An honest agent stays, signs off, is revoked, or dies.
fn leave(world: &mut World, key: &AgentKey, kind: u8) {
    match kind {
        0 => {}
        1 => {
            world.agents.get_mut(key).unwrap().alive = false;
            world.see(Observation::SignedOff(key.clone()));
        }
        2 => {
            let (agent, by, reason) = (key.clone(), asker("operator"), "it is gone".to_owned());
            let _ = world.ask(&Ask::RevokeAgent { agent, by, reason });
        }
        _ => world.agents.get_mut(key).unwrap().alive = false,
    }
}

/// An agent of the target: those that lie come first.
fn target(place: usize) -> AgentKey {
    agent_key(Side::Target, &format!("t{place}"))
}

/// A target that is broken, liars on it that say that all is well, and honest agents that say what is. Each check asks
/// for so many agents of each side, and the source, where all is well, has as many.
fn crowd(least: usize, liars: usize, honest: usize) -> World {
    let (mut world, mut plan) = (World::new(), plans::empty());
    plans::line(
        &mut plan,
        &format!("scenario login, critical, both, agents at least {least}: 2 passes in a row"),
    );
    plans::line(
        &mut plan,
        &format!("scenario rows, critical, both, agents at least {least}: parity lag 5 matches 2"),
    );
    plans::line(&mut plan, "gate ready: all");
    (plan.source.agents_at_most, plan.target.agents_at_most) = (9, 9);
    world.apply_plan(plan, "olga").unwrap();
    let sources = (0..least).map(|place| (agent_key(Side::Source, &format!("s{place}")), true));
    let targets = (0..liars + honest).map(|place| (target(place), place < liars));
    for (key, well) in sources.chain(targets) {
        world.enrol(&key).unwrap();
        for check in CHECKS {
            let says = if well { good(check) } else { truth(check) };
            world.agents.get_mut(&key).unwrap().behaviours.insert(name(check), says);
        }
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_scenario_is_good_by_fewer_agents_than_its_quorum(steps in steps()) {
        let mut world = begin(3, |_, check| good(check));
        let mut seen = false;
        // All is well at first, so that what breaks it has something to break.
        take(&mut world, &Step::Seconds(20), &mut seen);
        prop_assert!(seen, "nothing was ever good");
        for step in &steps {
            take(&mut world, step, &mut seen);
        }
        prop_assert!(world.replay() == world.migration, "a replay gives another state");
    }

    #[test]
    fn fewer_liars_than_the_quorum_open_no_gate(honest in prop::collection::vec(0..4_u8, 2), leaves in 0..60_u8) {
        // The target is broken all the while. One agent says that all is well; the others say what is, or leave.
        let liar = |key: &AgentKey| matches!(key.name.as_str(), "s1" | "t1");
        let mut world = begin(3, |key, check| if liar(key) { good(check) } else { truth(check) });
        for second in 0..90_u8 {
            for (place, kind) in honest.iter().enumerate() {
                let key = agents()[2 + place].clone();
                if second == leaves {
                    leave(&mut world, &key, *kind);
                }
            }
            world.second();
            world.weigh();
            let open = world.migration.verdict(Phase::Ready, world.now).open();
            prop_assert!(!open, "the liar alone opened the gate");
            never_good_by_fewer(&world);
        }
    }

    #[test]
    fn fewer_liars_than_any_quorum_open_no_gate_and_as_many_alone_do(
        (least, liars) in (1..=4_usize).prop_flat_map(|least| (Just(least), 0..=least)),
        honest in prop::collection::vec(0..4_u8, 0..4),
        leaves in 0..40_u8,
    ) {
        let mut world = crowd(least, liars, honest.len());
        for second in 0..60_u8 {
            for (place, kind) in honest.iter().enumerate().filter(|_| second == leaves) {
                leave(&mut world, &target(liars + place), *kind);
            }
            world.second();
            world.weigh();
            never_good_by_fewer_than(least, &world);
            let open = world.migration.verdict(Phase::Ready, world.now).open();
            prop_assert!(!open || liars == least, "{liars} liars opened a gate that asks for {least}");
        }
        // What keeps the gate shut is that they are too few, and nothing else.
        let open = world.migration.verdict(Phase::Ready, world.now).open();
        prop_assert!(open || liars < least || !honest.is_empty(), "{least} agents without a contradiction opened nothing");
    }
}

#[test]
fn as_many_agents_as_a_check_asks_for_make_it_good_and_one_fewer_does_not() {
    let play = |targets: usize| {
        let mut world = begin(targets, |_, check| good(check));
        for _ in 0..30 {
            world.second();
            world.weigh();
        }
        world
    };
    let open = |world: &World| world.migration.verdict(Phase::Ready, world.now).open();
    let (one, two) = (play(1), play(2));
    assert!(!open(&one) && open(&two));
    let holds = one.migration.verdict(Phase::Ready, one.now).holds;
    let lines: Vec<String> = holds.iter().map(tidelock_core::Hold::line).collect();
    assert_eq!(
        lines,
        [
            "missing login on target: 1 of at least 2 agents on target told of login",
            "missing rows on target: 1 of at least 2 agents on target told of rows"
        ]
    );
    let replayed: Migration = two.replay();
    assert!(replayed == two.migration);
}

/// What is to be done about the target, as whoever asks about login is told.
fn remedy(world: &World) -> String {
    let explained = world.migration.explain(&name("login"), world.now).unwrap();
    let mut holds = explained.holds.into_iter();
    holds.find(|hold| hold.side == Some(Side::Target)).unwrap().next
}

#[test]
fn whoever_asks_why_a_quorum_is_missing_is_told_whom_to_bring_or_to_look_at() {
    let play = |mut world: World| {
        for _ in 0..30 {
            world.second();
            world.weigh();
        }
        remedy(&world)
    };
    let alone = begin(1, |_, check| good(check));
    assert_eq!(play(alone), "bring 1 more agent to target: tidelock agent token --side target");

    let mut silent = begin(2, |_, check| good(check));
    silent.agents.get_mut(&agent_key(Side::Target, "t2")).unwrap().alive = false;
    assert_eq!(play(silent), "silent: target/t2; see: tidelock agent ls");

    let says_nothing = |key: &AgentKey, check: &str| match (key.name.as_str(), check) {
        ("t2", "login") => Behaviour::Silent,
        _ => good(check),
    };
    let ask = "no word of it from target/t2; ask now: tidelock check run login --side target";
    assert_eq!(play(begin(2, says_nothing)), ask);
}

#[test]
fn whoever_asks_why_a_canary_holds_a_check_is_told_which_agent_to_look_at() {
    let mut world = World::new();
    let mut plan = plans::empty();
    for line in ["scenario login, critical, both: 2 passes in a row", "gate ready: all", "canary"] {
        plans::line(&mut plan, line);
    }
    world.apply_plan(plan, "olga").unwrap();
    for key in agents().iter().take(2) {
        world.enrol(key).unwrap();
        world.agents.get_mut(key).unwrap().behaviours.insert(name("login"), Behaviour::Passes);
    }
    world.agents.get_mut(&agent_key(Side::Target, "t1")).unwrap().canary = Behaviour::Passes;
    for _ in 0..20 {
        world.second();
        world.weigh();
    }
    let look = "look at what runs as target/t1; if it is not to be trusted: tidelock agent revoke t1 --side target --reason TEXT";
    assert_eq!(remedy(&world), look);
}

#[test]
fn what_a_lost_spool_told_is_no_voice_any_more() {
    let mut world = World::new();
    let mut plan = plans::empty();
    for line in [
        "scenario login, critical, both: 1 pass in a row",
        "scenario rows, critical, both, target agents at least 2: parity lag 5 matches 1",
        "gate ready: all",
    ] {
        plans::line(&mut plan, line);
    }
    world.apply_plan(plan, "olga").unwrap();
    for key in agents().iter().take(3) {
        world.enrol(key).unwrap();
        for check in CHECKS {
            world.agents.get_mut(key).unwrap().behaviours.insert(name(check), good(check));
        }
    }
    let run = |world: &mut World, seconds: u64| {
        for _ in 0..seconds {
            world.second();
            world.weigh();
        }
    };
    run(&mut world, 15);
    assert_eq!(state(&world, "rows", Side::Target), EvidenceState::Proved);
    let t2 = agent_key(Side::Target, "t2");
    world.agents.get_mut(&t2).unwrap().begin_spool();
    world.agents.get_mut(&t2).unwrap().behaviours.insert(name("rows"), Behaviour::Silent);
    // The rows are alike again, by the word of t1; t2's was fresh for three seconds more.
    run(&mut world, 10);
    assert_eq!(state(&world, "rows", Side::Target), EvidenceState::Missing);
    world.agents.get_mut(&t2).unwrap().behaviours.insert(name("rows"), good("rows"));
    run(&mut world, 5);
    assert_eq!(state(&world, "rows", Side::Target), EvidenceState::Proved);
}
