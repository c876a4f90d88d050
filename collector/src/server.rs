//! A whole collector: opened, started, and stopped in good order.
//!
//! People get an answer from the first moment, and while the journal is replayed it is "not now".
//! Agents get in when the replay is through. When the journal or the driver stops, all of it stops:
//! a collector that cannot write may not say that a gate is open.

mod listen;
mod ops;
mod start;

use std::net::SocketAddr;

use serde::Serialize;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

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
#[derive(Debug)]
pub struct Running {
    addresses: Addresses,
    stop: CancellationToken,
    done: JoinHandle<anyhow::Result<()>>,
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
