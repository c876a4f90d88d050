//! The collector: journals what the agents found, weighs it over the plan, and keeps the gates.
//!
//! A finding walks `net`, `ingest`, `intake`, `journal`, `driver`, `api`, in this order. What is
//! decided comes from `tidelock-core` alone; here are the disk, the clock, the connections, and the
//! order of things: durable first, then believed, then told.

pub mod access;
pub mod api;
pub mod audit;
pub mod blind_spots;
pub mod clock;
pub mod commands;
pub mod config;
pub mod driver;
pub mod fold;
#[doc(hidden)]
pub mod fuzz;
pub mod heads;
pub mod health;
pub mod ingest;
pub mod intake;
pub mod join;
pub mod journal;
pub mod lookup;
pub mod net;
mod notify;
mod pace;
mod past;
pub mod pki;
pub mod plans;
mod private_file;
pub mod records;
mod retention;
pub mod secret;
mod seldom;
pub mod server;
pub mod telemetry;
pub mod text;
pub mod tls;
pub mod warnings;
