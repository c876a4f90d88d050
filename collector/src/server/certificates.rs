//! The certificates of both listeners: each connection is shown what is there when it comes.
//!
//! They are made anew before they end, and read anew with their authorities when somebody has put others
//! there. Connections that are open go on as they are; what cannot be used leaves all of it as it was.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::ingest::{AgentVerifier, Refused};
use crate::pki::{Pki, PkiError};
use crate::tls;

/// How often it is looked whether they end soon.
const LOOK_EVERY: Duration = Duration::from_secs(12 * 3600);

/// What one listener shows.
pub(super) type Live = Arc<ArcSwap<ServerConfig>>;

/// The settings of both listeners. Clones change the same.
#[derive(Debug, Clone)]
pub(super) struct Certificates {
    pki: Arc<Pki>,
    hosts: Arc<[String]>,
    verifier: AgentVerifier,
    /// For people and pipelines.
    pub(super) api: Live,
    /// For agents.
    pub(super) agents: Live,
    /// Held while they are changed.
    turn: Arc<Mutex<()>>,
}

impl Certificates {
    /// What lies in the folder, made where it is missing.
    pub(super) fn open(pki: Arc<Pki>, hosts: &[String], refused: Refused) -> Result<Certificates, PkiError> {
        let verifier = AgentVerifier::new(pki.agents().clone(), pki.domain().into(), refused);
        let (api, agents) = settings(&pki, hosts, &verifier)?;
        let live = |config| Arc::new(ArcSwap::from_pointee(config));
        let (api, agents) = (live(api), live(agents));
        Ok(Certificates { pki, hosts: hosts.into(), verifier, api, agents, turn: Arc::default() })
    }

    /// Takes the authorities and the listeners' certificate as they lie on the disk now, all of it or nothing.
    pub(super) fn reload(&self) -> Result<(), PkiError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = self.pki.read_anew()?;
        let (api, agents) = settings(&fresh, &self.hosts, &self.verifier)?;
        self.pki.take(&fresh);
        self.show(api, agents);
        Ok(())
    }

    /// Makes the listeners' certificate anew where it ends soon.
    fn renew(&self) -> Result<(), PkiError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let (api, agents) = settings(&self.pki, &self.hosts, &self.verifier)?;
        self.show(api, agents);
        Ok(())
    }

    fn show(&self, api: ServerConfig, agents: ServerConfig) {
        self.api.store(Arc::new(api));
        self.agents.store(Arc::new(agents));
    }

    /// Looks at the listeners' certificate twice a day, and puts a new one in its place before it ends.
    pub(super) async fn keep(self, stop: CancellationToken) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let this = self.clone();
            // The old one serves on; there is a month left to notice.
            if let Err(error) = tokio::task::spawn_blocking(move || this.renew()).await? {
                tracing::error!(%error, "the listeners' certificate was not renewed");
            }
        }
    }
}

/// For people and pipelines, and for agents.
fn settings(
    pki: &Pki,
    hosts: &[String],
    verifier: &AgentVerifier,
) -> Result<(ServerConfig, ServerConfig), PkiError> {
    let identity = pki.server_identity(hosts, clock::wall())?;
    let agents = tls::for_agents(pki.agents(), verifier.clone(), &identity)?;
    Ok((tls::for_api(pki.agents(), &identity)?, agents))
}
