//! An agent that is not ours: speaks the protocol with its own hands, with whatever certificate it has.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tidelock_proto::v1;
use tidelock_proto::v1::agent_service_client::AgentServiceClient;
use tidelock_proto::v1::session_request::Message as Said;
use tidelock_proto::v1::session_response::Message as Heard;
use tidelock_tests::World;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Status, Streaming};

/// How long the collector may take to say something that it owes.
const ANSWER: Duration = Duration::from_secs(10);

/// A certificate with its key, PEM.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Shown {
    /// An enrolled agent's own.
    pub(crate) fn of(folder: &Path) -> Shown {
        let read = |name: &str| fs::read_to_string(folder.join(name)).expect("an agent's folder has it");
        Shown { certificate: read("agent.pem"), key: read("agent.key") }
    }
}

/// A connection to the agents' listener; an error when it does not come about.
pub(crate) async fn connect(world: &World, shown: Option<&Shown>) -> Result<Channel, String> {
    let authority = fs::read(&world.operator.ca).expect("the collector's authority");
    let mut tls =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority)).domain_name("127.0.0.1");
    if let Some(shown) = shown {
        tls = tls.identity(Identity::from_pem(&shown.certificate, &shown.key));
    }
    let endpoint = Endpoint::from_shared(format!("https://{}", world.address("agents")))
        .and_then(|endpoint| endpoint.timeout(ANSWER).tls_config(tls))
        .map_err(|error| format!("{error:?}"))?;
    endpoint.connect().await.map_err(|error| format!("{error:?}"))
}

/// One session.
pub(crate) struct Raw {
    up: mpsc::Sender<v1::SessionRequest>,
    down: Streaming<v1::SessionResponse>,
    /// The last number that is durable on the other side, as it said at the beginning.
    pub(crate) durable: u64,
    /// What is to be run.
    pub(crate) assignments: v1::Assignments,
    last: v1::Heartbeat,
}

impl Raw {
    /// Begins a session and takes the assignments.
    pub(crate) async fn begin(world: &World, shown: &Shown, epoch: [u8; 16]) -> Result<Raw, Status> {
        let channel = connect(world, Some(shown)).await.map_err(Status::unavailable)?;
        let (up, requests) = mpsc::channel(16);
        let hello = v1::Hello {
            agent_version: "raw".to_owned(),
            spool_epoch: epoch.to_vec(),
            boot_id: "boot".to_owned(),
            contracts: vec!["tidelock:check@1.0.0".to_owned()],
            newest_plan_revision: 0,
            remembered_head: None,
        };
        let hello = v1::SessionRequest { message: Some(Said::Hello(hello)) };
        up.send(hello).await.expect("the receiver is below");
        let down = AgentServiceClient::new(channel).session(ReceiverStream::new(requests)).await?;
        let (durable, assignments, last) = Default::default();
        let mut raw = Raw { up, down: down.into_inner(), durable, assignments, last };
        loop {
            match raw.hear().await? {
                Heard::Welcome(welcome) => raw.durable = welcome.durable_seq,
                Heard::Assignments(assignments) => {
                    raw.assignments = assignments;
                    return Ok(raw);
                }
                Heard::Ack(_) | Heard::HeartbeatReply(_) | Heard::Pressure(_) | Heard::RunNow(_) => {}
            }
        }
    }

    /// As [`Raw::begin`], while the collector still clears an earlier session away.
    pub(crate) async fn begin_again(world: &World, shown: &Shown, epoch: [u8; 16]) -> Result<Raw, Status> {
        for _ in 0..100 {
            match Raw::begin(world, shown, epoch).await {
                Err(status) if status.code() == Code::AlreadyExists => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                other => return other,
            }
        }
        Err(Status::deadline_exceeded("the earlier session never ended"))
    }

    /// Says something.
    pub(crate) async fn say(&self, message: Said) {
        // When the collector has ended the session, `hear` tells why.
        let _ = self.up.send(v1::SessionRequest { message: Some(message) }).await;
    }

