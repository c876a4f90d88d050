//! A migration on a made-up clock, for tests of what is younger than a step: no gates, no decisions, only a plan,
//! agents, findings and the events of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidelock_model::{
    AgentKey, Digest, Finding, FindingBatch, Gap, Level, Measure, Name, Outcome, Phase, Remaining, Report,
    Sha256, Side, SpoolEpoch, Timestamp,
};

use crate::migration::Migration;
use crate::plan::{
    Claim, ClaimKind, Command, Direction, Environment, EvidenceRule, Plan, RollbackRule, Runbook, Scenario,
    Step, StepKind, Switch,
};
use crate::record::{AgentSeen, Entry, Event, EventKind, Observation, Record, StepOutcome};
use crate::verdict::Hold;

pub(crate) const BEGIN: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// Every scenario of a stand runs so often, in seconds.
pub(crate) const EVERY: u64 = 5;

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn agent(text: &str) -> AgentKey {
    let side = if text.starts_with('s') { Side::Source } else { Side::Target };
    AgentKey { side, name: name(text) }
}

pub(crate) fn scenario(sides: &[Side], claims: Vec<ClaimKind>) -> Scenario {
    let claims = claims.into_iter().map(|kind| Claim { name: "it".into(), kind }).collect();
    Scenario {
        title: "It works".into(),
        if_broken: "It breaks".into(),
        kind: "flow".into(),
        level: Level::Critical,
        may_dip: None,
        writes: false,
        plugin: "builtin:it".into(),
        component: Sha256::from_bytes([7; 32]),
        sides: sides.iter().copied().collect(),
        agents_at_least: BTreeMap::new(),
        phases: Phase::ALL.iter().copied().collect(),
        every: secs(EVERY),
        timeout: secs(3),
        fresh_for: secs(13),
        settings: "{}".into(),
        targets: BTreeSet::new(),
        secrets: BTreeSet::new(),
        claims,
        slot: None,
    }
}

pub(crate) fn step(step: &str, kind: StepKind, after: &[&str], bake: u64) -> Step {
    let command = Command { argv: vec!["./it".into()], env: Vec::new(), timeout: secs(5) };
    Step {
        name: name(step),
        kind,
        owner: name("ben"),
        planned: secs(5),
        deadline: None,
        run: Some(command.clone()),
        undo: Some(command),
        rehearsal: None,
        after: after.iter().map(|check| name(check)).collect(),
        bake: secs(bake),
    }
}

fn environment() -> Environment {
    let (title, targets) = (String::new(), BTreeMap::new());
    Environment {
        title,
        agents_at_least: 1,
        agents_at_most: 4,
        agents_named: Default::default(),
        targets,
        revision: None,
    }
}

pub(crate) fn plan(scenarios: Vec<(&str, Scenario)>, steps: Vec<Step>) -> Plan {
    Plan {
        name: name("shop"),
        summary: String::new(),
        timezone: "UTC".into(),
        rehearsal_scale: false,
        source: environment(),
        target: environment(),
        people: BTreeMap::new(),
        decisions: BTreeMap::new(),
        scenarios: scenarios.into_iter().map(|(check, scenario)| (name(check), scenario)).collect(),
        evidence: EvidenceRule::default(),
        manual_checks: BTreeMap::new(),
        gates: BTreeMap::new(),
        rollback: RollbackRule::default(),
        canary: None,
        switch: Switch { runbook: Some(Runbook { steps }), ..Switch::default() },
        links: BTreeMap::new(),
    }
}

/// What a finding says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Says {
    pub(crate) failed: bool,
    pub(crate) measures: Vec<(&'static str, f64)>,
    pub(crate) digests: Vec<(&'static str, &'static str, u64)>,
    pub(crate) remaining: Vec<&'static str>,
    pub(crate) note: &'static str,
}

pub(crate) fn passes() -> Says {
    Says::default()
}

