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

use crate::fold::{EventLine, Heard};
use crate::journal::{
    Batch, Entry, Event, Heads, HistoryItem, Index as _, IndexError, IndexSettings, Position, SledIndex,
    Store,
};
use crate::records::{Decision, Received, Seen};
use crate::text;

/// Records that wait for the index.
const QUEUED: usize = 1024;
/// Records of a replay that are handed on together: so many times what waits live may wait then, some 10 MiB.
const TOGETHER: usize = 16;
/// What was taken is durable after this long.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// What a line of history keeps of a finding's note.
const NOTE_CHARS: usize = 200;

enum Fed {
    Seen(Position, Arc<Vec<Entry>>),
    Decision(Position, Vec<Entry>),
    Replayed(Vec<Fed>),
    /// All of the journal was replayed: it is answered once that is durable.
    CaughtUp(SyncSender<()>),
}

/// The index and the way into it. Clones share both.
#[derive(Clone)]
pub struct Lookup {
    index: Arc<SledIndex>,
    feed: SyncSender<Fed>,
    /// What the index held when it was opened.
    reflects: Heads,
}

impl Lookup {
    /// Opens the index and starts its thread. What it lacks of the journal comes with the replay. Blocks.
    ///
    /// # Errors
    /// When the index can neither be opened nor made anew.
    pub fn open(dir: &Path, store: &dyn Store) -> Result<Lookup, IndexError> {
        let (index, start) = SledIndex::open(dir, IndexSettings::default(), store)?;
        if let Some(why) = &start.set_aside {
            tracing::warn!(%why, aside = ?start.set_aside_to, "the index was set aside and built anew");
        }
        let reflects = index.reflects();
        let (index, (feed, fed)) = (Arc::new(index), sync_channel(QUEUED));
        // What retention took is in no journal any more.
        let oldest = store.oldest_findings();
        let feeding = index.clone();
        let follow = move || follow(&feeding, &fed, oldest);
        match std::thread::Builder::new().name("index".to_owned()).spawn(follow) {
            Ok(_) => Ok(Lookup { index, feed, reflects }),
            Err(error) => {
                Err(IndexError::Broken { dir: dir.to_path_buf(), what: format!("start a thread: {error}") })
            }
        }
    }

    /// Brings the index up to the journal with a replay.
    pub(crate) fn catch_up(&self) -> CatchUp<'_> {
        CatchUp { lookup: self, waiting: Vec::new() }
    }

    /// What the index makes of a record that is replayed; none where it reflects it already.
    pub(crate) fn prepare(&self, heard: &Heard) -> Option<Arc<Vec<Entry>>> {
        let new = heard.position > self.reflects.findings;
        new.then(|| Arc::new(batch_entries(heard.at, &heard.seen, heard.received.as_ref())))
    }

    pub(crate) fn seen(&self, position: Position, at: Timestamp, seen: &Seen, received: Option<&Received>) {
        self.send(Fed::Seen(position, Arc::new(batch_entries(at, seen, received))));
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

/// A replay of the journal, handed to the index. It waits for the index where that is slower.
pub(crate) struct CatchUp<'a> {
    lookup: &'a Lookup,
    waiting: Vec<Fed>,
}

impl CatchUp<'_> {
    /// Hands on what was prepared of a record.
    pub(crate) fn seen(&mut self, position: Position, prepared: Option<&Arc<Vec<Entry>>>) {
        if let Some(entries) = prepared {
            self.add(Fed::Seen(position, entries.clone()));
        }
    }

    /// Hands on a decision.
    pub(crate) fn decided(&mut self, position: Position, decision: &Decision) {
        if position > self.lookup.reflects.decisions {
            self.add(Fed::Decision(position, vec![Entry::Event(event(position, decision))]));
        }
    }

    fn add(&mut self, fed: Fed) {
        self.waiting.push(fed);
        if self.waiting.len() >= TOGETHER {
            self.hand_on();
        }
    }

    fn hand_on(&mut self) {
        // Where its thread has ended, it has said so, and the next start catches up.
        let _ = self.lookup.feed.send(Fed::Replayed(std::mem::take(&mut self.waiting)));
    }

    /// Waits until all of it is durable. Gives back whether it is.
    pub(crate) fn end(mut self) -> bool {
        self.hand_on();
        let (done, caught_up) = sync_channel(1);
        self.lookup.feed.send(Fed::CaughtUp(done)).is_ok() && caught_up.recv().is_ok()
    }
}

/// How far the index was fed.
struct Following<'a> {
    index: &'a SledIndex,
    /// What it held at the start: that may come again, and once is enough.
    reflects: Heads,
    last: Heads,
    dirty: bool,
}

impl Following<'_> {
    /// Takes what comes next. Gives back whether it goes on from what came before.
    fn take(&mut self, fed: Fed) -> Result<bool, IndexError> {
        match fed {
            Fed::Seen(position, _) if position <= self.reflects.findings => {}
            Fed::Decision(position, _) if position <= self.reflects.decisions => {}
            Fed::Seen(position, entries) if position == self.last.findings.next() => {
                (self.last.findings, self.dirty) = (position, true);
                self.index.add_findings(position, &entries)?;
            }
            Fed::Decision(position, entries) if position == self.last.decisions.next() => {
                (self.last.decisions, self.dirty) = (position, true);
                self.index.add_decision(position, &entries)?;
            }
            Fed::Seen(..) | Fed::Decision(..) => return Ok(false),
            Fed::Replayed(all) => {
                for fed in all {
                    if !self.take(fed)? {
                        return Ok(false);
                    }
                }
            }
            Fed::CaughtUp(done) => {
                self.flush()?;
                // Whoever asked may have gone.
                let _ = done.send(());
            }
        }
        Ok(true)
    }

    fn flush(&mut self) -> Result<(), IndexError> {
        if std::mem::take(&mut self.dirty) { self.index.flush() } else { Ok(()) }
    }
}

fn follow(index: &SledIndex, fed: &Receiver<Fed>, oldest: Position) {
    let reflects = index.reflects();
    let before_oldest = Position::new(oldest.number().saturating_sub(1));
    let last = Heads { findings: reflects.findings.max(before_oldest), ..reflects };
    let mut following = Following { index, reflects, last, dirty: false };
    loop {
        let outcome = match fed.recv_timeout(FLUSH_EVERY) {
            Ok(fed) => following.take(fed),
            Err(RecvTimeoutError::Timeout) => following.flush().map(|()| true),
            Err(RecvTimeoutError::Disconnected) => break,
        };
        match outcome {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!("the index could not keep up; it is caught up at the next start");
                break;
            }
            Err(error) => {
                tracing::error!(%error, "the index is left alone until the next start");
                return;
            }
        }
    }
    if let Err(error) = index.flush() {
        tracing::error!(%error, "the index was not flushed");
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
    let hashes = received.map(Received::shared_hashes).unwrap_or_default();
    // One line a check and record, of its latest finding: after an outage there are many in one.
    let mut latest: BTreeMap<&Name, &Finding> = BTreeMap::new();
    for finding in &batch.findings {
        latest.insert(&finding.check, finding);
    }
    let line = |(check, finding): (&Name, &Finding)| {
        let summary = line(at, &agent, finding).encode_to_vec();
        (check.clone(), HistoryItem { at_unix_ms: at.as_millis(), summary })
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
