//! What one sender queues: none of it is journaled behind something of it that was refused.
//!
//! A sender queues several records before the first of them is durable. On a full disk the first may
//! be refused and find room again before the second has its turn: then the second would lie in the
//! journal in front of the first, whenever that one comes again, and whoever reads by the sender's
//! numbers takes the first for read. So a refusal ends the lane, and its sender starts anew from what
//! is durable.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::error::JournalError;

/// The records of one sender, in the order in which they were queued. Clones are the same lane.
#[derive(Debug, Clone, Default)]
pub struct Lane {
    ended: Arc<AtomicBool>,
}

impl Lane {
    /// Takes one record in its turn, and ends with the first that is refused.
    ///
    /// Turns are taken by whoever appends, one at a time, so they need no order of their own.
    pub(crate) fn turn<T>(&self, take: impl FnOnce() -> Result<T, JournalError>) -> Result<T, JournalError> {
        if self.ended.load(Ordering::Relaxed) {
            return Err(JournalError::Behind);
        }
        take().inspect_err(|_| self.ended.store(true, Ordering::Relaxed))
    }
}
