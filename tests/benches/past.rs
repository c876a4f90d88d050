//! A journal with a past: what agents would have sent, appended by the journal's own library at the moments at which it
//! would have come, and decided by the core as the collector decides it. The collector that is started on it reads
//! what it would have written itself, and nobody waits a week for it.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use tidelock_collector::fold::{Fold, replay};
use tidelock_collector::journal::{
    Answer, Journal, NewDecision, Pending, Position, Record as Stored, Settings, Store as _,
};
use tidelock_collector::plans;
use tidelock_collector::records::{
    DECISION_KIND, Decision, FINDING_KIND, PlanExtras, Seen, decision_to_bytes, seen_to_bytes,
};
use tidelock_core::record::{AgentSeen, Entry, Event, Observation, Record};
use tidelock_core::{Ask, Asker, AskerKind, Looser, Migration};
use tidelock_model::{AgentKey, FindingBatch, Name, Timestamp};

/// Records that are queued in the journal and not durable yet.
const WAITING: usize = 2_048;

/// A journal that is written ahead of its collector.
pub(crate) struct Past {
    journal: Journal,
    pub(crate) fold: Fold,
    waiting: VecDeque<(Position, Pending)>,
    next: Position,
}

impl Past {
    /// Takes the journal of a collector that was stopped, and folds it.
    pub(crate) fn open(data: &Path) -> Past {
        let (journal, _) = Journal::open(&Settings::new(data)).expect("a journal that was closed");
        let findings = journal.read_findings(journal.oldest_findings());
        let fold = replay(findings, journal.read_decisions(Position::new(1)), |_, _, _| {});
        let next = journal.heads().findings.next();
        Past { journal, fold: fold.expect("a journal that folds"), waiting: VecDeque::new(), next }
    }

    /// A migration as it stands.
    pub(crate) fn core(&self, name: &Name) -> &Migration {
        &self.fold.migrations[name].core
    }

    /// Appends a batch of findings.
    pub(crate) async fn findings(&mut self, at: Timestamp, name: &Name, batch: FindingBatch) {
        self.seen(at, Some(name), Observation::Findings(batch)).await;
    }

    /// Appends the presence of an agent.
    pub(crate) async fn present(&mut self, at: Timestamp, name: &Name, agent: &AgentKey) {
        let seen = AgentSeen {
            agent: agent.clone(),
            offset_ms: 0,
            error_ms: 1,
            starved_permille: 0,
            spool_findings: 0,
            version: "0.1.0".to_owned(),
        };
        self.seen(at, Some(name), Observation::Agent(seen)).await;
    }

    /// Appends a tick, and decides what evidence and time alone decide.
    pub(crate) async fn tick(&mut self, at: Timestamp) {
        self.seen(at, None, Observation::Tick).await;
        let names: Vec<Name> = self.fold.migrations.keys().cloned().collect();
        for name in names {
            loop {
                let events = self.core(&name).weigh(at);
                if events.is_empty() {
                    break;
                }
                for event in events {
                    self.record(at, &name, event, None).await;
                }
            }
            for renewal in self.core(&name).renewals(at) {
                self.seen(at, Some(&name), renewal).await;
            }
        }
    }

    /// Asks, and records what follows.
    pub(crate) async fn ask(&mut self, at: Timestamp, name: &Name, ask: &Ask) {
        let events = self.core(name).decide(at, ask).expect("nothing refuses it");
        for event in events {
            self.record(at, name, event, None).await;
        }
    }

    /// Puts the plan of one migration in force for another one.
    pub(crate) async fn begin_like(&mut self, at: Timestamp, like: &Name, name: &Name) {
        let mut extras = self.extras(like).clone();
        extras.source.yaml = extras.source.yaml.replace(&format!("name: {like}"), &format!("name: {name}"));
        let checked = plans::check(&extras.source).expect("it was right before");
        assert_eq!(checked.plan.name, *name, "the plan is of the other migration");
        let ask = Ask::ApplyPlan {
            plan: Box::new(checked.plan),
            hash: checked.hash,
            by: operator(),
            reason: "bench".to_owned(),
            if_revision: None,
            grid_origin: at,
            looser: Looser::default(),
            confirm: false,
        };
        let events = Migration::new(name.clone()).decide(at, &ask).expect("a first plan");
        let begin = self.next.before().number();
        for mut event in events {
            event.findings_position = event.findings_position.max(begin);
            self.record(at, name, event, Some(extras.clone())).await;
        }
    }

    /// The plan in force as it was written.
    pub(crate) fn extras(&self, name: &Name) -> &PlanExtras {
        &self.fold.migrations[name].revisions.last().expect("it has a plan").extras
    }

    /// Lets an agent in, or gives it its next certificate.
    pub(crate) async fn enrol(&mut self, at: Timestamp, name: &Name, agent: &AgentKey, life: Duration) {
        let certificate_ends = at.plus(life);
        let (must_be_new, reason) = (false, String::new());
        let ask = Ask::Enrol { agent: agent.clone(), certificate_ends, must_be_new, reason };
        self.ask(at, name, &ask).await;
    }

    /// How many findings of a migration did not count, by the reasons' words.
    pub(crate) fn not_counted(&self, name: &Name) -> String {
        let all = self.core(name).not_counted().iter();
        let words: Vec<String> = all.map(|(reason, number)| format!("{number} {reason:?}")).collect();
        if words.is_empty() { "every finding counts".to_owned() } else { words.join(", ") }
    }

    /// Makes everything durable and gives the folder back.
    pub(crate) async fn close(mut self) {
        while !self.waiting.is_empty() {
            self.durable().await;
        }
        self.journal.close().await;
    }

    async fn durable(&mut self) {
        if let Some((position, pending)) = self.waiting.pop_front() {
            assert_eq!(pending.durable().await.expect("the disk has room"), position, "the order is kept");
        }
    }

    async fn seen(&mut self, at: Timestamp, name: Option<&Name>, observation: Observation) {
        let seen = Seen { migration: name.cloned(), observation, boot_id: String::new() };
        let record = Stored { kind: FINDING_KIND, at_unix_ms: at.as_millis(), body: seen_to_bytes(&seen) };
        if self.waiting.len() == WAITING {
            self.durable().await;
        }
        let pending = self.journal.submit_findings(record).await.expect("the journal takes it");
        self.waiting.push_back((self.next, pending));
        let entry = Entry { at, record: Record::Seen(self.next.number(), seen.observation) };
        self.next = self.next.next();
        for (other, folding) in &mut self.fold.migrations {
            if name.is_none_or(|name| name == other) {
                folding.core.apply(&entry);
            }
        }
    }

    async fn record(&mut self, at: Timestamp, name: &Name, event: Event, extras: Option<PlanExtras>) {
        let decision = Decision { migration: name.clone(), at, event, extras };
        let record =
            Stored { kind: DECISION_KIND, at_unix_ms: at.as_millis(), body: decision_to_bytes(&decision) };
        let rests_on = Position::new(decision.event.findings_position);
        let expected = self.fold.migrations.get(name).and_then(|folding| folding.head);
        let new = NewDecision { migration: name.clone(), expected, rests_on, record };
        match self.journal.append_decision(new).await.expect("the journal takes it") {
            Answer::Appended { position, link: _ } => self.fold.decided(position, decision),
            Answer::Conflict { head } => panic!("somebody else decided: {head:?}"),
            Answer::Unknown { why } => panic!("nobody knows whether it is there: {why}"),
        }
    }
}

/// Whoever runs the collector.
pub(crate) fn operator() -> Asker {
    Asker { name: Name::new("operator").expect("a name"), kind: AskerKind::Operator }
}
