//! The collector's health and numbers, as `tidelock-ops` serves them.

use std::path::PathBuf;

use tidelock_ops::service::Signs;
use tidelock_ops::{Family, Ops, metrics, telemetry};

use super::numbers;
use crate::clock::Clock;
use crate::driver::Driver;
use crate::health::{self, Health};
use crate::ingest::Tally;

/// What is looked at.
pub(super) struct CollectorOps {
    pub(super) driver: Driver,
    pub(super) health: Health,
    pub(super) tally: Tally,
    pub(super) clock: Clock,
    pub(super) data_dir: PathBuf,
    pub(super) signs: Signs,
}

impl Ops for CollectorOps {
    fn signs(&self) -> &Signs {
        &self.signs
    }

    fn ready(&self) -> Result<(), String> {
        self.health.ready()
    }

    fn families(&self) -> Vec<Family> {
        let views = self.driver.views();
        let ready = Family::gauge("tidelock_ready", "1 while /readyz says so.");
        let mut families = vec![
            metrics::build_info(env!("CARGO_PKG_VERSION")),
            ready.with(&[], if self.ready().is_ok() { 1.0 } else { 0.0 }),
        ];
        if let Some(free) = health::free_bytes(&self.data_dir) {
            #[expect(clippy::cast_precision_loss, reason = "bytes of a disk, for people")]
            let free = free as f64;
            let family = Family::gauge("tidelock_journal_free_bytes", "Room on the journal's disk.");
            families.push(family.with(&[], free));
        }
        families.extend(numbers::families(views.iter().map(AsRef::as_ref), self.clock.now()));
        families.extend(self.tally.families(&numbers::watched(&views)));
        families.push(telemetry::dropped());
        families
    }
}
