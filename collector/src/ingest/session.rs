//! One session of one agent, from its hello to its end.
//!
//! One task owns it. Batches are journaled side by side, so that many share a sync, and acked in
//! order; no more than a few are taken off the stream before the first of them is durable, and the
//! stream's own flow control tells the agent to wait.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use prost::bytes::Bytes;
use tidelock_core::record::{AgentSeen, Observation, Refusal};
use tidelock_model::{Name, SpoolEpoch, Timestamp, is_unfit, mutated};
use tidelock_proto::v1::session_request::Message as Said;
use tidelock_proto::v1::session_response::Message as Reply;
use tidelock_proto::{Limits, batch_from_wire, v1};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::assignments;
use super::batch::rest;
use super::dedup::Judged;
use super::offset::{Exchange, Offset};
use super::service::{Door, Replying};
use super::sessions::Entered;
use super::tally::{self, Brought};
use super::wire::Heard;
use crate::driver::Told;
use crate::heads::Missing;
use crate::intake;
use crate::journal::{JournalError, Lane};
use crate::pki::AgentId;
use crate::records::{Received, Seen};

mod heads;

/// Batches of one stream that are journaled and not acked yet.
const IN_FLIGHT: usize = 16;
/// An agent that does not take what it is told for so long is let go.
const SLOW_READER: Duration = Duration::from_secs(10);
/// One record of an agent's presence for each slot of this length.
const SEEN_EVERY: Duration = Duration::from_secs(3);

/// A batch that is on its way to the disk.
struct Waiting {
    told: intake::Told,
    spool_epoch: SpoolEpoch,
    /// The last number before what it brought: where the window goes back to when it is refused.
    before: u64,
    last: u64,
    /// What is counted when it is durable.
    brought: Brought,
}

/// What one session knows.
pub(super) struct Session {
    pub(super) door: Arc<Door>,
    pub(super) who: AgentId,
    pub(super) entered: Entered,
    pub(super) told: watch::Receiver<Arc<Told>>,
    pub(super) out: mpsc::Sender<Replying>,
    pub(super) hello: v1::Hello,
    /// What it says that must stay in order: nothing of it is kept behind something refused.
    lane: Lane,
    offset: Offset,
    last_seen: Option<Instant>,
    sent: Option<v1::Assignments>,
    waiting: VecDeque<Waiting>,
    /// Decisions that the agent knows of and the journal does not, until that is recorded.
    missing: Option<Missing>,
    /// The newest decision that the agent was shown.
    shown: u64,
}

/// Why a session ends.
enum End {
    /// The agent left.
    Gone,
    /// It is told why.
    Told(Status),
    /// What it sent cannot be read, or the connection broke: then nobody hears this.
    Broken(Status),
}

type Step = Result<(), End>;

impl From<Status> for End {
    fn from(status: Status) -> End {
        End::Told(status)
    }
}

impl Session {
    pub(super) fn new(
        door: Arc<Door>,
        who: AgentId,
        entered: Entered,
        told: watch::Receiver<Arc<Told>>,
        out: mpsc::Sender<Replying>,
        hello: v1::Hello,
    ) -> Session {
        Session {
            door,
            who,
            entered,
            told,
            out,
            hello,
            lane: Lane::default(),
            offset: Offset::default(),
            last_seen: None,
            sent: None,
            waiting: VecDeque::new(),
            missing: None,
            shown: 0,
        }
    }

    /// Serves the agent until one of both goes.
    pub(super) async fn run(mut self, mut said: Streaming<Heard>) {
        let end = match self.welcome().await {
            Ok(()) => self.serve(&mut said).await,
            Err(end) => end,
        };
        self.drain().await;
        match end {
            End::Gone => {
                tracing::info!(migration = %self.who.migration, agent = %self.who.agent, "session ended")
            }
            End::Told(status) => {
                tracing::warn!(migration = %self.who.migration, agent = %self.who.agent, why = status.message(), "session ended");
                self.say_why(status).await;
            }
            End::Broken(status) => {
                tracing::info!(migration = %self.who.migration, agent = %self.who.agent, why = status.message(), "session ended");
                self.say_why(status).await;
            }
        }
    }

    async fn say_why(&self, status: Status) {
        // An agent that is gone does not hear it.
        let _ = tokio::time::timeout(SLOW_READER, self.out.send(Err(status))).await;
    }

    /// Waits for what is queued: it reaches the disk with or without this session. The seat stays taken
    /// until then, so that the next session of this agent is judged on all of it.
    async fn drain(&mut self) {
        let mut refused = false;
        while let Some(waiting) = self.waiting.pop_front() {
            match waiting.told.await {
                // Nothing is acked behind something that was refused.
                Ok(Ok(_)) if !refused => {
                    self.door.tally.count(&self.who, &waiting.brought);
                    // An agent that is gone does not hear it.
                    drop(self.ack(waiting.spool_epoch, waiting.last).await);
                }
                Ok(Ok(_)) => {}
                Ok(Err(_)) | Err(_) => {
                    refused = true;
                    self.entered.window().rewind(waiting.spool_epoch, waiting.before);
                }
            }
        }
    }

