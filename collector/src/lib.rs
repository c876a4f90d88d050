//! The collector: weighs what the agents found and keeps the gates.

pub mod journal;
