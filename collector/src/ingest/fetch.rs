//! Hands components to agents: only those that the plan of their own migration names.

use std::sync::Arc;

use tidelock_model::Sha256;
use tidelock_proto::v1;
use tokio::sync::mpsc;
use tonic::Status;

use super::service::Door;
use crate::journal::ComponentError;
use crate::pki::AgentId;

/// Bytes of one message.
const CHUNK: usize = 256 * 1024;
/// Messages that wait for a slow reader.
const AHEAD: usize = 4;

pub(super) type Chunks = mpsc::Receiver<Result<v1::FetchComponentResponse, Status>>;

/// Reads a component and sends it in order.
pub(super) async fn fetch(
    door: &Arc<Door>,
    who: &AgentId,
    asked: &v1::FetchComponentRequest,
) -> Result<Chunks, Status> {
    let (sha256, signatures_only) = (asked.sha256.as_slice(), asked.signatures_only);
    let digest = Sha256::try_from(sha256).map_err(|error| Status::invalid_argument(error.to_string()))?;
    let told = door.driver.told(&who.migration).ok_or_else(|| Status::not_found("no such migration"))?;
    let named = told
        .borrow()
        .plan
        .as_ref()
        .is_some_and(|plan| plan.plan.components().any(|(_, component)| *component == digest));
    if !named {
        return Err(Status::permission_denied(format!("no check of this plan runs component {digest}")));
    }
    let components = door.components.clone();
    let read = move || {
        let bytes = if signatures_only { Vec::new() } else { components.get(&digest)? };
        Ok((bytes, components.signatures(&digest)?))
    };
    let (bytes, signatures) = tokio::task::spawn_blocking(read)
        .await
        .map_err(|_| Status::internal("the reader of components stopped"))?
        .map_err(|error| match error {
            ComponentError::Missing { .. } => Status::not_found(error.to_string()),
            ComponentError::Changed { .. } | ComponentError::TooLarge { .. } | ComponentError::Io { .. } => {
                Status::data_loss(error.to_string())
            }
        })?;
    let (send, chunks) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let first = v1::FetchComponentResponse { chunk: Vec::new(), signatures };
        if send.send(Ok(first)).await.is_err() {
            return;
        }
        for chunk in bytes.chunks(CHUNK) {
            let message = v1::FetchComponentResponse { chunk: chunk.to_vec(), signatures: String::new() };
            // A reader that is gone needs no more.
            if send.send(Ok(message)).await.is_err() {
                return;
            }
        }
    });
    Ok(chunks)
}
