//! An agent as the collector sees it: a certificate, a session, findings.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair};
use tidelock_proto::v1::agent_service_client::AgentServiceClient;
use tidelock_proto::v1::session_request::Message as Say;
use tidelock_proto::v1::session_response::Message as Hear;
use tidelock_proto::v1::{self, enrol_service_client::EnrolServiceClient};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint, Identity};
use tonic::{Status, Streaming};

use crate::support::{COMPONENT, Collector, MIGRATION};

/// What an agent has after joining.
#[derive(Clone)]
pub(crate) struct Papers {
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: String,
    pub(crate) name: String,
}

#[expect(clippy::disallowed_methods, reason = "a peer has a clock of its own")]
pub(crate) fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// A join token.
pub(crate) async fn join_token(collector: &Collector, side: v1::Side, name: &str) -> String {
    join_token_for(collector, side, name, 1).await
}

/// A join token for several agents.
pub(crate) async fn join_token_for(collector: &Collector, side: v1::Side, name: &str, count: u32) -> String {
    let request = v1::IssueAgentTokenRequest {
        migration: MIGRATION.to_owned(),
        side: side.into(),
        name: name.to_owned(),
        count,
        ttl_duration: None,
    };
    let mut accesses = collector.accesses(&collector.operator).await;
    accesses.issue_agent_token(request).await.unwrap().into_inner().token
}

/// Joins with a token.
pub(crate) async fn enrol(collector: &Collector, token: &str) -> Result<Papers, Status> {
    enrol_as(collector, token, "").await
}

/// The same under a name of one's own choice.
pub(crate) async fn enrol_as(collector: &Collector, token: &str, name: &str) -> Result<Papers, Status> {
    let key = KeyPair::generate().unwrap();
    let csr_pem = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
    let request = v1::EnrolRequest { token: token.to_owned(), csr_pem, name: name.to_owned() };
    let answer = EnrolServiceClient::new(collector.channel().await).enrol(request).await?.into_inner();
    Ok(Papers { certificate_pem: answer.certificate_pem, key_pem: key.serialize_pem(), name: answer.name })
}

pub(crate) async fn join(collector: &Collector, side: v1::Side, name: &str) -> Papers {
    let token = join_token(collector, side, name).await;
    enrol(collector, &token).await.unwrap()
}

/// The agents' service, as these papers reach it.
pub(crate) async fn client(
    collector: &Collector,
    papers: &Papers,
) -> Result<AgentServiceClient<Channel>, Status> {
    client_from(collector, papers, None).await
}

/// The same from one of this machine's addresses.
async fn client_from(
    collector: &Collector,
    papers: &Papers,
    address: Option<IpAddr>,
) -> Result<AgentServiceClient<Channel>, Status> {
    let identity = Identity::from_pem(&papers.certificate_pem, &papers.key_pem);
    let endpoint = Endpoint::from_shared(format!("https://localhost:{}", collector.agents_port())).unwrap();
    let endpoint = endpoint.tls_config(collector.tls().identity(identity)).unwrap().local_address(address);
    let channel = endpoint.connect().await.map_err(|error| Status::unavailable(error.to_string()))?;
    Ok(AgentServiceClient::new(channel))
}

/// Asks for another certificate, of a new key.
pub(crate) async fn renew(
    client: &mut AgentServiceClient<Channel>,
    papers: &Papers,
) -> Result<Papers, Status> {
    let key = KeyPair::generate().unwrap();
    let csr_pem = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
    let answer = client.renew(v1::RenewRequest { csr_pem }).await?.into_inner();
    let (certificate_pem, name) = (answer.certificate_pem, papers.name.clone());
    Ok(Papers { certificate_pem, key_pem: key.serialize_pem(), name })
}

/// A live session.
pub(crate) struct Agent {
    pub(crate) said: mpsc::Sender<v1::SessionRequest>,
    pub(crate) heard: Streaming<v1::SessionResponse>,
    pub(crate) welcome: v1::Welcome,
    pub(crate) assignments: v1::Assignments,
    pub(crate) spool_epoch: Vec<u8>,
    /// Its connection.
    pub(crate) client: AgentServiceClient<Channel>,
    next_round: u64,
}

impl Agent {
    /// Connects and reads everything up to the assignments.
    pub(crate) async fn connect(collector: &Collector, papers: &Papers, spool: u8) -> Result<Agent, Status> {
        Agent::connect_with(collector, papers, spool, None).await
    }

    /// The same of one that remembers a head.
    pub(crate) async fn connect_with(
        collector: &Collector,
        papers: &Papers,
        spool: u8,
        remembered: Option<v1::SignedHead>,
    ) -> Result<Agent, Status> {
        Agent::begin(client(collector, papers).await?, spool, remembered).await
    }

    /// The same of one that connects from another of this machine's addresses.
    pub(crate) async fn connect_from(
        collector: &Collector,
        papers: &Papers,
        spool: u8,
        address: IpAddr,
    ) -> Result<Agent, Status> {
        Agent::begin(client_from(collector, papers, Some(address)).await?, spool, None).await
    }

