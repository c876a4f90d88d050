//! Two migrations in one collector, each with 500 scenarios on both sides and two agents a side: what a
//! minute of them costs.

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

const MIGRATIONS: usize = 2;
/// A plan has no more.
const SCENARIOS: usize = 500;
const EVERY: Duration = Duration::from_secs(5);
const MINUTES: u64 = 3;
const BEGIN: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// The bar: a share of one core, in percent.
const BAR_PERCENT: f64 = 1.0;

/// Takes the measure.
pub(crate) fn measure() {
    let plan = Arc::new(plan());
    let mut worlds: Vec<World> = (0..MIGRATIONS).map(|_| World::new(&plan)).collect();
    let mut folding = Duration::ZERO;
    for second in 1..=MINUTES * 60 {
        worlds.iter_mut().for_each(|world| folding += world.second(&plan, second));
    }
    let end = BEGIN.plus(Duration::from_secs(MINUTES * 60));
    let findings: u64 = worlds.iter().flat_map(|world| &world.seqs).sum();
    let share = folding.as_secs_f64() / (MINUTES * 60) as f64 * 100.0;
    let told = "1,000 scenarios on both sides, every 5 s, by two agents a side";
    row("findings folded", &findings.to_string(), told);
    judged("fold, slots, proofs and gates", &format!("{share:.2} %"), "1 % of a core", share < BAR_PERCENT);
    let verdict = worlds[0].migration.verdict(tidelock_model::Phase::Ready, end);
    row("gate ready, still", verdict.word.word(), &verdict.summary);
}

struct World {
    migration: Migration,
    agents: Vec<AgentKey>,
    seqs: Vec<u64>,
    position: u64,
}

impl World {
    fn new(plan: &Plan) -> World {
        let key = |side: Side, name: &str| AgentKey { side, name: text(&format!("{side}-{name}")) };
        let agents: Vec<AgentKey> =
            Side::BOTH.into_iter().flat_map(|side| ["1", "2"].map(|name| key(side, name))).collect();
        let mut migration = Migration::new(text("shop"));
        let (hash, plan) = (digest(1), Box::new(plan.clone()));
        let applied = EventKind::PlanApplied { revision: 1, hash, plan, grid_origin: BEGIN };
        decided(&mut migration, applied);
        for agent in &agents {
            let certificate_ends = BEGIN.plus(Duration::from_secs(86_400));
            decided(&mut migration, EventKind::AgentEnrolled { agent: agent.clone(), certificate_ends });
        }
        World { migration, seqs: vec![0; agents.len()], agents, position: 0 }
    }

    /// A second as the journal has it; gives back how long it took to believe.
    fn second(&mut self, plan: &Plan, second: u64) -> Duration {
        let at = BEGIN.plus(Duration::from_secs(second));
        let mut seen_now = vec![Observation::Tick];
        for (agent, seq) in self.agents.iter().zip(&mut self.seqs) {
            if second.is_multiple_of(3) {
                seen_now.push(Observation::Agent(seen(agent)));
            }
            let batch = batch(plan, agent, second, *seq, at);
            *seq += batch.findings.len() as u64;
            seen_now.push(Observation::Findings(batch));
        }
        let entry = |(place, observation): (usize, Observation)| Entry {
            at,
            record: Record::Seen(self.position + place as u64 + 1, observation),
        };
        let entries: Vec<Entry> = seen_now.into_iter().enumerate().map(entry).collect();
        self.position += entries.len() as u64;
        let watch = Watch::start();
        entries.iter().for_each(|entry| self.migration.apply(entry));
        for event in self.migration.weigh(at) {
            self.migration.apply(&Entry { at, record: Record::Decided(Box::new(event)) });
        }
        watch.elapsed()
    }
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
        pages: Default::default(),
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
