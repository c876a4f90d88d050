//! Hands components to agents: only those that the plan of their own migration names, piece by piece as they are
//! taken, and few at once.

use std::pin::Pin;
use std::sync::Arc;

use futures::stream::{self, Stream, StreamExt as _};
use tidelock_model::Sha256;
use tidelock_proto::v1;
use tonic::Status;

use super::fetches::Place;
use super::service::Door;
use crate::clock::Clock;
use crate::journal::{ComponentError, ComponentReader};
use crate::pki::AgentId;

/// Bytes of one message.
const CHUNK: usize = 256 * 1024;

type Message = Result<v1::FetchComponentResponse, Status>;

/// A component on its way: what is not asked for yet lies on the disk.
pub(super) type Chunks = Pin<Box<dyn Stream<Item = Message> + Send>>;

/// What is left of a component, and its place.
struct Sending {
    reader: ComponentReader,
    place: Place,
    clock: Clock,
}

/// Opens a component and sends it in order.
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
    let clock = door.clock;
    let place = door.fetches.begin(who, clock.now());
    let place = place.map_err(|many| Status::resource_exhausted(many.to_string()))?;
    let components = door.components.clone();
    let open = move || -> Result<_, ComponentError> {
        let reader = if signatures_only { None } else { Some(components.open_one(&digest)?) };
        Ok((reader, components.signatures(&digest)?))
    };
    let opened = tokio::task::spawn_blocking(open).await.map_err(|_| stopped())?;
    let (reader, signatures) = opened.map_err(status)?;
    let first: Message = Ok(v1::FetchComponentResponse { chunk: Vec::new(), signatures });
    let sending = reader.map(|reader| Sending { reader, place, clock });
    Ok(Box::pin(stream::iter([first]).chain(stream::unfold(sending, next))))
}

/// The next piece, read when the agent has room for it. The place is free before the last one goes: the agent may
/// ask for another component as soon as it has it.
async fn next(sending: Option<Sending>) -> Option<(Message, Option<Sending>)> {
    let mut sending = sending?;
    if sending.place.is_over(sending.clock.now()) {
        return Some((Err(Status::deadline_exceeded("the component was not taken in time")), None));
    }
    let read = move || (sending.reader.piece(CHUNK), sending);
    let Ok((piece, sending)) = tokio::task::spawn_blocking(read).await else {
        return Some((Err(stopped()), None));
    };
    match piece {
        Ok(chunk) => {
            let left = (!sending.reader.is_over()).then_some(sending);
            Some((Ok(v1::FetchComponentResponse { chunk, signatures: String::new() }), left))
        }
        Err(error) => Some((Err(status(error)), None)),
    }
}

fn stopped() -> Status {
    Status::internal("the reader of components stopped")
}

fn status(error: ComponentError) -> Status {
    match error {
        ComponentError::Missing { .. } => Status::not_found(error.to_string()),
        ComponentError::Changed { .. } | ComponentError::TooLarge { .. } | ComponentError::Io { .. } => {
            Status::data_loss(error.to_string())
        }
    }
}
