//! What runs share: the caps on each target, and connections where the plan lets them be reused.
//!
//! Caps are kept over all runs of the runner, so that many checks of one target are together no
//! heavier than the plan allows. Nothing of one run is visible to another through this.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_rustls::TlsConnector;

use super::net::{Resolved, alias};
use super::{CallError, tls};
use crate::grants::{HttpTarget, Target};
use crate::protocol::Rate;

/// Targets that are remembered; above it those that no run uses go.
const MAX_TARGETS: usize = 256;
/// Idle connections kept for one target.
const MAX_IDLE: usize = 8;
/// How long the aliases of a name are believed.
const ALIASES_FOR: Duration = Duration::from_secs(30);
/// How long an idle connection is kept.
const IDLE_FOR: Duration = Duration::from_secs(30);

/// Shared by all runs of a runner.
#[derive(Default)]
pub(crate) struct Shared {
    targets: Mutex<BTreeMap<String, Arc<SharedTarget>>>,
    /// What names are aliases of, and since when that is known.
    aliases: Mutex<BTreeMap<String, (Instant, Vec<String>)>>,
}

/// Shared by all runs that call one target under one grant.
pub(crate) struct SharedTarget {
    permits: Option<Semaphore>,
    rate: Option<Rate>,
    /// When the next call may begin.
    next: Mutex<Option<Instant>>,
    idle: Mutex<Vec<Connection>>,
    tls: OnceLock<Result<TlsConnector, String>>,
}

/// An open connection. Its driver ends with it.
pub(crate) struct Connection {
    pub(crate) sender: SendRequest<Full<Bytes>>,
    driver: AbortHandle,
    since: Instant,
    /// What the name was when it was made.
    pub(crate) resolved: Arc<Resolved>,
}

impl Shared {
    /// The shared part of a target.
    pub(crate) fn target(&self, target: &Target, http: &HttpTarget) -> Arc<SharedTarget> {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if targets.len() >= MAX_TARGETS && !targets.contains_key(&target.fingerprint) {
            targets.retain(|_, shared| Arc::strong_count(shared) > 1);
        }
        let shared = targets.entry(target.fingerprint.clone());
        Arc::clone(shared.or_insert_with(|| Arc::new(SharedTarget::new(http))))
    }
}

impl Shared {
    /// What a name is an alias of; none when it cannot be known. An answer is good for a while.
    pub(crate) async fn aliases(&self, host: &str) -> Option<Vec<String>> {
        let known = self.known_aliases().get(host).cloned();
        if let Some((since, aliases)) = known
            && since.elapsed() < ALIASES_FOR
        {
            return Some(aliases);
        }
        let aliases = alias::aliases(host).await?;
        self.learn_aliases(host, aliases.clone());
        Some(aliases)
    }

    pub(crate) fn learn_aliases(&self, host: &str, aliases: Vec<String>) {
        let mut known = self.known_aliases();
        if known.len() >= MAX_TARGETS {
            known.clear();
        }
        known.insert(host.to_owned(), (Instant::now(), aliases));
    }

    fn known_aliases(&self) -> MutexGuard<'_, BTreeMap<String, (Instant, Vec<String>)>> {
        self.aliases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedTarget {
    fn new(http: &HttpTarget) -> SharedTarget {
        SharedTarget {
            permits: http.concurrency.and_then(|most| usize::try_from(most).ok()).map(Semaphore::new),
            rate: http.rate,
            next: Mutex::new(None),
            idle: Mutex::new(Vec::new()),
            tls: OnceLock::new(),
        }
    }

    /// Waits until the caps allow one more call; the permit is held while it goes on.
    pub(crate) async fn admit(&self, deadline: Instant) -> Result<Option<SemaphorePermit<'_>>, CallError> {
        let permit = match &self.permits {
            None => None,
            Some(permits) => match timeout_at(deadline, permits.acquire()).await {
                Ok(Ok(permit)) => Some(permit),
                Ok(Err(_)) | Err(_) => {
                    return Err(CallError::Budget(
                        "the target's cap on calls at once leaves no room".to_owned(),
                    ));
                }
            },
        };
        let now = Instant::now();
        if let Some(at) = self.reserve(now, deadline)?
            // A timer is late by up to a millisecond, also one that is due already.
            && at > now
        {
            sleep_until(at).await;
        }
        Ok(permit)
    }

    fn reserve(&self, now: Instant, deadline: Instant) -> Result<Option<Instant>, CallError> {
        let Some(rate) = self.rate else { return Ok(None) };
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = next.map_or(now, |next| next.max(now));
        if at >= deadline {
            return Err(CallError::Budget("the target's cap on calls in a time leaves no room".to_owned()));
        }
        *next = Some(at + Duration::from_millis(rate.per_ms) / rate.calls.max(1));
        Ok(Some(at))
    }

    /// A connection that another call has left and that is still good.
    pub(crate) fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| connection.is_good());
        idle.pop()
    }

    /// Leaves a connection for the next call.
    pub(crate) fn put_idle(&self, mut connection: Connection) {
        connection.since = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
    }

    /// The TLS side of the target, made once.
    pub(crate) fn tls(&self, http: &HttpTarget) -> Result<&TlsConnector, CallError> {
        let made = self.tls.get_or_init(|| tls::connector(http.ca.as_deref(), &[b"http/1.1"]));
        made.as_ref().map_err(|why| CallError::Denied(why.clone()))
    }
}

impl Connection {
    pub(crate) fn new(
        sender: SendRequest<Full<Bytes>>,
        driver: AbortHandle,
        resolved: Arc<Resolved>,
    ) -> Connection {
        Connection { sender, driver, since: Instant::now(), resolved }
    }

    fn is_good(&self) -> bool {
        self.sender.is_ready() && self.since.elapsed() < IDLE_FOR
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(rate: Option<Rate>, permits: Option<usize>) -> SharedTarget {
        SharedTarget {
            permits: permits.map(Semaphore::new),
            rate,
            next: Mutex::new(None),
            idle: Mutex::new(Vec::new()),
            tls: OnceLock::new(),
        }
    }

    #[test]
    fn a_rate_spaces_calls_and_refuses_what_would_be_late() {
        let target = shared(Some(Rate { calls: 10, per_ms: 1000 }), None);
        let now = Instant::now();
        let (deadline, later) = (now + Duration::from_millis(250), now + Duration::from_secs(9));
        for want in [0, 100, 200] {
            let at = target.reserve(now, deadline).unwrap().unwrap();
            assert_eq!(at - now, Duration::from_millis(want));
        }
        assert!(matches!(target.reserve(now, deadline), Err(CallError::Budget(_))));
        let at = target.reserve(later, later + Duration::from_secs(1)).unwrap();
        assert_eq!(at, Some(later), "time that was not used is not saved up");
    }

    #[tokio::test]
    async fn a_full_target_refuses_at_the_deadline() {
        let target = shared(None, Some(1));
        let soon = || Instant::now() + Duration::from_millis(20);
        let held = target.admit(soon()).await.unwrap();
        assert!(matches!(target.admit(soon()).await, Err(CallError::Budget(_))));
        drop(held);
        assert!(target.admit(soon()).await.is_ok());
    }
}
