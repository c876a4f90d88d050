//! What no story can ask: any asks and findings, in any order.
//!
//! A failure prints the seed and the smallest sequence that still fails.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test stops at what must not be")]

#[expect(dead_code, reason = "each test file uses a part of the world")]
mod world;

mod lease;

use std::time::Duration;

use proptest::prelude::*;
use tidelock_core::record::{Entry, EventKind, Observation, Record};
use tidelock_core::{Ask, Asset, DecisionState, EvidenceState, Migration, Verdict};
use tidelock_model::{AgentKey, Cause, Digest, Phase, Side, VerdictWord};
use world::agents::Behaviour;
use world::{World, agent_key, asker, name, plans};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Seconds(u8),
    Behave(usize, usize, u8),
    Connect(usize, bool),
    Live(usize, bool),
    Repeat(usize),
    Refuse(usize, usize, bool),
    SignOff(usize),
    Ask(usize, u8, u8),
    Plan(u8),
}

const PEOPLE: [&str; 6] = ["olga", "ben", "carla", "dmitri", "pipeline", "operator"];
const CHECKS: [&str; 3] = ["login", "queue", "parity"];

fn agents() -> [AgentKey; 3] {
    [agent_key(Side::Source, "s1"), agent_key(Side::Target, "t1"), agent_key(Side::Target, "t2")]
}

/// A world with a plan, three agents, and everything passing for a while, so that most sequences get
/// beyond the first gate.
fn begin(healthy: bool) -> World {
    let mut world = World::new();
    world.apply_plan(plan(0), "olga").unwrap();
    for key in agents() {
        world.enrol(&key).unwrap();
        for check in CHECKS {
            let behaviour = if healthy { Behaviour::Passes } else { Behaviour::Silent };
            world.agents.get_mut(&key).unwrap().behaviours.insert(name(check), behaviour);
        }
    }
    world
}

fn plan(variant: u8) -> tidelock_core::plan::Plan {
    let mut plan = plans::empty();
    let row = 1 + variant % 3;
    for line in [
        format!("scenario login, critical, both: {row} passes in a row"),
        "scenario queue, critical, source: visible at most 0 for 5 s".to_owned(),
        "scenario parity, important, both: 1 pass in a row; rows at least 1".to_owned(),
        "manual refund, carla, watch".to_owned(),
        "gate ready: all, stable for 3 s".to_owned(),
        "gate cutover: decision cutover, valid for 30 s".to_owned(),
        "gate committed: all, refund, decision commit".to_owned(),
        "answer cutover: within 20 s, ask deputies".to_owned(),
        "override by olga ben, 1".to_owned(),
        "fact invoices went out".to_owned(),
        "made refund: within 10 s, valid for 40 s".to_owned(),
    ] {
        plans::line(&mut plan, &line);
    }
    if variant % 4 == 1 {
        plans::line(&mut plan, "gate watch: queue");
    }
    if variant.is_multiple_of(2) {
        plans::line(&mut plan, "first minutes 20 s: login within 150 %, parity at least 60 %");
        plans::line(&mut plan, "limit behind, from parity, rows at most 3, counts loss, unit rows");
    }
    if variant % 4 == 2 {
        plans::line(&mut plan, "gate retired: queue");
    }
    plan
}

fn behaviour(kind: u8) -> Behaviour {
    match kind % 10 {
        0..=3 => Behaviour::Passes,
        8 => Behaviour::Takes(90),
        9 => Behaviour::Shows(rows()),
        4 => Behaviour::Fails("broken".into()),
        5 => Behaviour::NotRun(Cause::Timeout),
        6 => Behaviour::Silent,
        _ => Behaviour::AnotherComponent,
    }
}

/// A row that was made a moment ago, and another of no known time.
fn rows() -> Vec<Digest> {
    let row = |key: &str, position: &str| Digest {
        key: key.into(),
        hash: vec![7],
        rows: 1,
        position: position.into(),
    };
    vec![row("orders/1", "row"), row("orders/2", &format!("row@{}", u64::MAX)), row("orders", "whole")]
}

