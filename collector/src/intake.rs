//! The one way into the set `findings`: queued in order, durable in order, believed in order.
//!
//! A replay reads the journal front to back, so what the driver believes must come to it in exactly
//! the order of the journal, whichever stream it came from. The order is fixed here, under one lock
//! that is held only while a record is queued; hundreds of records share one `fdatasync`.

use std::sync::Arc;

use tidelock_core::record::Observation;
use tidelock_model::{FindingBatch, Name, Timestamp};
use tokio::sync::{Mutex, mpsc, oneshot};
use tracing::Span;

use crate::clock::Clock;
use crate::journal::{JournalError, Lane, Pending, Position, Record, Store};
use crate::records::{FINDING_KIND, Received, Seen, batch_to_bytes, seen_to_bytes};

/// Records that are queued in the journal and not durable yet.
const QUEUED: usize = 1024;
/// Records that are durable and wait for the driver.
const BELIEVED: usize = 1024;

/// Something durable, at its place.
#[derive(Debug)]
pub struct Durable {
    /// Where it lies.
    pub position: Position,
    /// When it was queued, in collector time.
    pub at: Timestamp,
    /// What it says.
    pub seen: Seen,
    /// A batch as it was received.
    pub(crate) received: Option<Received>,
    /// The spans of its findings that are traced, under which it is believed.
    pub(crate) spans: Vec<Span>,
}

struct Queued {
    pending: Pending,
    at: Timestamp,
    seen: Seen,
    received: Option<Received>,
    spans: Vec<Span>,
    told: oneshot::Sender<Result<Position, JournalError>>,
}

/// The way in. Clones share the order.
#[derive(Clone)]
pub struct Intake {
    store: Arc<dyn Store>,
    clock: Clock,
    queue: Arc<Mutex<mpsc::Sender<Queued>>>,
}

/// Resolves when the record is durable, or was refused.
pub type Told = oneshot::Receiver<Result<Position, JournalError>>;

impl Intake {
    /// Opens the way in; what is durable comes out of the receiver, in order.
    pub fn open(store: Arc<dyn Store>, clock: Clock) -> (Intake, mpsc::Receiver<Durable>) {
        let (queue, queued) = mpsc::channel(QUEUED);
        let (believe, believed) = mpsc::channel(BELIEVED);
        tokio::spawn(follow(queued, believe));
        (Intake { store, clock, queue: Arc::new(Mutex::new(queue)) }, believed)
    }

    /// Queues something seen. Waits while the journal has no room.
    ///
    /// # Errors
    /// When the journal refuses it or has stopped.
    pub async fn submit(&self, seen: Seen) -> Result<Told, JournalError> {
        self.submit_in(Lane::default(), seen).await
    }

    /// Queues something seen behind what its lane holds already; refused if any of that was.
    ///
    /// # Errors
    /// When the journal refuses it or has stopped.
    pub(crate) async fn submit_in(&self, lane: Lane, seen: Seen) -> Result<Told, JournalError> {
        let body = seen_to_bytes(&seen);
        self.submit_as(lane, body, seen, (None, Vec::new())).await
    }

    /// The same for a batch, which is journaled as it was received.
    ///
    /// # Errors
    /// When the journal refuses it or has stopped.
    pub(crate) async fn submit_batch(
        &self,
        lane: Lane,
        migration: Name,
        batch: FindingBatch,
        (received, spans): (Received, Vec<Span>),
    ) -> Result<Told, JournalError> {
        let body = batch_to_bytes(&migration, &batch.agent, &received);
        let observation = Observation::Findings(batch);
        let seen = Seen { migration: Some(migration), observation, boot_id: String::new() };
        self.submit_as(lane, body, seen, (Some(received), spans)).await
    }

    async fn submit_as(
        &self,
        lane: Lane,
        body: Vec<u8>,
        seen: Seen,
        (received, spans): (Option<Received>, Vec<Span>),
    ) -> Result<Told, JournalError> {
        let (told, answer) = oneshot::channel();
        let queue = self.queue.lock().await;
        // A place first: what is in the journal must reach the driver, so nothing may fail after it.
        let place = queue.reserve().await.map_err(|_| JournalError::Closed)?;
        let at = self.clock.now();
        let record = Record { kind: FINDING_KIND, at_unix_ms: at.as_millis(), body };
        let pending = self.store.submit_in_lane(lane, record).await?;
        place.send(Queued { pending, at, seen, received, spans, told });
        Ok(answer)
    }
}

async fn follow(mut queued: mpsc::Receiver<Queued>, believe: mpsc::Sender<Durable>) {
    while let Some(Queued { pending, at, seen, received, spans, told }) = queued.recv().await {
        let position = match pending.durable().await {
            Ok(position) => position,
            Err(error) => {
                // Whoever asked may have gone; the refusal itself changes nothing.
                let _ = told.send(Err(error));
                continue;
            }
        };
        // The driver first: whoever hears the ack and asks at once must be answered by what was acked.
        if believe.send(Durable { position, at, seen, received, spans }).await.is_err() {
            return;
        }
        let _ = told.send(Ok(position));
    }
}
