//! Where findings wait until the collector has them on disk.
//!
//! A finding is believed here only after it is synced, and forgotten only after the collector's ack.
//! sled's own `flush` is no fsync, so every commit is followed by a sync on our own handle; one value
//! holds one whole batch, because small values are what sled is bad at.
//!
//! # Invariants
//! - A number names one finding for the life of a spool epoch, also over crashes.
//! - A check's state is never newer on disk than the finding that it belongs to: one commit writes both.
//! - A spool that has become shorter than it was is set aside, never read as if it had always been so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prost::Message as _;
use tidelock_agent_core::{Entry, Ledger, join_gap, trim_gap};
use tidelock_model::{Gap, Name, SpoolEpoch};
use tidelock_proto::v1;

use crate::chance;

mod disk;
mod handle;
mod keys;
mod medium;
mod open;
mod witness;

pub use handle::{Head, Item, SpoolHandle};
pub use medium::{Medium, RealMedium};

use disk::Disk;

/// What a gap record may need on disk.
const GAP_RESERVE_BYTES: u64 = 64 << 10;
/// What sled adds to a value, about.
const OVERHEAD_BYTES: u64 = 64;
/// Acked batches that wait for the next commit to delete them.
const MAX_GONE: usize = 256;

/// Why the spool cannot go on. The agent stops then: findings that cannot be kept are no findings.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The folder cannot be used at all.
    #[error("{doing} {}", path.display())]
    Folder {
        /// What was being done.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database cannot be read or written.
    #[error("{doing} the spool: {why}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        why: String,
    },
    /// No randomness to name a new epoch with.
    #[error(transparent)]
    Random(#[from] chance::NoRandomness),
}

/// A change of one check's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// The check.
    pub check: Name,
    /// The key.
    pub key: String,
    /// The value; `None` forgets the key.
    pub value: Option<Vec<u8>>,
}

/// The spool of one agent.
#[derive(Debug)]
pub struct Spool {
    disk: Disk,
    epoch: SpoolEpoch,
    ledger: Ledger,
    /// The last number handed to the collector in the present session.
    sent_to: u64,
    /// Acked batches that are still on disk: the next commit deletes them, so that an ack costs no write
    /// of its own.
    gone: Vec<u64>,
    /// The batch that was kept last, which is nearly always the one that is sent next.
    fresh: Option<(Entry, v1::FindingBatch)>,
    /// The checks that may have a state.
    stateful: BTreeSet<Name>,
    /// Findings that this process had to drop.
    dropped: u64,
}

impl Drop for Spool {
    fn drop(&mut self) {
        if !self.gone.is_empty() {
            // Where this fails they come back, are sent again, and known to the collector.
            let writes = self.writes();
            let _ = self.disk.apply(writes);
        }
    }
}

impl Spool {
    /// Opens the spool, or begins one. A folder that cannot be believed is set aside, and a gap in the
    /// new one says so.
    ///
    /// # Errors
    /// When no spool can be had there.
    pub fn open(dir: &Path, limit_bytes: u64) -> Result<Spool, SpoolError> {
        Spool::open_on(dir, limit_bytes, Arc::new(RealMedium))
    }

    /// The same on another medium, which a test can break.
    ///
    /// # Errors
    /// When no spool can be had there.
    pub fn open_on(dir: &Path, limit_bytes: u64, medium: Arc<dyn Medium>) -> Result<Spool, SpoolError> {
        Spool::open_within(dir, limit_bytes, medium, disk::OPEN_FOR)
    }

    /// The random name of this spool.
    pub fn epoch(&self) -> SpoolEpoch {
        self.epoch
    }

    /// Findings that this process had to drop: a gap stands for each.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What is in it.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Keeps findings under the next numbers, and the state that belongs to them. When this returns
    /// they are on disk.
    ///
    /// # Errors
    /// When they are not.
    pub fn put(&mut self, findings: Vec<v1::Finding>, states: &[StateChange]) -> Result<Entry, SpoolError> {
        let count = findings.len() as u64;
        let batch = v1::FindingBatch {
            spool_epoch: self.epoch.0.to_be_bytes().to_vec(),
            first_seq: self.ledger.next_seq(),
            findings,
            gap: None,
        };
        let value = batch.encode_to_vec();
        let bytes = value.len() as u64 + OVERHEAD_BYTES;
        let mut writes = self.writes();
        self.make_room(bytes, &mut writes)?;
        let entry = self.ledger.push(count, bytes);
        writes.insert(&keys::batch(entry.first), value);
        writes.insert(keys::NEXT_SEQ, &self.ledger.next_seq().to_be_bytes());
        for change in states {
            let key = keys::state(&change.check, &change.key);
            match &change.value {
                Some(value) => {
                    self.stateful.insert(change.check.clone());
                    writes.insert(key, value.as_slice());
                }
                None => writes.remove(key),
            }
        }
        self.commit(writes)?;
        self.fresh = Some((entry, batch));
        Ok(entry)
    }

    /// Writes, and waits until it is on disk.
    fn commit(&mut self, writes: sled::Batch) -> Result<(), SpoolError> {
        self.disk.commit(writes, (self.epoch, self.ledger.next_seq()))
    }

