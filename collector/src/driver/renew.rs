//! Renews the lease of whoever walks a runbook: durable, then believed, then answered.
//!
//! A renewal that came too late must never look like one that held: the answer is given from the state
//! after the record was believed, not from the record.

use std::time::Duration;

use tidelock_core::record::Observation;
use tidelock_core::{Asker, Migration, RUN_LEASE, Refusal, RefusalCode, RunState, RunStatus};
use tidelock_model::{Name, Timestamp};
use tokio::sync::{mpsc, oneshot};

use super::handle::{AskError, Command, Driver};
use super::own::Own;
use crate::journal::JournalError;
use crate::records::Seen;

/// A renewal is waited for so long; the lease itself lasts longer.
const WAIT: Duration = Duration::from_secs(5);

/// Who renews what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The migration.
    pub migration: Name,
    /// The operator.
    pub by: Asker,
    /// The run; 0 for who stands by to go back as soon as that is decided, without a run or a lease yet.
    pub run: u64,
    /// The operator's lease.
    pub lease: u64,
}

/// A renewal that was queued: until when, and when it is durable.
pub(super) type Queued = (Timestamp, oneshot::Receiver<Result<(), JournalError>>);

fn old_lease(message: String) -> AskError {
    AskError::Refused(Box::new(Refusal { code: RefusalCode::OldLease, message, holds: Vec::new() }))
}

/// Why this renewal is refused by the run as it stands.
fn refused(asked: &Renewal, status: Option<&RunStatus>, now: Timestamp) -> Option<AskError> {
    if asked.run == 0 {
        return None;
    }
    let Some(status) = status.filter(|status| status.run == asked.run) else {
        return Some(old_lease(format!("run {} is not the newest run", asked.run)));
    };
    if matches!(status.state, RunState::Ended(_)) {
        return Some(old_lease(format!("run {} is over", asked.run)));
    }
    match &status.operator {
        Some(operator)
            if status.lease == asked.lease && *operator == asked.by.name && now < status.lease_until =>
        {
            None
        }
        Some(operator) if status.lease != asked.lease || *operator != asked.by.name => {
            Some(old_lease(format!(
                "lease {} of run {} is over: {operator} walks it now; look at it, then take it with: tidelock cutover resume",
                asked.lease, asked.run
            )))
        }
        Some(_) | None => Some(old_lease(format!(
            "lease {} of run {} ended; take it again with: tidelock cutover resume",
            asked.lease, asked.run
        ))),
    }
}

/// Queues a renewal for the run as the driver knows it.
pub(super) fn queue(
    outbox: &mpsc::Sender<Own>,
    asked: &Renewal,
    migration: Option<&Migration>,
    now: Timestamp,
) -> Result<Queued, AskError> {
    let migration = migration.ok_or_else(|| AskError::NoMigration(asked.migration.clone()))?;
    if asked.run == 0 {
        migration.may_stand_by(&asked.by).map_err(|refusal| AskError::Refused(Box::new(refusal)))?;
    }
    if let Some(refused) = refused(asked, migration.run_status(now).as_ref(), now) {
        return Err(refused);
    }
    let until = now.plus(RUN_LEASE);
    let (told, durable) = oneshot::channel();
    let observation = Observation::RunRenewed { run: asked.run, lease: asked.lease, until };
    let seen = Seen { migration: Some(asked.migration.clone()), observation, boot_id: String::new() };
    let full = |_| AskError::Unavailable("the journal is slow".to_owned());
    outbox.try_send(Own { seen, told: Some(told) }).map_err(full)?;
    Ok((until, durable))
}

impl Driver {
    /// Renews an operator's lease. Gives back until when it holds now.
    ///
    /// # Errors
    /// When the lease is another's or over, or nobody can say.
    pub async fn renew_run(&self, asked: Renewal) -> Result<Timestamp, AskError> {
        let late = |_| AskError::Unavailable("the renewal was not recorded in time".to_owned());
        tokio::time::timeout(WAIT, self.renewed(asked)).await.map_err(late)?
    }

    async fn renewed(&self, asked: Renewal) -> Result<Timestamp, AskError> {
        let gone = || AskError::Unavailable("it stops".to_owned());
        if !self.ready() {
            return Err(AskError::Unavailable("it replays its journal".to_owned()));
        }
        let followed = self.follow(&asked.migration);
        let mut views = followed.ok_or_else(|| AskError::NoMigration(asked.migration.clone()))?;
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Renew { asked: asked.clone(), reply }).await.map_err(|_| gone())?;
        let (until, durable) = answer.await.map_err(|_| gone())??;
        let durable = durable.await.map_err(|_| gone())?;
        durable.map_err(|error| AskError::Unavailable(error.to_string()))?;
        if asked.run == 0 {
            return Ok(until);
        }
        loop {
            let view = views.borrow_and_update().clone();
            let status = view.run.as_ref().map(|run| &run.status);
            if let Some(refused) = refused(&asked, status, view.as_of) {
                return Err(refused);
            }
            if let Some(status) = status.filter(|status| status.lease_until >= until) {
                return Ok(status.lease_until);
            }
            views.changed().await.map_err(|_| gone())?;
        }
    }
}