    async fn serve(&mut self, said: &mut Streaming<Heard>) -> End {
        let cancelled = self.entered.end().clone();
        let certificate_ends = Instant::now() + self.who.ends.since(crate::clock::wall());
        loop {
            let idle = self.door.session_idle;
            let room = self.waiting.len() < IN_FLIGHT || mutated("few-batches-wait");
            let step = tokio::select! {
                biased;
                () = cancelled.cancelled() => {
                    return End::Told(ended());
                }
                () = tokio::time::sleep_until(certificate_ends), if !mutated("a-session-ends-with-its-certificate") => {
                    return End::Told(Status::unauthenticated("the certificate of this session has ended; join again"));
                }
                durable = front(&mut self.waiting) => self.durable(durable).await,
                ask = self.entered.asked() => self.tell(Reply::RunNow(ask)).await,
                changed = self.told.changed() => match changed {
                    Ok(()) => self.assign().await,
                    Err(_) => return End::Told(Status::unavailable("the collector stops")),
                },
                message = tokio::time::timeout(idle, said.message()), if room => match message {
                    Ok(Ok(Some(heard))) => self.hear(heard).await,
                    Ok(Ok(None)) => return End::Gone,
                    Ok(Err(status)) => return End::Broken(status),
                    Err(_) => return End::Told(Status::deadline_exceeded("nothing was heard for too long")),
                },
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn welcome(&mut self) -> Step {
        let epoch = spool_epoch(&self.hello.spool_epoch)?;
        let durable_seq = self.entered.window().durable(epoch);
        let (head, remembered_head) = self.remembered().await?;
        self.tell(Reply::Welcome(v1::Welcome {
            head,
            remembered_head,
            migration: self.who.migration.to_string(),
            collector_version: env!("CARGO_PKG_VERSION").to_owned(),
            durable_seq,
            session_ends_unix_ms: self.who.ends.as_millis(),
        }))
        .await?;
        self.tell(Reply::Pressure(v1::Pressure {
            batches_in_flight: IN_FLIGHT as u32,
            reason: String::new(),
        }))
        .await?;
        self.assign().await
    }

    async fn tell(&self, message: Reply) -> Step {
        let response = v1::SessionResponse { message: Some(message) };
        tokio::select! {
            // Whoever may not speak any more is not waited for, also when it reads nothing.
            biased;
            () = self.entered.end().cancelled() => Err(End::Told(ended())),
            sent = tokio::time::timeout(SLOW_READER, self.out.send(Ok(Box::new(response)))) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) | Err(_) => Err(End::Gone),
            },
        }
    }

    async fn assign(&mut self) -> Step {
        let wanted = assignments(&self.told.borrow_and_update(), &self.who.agent);
        if self.sent.as_ref() == Some(&wanted) {
            return Ok(());
        }
        self.sent = Some(wanted.clone());
        self.tell(Reply::Assignments(wanted)).await
    }

    async fn hear(&mut self, heard: Heard) -> Step {
        let request = match heard {
            Heard::Batch(bytes) => return self.batch(bytes).await,
            Heard::Other(request) => request,
        };
        match request.message {
            // In an unusual wrapping.
            Some(Said::Batch(batch)) => self.batch(batch.encode_to_vec().into()).await,
            Some(Said::Heartbeat(beat)) => self.heartbeat(beat).await,
            Some(Said::AssignmentStatus(status)) => self.assignment_status(status).await,
            Some(Said::RunAnswer(answer)) => {
                self.door.runs_now.answered(&self.who.migration, &self.who.agent, answer);
                Ok(())
            }
            Some(Said::SignOff(_)) => {
                let agent = self.who.agent.clone();
                self.observe(Observation::SignedOff(agent)).await?;
                Err(End::Gone)
            }
            Some(Said::Hello(_)) => Err(Status::invalid_argument("a session begins once").into()),
            None => Err(Status::invalid_argument("a message of the session is empty").into()),
        }
    }

    #[tracing::instrument(name = "batch", skip_all, fields(tidelock.migration.name = %self.who.migration, agent = %self.who.agent, first_seq))]
    async fn batch(&mut self, bytes: Bytes) -> Step {
        let wrong = |error: &dyn std::fmt::Display| Status::invalid_argument(format!("batch: {error}"));
        let wire = v1::FindingBatch::decode(&*bytes).map_err(|error| wrong(&error))?;
        tracing::Span::current().record("first_seq", wire.first_seq);
        let spans = tally::spans(&self.who, &wire);
        let batch = batch_from_wire(self.who.agent.clone(), wire).map_err(|error| wrong(&error))?;
        let received = Received::new(bytes).map_err(|error| wrong(&error))?;
        let (epoch, first, last) = (batch.spool_epoch, batch.first_seq, batch.last_seq());
        let judged = self.entered.window().judge(epoch, first, last, received.hashes());
        let known = match judged {
            Judged::New { known } => known,
            // An earlier batch may hold these and not be durable yet: acked behind it, in order.
            Judged::Known => {
                let (ready, told) = tokio::sync::oneshot::channel();
                // The receiver is in the line below.
                let _ = ready.send(Ok(crate::journal::Position::START));
                let brought = Brought::default();
                self.waiting.push_back(Waiting { told, spool_epoch: epoch, before: last, last, brought });
                return Ok(());
            }
            Judged::Hole { next } => {
                let text = format!(
                    "findings {next} to {} are missing, and no gap record stands for them",
                    first - 1
                );
                return Err(Status::out_of_range(text).into());
            }
            Judged::Conflict { seq } => return self.conflict(epoch, seq).await,
        };
        let (batch, received) = match known {
            0 => (batch, received),
            known => {
                let batch = rest(batch, known);
                let received = received.rest(known, &batch);
                (batch, received)
            }
        };
        let brought = Brought::of(&self.told.borrow(), &batch, spans.clone());
        let (lane, migration) = (self.lane.clone(), self.who.migration.clone());
        let told = self.door.intake.submit_batch(lane, migration, batch, (received.clone(), spans)).await;
        let told = told.map_err(|error| refused(&error))?;
        // Taken while it is queued, so that the next batch is judged on it; taken back when refused.
        let new_from = first.saturating_add(known as u64);
        self.entered.window().take(epoch, new_from, last, received.hashes());
        let before = new_from - 1;
        self.waiting.push_back(Waiting { told, spool_epoch: epoch, before, last, brought });
        Ok(())
    }

    async fn conflict(&mut self, epoch: SpoolEpoch, seq: u64) -> Step {
        let text = format!("finding {seq} of spool {epoch} came again with other content");
        tracing::error!(migration = %self.who.migration, agent = %self.who.agent, %text, "conflict");
        self.door.driver.report_conflict(&self.who, text.clone()).await;
        Err(Status::failed_precondition(format!("{text}; the agent is suspended")).into())
    }

    async fn submit(&self, observation: Observation) -> Result<intake::Told, End> {
        let (lane, seen) = (self.lane.clone(), self.seen(observation));
        self.door.intake.submit_in(lane, seen).await.map_err(|error| refused(&error))
    }

    fn seen(&self, observation: Observation) -> Seen {
        let migration = Some(self.who.migration.clone());
        Seen { migration, observation, boot_id: self.hello.boot_id.clone() }
    }

    async fn observe(&self, observation: Observation) -> Step {
        let told = self.submit(observation).await?;
        match told.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(refused(&error)),
            Err(_) => Err(Status::unavailable("the collector stops").into()),
        }
    }

