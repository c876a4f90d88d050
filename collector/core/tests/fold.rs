//! What the fold takes from a journal, record by record.

#![expect(clippy::unwrap_used, reason = "a test stops at what must not be")]

#[expect(dead_code, reason = "each test file uses a part of the world")]
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_core::plan::{Plan, RevisionFrom};
use tidelock_core::record::{EventKind, Observation};
use tidelock_core::{AgentStanding, AgentState, Ask, EvidenceState, NotCounted, RefusalCode};
use tidelock_model::{AgentKey, Finding, FindingBatch, Gap, Phase, Remaining, Sha256, Side, SpoolEpoch};
use world::agents::{Behaviour, finding};
use world::{World, agent_key, asker, name, plans};

/// A world with one check on both sides, `passes` in a row wanted, everything passing for `seconds`.
fn world(passes: u32, seconds: u64) -> World {
    of(plans::empty(), passes, seconds)
}

/// The same beside what the plan has already.
fn of(mut plan: Plan, passes: u32, seconds: u64) -> World {
    let mut world = World::new();
    plans::line(&mut plan, &format!("scenario login, critical, both: {passes} passes in a row"));
    plans::line(&mut plan, "gate ready: all");
    world.apply_plan(plan, "olga").unwrap();
    for key in [agent_key(Side::Source, "s1"), t1()] {
        world.enrol(&key).unwrap();
        world.agents.get_mut(&key).unwrap().behaviours.insert(name("login"), Behaviour::Passes);
    }
    run(&mut world, seconds);
    world
}

fn run(world: &mut World, seconds: u64) {
    for _ in 0..seconds {
        world.second();
        world.weigh();
    }
}

fn t1() -> AgentKey {
    agent_key(Side::Target, "t1")
}

/// Sends one passing finding of `login` from t1, changed by `change`.
fn send(world: &mut World, change: impl FnOnce(&mut Finding)) {
    let plan = world.migration.plan().unwrap().clone();
    let revision = (world.migration.revision(), world.migration.plan_hash().unwrap());
    let login = name("login");
    let mut finding =
        finding(&login, &plan.scenarios[&login], &Behaviour::Passes, revision, world.now, 9_999);
    change(&mut finding);
    let batch = world.agents.get_mut(&t1()).unwrap().say(&t1(), finding);
    world.see(Observation::Findings(batch));
    world.weigh();
}

fn state(world: &World) -> EvidenceState {
    world.migration.scenarios(world.now)[0].sides[1].state
}

fn counted(world: &World, reason: NotCounted) -> u64 {
    world.migration.not_counted().get(&reason).copied().unwrap_or(0)
}

#[test]
fn what_was_dropped_breaks_the_row() {
    let mut world = world(3, 16);
    assert_eq!((world.migration.phase(), state(&world)), (Phase::Ready, EvidenceState::Proved));
    let gap = Gap { from: 0, to: 4, counts: BTreeMap::from([(name("login"), 5)]), reason: "full".into() };
    let spool_epoch = SpoolEpoch(77);
    let batch = FindingBatch { agent: t1(), spool_epoch, first_seq: 0, findings: Vec::new(), gap: Some(gap) };
    world.see(Observation::Findings(batch));
    world.weigh();
    assert_eq!((world.migration.phase(), state(&world)), (Phase::Sync, EvidenceState::Undecided));
}

#[test]
fn another_build_behind_the_target_starts_the_row_anew() {
    let mut world = world(2, 11);
    send(&mut world, |finding| finding.target_revision = "build-1".into());
    assert_eq!(state(&world), EvidenceState::Proved);
    send(&mut world, |finding| (finding.target_revision, finding.round) = ("build-2".into(), 10_000));
    assert_eq!((world.migration.phase(), state(&world)), (Phase::Sync, EvidenceState::Undecided));
}

#[test]
fn a_header_that_is_gone_is_another_build() {
    let mut plan = plans::empty();
    plan.target.revision = Some(RevisionFrom::Header("X-Build".into()));
    let mut world = of(plan, 2, 11);
    send(&mut world, |finding| (finding.target_revision, finding.round) = ("build-1".into(), 9_000));
    send(&mut world, |finding| (finding.target_revision, finding.round) = ("build-1".into(), 9_001));
    assert_eq!(state(&world), EvidenceState::Proved);
    send(&mut world, |finding| finding.round = 10_000);
    assert_eq!(state(&world), EvidenceState::Undecided);
}

