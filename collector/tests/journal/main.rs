//! Tests of the journal: what is acknowledged is there, and what is there is what was written.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests, outside of a test function")]

mod compare;
mod conformance;
mod damage;
mod group;
mod index;
mod index_damage;
mod kill;
mod retention;
mod support;
mod torn;
