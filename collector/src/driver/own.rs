//! The driver's own observations: they take the way that all take.
//!
//! A task of its own, because the driver must go on believing while the journal has no room.

use tokio::sync::{mpsc, oneshot};

use crate::intake::Intake;
use crate::journal::JournalError;
use crate::records::Seen;

/// Something that the driver saw by itself.
pub(super) struct Own {
    pub(super) seen: Seen,
    /// Whoever waits until it is durable.
    pub(super) told: Option<oneshot::Sender<Result<(), JournalError>>>,
}

/// Submits them one by one.
pub(super) async fn submit_own(intake: Intake, mut own: mpsc::Receiver<Own>) {
    while let Some(Own { seen, told }) = own.recv().await {
        let queued = intake.submit(seen).await;
        if let Err(error) = &queued {
            tracing::warn!(%error, "an observation of the collector was not journaled");
        }
        let Some(told) = told else { continue };
        match queued {
            Ok(durable) => drop(tokio::spawn(async move {
                let durable = durable.await.unwrap_or(Err(JournalError::Closed));
                // Whoever waited may have gone; what is durable stays.
                let _ = told.send(durable.map(drop));
            })),
            Err(error) => drop(told.send(Err(error))),
        }
    }
}
