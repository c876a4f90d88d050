//! A collector for tests: real TLS, real streams, and a memory that knows when it is lied to.

mod collector;
mod pki;

pub(crate) use collector::{Collector, Knobs};
pub(crate) use pki::{Pki, agent_config};

use std::time::Duration;

/// Waits until something is so; a test fails that waits for too long.
pub(crate) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
}