    /// A set of writes that begins with the deletions that wait; what follows may write such a key anew.
    fn writes(&mut self) -> sled::Batch {
        let mut writes = sled::Batch::default();
        for first in self.gone.drain(..) {
            writes.remove(&keys::batch(first));
        }
        writes
    }

    /// Lets the oldest batches go where the limit asks for it, and puts one gap in their place.
    fn make_room(&mut self, bytes: u64, writes: &mut sled::Batch) -> Result<(), SpoolError> {
        let victims = self.ledger.make_room(bytes.saturating_add(GAP_RESERVE_BYTES), self.sent_to);
        let mut gap: Option<Gap> = None;
        for victim in &victims {
            let batch = self.batch(victim)?;
            let next = gap_of(victim, &batch);
            gap = Some(gap.map_or(next.clone(), |before| join_gap(before, next)));
            writes.remove(&keys::batch(victim.first));
        }
        let Some(gap) = gap else { return Ok(()) };
        self.dropped += victims.iter().map(|victim| victim.findings).sum::<u64>();
        tracing::warn!(from = gap.from, to = gap.to, "the spool is full; its oldest findings are dropped");
        let (first, value) = (gap.from, self.gap_batch(gap).encode_to_vec());
        self.ledger.replaced(&victims, value.len() as u64 + OVERHEAD_BYTES);
        writes.insert(&keys::batch(first), value);
        Ok(())
    }

    fn gap_batch(&self, gap: Gap) -> v1::FindingBatch {
        v1::FindingBatch {
            spool_epoch: self.epoch.0.to_be_bytes().to_vec(),
            first_seq: gap.from,
            findings: Vec::new(),
            gap: Some(v1::Gap {
                from_seq: gap.from,
                to_seq: gap.to,
                counts: (gap.counts.iter())
                    .map(|(check, count)| v1::CheckCount { check: check.to_string(), count: *count })
                    .collect(),
                reason: gap.reason,
            }),
        }
    }

    fn push_gap(&mut self, counts: BTreeMap<Name, u64>, reason: String) -> Result<(), SpoolError> {
        let seq = self.ledger.next_seq();
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(1000).collect();
        let value = self.gap_batch(Gap { from: seq, to: seq, counts, reason }).encode_to_vec();
        let entry = self.ledger.push(0, value.len() as u64 + OVERHEAD_BYTES);
        let mut writes = self.writes();
        writes.insert(&keys::batch(entry.first), value);
        writes.insert(keys::NEXT_SEQ, &self.ledger.next_seq().to_be_bytes());
        self.commit(writes)
    }

    fn batch(&self, entry: &Entry) -> Result<v1::FindingBatch, SpoolError> {
        let wrong = |why: String| SpoolError::Database { doing: "read from", why };
        let value = self.disk.get(&keys::batch(entry.first))?;
        let value = value.ok_or_else(|| wrong(format!("batch {} is missing", entry.first)))?;
        v1::FindingBatch::decode(&*value).map_err(|error| wrong(format!("batch {}: {error}", entry.first)))
    }

