//! Tells people and programs what was decided, from the journal: at least once, and in order for each.
//!
//! A receiver is a reader of the journal with a cursor of its own. Nothing waits for it: one that is down
//! holds neither a gate nor another receiver, is shown as failing, and hears everything later. What lies
//! between the journal and a receiver is a cursor and nothing else, so no queue can overflow and no message
//! can be lost by a crash; after one it may come twice, with the same id.

mod cursor;
mod failing;
mod lines;
mod message;
mod pace;
mod post;
mod receiver;
mod retry_after;
mod sign;
mod slack;
mod told;
mod worker;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tidelock_core::plan::Receiver;
use tidelock_model::Name;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

pub(crate) use failing::Failing;

use crate::clock::Clock;
use crate::driver::Driver;
use crate::journal::Store;
use cursor::Cursors;
use post::Post;
use receiver::Address;

/// How soon a receiver that a new plan names is served.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where the secrets lie. Replaced as a whole when the configuration is read anew.
pub(crate) type Secrets = Arc<ArcSwap<BTreeMap<Name, PathBuf>>>;

/// What telling needs.
pub(crate) struct Parts {
    pub(crate) driver: Driver,
    pub(crate) store: Arc<dyn Store>,
    /// Where the collector's secrets lie.
    pub(crate) secrets: Secrets,
    /// Authorities beside the public ones.
    pub(crate) ca_file: Option<PathBuf>,
    /// Where cursors lie.
    pub(crate) dir: PathBuf,
    pub(crate) failing: Failing,
    pub(crate) clock: Clock,
}

/// What the workers share.
struct Shared {
    driver: Driver,
    store: Arc<dyn Store>,
    secrets: Secrets,
    post: Post,
    cursors: Cursors,
    failing: Failing,
    clock: Clock,
}

/// One receiver of one migration.
type Id = (Name, String);

/// Serves the receivers of every plan in force, until the stop.
///
/// # Errors
/// When the authorities that the configuration names cannot be read, or cursors have no place.
pub(crate) async fn run(parts: Parts, stop: CancellationToken) -> anyhow::Result<()> {
    let Parts { driver, store, secrets, ca_file, dir, failing, clock } = parts;
    let post = Post::new(ca_file.as_deref())?;
    let shared =
        Arc::new(Shared { driver, store, secrets, post, cursors: Cursors::open(dir)?, failing, clock });
    let mut workers = JoinSet::new();
    let mut served: BTreeMap<Id, (Receiver, AbortHandle)> = BTreeMap::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        while let Some(ended) = workers.try_join_next() {
            if let Err(error) = ended
                && error.is_panic()
            {
                tracing::error!(%error, "telling a receiver failed; it begins again");
            }
        }
        serve(&shared, &mut served, &mut workers);
    }
}

/// Begins with receivers that are new, ends with those that no plan names any more.
fn serve(
    shared: &Arc<Shared>,
    served: &mut BTreeMap<Id, (Receiver, AbortHandle)>,
    workers: &mut JoinSet<()>,
) {
    if !shared.driver.ready() {
        return;
    }
    let mut wanted: BTreeMap<Id, Receiver> = BTreeMap::new();
    for view in shared.driver.views() {
        let Some(plan) = &view.plan else { continue };
        for receiver in &plan.plan.switch.notify {
            let id = (view.migration.clone(), receiver::key(&receiver.kind));
            wanted.insert(id, receiver.clone());
        }
    }
    served.retain(|id, (receiver, handle)| {
        let same = wanted.get(id) == Some(receiver);
        if !same {
            handle.abort();
        }
        if !wanted.contains_key(id) {
            shared.failing.well(&id.0, &id.1);
        }
        same && !handle.is_finished()
    });
    for (id, receiver) in wanted {
        if served.contains_key(&id) {
            continue;
        }
        let address = Address { migration: id.0.clone(), key: id.1.clone(), receiver: receiver.clone() };
        let handle = workers.spawn(worker::work(shared.clone(), address));
        served.insert(id, (receiver, handle));
    }
}