#[test]
fn a_pass_of_another_plan_round_or_time_proves_nothing() {
    let mut world = world(9, 2);
    let hour = Duration::from_secs(3600);
    send(&mut world, |finding| finding.plan_hash = Sha256::from_bytes([9; 32]));
    send(&mut world, |finding| finding.plan_revision = 2);
    assert_eq!(counted(&world, NotCounted::OtherPlan), 2);
    let now = world.now;
    send(&mut world, |finding| finding.due = now.plus(hour));
    send(&mut world, |finding| finding.due = now.minus(hour));
    send(&mut world, |_| {});
    send(&mut world, |_| {});
    let numbers =
        [NotCounted::Ahead, NotCounted::Late, NotCounted::SameRound].map(|reason| counted(&world, reason));
    assert_eq!(numbers, [1, 1, 1]);
    assert_eq!(world.migration.scenarios(world.now)[0].sides[1].value, "1 of 9 passes in a row");
}

#[test]
fn a_vanished_agent_is_owed_until_its_certificate_ends() {
    let mut world = world(1, 6);
    let t2 = agent_key(Side::Target, "t2");
    world.enrol(&t2).unwrap();
    world.weigh();
    assert_eq!(world.migration.phase(), Phase::Sync);
    let certificate_ends = world.now.plus(Duration::from_secs(20));
    let (must_be_new, reason) = (false, String::new());
    world.ask(&Ask::Enrol { agent: t2.clone(), certificate_ends, must_be_new, reason }).unwrap();
    run(&mut world, 18);
    assert_eq!(world.migration.phase(), Phase::Sync);
    run(&mut world, 6);
    assert_eq!(world.migration.phase(), Phase::Ready);
    let states: Vec<AgentState> = world.migration.agents(world.now).iter().map(|agent| agent.state).collect();
    assert_eq!(states, [AgentState::Online, AgentState::Online, AgentState::Expired]);
}

#[test]
fn a_revoked_name_stays_revoked_and_a_suspension_outlives_a_renewal() {
    let mut world = world(1, 6);
    world.ask(&Ask::ReportConflict { agent: t1(), text: "two findings under one number".into() }).unwrap();
    world.enrol(&t1()).unwrap();
    assert_eq!(world.migration.expects(&t1()), AgentStanding::Suspended);
    let (by, reason) = (asker("operator"), "it lies".to_owned());
    world.ask(&Ask::RevokeAgent { agent: t1(), by, reason }).unwrap();
    assert_eq!(world.enrol(&t1()).unwrap_err().code, RefusalCode::NotYours);
    assert_eq!(world.migration.expects(&t1()), AgentStanding::Revoked);
}

#[test]
fn a_name_that_somebody_has_is_given_to_nobody_who_only_asks_for_it() {
    let mut world = world(1, 6);
    let t2 = agent_key(Side::Target, "t2");
    let certificate_ends = world.now.plus(Duration::from_secs(3600));
    let ask = |must_be_new| Ask::Enrol {
        agent: t2.clone(),
        certificate_ends,
        must_be_new,
        reason: "with join token 0a1b of omar".into(),
    };
    assert_eq!(world.ask(&ask(true)).unwrap().len(), 1, "the first of two that ask at once");
    let before = world.migration.clone();
    let refusal = world.ask(&ask(true)).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::NameTaken);
    assert!(refusal.message.contains("there is an agent target/t2 already"), "{}", refusal.message);
    assert!(before == world.migration, "the second changed something");
    assert_eq!(world.ask(&ask(false)).unwrap().len(), 1, "a renewal, or a token for this very name");
    let (by, reason) = (asker("operator"), "it was stolen".to_owned());
    world.ask(&Ask::RevokeAgent { agent: t2.clone(), by, reason }).unwrap();
    assert_eq!(world.ask(&ask(true)).unwrap_err().code, RefusalCode::NameTaken, "nor is it free again");
}