    /// The first batch above `seq`, to be sent now. It will not be dropped in this session any more.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn take_after(&mut self, seq: u64) -> Result<Option<(Entry, v1::FindingBatch)>, SpoolError> {
        if let Some(known) = self.take_fresh_after(seq) {
            return Ok(known);
        }
        let Some(entry) = self.ledger.after(seq) else { return Ok(None) };
        let batch = self.batch(&entry)?;
        self.sent_to = self.sent_to.max(entry.last);
        Ok(Some((entry, batch)))
    }

    /// The same without the disk, where that is enough: nothing is left, or the next batch is the one
    /// that was kept last. `None` when the disk must be asked.
    pub(crate) fn take_fresh_after(&mut self, seq: u64) -> Option<Option<(Entry, v1::FindingBatch)>> {
        let Some(entry) = self.ledger.after(seq) else { return Some(None) };
        let fresh = self.fresh.take_if(|(known, _)| *known == entry)?;
        self.sent_to = self.sent_to.max(entry.last);
        Some(Some(fresh))
    }

    /// A session begins: the collector has everything up to `durable`. What it has of a batch or a gap
    /// in part is cut off, so that no number is sent with two meanings.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn session_began(&mut self, durable: u64) -> Result<(), SpoolError> {
        if durable >= self.ledger.next_seq() {
            // The folder is an old copy of itself: its next numbers are taken.
            return self.new_epoch(&format!(
                "the collector has numbers up to {durable}, the spool only up to {}: it is an old copy",
                self.ledger.next_seq() - 1
            ));
        }
        self.fresh = None;
        self.acked(durable)?;
        self.sent_to = durable;
        if durable + 1 < self.ledger.first_seq() {
            return self.fill_forgotten(durable + 1);
        }
        let Some(cut) = self.ledger.cut_by(durable) else { return Ok(()) };
        let mut batch = self.batch(&cut)?;
        batch.first_seq = durable + 1;
        match batch.gap.take() {
            Some(_) => {
                let rest = trim_gap(gap_of(&cut, &self.batch(&cut)?), durable);
                batch.gap = rest.and_then(|gap| self.gap_batch(gap).gap);
            }
            None => {
                let known = usize::try_from(durable + 1 - cut.first).unwrap_or(usize::MAX);
                batch.findings.drain(..known.min(batch.findings.len()));
            }
        }
        let value = batch.encode_to_vec();
        self.ledger.shorten_first(entry_of(&batch, value.len()));
        let mut writes = self.writes();
        writes.remove(&keys::batch(cut.first));
        writes.insert(&keys::batch(durable + 1), value);
        self.commit(writes)
    }

    /// The collector has everything up to `seq` on disk. The deletion is not synced, and waits for the
    /// next commit: what comes back after a crash is sent again, and known there.
    ///
    /// # Errors
    /// When the database fails.
    pub fn acked(&mut self, seq: u64) -> Result<(), SpoolError> {
        self.gone.extend(self.ledger.acked(seq).iter().map(|entry| entry.first));
        if self.gone.len() <= MAX_GONE {
            return Ok(());
        }
        let writes = self.writes();
        self.disk.apply(writes)
    }

    /// The same without the disk. `None` when so much waits to be deleted that the disk must be asked.
    pub(crate) fn acked_in_memory(&mut self, seq: u64) -> Option<()> {
        if self.gone.len() >= MAX_GONE / 2 {
            return None;
        }
        // An ack of more batches than that at once is seldom, and they wait as well.
        self.gone.extend(self.ledger.acked(seq).iter().map(|entry| entry.first));
        Some(())
    }

    /// The collector has less than it once acked, and the agent has deleted that: it was set back. A gap
    /// stands for what is gone, or nothing would fit on what the collector has.
    fn fill_forgotten(&mut self, from: u64) -> Result<(), SpoolError> {
        let to = self.ledger.first_seq() - 1;
        tracing::error!(from, to, "the collector has forgotten findings that it had acked");
        let reason = "the collector had acked these and has them no more".to_owned();
        let batch = self.gap_batch(Gap { from, to, counts: BTreeMap::new(), reason });
        let value = batch.encode_to_vec();
        self.ledger.push_front(entry_of(&batch, value.len()));
        let mut writes = self.writes();
        writes.insert(&keys::batch(from), value);
        self.commit(writes)
    }

    /// Begins a new epoch in the same folder; what waits is dropped, and a gap says so.
    fn new_epoch(&mut self, why: &str) -> Result<(), SpoolError> {
        tracing::error!(why, "the spool begins anew; its findings are dropped");
        let mut counts = BTreeMap::new();
        self.dropped += self.ledger.findings();
        self.fresh = None;
        let mut writes = self.writes();
        for entry in self.ledger.entries() {
            for (check, count) in gap_of(entry, &self.batch(entry)?).counts {
                *counts.entry(check).or_default() += count;
            }
            writes.remove(&keys::batch(entry.first));
        }
        self.commit(writes)?;
        self.epoch = SpoolEpoch(u128::from_be_bytes(chance::bytes::<16>()?));
        self.disk.begin(self.epoch)?;
        self.ledger = Ledger::new(self.ledger.limit_bytes(), 1);
        self.sent_to = 0;
        self.push_gap(counts, why.to_owned())
    }

    /// What a check has kept.
    ///
    /// # Errors
    /// When the database fails.
    pub fn state_of(&self, check: &Name) -> Result<BTreeMap<String, Vec<u8>>, SpoolError> {
        if self.has_state(check) { self.disk.states(check) } else { Ok(BTreeMap::new()) }
    }

    /// Whether a check may have a state; most never have one.
    pub(crate) fn has_state(&self, check: &Name) -> bool {
        self.stateful.contains(check)
    }
}

fn entry_of(batch: &v1::FindingBatch, bytes: usize) -> Entry {
    let findings = batch.findings.len() as u64;
    let last = match &batch.gap {
        Some(gap) => gap.to_seq,
        None => batch.first_seq.saturating_add(findings.saturating_sub(1)),
    };
    Entry { first: batch.first_seq, last, bytes: bytes as u64 + OVERHEAD_BYTES, findings }
}

/// The gap that can stand in the place of a batch, or the one that stands there.
fn gap_of(entry: &Entry, batch: &v1::FindingBatch) -> Gap {
    let mut counts: BTreeMap<Name, u64> = BTreeMap::new();
    let of_gap =
        batch.gap.iter().flat_map(|gap| &gap.counts).map(|count| (count.check.as_str(), count.count));
    let of_findings = batch.findings.iter().map(|finding| (finding.check.as_str(), 1));
    for (check, count) in of_gap.chain(of_findings) {
        if let Ok(check) = Name::new(check) {
            *counts.entry(check).or_default() += count;
        }
    }
    let reason = match &batch.gap {
        Some(gap) => gap.reason.clone(),
        None => "the spool was full".to_owned(),
    };
    Gap { from: entry.first, to: entry.last, counts, reason }
}

#[cfg(test)]
mod tests;