    async fn durable(&mut self, answer: Result<Result<crate::journal::Position, JournalError>, ()>) -> Step {
        let Some(waiting) = self.waiting.pop_front() else {
            return Ok(());
        };
        let why = match answer {
            Ok(Ok(_)) => {
                self.door.tally.count(&self.who, &waiting.brought);
                return self.ack(waiting.spool_epoch, waiting.last).await;
            }
            Ok(Err(error)) => refused(&error),
            Err(()) => Status::unavailable("the collector stops").into(),
        };
        // What is queued behind it must not be acked either: it has no ground any more.
        self.take_back(waiting).await;
        Err(why)
    }

    async fn take_back(&mut self, first: Waiting) {
        self.entered.window().rewind(first.spool_epoch, first.before);
        while let Some(Waiting { told, spool_epoch, before, .. }) = self.waiting.pop_front() {
            // The lane has ended, so the journal refused it too; what was known before stays known.
            if !matches!(told.await, Ok(Ok(_))) {
                self.entered.window().rewind(spool_epoch, before);
            }
        }
    }

    async fn ack(&self, epoch: SpoolEpoch, seq: u64) -> Step {
        self.tell(Reply::Ack(v1::Ack { spool_epoch: epoch.0.to_be_bytes().to_vec(), seq })).await
    }

