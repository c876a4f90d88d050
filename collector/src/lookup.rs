//! What is looked up rather than folded: old events, the history of a check, agents' cursors.
//!
//! It lies in sled beside the journal and is never believed against it. It is fed by a thread of its
//! own behind a bounded queue: when it cannot keep up, it is left behind and caught up at the next
//! start, because no verdict waits for a list on a screen.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use prost::Message as _;
use tidelock_core::record::Observation;
use tidelock_model::{Name, Timestamp};
use tidelock_proto::{batch_to_wire, v1};

use crate::fold::EventLine;
use crate::ingest::hashes;
use crate::journal::{
    Batch, Entry, Event, HistoryItem, Index as _, IndexError, IndexSettings, Position, Set, SledIndex, Store,
    Stored,
};
use crate::records::{Decision, Seen, decision_from_bytes, seen_from_bytes};
use crate::text;

/// Records that wait for the index.
const QUEUED: usize = 1024;
/// What was taken is durable after this long.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// What a line of history keeps of a finding's note.
const NOTE_CHARS: usize = 200;

enum Fed {
    Seen(Position, Timestamp, Box<Seen>),
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

    pub(crate) fn seen(&self, position: Position, at: Timestamp, seen: Seen) {
        self.send(Fed::Seen(position, at, Box::new(seen)));
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

fn follow(index: &SledIndex, fed: &Receiver<Fed>) {
    // What the catch-up at the start has taken comes again from the driver; once is enough.
    let reflects = index.reflects();
    let mut last = reflects;
    let mut dirty = false;
    loop {
        let outcome = match fed.recv_timeout(FLUSH_EVERY) {
            Ok(Fed::Seen(position, _, _)) if position <= reflects.findings => Ok(()),
            Ok(Fed::Decision(position, _)) if position <= reflects.decisions => Ok(()),
            Ok(Fed::Seen(position, at, seen)) if position == last.findings.next() => {
                (last.findings, dirty) = (position, true);
                index.add_findings(position, batch_entries(at, *seen))
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
            let seen = seen_from_bytes(&stored.record.body).map_err(|error| error.to_string())?;
            Ok(batch_entries(Timestamp::from_millis(stored.record.at_unix_ms), seen))
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

fn batch_entries(at: Timestamp, seen: Seen) -> Vec<Entry> {
    let (Some(migration), Observation::Findings(batch)) = (seen.migration, seen.observation) else {
        return Vec::new();
    };
    let (agent, spool_epoch, first_seq) = (batch.agent.clone(), batch.spool_epoch, batch.first_seq);
    let checks: Vec<Name> = batch.findings.iter().map(|finding| finding.check.clone()).collect();
    let wire = batch_to_wire(batch);
    let hashes = hashes(&wire.findings);
    let history = checks.into_iter().zip(wire.findings).map(|(check, finding)| {
        let line = v1::Finding {
            round: finding.round,
            outcome: finding.outcome,
            cause: finding.cause,
            duration_ns: finding.duration_ns,
            note: finding.note.chars().take(NOTE_CHARS).collect(),
            ..v1::Finding::default()
        };
        let (at_unix_ms, position) = (at.as_millis(), Position::START);
        (check, HistoryItem { at_unix_ms, position, summary: line.encode_to_vec() })
    });
    let history = history.collect();
    vec![Entry::Batch(Batch { migration, agent, spool_epoch, first_seq, hashes, history })]
}
