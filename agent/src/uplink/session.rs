//! One session: one `select!`, and nothing in it that waits for the collector while the collector may
//! be waiting for us.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tidelock_agent_core::Flow;
use tidelock_model::Name;
use tidelock_proto::{Limits, v1};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;
use v1::agent_service_client::AgentServiceClient;
use v1::session_request::Message as Up;
use v1::session_response::Message as Down;

use super::beat::Beat;
use super::{SessionError, Uplink};
use crate::heads::Heads;
use crate::spool::Head;
use crate::{clock, connect};

/// How often a heartbeat is sent.
const BEAT: Duration = Duration::from_secs(3);
/// How long the collector may be silent; it answers every heartbeat.
const SILENCE: Duration = Duration::from_secs(15);
/// How long it may take to answer the first message.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the collector may take to end a session that the agent has ended.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Messages that wait for the connection.
const QUEUE: usize = 4;

/// What this agent's sandbox speaks.
pub(crate) const CONTRACTS: [&str; 1] = ["tidelock:check@1.0.0"];

pub(super) struct Session<'a> {
    uplink: &'a Uplink,
    up: mpsc::Sender<v1::SessionRequest>,
    down: Streaming<v1::SessionResponse>,
    flow: Flow,
    beat: Beat,
    head: watch::Receiver<Head>,
    statuses: watch::Receiver<Arc<Vec<v1::AssignmentStatus>>>,
    /// The statuses that this session has told already.
    told: Arc<Vec<v1::AssignmentStatus>>,
    leaving: watch::Receiver<Option<String>>,
    answers: broadcast::Receiver<Arc<v1::RunAnswer>>,
    /// Messages other than findings that are to be sent, in order. Bounded by what puts them there: a
    /// heartbeat and one status for each assignment.
    waiting: VecDeque<Up>,
    signed_off: bool,
    heard: Instant,
    heads: Heads,
}

/// More answers than this do not wait for the connection.
const MAX_ANSWERS: usize = 8;
/// More sentences than this are not told.
const MAX_WARNINGS: usize = 8;