#[test]
fn more_agents_than_the_plan_allows_may_not_join() {
    let mut world = world(1, 1);
    for agent in ["t2", "t3", "t4"] {
        world.enrol(&agent_key(Side::Target, agent)).unwrap();
    }
    let refusal = world.enrol(&agent_key(Side::Target, "t5")).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::TooManyAgents);
}

#[test]
fn a_plan_is_applied_once_and_only_over_the_revision_that_was_seen() {
    let mut world = world(1, 1);
    let plan = Box::new(world.migration.plan().unwrap().clone());
    let looser = world.compared(&[]);
    let ask = |hash: u8, if_revision, by: &str| Ask::ApplyPlan {
        plan: plan.clone(),
        hash: Sha256::from_bytes([hash; 32]),
        by: asker(by),
        reason: "as agreed".into(),
        if_revision,
        grid_origin: world::BEGIN.plus(Duration::from_secs(1)),
        looser: looser.clone(),
        confirm: false,
    };
    assert_eq!(world.ask(&ask(1, None, "olga")), Ok(Vec::new()));
    assert_eq!(world.ask(&ask(2, Some(4), "olga")).unwrap_err().code, RefusalCode::Revision);
    assert_eq!(world.ask(&ask(2, Some(1), "pipeline")).unwrap_err().code, RefusalCode::NotYours);
    let events = world.ask(&ask(2, Some(1), "operator")).unwrap();
    assert!(matches!(&events[0].kind, EventKind::PlanApplied { revision: 2, .. }));
    assert_eq!(world.migration.grid_origin(), Some(world::BEGIN), "the grid is fixed by the first plan");
}

/// The world's plan, once more, as it gets looser or not.
fn looser(world: &World, hash: u8, by: &str, lines: &[&str], confirm: bool, reason: &str) -> Ask {
    Ask::ApplyPlan {
        plan: Box::new(world.migration.plan().unwrap().clone()),
        hash: Sha256::from_bytes([hash; 32]),
        by: asker(by),
        reason: reason.to_owned(),
        if_revision: None,
        grid_origin: world::BEGIN,
        looser: world.compared(lines),
        confirm,
    }
}

#[test]
fn before_it_was_ever_ready_a_looser_plan_needs_a_reason_and_no_second_person() {
    let mut world = world(1, 0);
    assert!(matches!(world.migration.phase(), Phase::Prepare | Phase::Sync));
    let line = &["~ gates.ready.stable_for 10m -> 5m"][..];
    let refusal = world.ask(&looser(&world, 2, "olga", line, false, " ")).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Incomplete, "{refusal}");
    let events = world.ask(&looser(&world, 2, "olga", line, false, "too strict")).unwrap();
    assert!(matches!(&events[0].kind, EventKind::PlanApplied { revision: 2, .. }));
}

#[test]
fn once_it_was_ready_a_looser_plan_waits_for_a_second_person() {
    let mut world = world(1, 8);
    world.weigh();
    assert_eq!(world.migration.phase(), Phase::Ready);
    let line = &["- manual_checks.back-office removed"][..];
    let ask = |world: &World, by: &str, confirm| looser(world, 2, by, line, confirm, "too strict");
    let confirmed = ask(&world, "ben", true);
    assert_eq!(world.ask(&confirmed).unwrap_err().code, RefusalCode::Incomplete, "nothing waits yet");
    let events = world.ask(&ask(&world, "olga", false)).unwrap();
    assert!(matches!(&events[0].kind, EventKind::PlanProposed { base: 1, looser, .. } if looser == line));
    assert_eq!(world.migration.revision(), 1, "it is proposed, and not in force");
    let replayed = world.replay();
    for (by, code) in [("olga", RefusalCode::NotYours), ("operator", RefusalCode::NotYours)] {
        assert_eq!(world.ask(&ask(&world, by, true)).unwrap_err().code, code, "{by}");
    }
    let other = looser(&world, 3, "ben", line, true, "too strict");
    assert_eq!(world.ask(&other).unwrap_err().code, RefusalCode::Revision, "another plan waits");
    assert!(replayed.decide(world.now, &confirmed).is_ok(), "the proposal is in the journal");
    let later = world.now.plus(Duration::from_secs(86_400));
    assert_eq!(world.migration.decide(later, &confirmed).unwrap_err().code, RefusalCode::Incomplete);
    let events = world.ask(&confirmed).unwrap();
    assert!(matches!(&events[0].kind, EventKind::PlanApplied { revision: 2, .. }));
    assert_eq!(events[0].reason, "too strict (proposed by olga)");
    // What was compared with revision 1 says nothing of revision 2.
    assert_eq!(world.ask(&confirmed).map(|events| events.len()), Ok(0), "the same plan again is no news");
    let Ask::ApplyPlan { plan, by, reason, if_revision, grid_origin, looser, confirm, .. } = confirmed else {
        unreachable!("it is a plan")
    };
    let hash = Sha256::from_bytes([4; 32]);
    let stale = Ask::ApplyPlan { plan, hash, by, reason, if_revision, grid_origin, looser, confirm };
    assert_eq!(world.ask(&stale).unwrap_err().code, RefusalCode::Revision);
}