fn ask(world: &World, who: usize, what: u8, id: u8) -> Ask {
    let by = asker(PEOPLE[who % PEOPLE.len()]);
    let (reason, request_id) = ("because".to_owned(), format!("id-{id}"));
    let decide = |decision: &str, go: bool| Ask::Decide {
        decision: name(decision),
        go,
        by: by.clone(),
        reason: reason.clone(),
        evidence_sequence: None,
        request_id: request_id.clone(),
    };
    let agent = agents()[usize::from(id) % 3].clone();
    match what % 20 {
        16..=17 => Ask::Override {
            gate: world.migration.next_gate().unwrap_or(Phase::Ready),
            checks: vec![name(CHECKS[usize::from(id) % 3])],
            by,
            reason,
            request_id,
        },
        18 => Ask::SetCutovers { enabled: id.is_multiple_of(2), by, reason, request_id },
        19 => Ask::SetFact { fact: "invoices went out".into(), by, reason, request_id },
        0..=2 => decide("cutover", true),
        3 => decide("cutover", false),
        4 => decide("rollback", true),
        5..=6 => decide("commit", true),
        7..=8 => Ask::Confirm { by, epoch: world.token(Phase::Cutover).unwrap_or(u64::from(id)), request_id },
        9..=10 => Ask::Switched { to: Side::Target, by, reason, request_id },
        11 => Ask::Switched { to: Side::Source, by, reason, request_id },
        12 => Ask::ManualDone {
            check: name("refund"),
            by,
            evidence: "seen".into(),
            failed: id.is_multiple_of(5),
            request_id,
        },
        13 if id.is_multiple_of(2) => Ask::Hold { by, reason, request_id },
        13 => Ask::Release { by, of: None, reason, request_id },
        14 if id.is_multiple_of(4) => Ask::Abort { by, reason, request_id },
        14 if id % 4 == 3 => Ask::SettleLeftover {
            key: format!("orders/{}", 1 + id % 2),
            owner: name("ben"),
            disposition: reason,
            by,
            request_id,
        },
        14 if id % 4 == 1 => Ask::SetRevision { side: Side::Target, revision: reason, by, request_id },
        14 => Ask::RevokeAgent { agent, by, reason },
        _ if id.is_multiple_of(2) => Ask::ReportConflict { agent, text: reason },
        _ => {
            let certificate_ends = world.now.plus(Duration::from_secs(60));
            Ask::Enrol { agent, certificate_ends, must_be_new: id % 4 == 3, reason }
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..12_u8).prop_map(Step::Seconds),
        2 => (0..3_usize, 0..3_usize, 0..10_u8).prop_map(|(a, c, k)| Step::Behave(a, c, k)),
        1 => (0..3_usize, any::<bool>()).prop_map(|(a, on)| Step::Connect(a, on)),
        1 => (0..3_usize, any::<bool>()).prop_map(|(a, on)| Step::Live(a, on)),
        1 => (0..3_usize).prop_map(Step::Repeat),
        1 => (0..3_usize, 0..3_usize, any::<bool>()).prop_map(|(a, c, on)| Step::Refuse(a, c, on)),
        1 => (0..3_usize).prop_map(Step::SignOff),
        8 => (0..6_usize, 0..20_u8, 0..12_u8).prop_map(|(who, what, id)| Step::Ask(who, what, id)),
        1 => (0..8_u8).prop_map(Step::Plan),
    ];
    prop::collection::vec(step, 1..60)
}

fn take(world: &mut World, step: &Step) {
    let agents = agents();
    match step {
        Step::Seconds(seconds) => {
            for _ in 0..*seconds {
                world.second();
                world.weigh();
                never_open_unproved(world);
            }
        }
        Step::Behave(agent, check, kind) => {
            let agent = world.agents.get_mut(&agents[*agent]).unwrap();
            agent.behaviours.insert(name(CHECKS[*check]), behaviour(*kind));
        }
        Step::Connect(agent, on) => world.agents.get_mut(&agents[*agent]).unwrap().connected = *on,
        Step::Live(agent, on) => world.agents.get_mut(&agents[*agent]).unwrap().alive = *on,
        Step::Repeat(agent) => {
            if let Some(batch) = world.agents[&agents[*agent]].last.clone() {
                world.see(Observation::Findings(batch));
            }
        }
        Step::Refuse(agent, check, refused) => {
            let (cause, reason) = ("interface".into(), "another contract".into());
            let refusal = tidelock_core::record::Refusal {
                check: name(CHECKS[*check]),
                cause,
                reason,
                refused: *refused,
            };
            world.see(Observation::Refused(agents[*agent].clone(), refusal));
        }
        Step::SignOff(agent) => world.see(Observation::SignedOff(agents[*agent].clone())),
        Step::Ask(who, what, id) => {
            let ask = ask(world, *who, *what, *id);
            let before = world.migration.clone();
            let ended = ends(before.phase());
            if world.ask(&ask).is_err() {
                assert!(before == world.migration, "a refused ask changed something");
            } else if !matches!(ask, Ask::RevokeAgent { .. } | Ask::Enrol { .. } | Ask::ReportConflict { .. })
            {
                assert!(!ended || before.phase() == world.migration.phase());
                assert_eq!(world.ask(&ask), Ok(Vec::new()), "the same ask again was recorded again: {ask:?}");
            }
        }
        Step::Plan(variant) => {
            let _ = world.apply_plan(plan(*variant), "olga");
        }
    }
    world.weigh();
    never_open_unproved(world);
}