impl<'a> Session<'a> {
    pub(super) async fn begin(
        uplink: &'a Uplink,
        migration: Name,
        channel: Channel,
    ) -> Result<Session<'a>, SessionError> {
        let (up, requests) = mpsc::channel(QUEUE);
        let mut heads = Heads::open(&uplink.config.cache_dir, migration);
        let hello = v1::Hello {
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            spool_epoch: uplink.spool.epoch().0.to_be_bytes().to_vec(),
            boot_id: clock::boot_id(),
            contracts: CONTRACTS.map(str::to_owned).to_vec(),
            newest_plan_revision: *uplink.shared.newest_revision.borrow(),
            remembered_head: heads.remembered().map(Box::new),
        };
        let ended = |status: tonic::Status| SessionError::Ended(said(&status));
        let _ = up.send(v1::SessionRequest { message: Some(Up::Hello(hello)) }).await;
        let mut client = AgentServiceClient::new(channel).max_decoding_message_size(Limits::MESSAGE_BYTES);
        let opened = timeout(WELCOME_TIMEOUT, async {
            let mut down = client.session(ReceiverStream::new(requests)).await.map_err(ended)?.into_inner();
            let first = down.message().await.map_err(ended)?;
            match first.and_then(|response| response.message) {
                Some(Down::Welcome(welcome)) => Ok((down, welcome)),
                Some(_) => Err(SessionError::Protocol("its first message is no welcome".to_owned())),
                None => Err(SessionError::Ended("without a word".to_owned())),
            }
        });
        let (down, welcome) = opened.await.map_err(|_| SessionError::Silent(WELCOME_TIMEOUT))??;
        let epoch = uplink.spool.epoch();
        uplink.spool.session_began(welcome.durable_seq).await?;
        if uplink.spool.epoch() != epoch {
            // The hello named a spool that is no more.
            return Err(SessionError::Ended("the spool begins anew".to_owned()));
        }
        heads.welcomed(&welcome).await;
        Ok(Session {
            heads,
            uplink,
            up,
            down,
            flow: Flow::new(welcome.durable_seq),
            beat: Beat::default(),
            head: uplink.spool.head(),
            statuses: uplink.shared.statuses.subscribe(),
            told: Arc::default(),
            leaving: uplink.shared.leaving.subscribe(),
            answers: uplink.shared.answers.subscribe(),
            waiting: VecDeque::new(),
            signed_off: false,
            heard: Instant::now(),
        })
    }

    /// Goes on until the collector ends it, or until everything is acked after signing off.
    pub(super) async fn run(mut self) -> Result<(), SessionError> {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.head.mark_changed();
        self.statuses.mark_changed();
        self.leaving.mark_changed();
        let mut more = true;
        loop {
            if self.signed_off && self.waiting.is_empty() && self.flow.settled() && !more {
                return self.close().await;
            }
            let want_send = !self.waiting.is_empty() || (more && self.flow.may_send());
            let up = self.up.clone();
            tokio::select! {
                permit = up.reserve(), if want_send => {
                    let Ok(permit) = permit else {
                        return Err(SessionError::Ended("the connection is gone".to_owned()));
                    };
                    if let Some(message) = self.waiting.pop_front() {
                        permit.send(v1::SessionRequest { message: Some(message) });
                    } else if let Some((entry, batch)) = self.uplink.spool.take_after(self.flow.sent_to()).await? {
                        self.flow.sent(entry.last);
                        permit.send(v1::SessionRequest { message: Some(Up::Batch(batch)) });
                    } else {
                        drop(permit);
                        more = false;
                        self.sign_off_if_leaving();
                    }
                }
                message = self.down.message() => match message {
                    Ok(Some(response)) => self.take(response).await?,
                    Ok(None) if self.signed_off => return Ok(()),
                    Ok(None) => return Err(SessionError::Ended("without a word".to_owned())),
                    Err(status) => return Err(SessionError::Ended(said(&status))),
                },
                Ok(()) = self.head.changed() => {
                    more = self.head.borrow_and_update().next_seq > self.flow.sent_to() + 1;
                    if !more {
                        self.sign_off_if_leaving();
                    }
                }
                Ok(()) = self.statuses.changed() => {
                    let now = self.statuses.borrow_and_update().clone();
                    self.tell_statuses(now);
                }
                Ok(answer) = self.answers.recv() => self.answer(&answer),
                Ok(()) = self.leaving.changed() => {
                    self.leaving.borrow_and_update();
                    if !more {
                        self.sign_off_if_leaving();
                    }
                }
                _ = beats.tick() => self.beat()?,
            }
        }
    }

    /// Ends the session from our side, and gives the last word time to arrive.
    async fn close(mut self) -> Result<(), SessionError> {
        drop(self.up);
        let _ = timeout(CLOSE_TIMEOUT, async { while let Ok(Some(_)) = self.down.message().await {} }).await;
        Ok(())
    }

    /// Tells the statuses that are news. What still waits for the connection and is not true any more
    /// is not told at all.
    fn tell_statuses(&mut self, now: Arc<Vec<v1::AssignmentStatus>>) {
        self.waiting.retain(|message| match message {
            Up::AssignmentStatus(status) => now.contains(status),
            Up::Hello(_) | Up::Batch(_) | Up::Heartbeat(_) | Up::SignOff(_) | Up::RunAnswer(_) => true,
        });
        let known = std::mem::replace(&mut self.told, now.clone());
        let news = now.iter().filter(|status| !known.contains(status)).cloned();
        self.waiting.extend(news.map(Up::AssignmentStatus));
    }

    /// What came of a run that somebody asked for. Where the connection is stuck, it is not told at all.
    fn answer(&mut self, answer: &v1::RunAnswer) {
        let waiting = self.waiting.iter().filter(|message| matches!(message, Up::RunAnswer(_))).count();
        if waiting < MAX_ANSWERS {
            self.waiting.push_back(Up::RunAnswer(answer.clone()));
        }
    }

    /// The agent's last word: everything else was sent before it.
    fn sign_off_if_leaving(&mut self) {
        let reason = self.leaving.borrow().clone();
        if let Some(reason) = reason.filter(|_| !self.signed_off) {
            self.signed_off = true;
            self.waiting.push_back(Up::SignOff(v1::SignOff { reason }));
        }
    }

    fn beat(&mut self) -> Result<(), SessionError> {
        if self.heard.elapsed() > SILENCE {
            return Err(SessionError::Silent(SILENCE));
        }
        if self.waiting.iter().any(|message| matches!(message, Up::Heartbeat(_))) {
            // The connection is stuck; a second one would say nothing more.
            return Ok(());
        }
        if self.heads.lifted() {
            return Err(SessionError::Ended(
                "what it was refused by is removed; it is judged anew".to_owned(),
            ));
        }
        let head = *self.head.borrow();
        let starved = *self.uplink.shared.starved_permille.borrow();
        let mut beat = self.beat.next(self.uplink.clock.now(), starved, head.bytes, head.findings);
        let warnings = self.uplink.shared.warnings.borrow();
        let warnings = self.heads.warning().into_iter().chain(warnings.iter().cloned());
        beat.warnings = warnings.take(MAX_WARNINGS).collect();
        // Before what waits: its timestamp is only worth something while it is fresh.
        self.waiting.push_front(Up::Heartbeat(beat));
        Ok(())
    }

    async fn take(&mut self, response: v1::SessionResponse) -> Result<(), SessionError> {
        self.heard = Instant::now();
        match response.message {
            Some(Down::Ack(ack)) => self.ack(&ack).await,
            Some(Down::Assignments(assignments)) => {
                self.uplink.shared.assignments.send_replace(Some(Arc::new(assignments)));
                Ok(())
            }
            Some(Down::RunNow(ask)) => {
                // Without anybody to take it, it is not run; whoever asked is told by the time.
                let _ = self.uplink.shared.asks.send(Arc::new(ask));
                Ok(())
            }
            Some(Down::HeartbeatReply(reply)) => {
                if let Some(head) = &reply.head {
                    self.heads.later(head).await;
                }
                let Some(offset) = self.beat.reply(&reply, self.uplink.clock.now()) else { return Ok(()) };
                self.uplink.shared.offset.send_if_modified(|known| known.replace(offset) != Some(offset));
                // The collector learns the offset from the second heartbeat, and counts the agent then.
                if reply.sequence == 1 { self.beat() } else { Ok(()) }
            }
            Some(Down::Pressure(pressure)) => {
                tracing::info!(batches = pressure.batches_in_flight, reason = pressure.reason, "pressure");
                self.flow.pressure(pressure.batches_in_flight);
                Ok(())
            }
            Some(Down::Welcome(_)) => Err(SessionError::Protocol("it welcomes twice".to_owned())),
            // A message of a later release.
            None => Ok(()),
        }
    }

    async fn ack(&mut self, ack: &v1::Ack) -> Result<(), SessionError> {
        if ack.spool_epoch != self.uplink.spool.epoch().0.to_be_bytes() {
            return Err(SessionError::Protocol("it acks another spool".to_owned()));
        }
        match self.flow.acked(ack.seq) {
            Ok(true) => Ok(self.uplink.spool.acked(ack.seq).await?),
            Ok(false) => Ok(()),
            Err(bad) => {
                Err(SessionError::Protocol(format!("it acks {}, only {} was sent", bad.seq, bad.sent_to)))
            }
        }
    }
}

/// The collector's words, or what became of the connection: a certificate that is refused is told by TLS
/// alone, behind "transport error".
fn said(status: &tonic::Status) -> String {
    let mut said = match status.message() {
        "" => status.code().description().to_owned(),
        message => message.to_owned(),
    };
    if let Some(cause) = std::error::Error::source(status) {
        said = format!("{said}: {}", connect::chain(cause));
    }
    said.chars().filter(|c| !c.is_control()).take(500).collect()
}
