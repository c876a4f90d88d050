//! One compilation of a component at a time, also where several agents share the folder.
//!
//! Compiling takes seconds of a processor, and ten agents that start together want the same component:
//! one makes it, the others wait and load it. The lock is a courtesy and no safety: who waited long
//! enough compiles by itself, and the last rename wins with the same code.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use tidelock_model::Sha256;
use tokio::time::{Instant, sleep};

use super::Cache;

/// How often a lock is tried.
const TRY_EVERY: Duration = Duration::from_millis(50);

/// The right to compile; it ends when it is dropped, and with the process.
#[derive(Debug)]
pub(crate) struct Turn {
    _held: Option<File>,
}

impl Cache {
    /// Waits until nobody else compiles `component` into this folder, at most for `patience`.
    pub(crate) async fn turn(&self, component: Sha256, patience: Duration) -> Turn {
        // Sixteen files for all components: the folder stays bounded, and few wait for a stranger.
        let stripe = component.as_bytes().first().map_or(0, |byte| byte % 16);
        let path = self.dir().join(format!("turn-{stripe:x}.lock"));
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        let Ok(file) = open else { return Turn { _held: None } };
        let until = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Turn { _held: Some(file) },
                Err(TryLockError::WouldBlock) if Instant::now() < until => sleep(TRY_EVERY).await,
                // A file system without locks, or somebody who hangs: compiling twice harms nobody.
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return Turn { _held: None },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_no_longer_than_its_patience() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (Cache::with_key(dir.path(), vec![1]), Cache::with_key(dir.path(), vec![1]));
        let component = Sha256::from_bytes([7; 32]);
        let first = one.turn(component, Duration::ZERO).await;
        assert!(first._held.is_some(), "nobody else is there");
        let late = two.turn(component, Duration::from_millis(1)).await;
        assert!(late._held.is_none(), "its patience ended");
        let other = two.turn(Sha256::from_bytes([8; 32]), Duration::ZERO).await;
        assert!(other._held.is_some(), "another component is nobody's business");
        let waiting = tokio::spawn(async move { two.turn(component, Duration::from_secs(60)).await });
        drop(first);
        assert!(waiting.await.unwrap()._held.is_some(), "the first has ended");
    }
}