fn ends(phase: Phase) -> bool {
    matches!(phase, Phase::Retired | Phase::RolledBack | Phase::Aborted)
}

/// An open gate has no hold, a lease in force, and every critical scenario that it needs proved on
/// every side by fresh findings.
fn never_open_unproved(world: &World) {
    for later in [0, 500, 2_000, 9_999, 14_000, 60_000] {
        let now = world.now.plus(Duration::from_millis(later));
        for gate in Phase::ALL {
            let verdict = world.migration.verdict(*gate, now);
            assert_eq!(verdict.word == VerdictWord::Open, verdict.open());
            let given = verdict.decision.as_ref().is_some_and(|status| status.state == DecisionState::Given);
            if given && later == 0 && world.migration.next_gate() == Some(*gate) {
                let unproved = verdict.holds.iter().find(|hold| hold.state.is_some());
                assert_eq!(unproved, None, "{gate} is approved, and its evidence is broken");
            }
            if !verdict.open() {
                let rollback = verdict.word == VerdictWord::Rollback;
                assert!(rollback || !verdict.holds.is_empty(), "{gate} is shut and nothing says why");
                continue;
            }
            assert!(verdict.holds.is_empty() && verdict.valid_until.is_some_and(|until| until > now));
            believed_until_its_end(world, &verdict);
            // The end that was reached is a fact, and needs no evidence any more.
            let end = *gate == world.migration.phase() && (ends(*gate) || *gate == Phase::Committed);
            if end || (*gate, world.migration.phase()) == (Phase::Committed, Phase::Retired) {
                continue;
            }
            let overridden = world.migration.overrides(now).into_iter().filter(|over| {
                over.complete && over.gate == *gate && over.until.is_some_and(|until| now < until)
            });
            let over: Vec<_> = overridden.flat_map(|over| over.checks).collect();
            for scenario in world.migration.scenarios(now) {
                if over.contains(&scenario.name) {
                    continue;
                }
                let back = *gate == Phase::RolledBack;
                let sides = scenario.sides.iter().filter(|side| !back || side.side == Side::Source);
                let needed = scenario.gates.contains(gate) || *gate == Phase::Cutover;
                for side in sides.filter(|_| needed) {
                    assert_eq!(
                        side.state,
                        EvidenceState::Proved,
                        "{gate} is open at +{later} ms: {scenario:?}"
                    );
                }
            }
        }
    }
}

/// Whoever was told `open` believes it until the lease ends: its evidence must last as long.
fn believed_until_its_end(world: &World, verdict: &Verdict) {
    let last = verdict.valid_until.unwrap().minus(Duration::from_millis(1));
    let then = world.migration.verdict(verdict.gate, last);
    assert!(then.open(), "{} is open until {last:?}, and held then: {:?}", verdict.gate, then.holds);
}

/// What is possible is not closed, what nobody measured is not lossless, and time alone never opens it again.
fn way_back_is_sound(world: &World) {
    let mut closed = false;
    for later in [0, 5, 14, 60, 600] {
        let status = world.migration.rollback_status(world.now.plus(Duration::from_secs(later)));
        let shut = matches!(status.asset, Asset::Closed { .. });
        assert!(!status.possible || !shut && status.applicable, "{status:?}");
        assert!(!status.recommended || status.possible, "{status:?}");
        let unknown = status.limits.iter().any(|limit| limit.value.is_none());
        assert!(!unknown || status.asset != Asset::Lossless, "{status:?}");
        assert!(!closed || shut, "time alone opened the way back: {status:?}");
        closed = shut;
    }
    let (rows, cut) = world.migration.leftovers(world.now);
    assert!(rows.len() <= 2 && !cut);
    let owned = rows.iter().all(|row| row.disposition.is_some());
    assert!(world.migration.phase() != Phase::RolledBack || owned, "a row was left to nobody: {rows:?}");
}