    async fn heartbeat(&mut self, beat: v1::Heartbeat) -> Step {
        let received = self.door.clock.now().as_millis();
        self.door.warnings.set(&self.who.migration, &self.who.agent, &beat.warnings);
        self.offset.take(Exchange {
            agent_sent: beat.last_agent_sent_unix_ms,
            collector_received: beat.last_collector_received_unix_ms,
            collector_sent: beat.last_collector_sent_unix_ms,
            agent_received: beat.last_agent_received_unix_ms,
        });
        self.hold().await;
        let head = self.head();
        self.tell(Reply::HeartbeatReply(v1::HeartbeatReply {
            head,
            sequence: beat.sequence,
            agent_sent_unix_ms: beat.agent_sent_unix_ms,
            collector_received_unix_ms: received,
            collector_sent_unix_ms: self.door.clock.now().as_millis(),
        }))
        .await?;
        self.entered.spoke(self.said_at(&beat, received));
        // An agent whose clock is not known yet is not counted as being there.
        let Some(sample) = self.offset.best() else {
            return Ok(());
        };
        let due = self.last_seen.is_none_or(|last| last.elapsed() + Duration::from_millis(100) >= SEEN_EVERY);
        if !due {
            return Ok(());
        }
        self.last_seen = Some(Instant::now());
        let seen = self.seen(Observation::Agent(AgentSeen {
            agent: self.who.agent.clone(),
            offset_ms: sample.offset_ms,
            error_ms: sample.error_ms,
            starved_permille: beat.starved_permille.min(1000),
            spool_findings: beat.spool_findings,
            version: self.hello.agent_version.clone(),
        }));
        // Durable in its own time, which a session does not wait for. In no lane: the next one says it
        // again, and one that was refused may not end the batches.
        drop(self.door.intake.submit(seen).await.map_err(|error| refused(&error))?);
        Ok(())
    }

    /// When the heartbeat was sent, in collector time: what was long on its way is no sign of life.
    fn said_at(&self, beat: &v1::Heartbeat, received_ms: u64) -> Timestamp {
        let sent = self.offset.best().filter(|_| beat.agent_sent_unix_ms > 0);
        let sent = sent.map(|sample| beat.agent_sent_unix_ms.saturating_add_signed(sample.offset_ms));
        Timestamp::from_millis(sent.map_or(received_ms, |sent| sent.min(received_ms)))
    }

    async fn assignment_status(&mut self, status: v1::AssignmentStatus) -> Step {
        let wrong = |what: String| End::Told(Status::invalid_argument(format!("assignment status: {what}")));
        let check = Name::new(&status.check).map_err(|error| wrong(error.to_string()))?;
        let known = self.sent.iter().any(|sent| {
            sent.assignments.iter().any(|one| one.check == status.check)
                || sent.later.iter().any(|one| one.check == status.check)
        });
        if !known {
            // Of an assignment that was replaced in between: nothing to say about.
            return Ok(());
        }
        if status.cause.len() > Limits::NAME_BYTES || status.reason.len() > Limits::TEXT_BYTES {
            return Err(wrong("cause or reason is too long".to_owned()));
        }
        let spots = &status.blind_spots;
        if spots.len() > 32 || spots.iter().any(|spot| spot.len() > Limits::TEXT_BYTES) {
            return Err(wrong("blind_spots has more or longer sentences than are taken".to_owned()));
        }
        let spots = spots.iter().map(|spot| visible(spot)).collect();
        self.door.blind_spots.set(&self.who.migration, &check, spots);
        let refusal = Refusal {
            check,
            cause: visible(&status.cause),
            reason: visible(&status.reason),
            refused: !status.accepted,
        };
        let agent = self.who.agent.clone();
        drop(self.submit(Observation::Refused(agent, refusal)).await?);
        Ok(())
    }
}

fn ended() -> Status {
    Status::aborted(
        "the session was ended: the collector stops, the agent came back, or it may not speak any more",
    )
}

/// The answer for the oldest batch; never, while there is none.
async fn front(
    waiting: &mut VecDeque<Waiting>,
) -> Result<Result<crate::journal::Position, JournalError>, ()> {
    match waiting.front_mut() {
        Some(waiting) => (&mut waiting.told).await.map_err(|_| ()),
        None => std::future::pending().await,
    }
}

fn refused(error: &JournalError) -> End {
    let status = if error.passes_by_itself() {
        Status::resource_exhausted(format!("not journaled: {error}; send it again later"))
    } else {
        Status::unavailable(format!("not journaled: {error}"))
    };
    End::Told(status)
}

pub(super) fn spool_epoch(bytes: &[u8]) -> Result<SpoolEpoch, Status> {
    let raw = <[u8; 16]>::try_from(bytes);
    let raw = raw.map_err(|_| Status::invalid_argument("hello.spool_epoch must have 16 bytes"))?;
    Ok(SpoolEpoch(u128::from_be_bytes(raw)))
}

fn visible(text: &str) -> String {
    text.chars().map(|c| if is_unfit(c) { ' ' } else { c }).collect()
}
