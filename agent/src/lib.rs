//! The agent: it runs the team's checks on one side of a migration and brings what they find to the
//! collector, in order and without losing any.
//!
//! ```text
//! assignments ▸ schedule ▸ sandbox ▸ finding ▸ spool ▸ uplink ══ collector
//! ```

pub mod agent;
mod beside;
pub mod broken;
mod cases;
pub mod ceiling;
mod chance;
pub mod cli;
pub mod clock;
pub mod compare;
pub mod components;
pub mod config;
pub mod connect;
pub mod finding;
mod grants;
mod heads;
pub mod identity;
pub mod inspect;
pub mod job;
pub mod join;
mod local;
pub mod newest;
pub mod ops;
pub mod out;
mod private_file;
pub mod runs;
pub mod spool;
pub mod starvation;
pub mod telemetry;
pub mod tls;
pub mod token;
pub mod trust;
pub mod try_one;
pub mod uplink;

#[cfg(test)]
mod testing;
