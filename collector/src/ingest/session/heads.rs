//! What a session shows of the decisions' heads, and what its agent remembers of them.

use tidelock_model::mutated;
use tidelock_proto::v1;
use tonic::Status;

use super::Session;
use crate::heads::unreadable;

impl Session {
    /// The newest head, and the one at the decision that the agent remembers. Where the journal does not have
    /// that one, the migration is held before the agent is welcomed.
    pub(super) async fn remembered(
        &mut self,
    ) -> Result<(Option<v1::SignedHead>, Option<v1::SignedHead>), Status> {
        let remembered = self.hello.remembered_head.take();
        let answered = self.door.heads.answer(&self.who.migration, remembered.as_deref()).await;
        let answered = answered.map_err(Status::internal)?;
        let why = answered.unreadable.filter(|_| !mutated("an-unreadable-head-holds"));
        self.missing = match (&remembered, why) {
            (Some(head), Some(why)) => Some(unreadable(head, &why)),
            (None, _) | (_, None) => answered.missing,
        };
        self.hold().await;
        self.shown = answered.head.as_ref().map_or(0, |head| head.decision);
        Ok((answered.head, answered.remembered))
    }

    /// Holds the migration for what the agent knows and the journal does not; tried again with each
    /// heartbeat until it is recorded.
    pub(super) async fn hold(&mut self) {
        let Some(missing) = &self.missing else { return };
        let who = format!("agent {}", self.who.agent);
        match self.door.heads.hold(&self.who.migration, &who, missing).await {
            Ok(()) => self.missing = None,
            Err(error) => tracing::error!(migration = %self.who.migration, %error, "it is not held yet"),
        }
    }

    /// The newest head, where this session was not shown it yet.
    pub(super) fn head(&mut self) -> Option<v1::SignedHead> {
        let head = self.door.heads.newest(&self.who.migration).filter(|head| head.decision > self.shown)?;
        self.shown = head.decision;
        Some(head)
    }
}
