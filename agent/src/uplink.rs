//! The one connection to the collector: findings go out in order until they are acked, assignments
//! come in.
//!
//! A session is nothing but a way; all that must last lies in the spool. So whatever goes wrong, the
//! answer is the same: wait, connect again, and go on with the first finding that is not acked.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ClientConfig;
use tidelock_agent_core::{Backoff, Offset};
use tidelock_proto::v1;
use tokio::sync::{broadcast, watch};
use tokio::time::{sleep, timeout};
use tonic::transport::Channel;

use crate::clock::Clock;
use crate::config::Config;
use crate::connect::{self, ConnectError};
use crate::identity::{self, Identity, IdentityError};
use crate::spool::{SpoolError, SpoolHandle};
use crate::{chance, clock};

mod beat;
mod renew;
mod session;

use session::Session;

/// The shortest and the longest wait before connecting again.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A session that has lasted so long was a good one.
const GOOD_SESSION: Duration = Duration::from_secs(10);
/// How long the last findings may take when the agent leaves.
pub const SIGN_OFF_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs that are asked for, or answers to them, that may wait.
const ASKS: usize = 8;

/// What the uplink and the rest of the agent tell each other. Each is a latest value, but for the few runs that
/// people ask for: nothing queues.
#[derive(Debug, Clone)]
pub struct Shared {
    /// What the collector wants run.
    pub assignments: watch::Sender<Option<Arc<v1::Assignments>>>,
    /// How far the collector's clock is ahead.
    pub offset: watch::Sender<Option<Offset>>,
    /// The connection, while there is one.
    pub channel: watch::Sender<Option<Channel>>,
    /// The agent's word on its assignments.
    pub statuses: watch::Sender<Arc<Vec<v1::AssignmentStatus>>>,
    /// The newest plan revision that the agent has seen.
    pub newest_revision: watch::Sender<u64>,
    /// How starved of processor time the agent is, in permille.
    pub starved_permille: watch::Sender<u32>,
    /// What people must know of this agent, a sentence each.
    pub warnings: watch::Sender<Vec<String>>,
    /// Set when the agent leaves, with the reason.
    pub leaving: watch::Sender<Option<String>>,
    /// Runs that somebody wants to see now. What nobody takes in time is not run, and not answered.
    pub asks: broadcast::Sender<Arc<v1::RunNow>>,
    /// What came of them, for the session that is up.
    pub answers: broadcast::Sender<Arc<v1::RunAnswer>>,
}

impl Default for Shared {
    fn default() -> Shared {
        Shared {
            assignments: watch::Sender::new(None),
            offset: watch::Sender::new(None),
            channel: watch::Sender::new(None),
            statuses: watch::Sender::new(Arc::default()),
            newest_revision: watch::Sender::new(0),
            starved_permille: watch::Sender::new(0),
            warnings: watch::Sender::new(Vec::new()),
            leaving: watch::Sender::new(None),
            asks: broadcast::Sender::new(ASKS),
            answers: broadcast::Sender::new(ASKS),
        }
    }
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The agent does not know who it is.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// There is no connection.
    #[error(transparent)]
    Connect(ConnectError),
    /// The collector's authority is not one of those that this agent trusts.
    #[error(
        "{} has no authority that signed the collector's certificate; if the collector has another one now, put \
         that beside the old one into this file: it is taken within seconds, without a restart",
        ca.display()
    )]
    Authority {
        /// The file with those that it trusts.
        ca: PathBuf,
        /// Where somebody else's was shown.
        source: ConnectError,
    },
    /// The collector ended it, or the connection broke.
    #[error("the collector ended the session: {0}")]
    Ended(String),
    /// The collector was silent for too long.
    #[error("nothing was heard from the collector for {} s", .0.as_secs())]
    Silent(Duration),
    /// The collector says what cannot be.
    #[error("the collector breaks the protocol: {0}")]
    Protocol(String),
    /// There is another certificate to connect with.
    #[error("the certificate was replaced")]
    Renewed,
    /// The spool cannot go on. This one does not pass by itself.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// Keeps a session up until the agent leaves.
