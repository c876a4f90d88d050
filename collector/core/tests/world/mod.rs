//! A made-up world on a made-up clock: agents that run checks, a journal, and the core in between.
//!
//! It does what the collector's shell does: append, apply, weigh, renew.

mod after;
pub(crate) mod agents;
mod claims;
mod owners;
mod people;
pub(crate) mod plans;
mod runbooks;

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_core::plan::Plan;
use tidelock_core::record::{AgentSeen, Entry, Event, Observation, Record};
use tidelock_core::{Ask, Asker, AskerKind, Looser, Migration, RUN_LEASE, Refusal};
use tidelock_model::{AgentKey, Name, Phase, Sha256, Side, Timestamp};

use agents::Agent;

/// When every story begins.
pub(crate) const BEGIN: Timestamp = Timestamp::from_millis(1_800_000_000_000);

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn agent_key(side: Side, agent: &str) -> AgentKey {
    AgentKey { side, name: name(agent) }
}

pub(crate) fn asker(who: &str) -> Asker {
    let kind = match who {
        "pipeline" => AskerKind::Pipeline,
        "operator" => AskerKind::Operator,
        _ => AskerKind::Person,
    };
    Asker { name: name(who), kind }
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) migration: Migration,
    pub(crate) journal: Vec<Entry>,
    pub(crate) agents: BTreeMap<AgentKey, Agent>,
    /// Second processes with the identity of an agent.
    pub(crate) doubles: Vec<(AgentKey, Agent)>,
    /// The build that findings of a side tell of.
    pub(crate) builds: BTreeMap<Side, String>,
    /// Somebody waits to go back as soon as that is decided.
    pub(crate) standby: bool,
    position: u64,
    /// Findings were dropped: the journal has decisions from then alone.
    dropped: bool,
}

impl World {
    pub(crate) fn new() -> World {
        let migration = Migration::new(name("shop"));
        World {
            now: BEGIN,
            migration,
            journal: Vec::new(),
            agents: BTreeMap::new(),
            doubles: Vec::new(),
            builds: BTreeMap::new(),
            standby: false,
            position: 0,
            dropped: false,
        }
    }

    pub(crate) fn since_begin(&self) -> Duration {
        self.now.since(BEGIN)
    }

    /// Durable first, then believed.
    pub(crate) fn append(&mut self, record: Record) {
        let entry = Entry { at: self.now, record };
        self.journal.push(entry.clone());
        self.migration.apply(&entry);
    }

    pub(crate) fn see(&mut self, observation: Observation) {
        self.position += 1;
        self.append(Record::Seen(self.position, observation));
    }

    /// Records an event, and checks first that a replay would find the same evidence behind it.
    pub(crate) fn record(&mut self, event: Event) {
        let (hash, holds) = self.migration.evidence_of(&event.kind, self.now);
        assert_eq!((hash, &holds), (event.evidence_hash, &event.holds), "evidence of {:?}", event.kind);
        self.append(Record::Decided(Box::new(event)));
    }

    pub(crate) fn ask(&mut self, ask: &Ask) -> Result<Vec<Event>, Refusal> {
        let events = self.migration.decide(self.now, ask)?;
        for event in &events {
            self.record(event.clone());
        }
        Ok(events)
    }

    /// What evidence and time decide now, recorded; nothing may be left to decide after it.
    pub(crate) fn weigh(&mut self) -> Vec<Event> {
        let events = self.migration.weigh(self.now);
        assert!(events.len() <= 7, "weighing goes round in circles: {events:?}");
        for event in &events {
            self.record(event.clone());
        }
        assert_eq!(self.migration.weigh(self.now), [], "weighing twice");
        for renewal in self.migration.renewals(self.now) {
            self.see(renewal);
        }
        events
    }

