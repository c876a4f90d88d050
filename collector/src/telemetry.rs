//! What the collector tells about itself; the way of it is the same for every service, in `tidelock-ops`.

use tidelock_ops::Telemetry;
use tidelock_ops::telemetry::{Settings, begin};

use crate::config::Config;

/// Starts telling. Call it inside the runtime, once.
///
/// # Errors
/// When the log's level is none.
pub fn start(config: &Config) -> anyhow::Result<Telemetry> {
    begin(&Settings {
        service: "tidelock-collector",
        version: env!("CARGO_PKG_VERSION"),
        spans: "tidelock_collector=info",
        level: config.log_level.clone(),
        format: config.log_format,
    })
}