#[derive(Debug)]
pub struct Uplink {
    config: Arc<Config>,
    spool: SpoolHandle,
    clock: Clock,
    shared: Shared,
    /// The last identity that could be read: it serves on when what lies on disk cannot be used.
    last: Mutex<Option<(Identity, ClientConfig)>>,
}

impl Uplink {
    /// An uplink that has not begun.
    pub fn new(config: Arc<Config>, spool: SpoolHandle, clock: Clock, shared: Shared) -> Uplink {
        Uplink { config, spool, clock, shared, last: Mutex::default() }
    }

    /// Runs session after session. Ends when the agent leaves: once it has signed off, or when the time
    /// for that is up.
    ///
    /// # Errors
    /// Only when the spool fails.
    pub async fn run(self) -> Result<(), SpoolError> {
        let mut leaving = self.shared.leaving.subscribe();
        let sessions = self.sessions();
        tokio::pin!(sessions);
        tokio::select! {
            ended = &mut sessions => return ended,
            _ = leaving.wait_for(Option::is_some) => {}
        }
        timeout(SIGN_OFF_TIMEOUT, sessions).await.unwrap_or_else(|_| {
            tracing::warn!("the last findings are not acked; they stay in the spool");
            Ok(())
        })
    }

    async fn sessions(&self) -> Result<(), SpoolError> {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut leaving = self.shared.leaving.subscribe();
        loop {
            let began = clock::since_boot();
            let ended = self.session().await;
            self.shared.channel.send_replace(None);
            let error = match ended {
                Ok(()) => return Ok(()),
                Err(SessionError::Spool(error)) => return Err(error),
                Err(SessionError::Renewed) => continue,
                Err(
                    error @ (SessionError::Identity(_)
                    | SessionError::Connect(_)
                    | SessionError::Authority { .. }
                    | SessionError::Ended(_)
                    | SessionError::Silent(_)
                    | SessionError::Protocol(_)),
                ) => error,
            };
            if clock::since_boot().saturating_sub(began) > GOOD_SESSION {
                backoff.reset();
            }
            let wait = backoff.next(chance::spread());
            tracing::warn!(error = %connect::chain(&error), wait_ms = wait.as_millis(), "no session");
            let leaves = leaving.borrow().is_some();
            tokio::select! {
                () = sleep(if leaves { FIRST_WAIT } else { wait }) => {}
                _ = leaving.wait_for(Option::is_some), if !leaves => {}
            }
        }
    }

    async fn session(&self) -> Result<(), SessionError> {
        let known = identity::fingerprint(&self.config);
        let (who, tls) = self.identity()?;
        let channel = connect::connect(&self.config.collector, &self.config.server_name, tls).await;
        let channel = channel.map_err(|error| self.without(error))?;
        let session = Session::begin(self, who.migration.clone(), channel.clone()).await?;
        tracing::info!(migration = %who.migration, agent = %who.agent, "session begun");
        self.shared.channel.send_replace(Some(channel.clone()));
        tokio::select! {
            ended = session.run() => ended,
            () = renew::until_new(&self.config, self.clock, (&who, known), channel) => Err(SessionError::Renewed),
        }
    }

    /// Why there is no connection, and what its operator can do about it.
    fn without(&self, error: ConnectError) -> SessionError {
        match error {
            ConnectError::Untrusted { .. } => {
                SessionError::Authority { ca: self.config.ca.clone(), source: error }
            }
            ConnectError::Address { .. } | ConnectError::ServerName { .. } | ConnectError::Connect { .. } => {
                SessionError::Connect(error)
            }
        }
    }

    /// Anew for each session: certificate and key may have been replaced.
    fn identity(&self) -> Result<(Identity, ClientConfig), IdentityError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match (identity::load(&self.config), &*last) {
            (Ok(loaded), _) => {
                *last = Some(loaded.clone());
                Ok(loaded)
            }
            (Err(error), Some((who, tls))) if self.clock.now() < who.ends => {
                tracing::error!(%error, "what lies on disk cannot be used; the last certificate serves on");
                Ok((who.clone(), tls.clone()))
            }
            (Err(error), _) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