pub(crate) fn fails(note: &'static str) -> Says {
    Says { failed: true, note, ..Says::default() }
}

pub(crate) fn counts(measures: &[(&'static str, f64)]) -> Says {
    Says { measures: measures.to_vec(), ..Says::default() }
}

pub(crate) struct Stand {
    pub(crate) now: Timestamp,
    pub(crate) migration: Migration,
    plan: Plan,
    agents: Vec<AgentKey>,
    seq: BTreeMap<AgentKey, u64>,
    journal: Vec<Entry>,
}

impl Stand {
    /// A plan in force, with these agents, in the phase `cutover`.
    pub(crate) fn new(plan: Plan, agents: &[&str]) -> Stand {
        let migration = Migration::new(name("shop"));
        let agents: Vec<AgentKey> = agents.iter().map(|text| agent(text)).collect();
        let seq = BTreeMap::new();
        let mut stand = Stand { now: BEGIN, migration, plan, agents, seq, journal: Vec::new() };
        stand.apply_plan();
        for key in stand.agents.clone() {
            let certificate_ends = BEGIN.plus(secs(86_400));
            stand.decide(EventKind::AgentEnrolled { agent: key.clone(), certificate_ends });
            stand.beat(&key);
        }
        stand.migration.phase = Phase::Cutover;
        stand
    }

    pub(crate) fn apply_plan(&mut self) {
        let revision = self.migration.revision() + 1;
        let hash = Sha256::from_bytes([9; 32]);
        let plan = Box::new(self.plan.clone());
        self.decide(EventKind::PlanApplied { revision, hash, plan, grid_origin: BEGIN });
    }

    fn append(&mut self, record: Record) {
        let entry = Entry { at: self.now, record };
        self.migration.apply(&entry);
        self.journal.push(entry);
    }

    pub(crate) fn decide(&mut self, kind: EventKind) {
        let event = Event {
            by: None,
            reason: String::new(),
            request_id: String::new(),
            findings_position: 0,
            evidence_hash: Sha256::from_bytes([0; 32]),
            holds: Vec::new(),
            kind,
        };
        self.append(Record::Decided(Box::new(event)));
    }

    fn beat(&mut self, key: &AgentKey) {
        let seen = AgentSeen {
            agent: key.clone(),
            offset_ms: 3,
            error_ms: 5,
            starved_permille: 0,
            spool_findings: 0,
            version: "0.1.0".into(),
        };
        self.append(Record::Seen(1, Observation::Agent(seen)));
    }

    /// So many seconds go by, and agents show that they are there.
    pub(crate) fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now = self.now.plus(secs(1));
            if self.now.since(BEGIN).as_secs().is_multiple_of(3) {
                self.agents.clone().iter().for_each(|key| self.beat(key));
            }
        }
    }

    /// A finding of a run that was due so many seconds ago.
    pub(crate) fn finds_late(&mut self, who: &str, check: &str, says: &Says, ago: u64) {
        let (key, due) = (agent(who), self.now.minus(secs(ago)));
        let finding = self.finding(check, says, due);
        self.send(&key, vec![finding], None);
    }

    pub(crate) fn finds(&mut self, who: &str, check: &str, says: &Says) {
        self.finds_late(who, check, says, 0);
    }

    /// Findings of the agent are lost.
    pub(crate) fn loses(&mut self, who: &str) {
        let key = agent(who);
        let seq = self.seq.get(&key).copied().unwrap_or(0);
        let gap = Gap { from: seq, to: seq, counts: BTreeMap::new(), reason: "full".into() };
        self.send(&key, Vec::new(), Some(gap));
    }

    /// A finding that nobody sent.
    pub(crate) fn made(&self, check: &str, says: &Says) -> Finding {
        self.finding(check, says, self.now)
    }

    fn finding(&self, check: &str, says: &Says, due: Timestamp) -> Finding {
        let measure = |(name, value): &(&str, f64)| Measure {
            name: (*name).into(),
            value: *value,
            unit: String::new(),
        };
        let digest = |(key, hash, rows): &(&str, &str, u64)| Digest {
            key: (*key).into(),
            hash: hash.as_bytes().to_vec(),
            rows: *rows,
            position: String::new(),
        };
        let left = |what: &&str| Remaining { count: 1, unit: "rows".into(), what: (*what).into() };
        Finding {
            check: name(check),
            plan_revision: self.migration.revision(),
            plan_hash: self.migration.plan_hash().unwrap(),
            assignment_id: check.into(),
            component: Sha256::from_bytes([7; 32]),
            boot_id: "boot".into(),
            round: due.since(BEGIN).as_secs() / EVERY,
            due,
            started_mono_ns: 0,
            duration_ns: 40_000_000,
            lateness_ns: 0,
            starved: false,
            nonce: Vec::new(),
            target_revision: String::new(),
            outcome: if says.failed { Outcome::Fail } else { Outcome::Pass },
            cause: None,
            report: Report {
                measures: says.measures.iter().map(measure).collect(),
                digests: says.digests.iter().map(digest).collect(),
                remaining: says.remaining.iter().map(left).collect(),
                note: says.note.into(),
                ..Report::default()
            },
            refused_calls: Vec::new(),
            trace_ids: Vec::new(),
            pages: Default::default(),
        }
    }

    fn send(&mut self, key: &AgentKey, findings: Vec<Finding>, gap: Option<Gap>) {
        let seq = self.seq.entry(key.clone()).or_default();
        let first_seq = *seq;
        *seq += (findings.len() as u64).max(1);
        let spool_epoch = SpoolEpoch(if key.side == Side::Source { 1 } else { 2 });
        let batch = FindingBatch { agent: key.clone(), spool_epoch, first_seq, findings, gap };
        self.append(Record::Seen(1, Observation::Findings(batch)));
    }

    /// So many rounds, with what each agent says of a check.
    pub(crate) fn rounds(&mut self, rounds: u64, says: &[(&str, &str, Says)]) {
        for _ in 0..rounds {
            self.wait(EVERY);
            says.iter().for_each(|(who, check, says)| self.finds(who, check, says));
        }
    }

    /// A run begins, and its part is begun and carried out at once.
    pub(crate) fn acts(&mut self, part: u32) {
        if part == 0 {
            let (direction, until) = (Direction::Cutover, self.now.plus(secs(15)));
            self.decide(EventKind::RunBegun { run: 1, direction, rehearsal: false, lease: 1, until });
        }
        self.decide(EventKind::StepBegun { run: 1, lease: 1, part, undo: false });
        let (outcome, output) = (StepOutcome::Done, String::new());
        self.decide(EventKind::StepEnded {
            run: 1,
            lease: 1,
            part,
            undo: false,
            outcome,
            durable: true,
            output,
        });
    }

    /// What the step waits for, where it was carried out at `acted`.
    pub(crate) fn holds(&self, step: usize, acted: Timestamp) -> Vec<Hold> {
        let step = &self.plan.switch.runbook.as_ref().unwrap().steps[step];
        self.migration.part_holds(Direction::Cutover, step, acted, acted, self.now)
    }

    /// The same as lines.
    pub(crate) fn lines(&self, step: usize, acted: Timestamp) -> Vec<String> {
        self.holds(step, acted).iter().map(Hold::line).collect()
    }

    /// What a replay of the journal would have seen.
    pub(crate) fn replays(&self) -> bool {
        let mut again = Migration::new(name("shop"));
        let enrolled = self.journal.iter().take_while(|entry| entry.at == BEGIN).count();
        self.journal[..enrolled].iter().for_each(|entry| again.apply(entry));
        again.phase = Phase::Cutover;
        self.journal[enrolled..].iter().for_each(|entry| again.apply(entry));
        again.young == self.migration.young && again.ledger == self.migration.ledger
    }
}