/// Every moment since the first plan is in the report once, whatever happened; of scenarios until the migration ends.
fn report_adds_up(world: &World) {
    let now = world.now.plus(Duration::from_secs(7));
    let report = world.migration.report(now);
    let whole = now.since(world::BEGIN);
    let asked = report.filed.unwrap_or(now).since(world::BEGIN);
    assert_eq!(report.scenarios.len(), CHECKS.len());
    for scenario in &report.scenarios {
        let sum: Duration = scenario.spans.iter().map(|span| span.time).sum();
        assert_eq!(sum, asked, "the spans of {}: {:?}", scenario.name, scenario.spans);
        assert!(scenario.longest_hold <= asked);
    }
    let ends = report.phases.iter().map(|visit| visit.to.unwrap_or(now));
    let sum: Duration = report.phases.iter().zip(ends).map(|(visit, to)| to.since(visit.from)).sum();
    assert_eq!(sum, whole, "the phases: {:?}", report.phases);
    assert_eq!(report.phases.last().map(|visit| visit.phase), Some(world.migration.phase()));
    assert_eq!(report.revisions.last().map(|it| it.revision), Some(world.migration.revision()));
}

/// Nobody is in cutover unnamed; ends are left by nothing.
fn journal_is_sound(journal: &[Entry]) {
    let mut migration = Migration::new(name("shop"));
    let mut voices = 0;
    for entry in journal {
        let before = migration.phase();
        migration.apply(entry);
        let after = migration.phase();
        assert!(before == after || !ends(before), "{before} was left for {after}");
        let Record::Decided(event) = &entry.record else {
            continue;
        };
        match &event.kind {
            EventKind::Decided { decision, go: true, .. } if decision == "cutover" => {
                assert!(event.by.is_some());
                voices += 1;
            }
            EventKind::Decided { go: true, .. } => assert!(event.by.is_some()),
            EventKind::CutoverConfirmed { .. } => {
                assert!(event.by.is_some() && voices > 0, "a cutover without a name");
            }
            kind if (before, after) == (Phase::Ready, Phase::Cutover) => panic!("{kind:?} began a cutover"),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_replays_and_no_gate_opens_unproved(healthy in any::<bool>(), steps in steps(), cut in 0..100_usize) {
        let mut world = begin(healthy);
        for step in &steps {
            take(&mut world, step);
        }
        prop_assert!(world.replay() == world.migration, "a replay gives another state");
        // A snapshot and the tail after it are worth the whole.
        let at = world.journal.len() * cut / 100;
        let mut snapshot = Migration::new(name("shop"));
        world.journal[..at].iter().for_each(|entry| snapshot.apply(entry));
        let mut tail = snapshot.clone();
        world.journal[at..].iter().for_each(|entry| tail.apply(entry));
        prop_assert!(tail == world.migration, "a snapshot and its tail give another state");
        report_adds_up(&world);
        world.report_outlives_findings();
        way_back_is_sound(&world);
        journal_is_sound(&world.journal);
    }

    #[test]
    fn a_duplicate_is_worth_a_tick(steps in steps(), every in 2..5_usize) {
        let mut world = begin(true);
        for step in &steps {
            take(&mut world, step);
        }
        // The same journal twice: once with batches repeated right after they came, once with ticks there.
        let (mut twice, mut once) = (Migration::new(name("shop")), Migration::new(name("shop")));
        for (index, entry) in world.journal.iter().enumerate() {
            twice.apply(entry);
            once.apply(entry);
            if let (Record::Seen(position, Observation::Findings(_)), true) = (&entry.record, index.is_multiple_of(every)) {
                twice.apply(entry);
                once.apply(&Entry { at: entry.at, record: Record::Seen(*position, Observation::Tick) });
            }
        }
        let now = world.now;
        for gate in Phase::ALL {
            prop_assert_eq!(twice.verdict(*gate, now), once.verdict(*gate, now));
        }
        prop_assert_eq!(twice.scenarios(now), once.scenarios(now));
        prop_assert_eq!(twice.agents(now), once.agents(now));
    }
}