#[test]
fn nothing_is_open_after_a_restart_without_fresh_evidence() {
    let mut world = world(1, 8);
    assert!(world.migration.verdict(Phase::Ready, world.now).open());
    let replayed = world.replay();
    let later = world.now.plus(Duration::from_secs(30));
    assert!(replayed.verdict(Phase::Ready, world.now).open());
    assert!(!replayed.verdict(Phase::Ready, later).open());
    world.now = later;
    assert_eq!(world.weigh().len(), 2, "the lease ends and the phase goes back");
    assert_eq!(world.migration.phase(), Phase::Sync);
}

#[test]
fn the_core_says_when_to_look_again() {
    let world = world(1, 8);
    let mut now = world.now;
    let mut shut = false;
    for _ in 0..50 {
        let Some(next) = world.migration.wake_at(now) else {
            break;
        };
        assert!(next > now, "waking at once, for ever");
        shut |= !world.migration.verdict(Phase::Ready, next).open();
        now = next;
        if shut {
            break;
        }
    }
    assert!(shut, "the evidence became stale and nobody was woken");
}

#[test]
fn evidence_that_came_late_lasts_shorter_and_an_approval_dies_with_it() {
    let mut world = world(1, 8);
    let (by, reason) = (asker("olga"), "as agreed".to_owned());
    let go = Ask::Decide {
        decision: name("cutover"),
        go: true,
        by,
        reason,
        evidence_sequence: None,
        request_id: "a".into(),
    };
    world.ask(&go).unwrap();
    world.weigh();
    assert!(world.migration.verdict(Phase::Cutover, world.now).open());
    // Its runs are delayed on their way, its heartbeats are not: due at 0:10, received at 0:18.
    world.agents.get_mut(&t1()).unwrap().behaviours.insert(name("login"), Behaviour::Silent);
    run(&mut world, 2);
    let due = world.now;
    run(&mut world, 8);
    send(&mut world, |finding| (finding.due, finding.round) = (due, 2));
    let opened = world.migration.verdict(Phase::Cutover, world.now);
    assert!(opened.open());
    // Timeout, grace and `fresh_for` after it was due it is stale, whenever it was received.
    let stale = due.plus(Duration::from_millis(18_001));
    assert!(opened.valid_until.unwrap() <= stale);
    run(&mut world, 11);
    assert_eq!(world.migration.phase(), Phase::Sync);
    world.agents.get_mut(&t1()).unwrap().behaviours.insert(name("login"), Behaviour::Passes);
    run(&mut world, 6);
    assert_eq!(world.migration.phase(), Phase::Ready);
    assert!(!world.migration.verdict(Phase::Cutover, world.now).open(), "the approval was of other evidence");
}