    /// The next message.
    pub(crate) async fn hear(&mut self) -> Result<Heard, Status> {
        let next = tokio::time::timeout(ANSWER, self.down.message()).await;
        let next = next.map_err(|_| Status::deadline_exceeded("the collector says nothing"))??;
        next.and_then(|response| response.message).ok_or_else(|| Status::aborted("ended without a word"))
    }

    /// Sends findings from number `first_seq` on and waits for their ack; the reason when they are refused.
    pub(crate) async fn send(&mut self, batch: v1::FindingBatch) -> Result<u64, Status> {
        let epoch = batch.spool_epoch.clone();
        let last = batch.first_seq.saturating_add(batch.findings.len().max(1) as u64 - 1);
        self.say(Said::Batch(batch)).await;
        loop {
            match self.hear().await? {
                Heard::Ack(ack) if ack.spool_epoch == epoch && ack.seq >= last => return Ok(ack.seq),
                Heard::Assignments(assignments) => self.assignments = assignments,
                Heard::Welcome(_)
                | Heard::Ack(_)
                | Heard::HeartbeatReply(_)
                | Heard::Pressure(_)
                | Heard::RunNow(_) => {}
            }
        }
    }

    /// One heartbeat and its answer; from the second on the agent counts as being there.
    pub(crate) async fn beat(&mut self) -> Result<(), Status> {
        let sequence = self.last.sequence + 1;
        let sent = now_ms();
        self.say(Said::Heartbeat(v1::Heartbeat { sequence, agent_sent_unix_ms: sent, ..self.last.clone() }))
            .await;
        loop {
            match self.hear().await? {
                Heard::HeartbeatReply(reply) if reply.sequence == sequence => {
                    self.last = v1::Heartbeat {
                        sequence,
                        last_collector_received_unix_ms: reply.collector_received_unix_ms,
                        last_collector_sent_unix_ms: reply.collector_sent_unix_ms,
                        last_agent_sent_unix_ms: sent,
                        last_agent_received_unix_ms: now_ms(),
                        ..v1::Heartbeat::default()
                    };
                    return Ok(());
                }
                Heard::Assignments(assignments) => self.assignments = assignments,
                Heard::Welcome(_)
                | Heard::Ack(_)
                | Heard::HeartbeatReply(_)
                | Heard::Pressure(_)
                | Heard::RunNow(_) => {}
            }
        }
    }

    /// A finding of the first assignment that counts: it passed just now.
    pub(crate) fn good(&self, round: u64) -> v1::Finding {
        let job = self.assignments.assignments.first().expect("something is to be run");
        self.passed(job, round)
    }

    /// A finding that says that it passed just now.
    pub(crate) fn passed(&self, job: &v1::Assignment, round: u64) -> v1::Finding {
        v1::Finding {
            check: job.check.clone(),
            plan_revision: self.assignments.plan_revision,
            plan_hash: self.assignments.plan_hash.clone(),
            assignment_id: job.id.clone(),
            component_sha256: job.component_sha256.clone(),
            boot_id: "boot".to_owned(),
            round,
            nonce: tidelock_core::challenge::nonce(&job.nonce_seed, round),
            due_unix_ms: now_ms(),
            outcome: v1::Outcome::Pass.into(),
            steps: vec![v1::Step {
                name: "look".to_owned(),
                outcome: v1::Outcome::Pass.into(),
                duration_us: 1,
                note: String::new(),
            }],
            ..v1::Finding::default()
        }
    }
}

/// The time of day, in milliseconds.
pub(crate) fn now_ms() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a stand-in for an agent needs the time of day")]
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    u64::try_from(now.as_millis()).expect("milliseconds of this age fit")
}

/// A batch.
pub(crate) fn batch(epoch: [u8; 16], first_seq: u64, findings: Vec<v1::Finding>) -> v1::FindingBatch {
    v1::FindingBatch { spool_epoch: epoch.to_vec(), first_seq, findings, gap: None }
}
