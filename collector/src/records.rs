//! The journal's records as bytes: core's words to protobuf and back.
//!
//! The bytes are the truth for as long as the migration lives, so both directions are here, and
//! whatever cannot be read back exactly is an error with its place, never a guess.

mod decision;
mod desk;
mod filed;
mod finding;
mod received;
mod run;

use std::fmt;

pub use decision::{Decision, PlanExtras, decision_from_bytes, decision_to_bytes};
pub(crate) use desk::notice_word;
pub use finding::{Seen, seen_from_bytes, seen_to_bytes};
pub(crate) use finding::{batch_to_bytes, seen_and_received};
pub use received::FindingHash;
pub(crate) use received::{Received, names};
pub(crate) use run::{direction, outcome};

/// The kind of a record of findings, in the journal's frame.
pub const FINDING_KIND: u8 = 1;
/// The kind of a record of decisions, in the journal's frame.
pub const DECISION_KIND: u8 = 2;

/// Why a record of the journal cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct BadRecord {
    /// The place in it.
    pub what: &'static str,
    /// What is wrong there.
    pub why: String,
}

fn bad<T>(what: &'static str, why: impl fmt::Display) -> Result<T, BadRecord> {
    Err(BadRecord { what, why: why.to_string() })
}