    async fn begin(
        mut client: AgentServiceClient<Channel>,
        spool: u8,
        remembered: Option<v1::SignedHead>,
    ) -> Result<Agent, Status> {
        let (said, requests) = mpsc::channel(64);
        let spool_epoch = vec![spool; 16];
        let hello = v1::Hello {
            agent_version: "0.1.0".to_owned(),
            spool_epoch: spool_epoch.clone(),
            boot_id: "boot".to_owned(),
            contracts: vec!["tidelock:check@1.0.0".to_owned()],
            newest_plan_revision: 0,
            remembered_head: remembered.map(Box::new),
        };
        said.send(v1::SessionRequest { message: Some(Say::Hello(hello)) }).await.unwrap();
        let mut heard = client.session(ReceiverStream::new(requests)).await?.into_inner();
        let mut welcome = None;
        loop {
            let message = heard.message().await?.ok_or_else(|| Status::aborted("the session ended"))?;
            match message.message.unwrap() {
                Hear::Welcome(told) => welcome = Some(told),
                Hear::Assignments(assignments) => {
                    let welcome = welcome.expect("a welcome comes first");
                    let next_round = now_ms() / 1000;
                    return Ok(Agent { said, heard, welcome, assignments, spool_epoch, client, next_round });
                }
                Hear::Pressure(pressure) => assert_eq!(pressure.batches_in_flight, 16),
                Hear::Ack(_) | Hear::HeartbeatReply(_) | Hear::RunNow(_) => panic!("nothing was sent yet"),
            }
        }
    }

    pub(crate) async fn say(&self, message: Say) {
        self.said.send(v1::SessionRequest { message: Some(message) }).await.unwrap();
    }

    /// The next message that `wanted` takes.
    pub(crate) async fn hear<T>(&mut self, wanted: impl Fn(Hear) -> Option<T>) -> Result<T, Status> {
        let limit = Duration::from_secs(20);
        loop {
            let message =
                tokio::time::timeout(limit, self.heard.message()).await.expect("a message comes")?;
            let message = message.ok_or_else(|| Status::aborted("the session ended"))?.message.unwrap();
            if let Some(found) = wanted(message) {
                return Ok(found);
            }
        }
    }

    /// One heartbeat; what was said before it is queued when this returns.
    pub(crate) async fn beat(&mut self) {
        self.say(Say::Heartbeat(v1::Heartbeat { sequence: 1, ..v1::Heartbeat::default() })).await;
        let reply = |message| match message {
            Hear::HeartbeatReply(_) => Some(()),
            Hear::Welcome(_) | Hear::Assignments(_) | Hear::Ack(_) | Hear::Pressure(_) | Hear::RunNow(_) => {
                None
            }
        };
        self.hear(reply).await.unwrap();
    }

    /// Two heartbeats: from the second on the collector knows the clock.
    pub(crate) async fn heartbeats(&mut self) {
        let mut last = v1::HeartbeatReply::default();
        let mut received = 0;
        for sequence in 1..=2 {
            let beat = v1::Heartbeat {
                sequence,
                agent_sent_unix_ms: now_ms(),
                last_collector_received_unix_ms: last.collector_received_unix_ms,
                last_collector_sent_unix_ms: last.collector_sent_unix_ms,
                last_agent_sent_unix_ms: last.agent_sent_unix_ms,
                last_agent_received_unix_ms: received,
                ..v1::Heartbeat::default()
            };
            self.say(Say::Heartbeat(beat)).await;
            last = self
                .hear(|message| match message {
                    Hear::HeartbeatReply(reply) => Some(reply),
                    Hear::Welcome(_)
                    | Hear::Assignments(_)
                    | Hear::Ack(_)
                    | Hear::Pressure(_)
                    | Hear::RunNow(_) => None,
                })
                .await
                .unwrap();
            received = now_ms();
        }
    }

    /// A finding of the first assignment, of the next round.
    pub(crate) fn finding(&mut self, outcome: v1::Outcome) -> v1::Finding {
        let assignment = &self.assignments.assignments[0];
        self.next_round += 1;
        v1::Finding {
            check: assignment.check.clone(),
            plan_revision: self.assignments.plan_revision,
            plan_hash: self.assignments.plan_hash.clone(),
            assignment_id: assignment.id.clone(),
            component_sha256: tidelock_collector::secret::sha256(COMPONENT).as_bytes().to_vec(),
            boot_id: "boot".to_owned(),
            round: self.next_round,
            nonce: tidelock_core::challenge::nonce(&assignment.nonce_seed, self.next_round),
            due_unix_ms: now_ms(),
            outcome: outcome.into(),
            ..v1::Finding::default()
        }
    }

    pub(crate) fn batch(&self, first_seq: u64, findings: Vec<v1::Finding>) -> v1::FindingBatch {
        v1::FindingBatch { spool_epoch: self.spool_epoch.clone(), first_seq, findings, gap: None }
    }

    /// The number up to which all is durable.
    pub(crate) async fn ack(&mut self) -> Result<u64, Status> {
        self.hear(|message| match message {
            Hear::Ack(ack) => Some(ack.seq),
            Hear::Welcome(_)
            | Hear::Assignments(_)
            | Hear::HeartbeatReply(_)
            | Hear::Pressure(_)
            | Hear::RunNow(_) => None,
        })
        .await
    }

    /// Sends one finding and waits for its ack.
    pub(crate) async fn tell(&mut self, seq: u64, outcome: v1::Outcome) {
        let finding = self.finding(outcome);
        self.say(Say::Batch(self.batch(seq, vec![finding]))).await;
        assert_eq!(self.ack().await.unwrap(), seq);
    }
}
