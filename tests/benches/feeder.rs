//! An agent's end of a session without the agent: its certificate, its handshake, its heartbeats, and
//! batches that were encoded before.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tidelock_agent::{config::Config, connect, identity};
use tidelock_proto::v1;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use v1::session_request::Message as Up;
use v1::session_response::Message as Down;

use crate::clock;
use crate::clock::Watch;
use crate::raw::{Raw, request};
use crate::table::Sample;
use crate::world::SOON;

/// How often a heartbeat is sent.
const BEAT: Duration = Duration::from_millis(500);
/// Batches under way before the other end has said how many it takes.
const FIRST_IN_FLIGHT: usize = 4;
/// Messages that wait for the connection.
const QUEUE: usize = 4;

/// What came back.
#[derive(Debug, Clone, Default)]
struct Heard {
    acked: u64,
    in_flight: usize,
    assignments: Option<Arc<v1::Assignments>>,
}

/// When each batch was sent, and how long its ack took.
#[derive(Debug, Default)]
struct Acks {
    sent: VecDeque<(u64, Watch)>,
    took: Sample,
}

impl Acks {
    fn acked(&mut self, seq: u64) {
        while let Some((_, sent)) = self.sent.pop_front_if(|(last, _)| *last <= seq) {
            self.took.push(sent.elapsed());
        }
    }
}

/// One session.
pub(crate) struct Feeder {
    up: mpsc::Sender<Bytes>,
    heard: watch::Receiver<Heard>,
    under_way: VecDeque<u64>,
    spool_epoch: [u8; 16],
    last: u64,
    acks: Arc<Mutex<Acks>>,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Feeder {
    /// Begins a session with the configuration of an enrolled agent; `address` leads elsewhere.
    pub(crate) async fn begin(folder: &Path, address: Option<&str>, spool_epoch: u128) -> Feeder {
        let config = Config::read(&folder.join("agent.toml")).expect("an agent's configuration");
        let (_, tls) = identity::load(&config).expect("an agent's certificate");
        let address = address.unwrap_or(&config.collector);
        let channel = connect::connect(address, &config.server_name, tls).await.expect("a connection");
        let (up, requests) = mpsc::channel(QUEUE);
        let spool_epoch = spool_epoch.to_be_bytes();
        let hello = v1::Hello {
            agent_version: "bench".to_owned(),
            spool_epoch: spool_epoch.to_vec(),
            boot_id: "bench".to_owned(),
            contracts: vec!["tidelock:check@1.0.0".to_owned()],
            newest_plan_revision: 0,
            remembered_head: None,
        };
        let _ = up.send(request(Up::Hello(hello))).await;
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.expect("a connection that is ready");
        let path = "/tidelock.v1.AgentService/Session".parse().expect("a path");
        let requests = tonic::Request::new(ReceiverStream::new(requests));
        let opened = timeout(SOON, client.streaming(requests, path, Raw)).await.expect("an answer in time");
        let down = opened.expect("a session").into_inner();
        let (tell, heard) = watch::channel(Heard { in_flight: FIRST_IN_FLIGHT, ..Heard::default() });
        let beat = Arc::new(Mutex::new(v1::Heartbeat::default()));
        let acks = Arc::new(Mutex::new(Acks::default()));
        let listening = listen(down, tell, beat.clone(), acks.clone());
        let tasks = [tokio::spawn(listening), tokio::spawn(keep_beating(up.clone(), beat))];
        Feeder { up, heard, under_way: VecDeque::new(), spool_epoch, last: 0, acks, tasks }
    }

    /// The assignments, when they have come.
    pub(crate) async fn assignments(&mut self) -> Arc<v1::Assignments> {
        let come = self
            .heard
            .wait_for(|heard| heard.assignments.as_ref().is_some_and(|all| !all.assignments.is_empty()));
        let heard = timeout(SOON, come).await.expect("assignments in time").expect("a session");
        heard.assignments.clone().expect("they have come")
    }

    /// The last number that was sent.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// One batch, encoded.
    pub(crate) fn batch(&self, first_seq: u64, findings: Vec<v1::Finding>) -> Bytes {
        request(Up::Batch(v1::FindingBatch {
            spool_epoch: self.spool_epoch.to_vec(),
            first_seq,
            findings,
            gap: None,
        }))
    }

    /// Sends an encoded batch whose last number is `last`; waits while too many are under way.
    pub(crate) async fn send(&mut self, batch: Bytes, last: u64) {
        loop {
            let (acked, in_flight) = {
                let heard = self.heard.borrow_and_update();
                (heard.acked, heard.in_flight)
            };
            while self.under_way.front().is_some_and(|first| *first <= acked) {
                self.under_way.pop_front();
            }
            if self.under_way.len() < in_flight {
                break;
            }
            self.heard.changed().await.expect("a session");
        }
        self.last = last;
        self.under_way.push_back(last);
        self.acks.lock().expect("nobody panics with it").sent.push_back((last, Watch::start()));
        self.up.send(batch).await.expect("a session");
    }

    /// How long the ack of each batch took, of those that were acked since it was asked last.
    pub(crate) fn acks(&self) -> Sample {
        std::mem::take(&mut self.acks.lock().expect("nobody panics with it").took)
    }

    /// Waits until everything up to this number is acked.
    pub(crate) async fn acked(&mut self, last: u64) {
        self.heard.wait_for(|heard| heard.acked >= last).await.expect("a session");
    }
}

async fn listen(
    mut down: Streaming<v1::SessionResponse>,
    tell: watch::Sender<Heard>,
    beat: Arc<Mutex<v1::Heartbeat>>,
    acks: Arc<Mutex<Acks>>,
) {
    loop {
        let message = match down.message().await {
            Ok(Some(response)) => response.message,
            Ok(None) => return,
            // The collector stops, and says so to each; whoever goes on sending notices by itself.
            Err(status) if status.code() == tonic::Code::Aborted => return,
            Err(status) => return crate::say(&format!("  the session ended: {status}")),
        };
        match message {
            Some(Down::Ack(ack)) => {
                acks.lock().expect("nobody panics with it").acked(ack.seq);
                tell.send_modify(|heard| heard.acked = ack.seq);
            }
            Some(Down::Pressure(pressure)) => {
                let in_flight = usize::try_from(pressure.batches_in_flight).unwrap_or(1);
                tell.send_modify(|heard| heard.in_flight = in_flight);
            }
            Some(Down::Assignments(all)) => tell.send_modify(|heard| heard.assignments = Some(Arc::new(all))),
            Some(Down::HeartbeatReply(reply)) => {
                let mut beat = beat.lock().expect("nobody panics with it");
                beat.last_agent_sent_unix_ms = reply.agent_sent_unix_ms;
                beat.last_collector_received_unix_ms = reply.collector_received_unix_ms;
                beat.last_collector_sent_unix_ms = reply.collector_sent_unix_ms;
                beat.last_agent_received_unix_ms = clock::unix_ms();
            }
            Some(Down::Welcome(_) | Down::RunNow(_)) | None => {}
        }
    }
}

async fn keep_beating(up: mpsc::Sender<Bytes>, beat: Arc<Mutex<v1::Heartbeat>>) {
    loop {
        let message = {
            let mut beat = beat.lock().expect("nobody panics with it");
            beat.sequence += 1;
            beat.agent_sent_unix_ms = clock::unix_ms();
            beat.clone()
        };
        if up.send(request(Up::Heartbeat(message))).await.is_err() {
            return;
        }
        tokio::time::sleep(BEAT).await;
    }
}
