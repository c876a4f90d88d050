//! Components by digest: fetched from the collector, verified, kept.
//!
//! What lies in the folder is believed by its hash alone: a file that does not have the hash of its
//! name is fetched again. They are fetched one after the other: a collector sends few to one agent at once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256 as Hasher};
use tidelock_agent_core::Backoff;
use tidelock_components::MAX_SIGNATURE_BYTES;
use tidelock_model::Sha256;
use tidelock_proto::v1;
use tidelock_proto::v1::agent_service_client::AgentServiceClient;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tonic::Code;
use tonic::transport::Channel;

use crate::{chance, private_file};

/// The signatures of one component, together.
const MAX_SIGNATURES_BYTES: usize = 8 * MAX_SIGNATURE_BYTES;
/// The largest component that is taken.
pub const MAX_COMPONENT_BYTES: usize = 64 << 20;
/// How long a fetch may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a busy collector is asked before that is told: for less than a minute.
const ASKS: usize = 14;
/// The shortest and the longest wait before a busy collector is asked again.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Why a component is not here.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// The collector has no such component.
    #[error("the collector has no component {}", .0.short())]
    Unknown(Sha256),
    /// It sent something else.
    #[error("the collector sent {} in the place of component {}", .got.short(), .wanted.short())]
    Digest {
        /// What was asked for.
        wanted: Sha256,
        /// What came.
        got: Sha256,
    },
    /// It is too large.
    #[error("component {} has more than {MAX_COMPONENT_BYTES} bytes, or more than 8 signatures", .0.short())]
    TooLarge(Sha256),
    /// The connection failed. This passes by itself.
    #[error("fetch component {}: {why}", .component.short())]
    Fetch {
        /// Which.
        component: Sha256,
        /// What happened.
        why: String,
    },
    /// The collector sends too many others now. This passes by itself.
    #[error("fetch component {}: the collector is busy: {why}", .component.short())]
    Busy {
        /// Which.
        component: Sha256,
        /// What it said.
        why: String,
    },
    /// It cannot be kept or read.
    #[error("keep {}", path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The digest of a component's bytes.
pub fn digest(bytes: &[u8]) -> Sha256 {
    Sha256::from_bytes(Hasher::digest(bytes).into())
}

/// The folder of fetched components.
#[derive(Debug, Clone)]
pub struct Components {
    dir: PathBuf,
    /// The one fetch that is under way.
    turn: Arc<Semaphore>,
}

impl Components {
    /// Keeps components in `dir`.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(dir: PathBuf) -> Result<Components, ComponentError> {
        match private_file::make_dir(&dir) {
            Ok(()) => Ok(Components { dir, turn: Arc::new(Semaphore::new(1)) }),
            Err(source) => Err(ComponentError::Disk { path: dir, source }),
        }
    }

    fn path(&self, component: Sha256) -> PathBuf {
        self.dir.join(format!("{component}.wasm"))
    }

    /// Where the component lies, if it is here and is what its name says.
    pub fn find(&self, component: Sha256) -> Option<PathBuf> {
        let path = self.path(component);
        let bytes = fs::read(&path).ok()?;
        (digest(&bytes) == component).then_some(path)
    }

    /// What vouches for the component, as it was fetched; nothing where nothing was.
    pub fn signatures(&self, component: Sha256) -> String {
        std::fs::read_to_string(self.dir.join(format!("{component}.sig"))).unwrap_or_default()
    }

    async fn keep_signatures(&self, component: Sha256, text: String) -> Result<(), ComponentError> {
        let path = self.dir.join(format!("{component}.sig"));
        let kept = write(&path, text.into_bytes()).await;
        kept.map_err(|source| ComponentError::Disk { path, source })
    }

    /// Fetches the signatures of a component that is here: one may have been pushed since.
    ///
    /// # Errors
    /// Says why they did not come.
    pub async fn fetch_signatures(&self, component: Sha256, channel: Channel) -> Result<(), ComponentError> {
        let (_, signatures) = self.ask(component, channel, true).await?;
        self.keep_signatures(component, signatures).await
    }

    /// Fetches a component and keeps it with its signatures.
    ///
    /// # Errors
    /// Says why it is not here.
    pub async fn fetch(&self, component: Sha256, channel: Channel) -> Result<PathBuf, ComponentError> {
        let (bytes, signatures) = self.ask(component, channel, false).await?;
        let got = digest(&bytes);
        if got != component {
            return Err(ComponentError::Digest { wanted: component, got });
        }
        self.keep_signatures(component, signatures).await?;
        let path = self.path(component);
        write(&path, bytes).await.map_err(|source| ComponentError::Disk { path: path.clone(), source })?;
        Ok(path)
    }

    /// Asks in its turn, and again while the collector is busy: that says nothing of the component.
    async fn ask(
        &self,
        component: Sha256,
        channel: Channel,
        signatures_only: bool,
    ) -> Result<(Vec<u8>, String), ComponentError> {
        // It is never closed, so this is a turn.
        let _turn = self.turn.acquire().await;
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        for _ in 1..ASKS {
            match ask_once(component, channel.clone(), signatures_only).await {
                Err(ComponentError::Busy { component, why }) => {
                    let wait = backoff.next(chance::spread());
                    tracing::debug!(component = %component.short(), why, wait_ms = wait.as_millis(), "busy");
                    sleep(wait).await;
                }
                other => return other,
            }
        }
        ask_once(component, channel, signatures_only).await
    }
}

async fn ask_once(
    component: Sha256,
    channel: Channel,
    signatures_only: bool,
) -> Result<(Vec<u8>, String), ComponentError> {
    let late = |_| Err(ComponentError::Fetch { component, why: "not in time".to_owned() });
    timeout(FETCH_TIMEOUT, download(component, channel, signatures_only)).await.unwrap_or_else(late)
}

async fn write(path: &Path, bytes: Vec<u8>) -> io::Result<()> {
    let path = path.to_path_buf();
    tokio::task::spawn_blocking(move || private_file::replace(&path, &bytes))
        .await
        .map_err(io::Error::other)?
}

/// The bytes of a component and the text of its signatures.
async fn download(
    component: Sha256,
    channel: Channel,
    signatures_only: bool,
) -> Result<(Vec<u8>, String), ComponentError> {
    let failed = |status: tonic::Status| {
        if status.code() == Code::NotFound {
            return ComponentError::Unknown(component);
        }
        if status.code() == Code::ResourceExhausted {
            return ComponentError::Busy { component, why: status.message().to_owned() };
        }
        let why = format!("{}: {}", status.code().description(), status.message());
        ComponentError::Fetch { component, why }
    };
    let request = v1::FetchComponentRequest { sha256: component.as_bytes().to_vec(), signatures_only };
    let mut chunks =
        AgentServiceClient::new(channel).fetch_component(request).await.map_err(failed)?.into_inner();
    let (mut bytes, mut signatures) = (Vec::new(), String::new());
    while let Some(part) = chunks.message().await.map_err(failed)? {
        signatures.push_str(&part.signatures);
        let many = signatures.len() > MAX_SIGNATURES_BYTES;
        if many || bytes.len() + part.chunk.len() > MAX_COMPONENT_BYTES {
            return Err(ComponentError::TooLarge(component));
        }
        bytes.extend_from_slice(&part.chunk);
    }
    Ok((bytes, signatures))
}
