//! What is looked up, kept beside the journal and never believed against it.
//!
//! The index can be deleted at any time: it names the journal and the positions that it reflects, and
//! whatever is missing is folded again. One value a batch, never one a finding: small records are
//! what an embedded store is bad at.

mod apply;
mod history;
mod keys;
mod sled;
mod start;
mod table;
mod value;

use std::{path::PathBuf, sync::Arc};

use tidelock_model::{AgentKey, Name, Side, SpoolEpoch};

pub use self::{sled::SledIndex, start::IndexStart};
use super::types::{Heads, Position};

/// The largest value that is stored.
pub(crate) const MAX_VALUE_BYTES: usize = 64 * 1024;

/// What the caller's fold makes of one record of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A batch of findings as received.
    Batch(Batch),
    /// Numbers that an agent had to drop: its cursor moves on without them.
    Gap {
        /// The migration of its agent.
        migration: Name,
        /// Whose numbers they are.
        agent: AgentKey,
        /// The spool that they count in.
        spool_epoch: SpoolEpoch,
        /// The last of them.
        to: u64,
    },
    /// Something for the list of events.
    Event(Event),
}

/// A batch: where its agent's cursor stands after it, what it was made of, and what to show of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The migration of its agent.
    pub migration: Name,
    /// Who sent it.
    pub agent: AgentKey,
    /// The spool that its numbers count in.
    pub spool_epoch: SpoolEpoch,
    /// The number of the first finding.
    pub first_seq: u64,
    /// One hash a finding, in order.
    pub hashes: Arc<[[u8; 16]]>,
    /// What the history of each check shows, in order; one line a check is enough for a screen.
    pub history: Vec<(Name, HistoryItem)>,
}

/// One line in the history of a check, as it is added. The record that it comes with holds the whole finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryItem {
    /// When it was received, in collector time.
    pub at_unix_ms: u64,
    /// What a screen shows of it, in the caller's encoding; at most 1 KiB.
    pub summary: Vec<u8>,
}

/// The same as it is found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// When it was received, in collector time.
    pub at_unix_ms: u64,
    /// The record that holds the whole finding.
    pub position: Position,
    /// What a screen shows of it, in the encoding of whoever added it.
    pub summary: Vec<u8>,
}

/// One line in the list of events of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Whose event it is.
    pub migration: Name,
    /// When it happened, in collector time.
    pub at_unix_ms: u64,
    /// The decision that it is; set by the index.
    pub position: Position,
    /// What a screen shows, in the caller's encoding; at most 32 KiB.
    pub body: Vec<u8>,
}

/// How far an agent's spool was journaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The spool.
    pub spool_epoch: SpoolEpoch,
    /// The last number of it.
    pub last_seq: u64,
}

/// What is known about a finding's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nothing: it is new, or older than the window.
    No,
    /// It was journaled, with this hash.
    Yes([u8; 16]),
}

/// Sizes of the index.
#[derive(Debug, Clone, Copy)]
pub struct IndexSettings {
    /// How many numbers of a spool the dedup window reaches back.
    pub dedup_window: u64,
    /// How many chunks of history a check keeps a side; a chunk is at most 16 KiB.
    pub history_chunks: u64,
    /// How much may wait in memory for the next flush.
    pub pending_bytes: usize,
    /// How long the database may take to open. There is no index after that, until the next start sets it aside.
    pub open_limit: std::time::Duration,
    /// How much memory the database may use as its cache.
    pub cache_bytes: u64,
}

impl Default for IndexSettings {
    fn default() -> IndexSettings {
        IndexSettings {
            dedup_window: 65_536,
            history_chunks: 64,
            // Whatever a batch of changes replaces stays in memory until the batch is through.
            pending_bytes: 4 * 1024 * 1024,
            open_limit: std::time::Duration::from_secs(30),
            cache_bytes: 32 * 1024 * 1024,
        }
    }
}

/// Why the index gave no answer. The journal is untouched; open the index again to rebuild it.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The database refused, or panicked.
    #[error("index {}: {what}; it is rebuilt from the journal at the next start", dir.display())]
    Broken {
        /// Its folder.
        dir: PathBuf,
        /// What it said.
        what: String,
    },
}

/// Named look-ups, whatever they are kept in. Its calls block for a short time.
pub trait Index: Send + Sync {
    /// What the index holds: everything up to these positions.
    fn reflects(&self) -> Heads;

    /// Takes what the fold made of one record of findings, in the order of the journal.
    ///
    /// # Errors
    /// The database refused.
    fn add_findings(&self, position: Position, entries: &[Entry]) -> Result<(), IndexError>;

    /// Takes what the fold made of one decision, in the order of the journal.
    ///
    /// # Errors
    /// The database refused.
    fn add_decision(&self, position: Position, entries: &[Entry]) -> Result<(), IndexError>;

    /// The latest lines of a check's history on one side before this position, newest first.
    ///
    /// # Errors
    /// The database refused.
    fn history(
        &self,
        migration: &Name,
        check: &Name,
        side: Side,
        before: Position,
        limit: usize,
    ) -> Result<Vec<HistoryLine>, IndexError>;

    /// The events of a migration after this decision, oldest first.
    ///
    /// # Errors
    /// The database refused.
    fn events_since(&self, migration: &Name, after: Position, limit: usize)
    -> Result<Vec<Event>, IndexError>;

    /// The spools of an agent, the latest last.
    ///
    /// # Errors
    /// The database refused.
    fn cursors(&self, migration: &Name, agent: &AgentKey) -> Result<Vec<Cursor>, IndexError>;

    /// Whether a finding was journaled, by its agent, spool and number.
    ///
    /// # Errors
    /// The database refused.
    fn seen(
        &self,
        migration: &Name,
        agent: &AgentKey,
        spool_epoch: SpoolEpoch,
        seq: u64,
    ) -> Result<Seen, IndexError>;

    /// Makes everything taken so far durable.
    ///
    /// # Errors
    /// The database refused.
    fn flush(&self) -> Result<(), IndexError>;
}
