//! The agent's decisions: when a check runs, what a full spool gives up, how long to wait, and what
//! the collector's clock says.
//!
//! Nothing here reads a clock, a disk or a random number: they are arguments, so that every decision
//! can be tested without waiting for it.

mod backoff;
mod clock_offset;
mod flow;
mod schedule;
mod spool;

pub use backoff::Backoff;
pub use clock_offset::{ClockOffset, Exchange, Offset};
pub use flow::{BadAck, Flow};
pub use schedule::{Due, Grid, Schedule};
pub use spool::{Entry, Ledger, join_gap, trim_gap};
