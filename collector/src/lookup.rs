//! What is looked up rather than folded: old events, the history of a check, agents' cursors.
//!
//! It lies in sled beside the journal and is never believed against it. It is fed by a thread of its
//! own behind a bounded queue: when it cannot keep up, it is left behind and caught up at the next
//! start, because no verdict waits for a list on a screen.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use prost::Message as _;
use tidelock_core::record::Observation;
use tidelock_model::{AgentKey, Finding, Name, Outcome, Side, Timestamp};
use tidelock_proto::{side_to_wire, v1};

use crate::fold::EventLine;
use crate::journal::{
    Batch, Entry, Event, HistoryItem, Index as _, IndexError, IndexSettings, Position, Set, SledIndex, Store,
    Stored,
};
use crate::records::{Decision, Received, Seen, decision_from_bytes, seen_and_received};
use crate::text;

/// Records that wait for the index.
const QUEUED: usize = 1024;
/// What was taken is durable after this long.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// What a line of history keeps of a finding's note.
const NOTE_CHARS: usize = 200;

enum Fed {
    Seen(Position, Vec<Entry>),
    Decision(Position, Vec<Entry>),
}

/// The index and the way into it. Clones share both.
#[derive(Clone)]
pub struct Lookup {
    index: Arc<SledIndex>,
    feed: SyncSender<Fed>,
}

impl Lookup {
    /// Opens the index, brings it up to the journal, and starts its thread. Blocks.
    ///
    /// # Errors
    /// When the index can neither be opened nor built anew.
    pub fn open(dir: &Path, store: &dyn Store) -> Result<Lookup, IndexError> {
        let (index, start) = SledIndex::open(dir, IndexSettings::default(), store, &entries_of)?;
        if let Some(why) = &start.set_aside {
            tracing::warn!(%why, aside = ?start.set_aside_to, "the index was set aside and built anew");
        }
        let (index, (feed, fed)) = (Arc::new(index), sync_channel(QUEUED));
        let feeding = index.clone();
        let started =
            std::thread::Builder::new().name("index".to_owned()).spawn(move || follow(&feeding, &fed));
        match started {
            Ok(_) => Ok(Lookup { index, feed }),
            Err(error) => {
                Err(IndexError::Broken { dir: dir.to_path_buf(), what: format!("start a thread: {error}") })
            }
        }
    }

    pub(crate) fn seen(&self, position: Position, at: Timestamp, seen: &Seen, received: Option<&Received>) {
        self.send(Fed::Seen(position, batch_entries(at, seen, received)));
    }

    pub(crate) fn decided(&self, position: Position, decision: &Decision) {
        self.send(Fed::Decision(position, vec![Entry::Event(event(position, decision))]));
    }

    fn send(&self, fed: Fed) {
        // Full, or its thread has ended: the thread says so, and the next start catches up.
        let _ = self.feed.try_send(fed);
    }

    /// Events after this one as they are shown, oldest first. Blocks.
    ///
    /// # Errors
    /// When the index is broken.
    pub fn events_after(
        &self,
        migration: &Name,
        after: u64,
        at_most: usize,
    ) -> Result<Vec<v1::Event>, IndexError> {
        let found = self.index.events_since(migration, Position::new(after), at_most)?;
        Ok(found.iter().filter_map(|event| v1::Event::decode(event.body.as_slice()).ok()).collect())
    }
}

impl Lookup {
    /// A check's history on both sides before this position, newest first: the latest finding of each
    /// batch, in short. Blocks.
    ///
    /// # Errors
    /// When the index is broken.
    pub(crate) fn history(
        &self,
        migration: &Name,
        check: &Name,
        before: Position,
        at_most: usize,
    ) -> Result<Vec<v1::RecentFinding>, IndexError> {
        let mut lines = Vec::new();
        for side in [Side::Source, Side::Target] {
            lines.extend(self.index.history(migration, check, side, before, at_most)?);
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.position));
        lines.truncate(at_most);
        Ok(lines.iter().filter_map(|line| v1::RecentFinding::decode(&*line.summary).ok()).collect())
    }
}

