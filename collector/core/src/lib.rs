//! What Tidelock decides, as plain functions of state, input and time.
//!
//! No I/O, no clock, no randomness, no async: a replay of the journal computes the same answers.

pub mod plan;
pub mod record;
