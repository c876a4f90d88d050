//! One migration with 1,000 scenarios on both sides, two agents a side: what a minute of it costs.

use std::sync::Arc;
use std::time::Duration;

use tidelock_core::Migration;
use tidelock_core::plan::Plan;
use tidelock_core::record::{AgentSeen, Entry, Event, EventKind, Observation, Record};
use tidelock_model::{
    AgentKey, Finding, FindingBatch, Name, Outcome, Report, Sha256, Side, SpoolEpoch, Timestamp,
};

use crate::clock::Watch;
use crate::table::{judged, row};

const SCENARIOS: usize = 1_000;
const EVERY: Duration = Duration::from_secs(5);
const MINUTES: u64 = 3;
const BEGIN: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// The bar: a share of one core, in percent.
const BAR_PERCENT: f64 = 1.0;

/// Takes the measure.
pub(crate) fn measure() {
    let plan = Arc::new(plan());
    let agents: Vec<AgentKey> = Side::BOTH
        .into_iter()
        .flat_map(|side| ["1", "2"].map(|name| AgentKey { side, name: text(&format!("{side}-{name}")) }))
        .collect();
    let mut migration = Migration::new(text("shop"));
    let mut position = 0;
    decided(
        &mut migration,
        EventKind::PlanApplied {
            revision: 1,
            hash: digest(1),
            plan: Box::new((*plan).clone()),
            grid_origin: BEGIN,
        },
    );
    for agent in &agents {
        let certificate_ends = BEGIN.plus(Duration::from_secs(86_400));
        decided(&mut migration, EventKind::AgentEnrolled { agent: agent.clone(), certificate_ends });
    }
    let mut seqs = vec![0_u64; agents.len()];
    let (mut folding, mut findings) = (Duration::ZERO, 0_u64);
    for second in 1..=MINUTES * 60 {
        let at = BEGIN.plus(Duration::from_secs(second));
        let mut entries = vec![Observation::Tick];
        for (agent, seq) in agents.iter().zip(&mut seqs) {
            if second.is_multiple_of(3) {
                entries.push(Observation::Agent(seen(agent)));
            }
            let batch = batch(&plan, agent, second, *seq, at);
            *seq += batch.findings.len() as u64;
            findings += batch.findings.len() as u64;
            entries.push(Observation::Findings(batch));
        }
        let entries: Vec<Entry> = entries
            .into_iter()
            .map(|observation| {
                position += 1;
                Entry { at, record: Record::Seen(position, observation) }
            })
            .collect();
        let watch = Watch::start();
        entries.iter().for_each(|entry| migration.apply(entry));
        let events = migration.weigh(at);
        assert!(events.len() < 8, "weighing goes round in circles");
        folding += watch.elapsed();
        for event in events {
            migration.apply(&Entry { at, record: Record::Decided(Box::new(event)) });
        }
    }
    let share = folding.as_secs_f64() / (MINUTES * 60) as f64 * 100.0;
    row(
        "findings folded",
        &findings.to_string(),
        "each of 1,000 scenarios on both sides, every 5 s, by two agents a side",
    );
    judged("fold, slots, proofs and gates", &format!("{share:.2} %"), "1 % of a core", share < BAR_PERCENT);
    row(
        "gate ready",
        migration
            .verdict(tidelock_model::Phase::Ready, BEGIN.plus(Duration::from_secs(MINUTES * 60)))
            .word
            .word(),
        "",
    );
}

fn decided(migration: &mut Migration, kind: EventKind) {
    let event = Event {
        by: None,
        reason: String::new(),
        request_id: String::new(),
        findings_position: 0,
        evidence_hash: digest(0),
        holds: Vec::new(),
        kind,
    };
    migration.apply(&Entry { at: BEGIN, record: Record::Decided(Box::new(event)) });
}

fn seen(agent: &AgentKey) -> AgentSeen {
    AgentSeen {
        agent: agent.clone(),
        offset_ms: 0,
        error_ms: 1,
        starved_permille: 0,
        spool_findings: 0,
        version: "1".into(),
    }
}

/// A fifth of the checks each second, as the grid spreads them.
fn batch(plan: &Plan, agent: &AgentKey, second: u64, first_seq: u64, at: Timestamp) -> FindingBatch {
    let every = EVERY.as_secs();
    let due = plan.scenarios.iter().enumerate().filter(|(place, _)| *place as u64 % every == second % every);
    let findings =
        due.map(|(_, (check, scenario))| finding(check, scenario.component, second / every, at)).collect();
    FindingBatch { agent: agent.clone(), spool_epoch: SpoolEpoch(1), first_seq, findings, gap: None }
}

fn finding(check: &Name, component: Sha256, round: u64, at: Timestamp) -> Finding {
    Finding {
        check: check.clone(),
        plan_revision: 1,
        plan_hash: digest(1),
        assignment_id: String::new(),
        component,
        boot_id: String::new(),
        round,
        due: at,
        started_mono_ns: 0,
        duration_ns: 40_000_000,
        lateness_ns: 0,
        starved: false,
        nonce: Vec::new(),
        target_revision: String::new(),
        outcome: Outcome::Pass,
        cause: None,
        report: Report::default(),
        refused_calls: Vec::new(),
        trace_ids: Vec::new(),
    }
}

/// A plan as people write it, with a proof of success and of latency for each scenario.
fn plan() -> Plan {
    let yaml = crate::world::plan(SCENARIOS, "5s")
        .replace(
            "claims: { passes: { in_a_row: 1 } }",
            "claims: { success: { proof: standard }, latency: { p95: { slack: 10% } } }",
        )
        .replace("agents: { at_least: 1 }", "agents: { at_least: 2 }")
        .replace("{source}", "http://127.0.0.1:1")
        .replace("{target}", "http://127.0.0.1:2");
    let components = [("builtin:login".to_owned(), digest(7))].into();
    let source = tidelock_plan::Source { path: "plan.yaml".into(), yaml, components, ..Default::default() };
    match tidelock_plan::check(&source) {
        Ok(checked) => checked.plan,
        Err(problems) => panic!("the bench's own plan is wrong: {problems:?}"),
    }
}

fn digest(byte: u8) -> Sha256 {
    Sha256::from_bytes([byte; 32])
}

fn text(name: &str) -> Name {
    Name::new(name).expect("names in this file are names")
}
