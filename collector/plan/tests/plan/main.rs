//! The plan crate from the outside: real plans, real mistakes, and whatever else may come.

mod anything;
mod changes;
mod claims;
mod common;
mod examples;
mod fields;
mod grants;
mod mistakes;
mod narrow;
mod places;
mod quorum;
mod revision;
mod runbooks;
mod timelines;
