//! What a journal is to the rest of the collector, whatever it is kept in.
//!
//! `Unknown` is part of the type from the beginning: a journal over a network cannot always say
//! whether an append happened, and a caller that was never asked to handle that will not.

use futures::future::BoxFuture;
use tidelock_model::Name;
use tokio::sync::{oneshot, watch};

use super::{
    error::{Failure, JournalError},
    lane::Lane,
    read::Reader,
    types::{Answer, DecisionHead, Heads, NewDecision, Position, Record},
};

/// An append that is queued in its place and not yet durable.
#[must_use = "nothing is durable before this has been awaited"]
#[derive(Debug)]
pub struct Pending {
    pub(crate) reply: oneshot::Receiver<Result<Position, JournalError>>,
}

impl Pending {
    /// Waits until the record is durable.
    ///
    /// # Errors
    /// It was refused, or the journal stopped: then it may be there or not, and is to be sent again
    /// after the next start.
    pub async fn durable(self) -> Result<Position, JournalError> {
        let lost = || Err(JournalError::Failed(Failure::new("the writer ended without an answer")));
        self.reply.await.unwrap_or_else(|_| lost())
    }
}

/// A journal: two ordered sets of records, and a compare-and-set on each migration's decisions.
pub trait Store: Send + Sync {
    /// Queues a record of findings; waits while the queue is full. Records are appended in the order
    /// in which these futures completed.
    fn submit_findings(&self, record: Record) -> BoxFuture<'_, Result<Pending, JournalError>> {
        self.submit_in_lane(Lane::default(), record)
    }

    /// Queues a record of findings behind those of its lane: it is refused if one of them was.
    fn submit_in_lane(&self, lane: Lane, record: Record) -> BoxFuture<'_, Result<Pending, JournalError>>;

    /// Appends a record of findings and waits until it is durable.
    fn append_findings(&self, record: Record) -> BoxFuture<'_, Result<Position, JournalError>> {
        Box::pin(async move { self.submit_findings(record).await?.durable().await })
    }

    /// Appends a decision if the migration's head is the expected one. An error means that it is
    /// certainly not there. A caller that drops the future has chosen not to know.
    fn append_decision(&self, new: NewDecision) -> BoxFuture<'_, Result<Answer, JournalError>>;

    /// The durable findings from this position on, up to the head at this moment.
    fn read_findings(&self, from: Position) -> Reader;

    /// The durable decisions from this position on, up to the head at this moment.
    fn read_decisions(&self, from: Position) -> Reader;

    /// How far both sets are durable.
    fn heads(&self) -> Heads;

    /// The oldest findings that are kept.
    fn oldest_findings(&self) -> Position;

    /// The last durable decision of a migration.
    fn decision_head(&self, migration: &Name) -> Option<DecisionHead>;

    /// Every migration that has a decision.
    fn migrations(&self) -> Vec<Name>;

    /// Follows the heads; a slow follower sees the latest.
    fn subscribe(&self) -> watch::Receiver<Heads>;

    /// Becomes `Some` when the journal has stopped for good; then the process must end.
    fn failed(&self) -> watch::Receiver<Option<Failure>>;

    /// Which journal this is.
    fn identity(&self) -> [u8; 16];
}
