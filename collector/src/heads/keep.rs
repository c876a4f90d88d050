//! Keeps the remembered heads beside the journal's: all that was decided meanwhile at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidelock_model::Name;
use tokio_util::sync::CancellationToken;

use super::{Missing, Remembered, Signer};
use crate::driver::Driver;
use crate::journal::Store;

/// Migrations that the journal has nothing of, until somebody makes them anew and they are held.
pub(crate) type Lost = Arc<Mutex<BTreeMap<Name, Missing>>>;

/// The heads to keep: those of the journal, and of what it has nothing of and is not held yet.
fn to_keep(store: &dyn Store, lost: &Lost) -> Remembered {
    let lost = lost.lock().unwrap_or_else(PoisonError::into_inner);
    let lost = lost.iter().filter_map(|(name, missing)| Some((name.clone(), missing.head?))).collect();
    Remembered { lost, ..Remembered::of(store) }
}

/// Keeps the heads up to date until `stop`: all that was decided meanwhile at once, and never in its way.
async fn remember(signer: Arc<Signer>, store: Arc<dyn Store>, lost: Lost, stop: CancellationToken) {
    let mut told = store.subscribe();
    let (mut known, mut stopped) = (None, false);
    loop {
        let now = told.borrow_and_update().decisions;
        if known != Some(now) {
            known = Some(now);
            let (signer, store, lost) = (signer.clone(), store.clone(), lost.clone());
            let kept = tokio::task::spawn_blocking(move || signer.keep(&to_keep(&*store, &lost))).await;
            match kept {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "the heads of the decisions are not remembered"),
                Err(error) => tracing::error!(%error, "the heads of the decisions are not remembered"),
            }
            continue;
        }
        if stopped {
            return;
        }
        // What was decided just before the end is remembered, too.
        tokio::select! {
            () = stop.cancelled() => stopped = true,
            changed = told.changed() => stopped = changed.is_err(),
        }
    }
}

/// Remembers the heads from when the holds of a restored journal are in it: not before, or a crash in
/// between would make it look like the newest.
pub(crate) async fn remembering(
    signer: Arc<Signer>,
    driver: Driver,
    store: Arc<dyn Store>,
    lost: Lost,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    tokio::select! {
        _ = driver.wait_ready() => {}
        () = stop.cancelled() => return Ok(()),
    }
    drop(driver);
    remember(signer, store, lost, stop).await;
    Ok(())
}
