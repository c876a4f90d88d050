//! Components: pushed by operators, named by their digest, fetched by agents.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tidelock_model::{Sha256, begins_as_component};
use tidelock_proto::v1;
use tidelock_proto::v1::component_service_server::ComponentService;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, Streaming};

use super::access::blocking;
use super::auth::caller;
use super::caller::Action;
use super::pull::{self, Chunks};
use super::{Api, errors};
use crate::journal::ComponentError;

/// The longest signature.
const MAX_SIGNATURE_BYTES: usize = 1024;
/// The largest component.
const MAX_BYTES: usize = 64 << 20;

/// The service.
pub(super) struct ComponentFace {
    api: Arc<Api>,
    /// Components on their way to people.
    pulls: Arc<Semaphore>,
}

impl ComponentFace {
    pub(super) fn new(api: &Arc<Api>) -> ComponentFace {
        ComponentFace { api: Arc::clone(api), pulls: Arc::new(Semaphore::new(pull::AT_ONCE)) }
    }
}

/// The size of a component here; 0 where it is not.
pub(super) fn size(dir: &Path, digest: &Sha256) -> u64 {
    std::fs::metadata(dir.join(format!("{digest}.wasm"))).map_or(0, |meta| meta.len())
}

/// The text of a signature as agents may read it: one block of printable lines.
fn plain(text: String) -> Result<String, Status> {
    let lines = text
        .trim()
        .lines()
        .all(|line| !line.is_empty() && line.chars().all(|c| c.is_ascii_graphic() || c == ' '));
    if lines && text.len() <= MAX_SIGNATURE_BYTES {
        return Ok(text);
    }
    Err(errors::invalid(
        "signature",
        format!("is not one block of printable lines of at most {MAX_SIGNATURE_BYTES} bytes"),
    ))
}

fn listed(dir: &Path) -> std::io::Result<BTreeMap<Sha256, u64>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let digest =
            name.to_str().and_then(|name| name.strip_suffix(".wasm")).and_then(|hex| hex.parse().ok());
        if let Some(digest) = digest {
            found.insert(digest, entry.metadata()?.len());
        }
    }
    Ok(found)
}

#[tonic::async_trait]
impl ComponentService for ComponentFace {
    type PullComponentStream = Chunks;

    async fn push_component(
        &self,
        request: Request<Streaming<v1::PushComponentRequest>>,
    ) -> Result<Response<v1::PushComponentResponse>, Status> {
        let who = caller(&request)?;
        // Components belong to no migration; one that is bound may bring what its plan will name.
        who.may(Action::PushComponent, who.bound_to())?;
        let mut stream = request.into_inner();
        let mut named: Option<Sha256> = None;
        let (mut bytes, mut signature) = (Vec::new(), String::new());
        while let Some(message) = stream.message().await? {
            if !message.sha256.is_empty() {
                let digest = Sha256::try_from(message.sha256.as_slice());
                let digest = digest.map_err(|error| errors::invalid("sha256", error))?;
                if named.is_some_and(|named| named != digest) {
                    return Err(errors::invalid("sha256", "changed in the middle"));
                }
                named = Some(digest);
            }
            if bytes.len() + message.chunk.len() > MAX_BYTES {
                return Err(errors::invalid("chunk", format!("a component has at most {MAX_BYTES} bytes")));
            }
            bytes.extend_from_slice(&message.chunk);
            if !message.signature.is_empty() {
                signature = plain(message.signature)?;
            }
        }
        let named = named.ok_or_else(|| errors::invalid("sha256", "is missing"))?;
        begins_as_component(&bytes)
            .map_err(|error| errors::invalid("chunk", format!("what was pushed {error}")))?;
        let components = self.api.components.clone();
        let put = blocking(move || {
            let size_bytes = bytes.len() as u64;
            if crate::secret::sha256(&bytes) != named {
                return Err(errors::invalid("sha256", "is not the digest of the bytes that came"));
            }
            let already_there = components.contains(&named);
            let sha256 = components.put(&bytes).map_err(|error: ComponentError| errors::internal(&error))?;
            if !signature.is_empty() {
                components.sign(&sha256, &signature).map_err(|error| errors::internal(&error))?;
            }
            Ok(v1::PushComponentResponse { sha256: sha256.as_bytes().to_vec(), size_bytes, already_there })
        });
        let response = put.await??;
        tracing::info!(by = %who.subject(), component = %named, "component pushed");
        Ok(Response::new(response))
    }

    async fn list_components(
        &self,
        request: Request<v1::ListComponentsRequest>,
    ) -> Result<Response<v1::ListComponentsResponse>, Status> {
        let who = caller(&request)?;
        who.may(Action::Look, who.bound_to())?;
        if !self.api.driver.ready() {
            return Err(errors::unavailable("the collector replays its journal"));
        }
        let dir = self.api.components_dir.clone();
        let here = blocking(move || listed(&dir)).await?.map_err(|error| errors::internal(&error))?;
        let mut components: BTreeMap<Sha256, v1::ComponentView> = (here.into_iter())
            .map(|(digest, size_bytes)| {
                let sha256 = digest.as_bytes().to_vec();
                (digest, v1::ComponentView { sha256, size_bytes, used_by: Vec::new() })
            })
            .collect();
        for view in self.api.driver.views() {
            let Some(plan) = view.plan.as_ref().filter(|_| who.sees(&view.migration)) else {
                continue;
            };
            for (check, scenario) in &plan.plan.scenarios {
                if let Some(component) = components.get_mut(&scenario.component) {
                    component.used_by.push(format!("{}/{check}", view.migration));
                }
            }
        }
        Ok(Response::new(v1::ListComponentsResponse { components: components.into_values().collect() }))
    }

    async fn pull_component(
        &self,
        request: Request<v1::PullComponentRequest>,
    ) -> Result<Response<Chunks>, Status> {
        let who = caller(&request)?;
        who.may(Action::PullComponent, who.bound_to())?;
        let chunks = pull::pull(&self.api, &self.pulls, &who, request.into_inner()).await?;
        Ok(Response::new(chunks))
    }
}
