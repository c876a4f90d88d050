//! What everybody else holds of the driver: asks go in, answers and pictures come out.

use std::sync::Arc;

use tidelock_core::{AgentStanding, Ask, Explanation, Leftover, Refusal, Report, SlotCourse};
use tidelock_model::{AgentKey, Name, Timestamp};
use tidelock_ops::service::Pulse;
use tokio::sync::{mpsc, oneshot, watch};

use super::publish::{Boards, RunSeen, Told, View};
use super::renew::{Queued, Renewal};
use crate::fold::{EventLine, Events, RecentFinding};
use crate::journal::Position;
use crate::pki::AgentId;
use crate::records::PlanExtras;

/// What became of an ask.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What was recorded, now or when it was asked first; what would be, in a dry run; nothing where
    /// nothing changes.
    pub events: Vec<EventLine>,
    /// It is in the journal.
    pub recorded: bool,
}

/// Why an ask has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AskError {
    /// It was refused.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// There is no such migration.
    #[error("there is no migration {0}")]
    NoMigration(Name),
    /// Nobody can say now. Ask again.
    #[error("the collector cannot answer now: {0}")]
    Unavailable(String),
}

/// One check in full, with what was found last.
#[derive(Debug, Clone)]
pub struct Explained {
    /// How it stands.
    pub explanation: Explanation,
    /// What was found, newest first.
    pub recent: Vec<RecentFinding>,
    /// Where in the journal what was looked through begins.
    pub recent_from: Position,
}

/// The course of a check's statistical claims.
#[derive(Debug, Clone)]
pub struct CourseSeen {
    /// When it was looked at.
    pub as_of: Timestamp,
    /// How the check stands.
    pub explanation: Explanation,
    /// Slot by slot; none where it has no such claim.
    pub course: Option<SlotCourse>,
}

/// The whole migration, with what the core does not keep.
#[derive(Debug, Clone)]
pub struct Reported {
    /// What the core knows.
    pub report: Report,
    /// Every run, oldest first, with the plan that it walked.
    pub runs: Vec<RunSeen>,
}

/// What somebody wants of the driver.
pub(super) enum Command {
    Ask {
        migration: Name,
        ask: Box<Ask>,
        extras: Option<PlanExtras>,
        dry_run: bool,
        reply: oneshot::Sender<Result<Asked, AskError>>,
    },
    Explain {
        migration: Name,
        check: Name,
        recent: usize,
        reply: oneshot::Sender<Option<Explained>>,
    },
    Course {
        migration: Name,
        check: Name,
        reply: oneshot::Sender<Option<CourseSeen>>,
    },
    Renew {
        asked: Renewal,
        reply: oneshot::Sender<Result<Queued, AskError>>,
    },
    Leftovers {
        migration: Name,
        reply: oneshot::Sender<Option<(Vec<Leftover>, bool)>>,
    },
    Report {
        migration: Name,
        reply: oneshot::Sender<Option<Reported>>,
    },
    Source {
        migration: Name,
        revision: u64,
        reply: oneshot::Sender<Option<crate::fold::Revision>>,
    },
}

impl Command {
    /// It can only shut gates, whatever the evidence.
    pub(super) fn shuts(&self) -> bool {
        match self {
            Command::Ask { ask, .. } => {
                matches!(**ask, Ask::Hold { .. } | Ask::SetCutovers { enabled: false, .. })
            }
            Command::Explain { .. } | Command::Course { .. } | Command::Renew { .. } => false,
            Command::Leftovers { .. } | Command::Report { .. } | Command::Source { .. } => false,
        }
    }
}

/// The driver's handle. Clones are cheap.
#[derive(Debug, Clone)]
pub struct Driver {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) boards: Boards,
    pub(super) ready: watch::Receiver<bool>,
    pub(super) pulse: Pulse,
}

impl Driver {
    /// Comes back when the driver has come round once more; never where it stands still or has ended.
    pub async fn turned(&self) {
        self.pulse.felt().await;
    }

    /// The journal is replayed; before that nothing is answered.
    pub fn ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Resolves when the journal is replayed.
    pub async fn wait_ready(&self) -> bool {
        self.ready.clone().wait_for(|ready| *ready).await.is_ok()
    }

    /// Every migration as it is shown.
    pub fn views(&self) -> Vec<Arc<View>> {
        self.boards.all().iter().map(|board| board.view.borrow().clone()).collect()
    }