fn follow(index: &SledIndex, fed: &Receiver<Fed>) {
    // What the catch-up at the start has taken comes again from the driver; once is enough.
    let reflects = index.reflects();
    let mut last = reflects;
    let mut dirty = false;
    loop {
        let outcome = match fed.recv_timeout(FLUSH_EVERY) {
            Ok(Fed::Seen(position, _)) if position <= reflects.findings => Ok(()),
            Ok(Fed::Decision(position, _)) if position <= reflects.decisions => Ok(()),
            Ok(Fed::Seen(position, entries)) if position == last.findings.next() => {
                (last.findings, dirty) = (position, true);
                index.add_findings(position, entries)
            }
            Ok(Fed::Decision(position, entries)) if position == last.decisions.next() => {
                (last.decisions, dirty) = (position, true);
                index.add_decision(position, entries)
            }
            Ok(Fed::Seen(..) | Fed::Decision(..)) => {
                tracing::warn!("the index could not keep up; it is caught up at the next start");
                break;
            }
            Err(RecvTimeoutError::Timeout) if dirty => {
                dirty = false;
                index.flush()
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if let Err(error) = outcome {
            tracing::error!(%error, "the index is left alone until the next start");
            return;
        }
    }
    if let Err(error) = index.flush() {
        tracing::error!(%error, "the index was not flushed");
    }
}

/// What a record of the journal is to the index.
fn entries_of(set: Set, stored: &Stored) -> Result<Vec<Entry>, String> {
    match set {
        Set::Findings => {
            let read = seen_and_received(&stored.record.body).map_err(|error| error.to_string())?;
            Ok(batch_entries(Timestamp::from_millis(stored.record.at_unix_ms), &read.0, read.1.as_ref()))
        }
        Set::Decisions => {
            let decision = decision_from_bytes(&stored.record.body).map_err(|error| error.to_string())?;
            Ok(vec![Entry::Event(event(stored.position, &decision))])
        }
    }
}

fn event(position: Position, decision: &Decision) -> Event {
    let line = EventLine { sequence: position.number(), at: decision.at, event: decision.event.clone() };
    Event {
        migration: decision.migration.clone(),
        at_unix_ms: decision.at.as_millis(),
        position,
        body: text::event_to_wire(&line).encode_to_vec(),
    }
}

fn batch_entries(at: Timestamp, seen: &Seen, received: Option<&Received>) -> Vec<Entry> {
    let (Some(migration), Observation::Findings(batch)) = (&seen.migration, &seen.observation) else {
        return Vec::new();
    };
    let (migration, agent, spool_epoch) = (migration.clone(), batch.agent.clone(), batch.spool_epoch);
    if let Some(gap) = &batch.gap {
        return vec![Entry::Gap { migration, agent, spool_epoch, to: gap.to }];
    }
    let hashes = received.map(|received| received.hashes().to_vec()).unwrap_or_default();
    // One line a check and record, of its latest finding: after an outage there are many in one.
    let mut latest: BTreeMap<&Name, &Finding> = BTreeMap::new();
    for finding in &batch.findings {
        latest.insert(&finding.check, finding);
    }
    let line = |(check, finding): (&Name, &Finding)| {
        let summary = line(at, &agent, finding).encode_to_vec();
        (check.clone(), HistoryItem { at_unix_ms: at.as_millis(), position: Position::START, summary })
    };
    let history = latest.into_iter().map(line).collect();
    let first_seq = batch.first_seq;
    vec![Entry::Batch(Batch { migration, agent, spool_epoch, first_seq, hashes, history })]
}

/// What the history shows of a finding.
fn line(at: Timestamp, agent: &AgentKey, finding: &Finding) -> v1::RecentFinding {
    let outcome = match finding.outcome {
        Outcome::Pass => v1::Outcome::Pass,
        Outcome::Fail => v1::Outcome::Fail,
        Outcome::NotRun => v1::Outcome::NotRun,
    };
    let finding = v1::Finding {
        check: finding.check.to_string(),
        round: finding.round,
        due_unix_ms: finding.due.as_millis(),
        duration_ns: finding.duration_ns,
        outcome: outcome.into(),
        cause: finding.cause.map(|cause| cause.word().to_owned()).unwrap_or_default(),
        note: finding.report.note.chars().take(NOTE_CHARS).collect(),
        ..v1::Finding::default()
    };
    let agent = v1::AgentRef { side: side_to_wire(agent.side).into(), name: agent.name.to_string() };
    v1::RecentFinding { agent: Some(agent), received_time: text::time_to_wire(at), finding: Some(finding) }
}
