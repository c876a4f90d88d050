//! The plan crate from the outside: real plans, real mistakes, and whatever else may come.

mod anything;
mod changes;
mod common;
mod examples;
mod mistakes;