    /// One migration as it is shown.
    pub fn view(&self, migration: &Name) -> Option<Arc<View>> {
        self.boards.get(migration).map(|board| board.view.borrow().clone())
    }

    /// Follows a migration; a slow follower sees the latest.
    pub fn follow(&self, migration: &Name) -> Option<watch::Receiver<Arc<View>>> {
        self.boards.get(migration).map(|board| board.view.subscribe())
    }

    /// What a migration's agents are told.
    pub fn told(&self, migration: &Name) -> Option<watch::Receiver<Arc<Told>>> {
        self.boards.get(migration).map(|board| board.told.subscribe())
    }

    /// The latest events of a migration.
    pub fn events(&self, migration: &Name) -> Option<Events> {
        self.boards.get(migration).map(|board| board.events.clone())
    }

    /// What an agent's word is worth.
    pub fn standing(&self, migration: &Name, agent: &AgentKey) -> AgentStanding {
        let told = self.boards.get(migration).map(|board| board.told.borrow().clone());
        told.and_then(|told| told.standing.get(agent).copied()).unwrap_or(AgentStanding::Unknown)
    }

    /// Asks something and waits until the answer is durable.
    ///
    /// # Errors
    /// When it is refused, or nobody can say.
    pub async fn ask(&self, migration: &Name, ask: Ask) -> Result<Asked, AskError> {
        self.command(migration, ask, None, false).await
    }

    /// What would become of an ask; records nothing.
    ///
    /// # Errors
    /// As the ask itself.
    pub async fn dry_run(&self, migration: &Name, ask: Ask) -> Result<Asked, AskError> {
        self.command(migration, ask, None, true).await
    }

    /// Puts a plan in force, or says what would become of it.
    ///
    /// # Errors
    /// When it is refused, or nobody can say.
    pub async fn apply_plan(
        &self,
        migration: &Name,
        ask: Ask,
        extras: PlanExtras,
        dry_run: bool,
    ) -> Result<Asked, AskError> {
        self.command(migration, ask, Some(extras), dry_run).await
    }

    async fn command(
        &self,
        migration: &Name,
        ask: Ask,
        extras: Option<PlanExtras>,
        dry_run: bool,
    ) -> Result<Asked, AskError> {
        let gone = || AskError::Unavailable("it stops".to_owned());
        if !self.ready() {
            return Err(AskError::Unavailable("it replays its journal".to_owned()));
        }
        let (reply, answer) = oneshot::channel();
        let command =
            Command::Ask { migration: migration.clone(), ask: Box::new(ask), extras, dry_run, reply };
        self.commands.send(command).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// One check in full.
    pub async fn explain(&self, migration: &Name, check: &Name, recent: usize) -> Option<Explained> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Explain { migration: migration.clone(), check: check.clone(), recent, reply };
        self.commands.send(command).await.ok()?;
        answer.await.ok().flatten()
    }

    /// The course of a check's statistical claims; none where there is no such check.
    pub async fn course(&self, migration: &Name, check: &Name) -> Option<CourseSeen> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Course { migration: migration.clone(), check: check.clone(), reply };
        self.commands.send(command).await.ok()?;
        answer.await.ok().flatten()
    }

    /// Rows that only the target has since the switch, and whether more are there than are kept.
    pub async fn leftovers(&self, migration: &Name) -> Option<(Vec<Leftover>, bool)> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Leftovers { migration: migration.clone(), reply };
        self.commands.send(command).await.ok()?;
        answer.await.ok().flatten()
    }

    /// The whole migration, for the record.
    pub async fn report(&self, migration: &Name) -> Option<Reported> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Report { migration: migration.clone(), reply }).await.ok()?;
        answer.await.ok().flatten()
    }

    /// A plan as it was written; revision 0 is the present one.
    pub async fn source(&self, migration: &Name, revision: u64) -> Option<crate::fold::Revision> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Source { migration: migration.clone(), revision, reply };
        self.commands.send(command).await.ok()?;
        answer.await.ok().flatten()
    }

    /// An agent contradicted itself: recorded, and the agent is suspended by it.
    pub async fn report_conflict(&self, who: &AgentId, text: String) {
        let ask = Ask::ReportConflict { agent: who.agent.clone(), text };
        if let Err(error) = self.ask(&who.migration, ask).await {
            tracing::error!(migration = %who.migration, agent = %who.agent, %error, "a conflict was not recorded");
        }
    }
}