#[test]
fn findings_lost_without_a_name_break_every_row() {
    // A spool that was damaged cannot say what was in it.
    let mut nameless = world(3, 16);
    assert_eq!(state(&nameless), EvidenceState::Proved);
    let (reason, counts) = ("damaged".to_owned(), BTreeMap::new());
    nameless.see(Observation::Findings(FindingBatch {
        agent: t1(),
        spool_epoch: SpoolEpoch(99),
        first_seq: 1,
        findings: Vec::new(),
        gap: Some(Gap { from: 1, to: 1, counts, reason }),
    }));
    assert_eq!(state(&nameless), EvidenceState::Undecided);
    // A spool that was thrown away does not even say that.
    let mut world = world(3, 16);
    let begin = |finding: &mut Finding| finding.round = 9_999;
    world.agents.get_mut(&t1()).unwrap().begin_spool();
    send(&mut world, begin);
    assert_eq!(state(&world), EvidenceState::Undecided, "one pass since the spool began");
}

#[test]
fn another_freshness_is_another_check() {
    let mut world = world(1, 6);
    let mut plan = world.migration.plan().unwrap().clone();
    let login = plan.scenarios.get_mut(&name("login")).unwrap();
    login.fresh_for = Duration::from_secs(2);
    world.apply_plan(plan, "olga").unwrap();
    world.now = world.now.plus(Duration::from_secs(4));
    assert_ne!(state(&world), EvidenceState::Proved, "six seconds old, and two are allowed");
}

#[test]
fn another_roster_is_another_epoch_of_evidence() {
    let mut world = world(1, 8);
    world.enrol(&agent_key(Side::Target, "t2")).unwrap();
    let t2 = agent_key(Side::Target, "t2");
    world.agents.get_mut(&t2).unwrap().behaviours.insert(name("login"), Behaviour::Fails("broken".into()));
    run(&mut world, 8);
    assert_eq!(state(&world), EvidenceState::Refuted);
    let (by, reason) = (asker("operator"), "it is in the way".to_owned());
    world.ask(&Ask::RevokeAgent { agent: t2, by, reason }).unwrap();
    assert_ne!(state(&world), EvidenceState::Proved, "what it saw is not undone by sending it away");
    run(&mut world, 6);
    assert_eq!(state(&world), EvidenceState::Proved);
}

#[test]
fn a_new_plan_lifts_no_suspension() {
    let mut world = world(1, 6);
    let text = "two findings under one number".to_owned();
    world.ask(&Ask::ReportConflict { agent: t1(), text }).unwrap();
    let plan = world.migration.plan().unwrap().clone();
    world.apply_plan(plan, "olga").unwrap();
    assert_eq!(world.migration.expects(&t1()), AgentStanding::Suspended);
    assert_eq!(state(&world), EvidenceState::Undecided);
}

#[test]
fn nothing_is_left_only_where_everybody_looks() {
    let mut world = World::new();
    let mut plan = plans::empty();
    for line in [
        "scenario orders, critical, target: 1 pass in a row",
        "scenario queue, critical, target: 1 pass in a row",
    ] {
        plans::line(&mut plan, line);
    }
    world.apply_plan(plan, "olga").unwrap();
    world.enrol(&t1()).unwrap();
    let left = |world: &World| world.migration.verdict(Phase::Ready, world.now).remaining;
    let says = |world: &mut World, check: &str, behaviour: Behaviour| {
        let agent = world.agents.get_mut(&t1()).unwrap();
        agent.behaviours.insert(name(check), behaviour);
    };
    let counts = |count: u64| {
        let (unit, what) = ("messages".to_owned(), "orders".to_owned());
        Behaviour::Reports(Vec::new(), vec![Remaining { count, unit, what }])
    };
    says(&mut world, "orders", counts(0));
    run(&mut world, 6);
    assert_eq!(left(&world), None, "nobody has looked at the queue yet");
    says(&mut world, "queue", counts(3));
    run(&mut world, 5);
    assert_eq!(left(&world).unwrap()[0].count, 3);
    says(&mut world, "queue", Behaviour::Fails("no answer".into()));
    run(&mut world, 5);
    assert_eq!(left(&world), None, "the queue cannot be read");
    says(&mut world, "queue", Behaviour::Silent);
    run(&mut world, 20);
    assert_eq!(left(&world), None, "the queue was not looked at for too long");
    says(&mut world, "queue", counts(0));
    run(&mut world, 5);
    assert_eq!(left(&world), Some(Vec::new()));
}
