//! Whether the collector can do its work now, in one place for all who ask: the ops listener, the driver,
//! whoever watches the process.
//!
//! Not ready is a state with a reason, and passes by itself where it can: a journal that is replayed, a
//! disk that has room again. A journal that has stopped does not; the process ends then.

use std::path::Path;

use rustix::fs::statvfs;
use tokio::sync::watch;

use crate::driver::Driver;
use crate::journal::{Failure, Journal, Space, Store as _};

/// The health of one collector. Clones look at the same.
#[derive(Debug, Clone)]
pub struct Health {
    driver: Driver,
    failed: watch::Receiver<Option<Failure>>,
    space: watch::Receiver<Space>,
}

impl Health {
    /// The health of a collector made of these.
    pub fn new(driver: &Driver, journal: &Journal) -> Health {
        Health { driver: driver.clone(), failed: journal.failed(), space: journal.space() }
    }

    /// Whether findings are taken and gates are weighed.
    ///
    /// # Errors
    /// Says why not.
    pub fn ready(&self) -> Result<(), String> {
        if let Some(failure) = self.failed.borrow().as_ref() {
            return Err(format!("the journal has stopped: {failure}"));
        }
        if !self.driver.ready() {
            return Err("replaying the journal".to_owned());
        }
        match low(*self.space.borrow()) {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }

    /// Waits until one of the reasons changed; never again once the journal is gone.
    pub async fn changed(&mut self) {
        let changed = tokio::select! {
            changed = self.failed.changed() => changed,
            changed = self.space.changed() => changed,
        };
        if changed.is_err() {
            std::future::pending().await
        }
    }
}

/// Room on the disk of a folder; none where the system does not say.
pub(crate) fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Why findings are not taken, if the disk is the reason.
pub(crate) fn low(space: Space) -> Option<String> {
    const MIB: u64 = 1024 * 1024;
    match space {
        Space::Enough => None,
        Space::Low { free_bytes, need_bytes } => Some(format!(
            "the journal's disk has {} MiB left and needs {} MiB; make room on it",
            free_bytes / MIB,
            need_bytes.div_ceil(MIB)
        )),
    }
}
