//! What every Tidelock service owes the people who run it: health, numbers, traces, and a word to
//! systemd.
//!
//! Agent and collector never name each other, and both are watched the same way; so the way lies here.
//! Nothing in it may hold up a verdict: every queue has a bound, and what is too much is dropped.

mod dropped;
pub mod listener;
pub mod metrics;
mod otlp;
mod otlp_metrics;
pub mod runs;
pub mod service;
pub mod telemetry;
pub mod trace;

pub use listener::Ops;
pub use metrics::{Family, Kind, Sample};
pub use runs::RunTally;
pub use telemetry::Telemetry;
