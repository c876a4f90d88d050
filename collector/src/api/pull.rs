//! Hands components to people: whole, proved before the first byte is sent, and only a few at once.

use std::sync::Arc;
use std::time::Duration;

use tidelock_model::Sha256;
use tidelock_proto::v1;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::access::blocking;
use super::caller::Caller;
use super::{Api, errors};
use crate::journal::ComponentError;

/// Components on their way at once: each lies in memory as a whole.
pub(super) const AT_ONCE: usize = 4;
/// Bytes of one message.
const CHUNK: usize = 256 * 1024;
/// Messages that wait for a slow reader.
const AHEAD: usize = 4;
/// How long a reader may take for all of it.
const WITHIN: Duration = Duration::from_secs(600);
/// The longest name or version that a signature has.
const MAX_WORD_BYTES: usize = 128;

type Message = Result<v1::PullComponentResponse, Status>;
pub(super) type Chunks = ReceiverStream<Message>;

/// Finds what is asked for, and begins to send it.
pub(super) async fn pull(
    api: &Arc<Api>,
    pulls: &Arc<Semaphore>,
    who: &Caller,
    asked: v1::PullComponentRequest,
) -> Result<Chunks, Status> {
    if !api.driver.ready() {
        return Err(errors::unavailable("the collector replays its journal"));
    }
    let Ok(room) = Arc::clone(pulls).try_acquire_owned() else {
        return Err(errors::too_many("other components are on their way; ask again in a moment"));
    };
    let sha256 = find(api, who, &asked).await?;
    let components = api.components.clone();
    let read = move || Ok((components.get(&sha256)?, components.signatures(&sha256)?));
    let (bytes, signatures) = blocking(read).await?.map_err(status)?;
    tracing::info!(by = %who.subject(), component = %sha256, "component pulled");
    let first = v1::PullComponentResponse {
        sha256: sha256.as_bytes().to_vec(),
        size_bytes: bytes.len() as u64,
        signatures,
        chunk: Vec::new(),
    };
    let (send, chunks) = mpsc::channel(AHEAD);
    let stop = api.stop.clone();
    tokio::spawn(async move {
        // Kept until the last byte is taken, or nobody takes any more.
        let _room = room;
        // Where the last word finds no room the reader sees by the size that something is missing.
        tokio::select! {
            () = send_all(&send, first, &bytes) => {}
            () = tokio::time::sleep(WITHIN) => {
                drop(send.try_send(Err(Status::deadline_exceeded("the component was not taken in time"))));
            }
            () = stop.cancelled() => drop(send.try_send(Err(errors::unavailable("the collector stops")))),
        }
    });
    Ok(ReceiverStream::new(chunks))
}

async fn send_all(send: &mpsc::Sender<Message>, first: v1::PullComponentResponse, bytes: &[u8]) {
    if send.send(Ok(first)).await.is_err() {
        return;
    }
    for chunk in bytes.chunks(CHUNK) {
        let message = v1::PullComponentResponse { chunk: chunk.to_vec(), ..Default::default() };
        // A reader that is gone needs no more.
        if send.send(Ok(message)).await.is_err() {
            return;
        }
    }
}

/// The one component that is meant, among those that the caller may see.
async fn find(api: &Api, who: &Caller, asked: &v1::PullComponentRequest) -> Result<Sha256, Status> {
    let v1::PullComponentRequest { sha256, name, version } = asked;
    if name.is_empty() && version.is_empty() {
        let sha256 = Sha256::try_from(sha256.as_slice()).map_err(|error| errors::invalid("sha256", error))?;
        if !sees(api, who, &sha256) {
            return Err(errors::denied(
                "this token is bound to one migration, and no check of its plan runs this component",
            ));
        }
        return Ok(sha256);
    }
    if !sha256.is_empty() {
        return Err(errors::invalid("name", "stands beside a digest: give one of them"));
    }
    for (field, word) in [("name", name), ("version", version)] {
        let plain = word.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if !plain || !(1..=MAX_WORD_BYTES).contains(&word.len()) {
            return Err(errors::invalid(field, format!("is not 1 to {MAX_WORD_BYTES} printable characters")));
        }
    }
    let (components, called) = (api.components.clone(), (name.clone(), version.clone()));
    let found = blocking(move || components.signed_as(&called.0, &called.1)).await?.map_err(status)?;
    let seen: Vec<Sha256> = found.into_iter().filter(|sha256| sees(api, who, sha256)).collect();
    match seen.as_slice() {
        [one] => Ok(*one),
        [] => Err(errors::not_found(format!("no component here is signed as {name} {version}"))),
        several => {
            let digests: Vec<String> = several.iter().map(|sha256| format!("sha256:{sha256}")).collect();
            let digests = digests.join(", ");
            Err(errors::invalid("name", format!("{name} {version} is what several are signed as: {digests}")))
        }
    }
}

/// Whoever is bound to one migration gets what its plan in force runs, as its agents do.
fn sees(api: &Api, who: &Caller, sha256: &Sha256) -> bool {
    let Some(bound) = who.bound_to() else { return true };
    let view = api.driver.view(bound);
    let plan = view.as_ref().and_then(|view| view.plan.as_ref());
    plan.is_some_and(|plan| plan.plan.components().any(|(_, component)| component == sha256))
}

fn status(error: ComponentError) -> Status {
    match error {
        ComponentError::Missing { .. } => errors::not_found(error.to_string()),
        ComponentError::Changed { .. } | ComponentError::TooLarge { .. } | ComponentError::Io { .. } => {
            errors::internal(&error)
        }
    }
}