    /// One second: heartbeats, runs, a tick.
    pub(crate) fn second(&mut self) {
        self.now = self.now.plus(Duration::from_secs(1));
        let second = self.since_begin().as_secs();
        let Some(plan) = self.migration.plan().cloned() else {
            return;
        };
        let (revision, hash) = (self.migration.revision(), self.migration.plan_hash().unwrap());
        let phase = self.migration.phase();
        let mut heard = Vec::new();
        let all = self.agents.iter_mut().chain(self.doubles.iter_mut().map(|(key, agent)| (&*key, agent)));
        for (key, agent) in all {
            if second.is_multiple_of(3) && agent.connected && agent.alive {
                let (offset_ms, error_ms) = agent.clock;
                heard.push(Observation::Agent(AgentSeen { offset_ms, error_ms, ..seen(key) }));
            }
            let build = self.builds.get(&key.side).map_or("", String::as_str);
            let batch = agent.run(key, &plan, ((revision, hash), build, phase), self.now, second);
            heard.extend(batch.map(Observation::Findings));
        }
        heard.into_iter().for_each(|observation| self.see(observation));
        if self.standby && second.is_multiple_of(5) {
            self.see(Observation::RunRenewed { run: 0, lease: 0, until: self.now.plus(RUN_LEASE) });
        }
        self.see(Observation::Tick);
    }

    /// The collector is not there: agents go on, and keep what they find.
    pub(crate) fn away(&mut self, seconds: u64) {
        let Some(plan) = self.migration.plan().cloned() else { return };
        let revision = (self.migration.revision(), self.migration.plan_hash().unwrap());
        let phase = self.migration.phase();
        for _ in 0..seconds {
            self.now = self.now.plus(Duration::from_secs(1));
            let second = self.since_begin().as_secs();
            for (key, agent) in &mut self.agents {
                let build = self.builds.get(&key.side).map_or("", String::as_str);
                let connected = std::mem::replace(&mut agent.connected, false);
                agent.run(key, &plan, (revision, build, phase), self.now, second);
                agent.connected = connected;
            }
        }
    }

    pub(crate) fn apply_plan(&mut self, plan: Plan, by: &str) -> Result<Vec<Event>, Refusal> {
        let hash = Sha256::from_bytes([u8::try_from(self.migration.revision() + 1).unwrap(); 32]);
        let (plan, by, looser) = (Box::new(plan), asker(by), self.compared(&[]));
        self.ask(&Ask::ApplyPlan {
            plan,
            hash,
            by,
            reason: "as agreed".into(),
            if_revision: None,
            grid_origin: BEGIN,
            looser,
            confirm: false,
        })
    }

    /// What a plan makes easier than the one in force.
    pub(crate) fn compared(&self, lines: &[&str]) -> Looser {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Looser { against: self.migration.plan_hash(), lines }
    }

    pub(crate) fn enrol(&mut self, key: &AgentKey) -> Result<Vec<Event>, Refusal> {
        self.agents.entry(key.clone()).or_insert_with(|| Agent::new(key));
        let certificate_ends = self.now.plus(Duration::from_secs(86_400));
        let (must_be_new, reason) = (false, String::new());
        self.ask(&Ask::Enrol { agent: key.clone(), certificate_ends, must_be_new, reason })
    }

    /// The epoch of the open gate's token.
    pub(crate) fn token(&self, gate: Phase) -> Option<u64> {
        let verdict = self.migration.verdict(gate, self.now);
        verdict.open().then_some(verdict.epoch)
    }

    /// The state that a replay of the journal gives.
    pub(crate) fn replay(&self) -> Migration {
        let mut migration = Migration::new(name("shop"));
        for entry in &self.journal {
            migration.apply(entry);
            if self.dropped {
                migration.findings_dropped();
            }
        }
        migration
    }

    /// What was seen until now goes, and the collector starts again.
    pub(crate) fn drop_findings(&mut self) {
        self.journal.retain(|entry| matches!(entry.record, Record::Decided(_)));
        self.dropped = true;
        self.migration = self.replay();
    }

    /// Once a migration has ended, its decisions alone tell the same of it as they do with all that was seen.
    pub(crate) fn report_outlives_findings(&self) {
        let (mut whole, mut alone) = (self.clone(), self.clone());
        alone.drop_findings();
        // Findings go only where their migration comes to the same end without them.
        if !whole.migration.is_accounted_for() || alone.migration.phase() != whole.migration.phase() {
            return;
        }
        whole.see(Observation::Tick);
        alone.see(Observation::Tick);
        assert_eq!(
            alone.migration.report(self.now),
            whole.migration.report(self.now),
            "without its findings"
        );
    }
}

pub(crate) fn seen(agent: &AgentKey) -> AgentSeen {
    AgentSeen {
        agent: agent.clone(),
        offset_ms: 3,
        error_ms: 5,
        starved_permille: 0,
        spool_findings: 0,
        version: "0.1.0".into(),
    }
}
