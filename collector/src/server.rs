//! A whole collector: opened, started, and stopped in good order.
//!
//! People get an answer from the first moment, and while the journal is replayed it is "not now".
//! Agents get in when the replay is through. When the journal or the driver stops, all of it stops:
//! a collector that cannot write may not say that a gate is open.

mod certificates;
mod listen;
mod numbers;
mod ops;
mod reload;
mod replayed;
mod start;

use std::net::SocketAddr;
use std::sync::Arc;

use serde::Serialize;
use tidelock_ops::Ops;
use tidelock_ops::service::{self, Signs};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::driver::Driver;

pub use reload::Reload;
pub use start::{start, start_on};

/// Where a collector listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Addresses {
    /// Agents.
    pub agents: SocketAddr,
    /// People and pipelines.
    pub api: SocketAddr,
    /// Health.
    pub ops: SocketAddr,
}

/// A collector that runs.
pub struct Running {
    addresses: Addresses,
    stop: CancellationToken,
    done: JoinHandle<anyhow::Result<()>>,
    reload: Reload,
    ops: watch::Receiver<Option<Arc<dyn Ops>>>,
    life: Life,
}

/// Whether a collector still does its work. Clones look at the same one.
#[derive(Debug, Clone)]
pub struct Life {
    driver: Driver,
    signs: Signs,
}

impl Life {
    /// Comes back when the driver has come round once more. While the journal is replayed there is nothing yet
    /// that could come round, and it comes back at once: a long journal is no reason to begin anew.
    pub async fn sign(&self) {
        if self.driver.ready() {
            self.driver.turned().await;
        }
    }

    /// Gives a sign of it again and again: to systemd, and to whoever asks `/livez`.
    pub async fn watched(&self) {
        service::watchdog(&self.signs, || self.sign()).await;
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Running {
    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Cancel it and the collector stops in good order.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// What it reads anew when it is told to.
    pub fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// What its watchdog looks at.
    pub fn life(&self) -> Life {
        self.life.clone()
    }

    /// Its health and numbers, as soon as it has some; none when it ends before.
    pub fn ops(&self) -> impl Future<Output = Option<Arc<dyn Ops>>> + Send + use<> {
        let mut ops = self.ops.clone();
        async move { ops.wait_for(Option::is_some).await.ok().and_then(|ops| ops.clone()) }
    }

    /// Stops it and waits until its journal is closed.
    ///
    /// # Errors
    /// When it had to stop by itself.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.done.await?
    }

    /// Waits until it stops.
    ///
    /// # Errors
    /// When it had to stop by itself.
    pub async fn wait(self) -> anyhow::Result<()> {
        self.done.await?
    }
}
