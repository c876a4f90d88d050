use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::Stream;
use rustls::ServerConfig;
use tidelock_proto::v1;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use v1::agent_service_server::{AgentService, AgentServiceServer};
use v1::enrol_service_server::{EnrolService, EnrolServiceServer};
use v1::session_request::Message as Up;
use v1::session_response::Message as Down;

use super::Pki;

/// How the collector behaves.
#[derive(Clone, Default)]
pub(crate) struct Knobs {
    /// Ends a session after so many batches, without acking the last one.
    pub(crate) break_after: Option<usize>,
    /// Acks nothing.
    pub(crate) withhold_acks: bool,
    /// Batches that it takes unacked.
    pub(crate) pressure: Option<u32>,
    /// Acks a number that it cannot have.
    pub(crate) ack_too_much: bool,
    /// How far its clock is ahead.
    pub(crate) ahead_ms: u64,
    /// What it wants run.
    pub(crate) assignments: Option<v1::Assignments>,
    /// Components by digest.
    pub(crate) components: BTreeMap<Vec<u8>, Vec<u8>>,
    /// So many fetches are refused first, because it is busy.
    pub(crate) busy_fetches: usize,
    /// How long each other one takes.
    pub(crate) fetch_takes: Duration,
    /// What vouches for them.
    pub(crate) signatures: String,
    /// A run that somebody asks for.
    pub(crate) ask: Option<v1::RunNow>,
    /// Signs requests with this authority.
    pub(crate) signer: Option<Arc<Pki>>,
}

/// What it remembers.
#[derive(Default)]
pub(crate) struct Memory {
    /// Every finding by number.
    pub(crate) findings: BTreeMap<u64, v1::Finding>,
    pub(crate) gaps: Vec<v1::Gap>,
    pub(crate) durable: u64,
    pub(crate) sessions: usize,
    /// How often an agent asked for another certificate.
    pub(crate) renewals: usize,
    /// How often a component was asked for, how many are on their way, and how many were at once.
    pub(crate) fetches: usize,
    pub(crate) fetching: usize,
    pub(crate) most_fetching: usize,
    pub(crate) most_unacked: usize,
    pub(crate) statuses: BTreeMap<String, v1::AssignmentStatus>,
    pub(crate) signed_off: Option<String>,
    /// What came of the runs that were asked for.
    pub(crate) answers: Vec<v1::RunAnswer>,
    /// What the last heartbeat said that people must know.
    pub(crate) warnings: Vec<String>,
    /// What an agent did that no agent may do.
    pub(crate) lies: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct Collector {
    pub(crate) memory: Arc<Mutex<Memory>>,
    pub(crate) knobs: watch::Sender<Knobs>,
    pub(crate) address: String,
    serving: Arc<JoinHandle<()>>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        if Arc::strong_count(&self.serving) == 1 {
            self.serving.abort();
        }
    }
}

#[derive(Clone)]
struct Service {
    memory: Arc<Mutex<Memory>>,
    knobs: watch::Sender<Knobs>,
}

impl Collector {
    pub(crate) async fn start(tls: ServerConfig, knobs: Knobs) -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let service = Service { memory: Arc::default(), knobs: watch::Sender::new(knobs) };
        let (accepted, incoming) = mpsc::channel(8);
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (acceptor, accepted) = (acceptor.clone(), accepted.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(tcp).await {
                        let _ = accepted.send(Ok::<_, std::io::Error>(stream)).await;
                    }
                });
            }
        });
        let server = tonic::transport::Server::builder()
            .add_service(AgentServiceServer::new(service.clone()))
            .add_service(EnrolServiceServer::new(service.clone()))
            .serve_with_incoming(ReceiverStream::new(incoming));
        let serving = Arc::new(tokio::spawn(async move { server.await.unwrap() }));
        Collector { memory: service.memory, knobs: service.knobs, address, serving }
    }

    pub(crate) fn see<T>(&self, look: impl FnOnce(&mut Memory) -> T) -> T {
        look(&mut self.memory.lock().unwrap())
    }

    pub(crate) fn turn(&self, change: impl FnOnce(&mut Knobs)) {
        self.knobs.send_modify(change);
    }

    /// Nothing is missing, nothing was sent with two meanings.
    pub(crate) fn assert_whole(&self, last: u64) {
        self.see(|memory| {
            assert_eq!(memory.lies, Vec::<String>::new());
            let numbers: Vec<u64> = memory.findings.keys().copied().collect();
            assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
        });
    }
}

type Answers = Pin<Box<dyn Stream<Item = Result<v1::SessionResponse, Status>> + Send>>;
type Chunks = Pin<Box<dyn Stream<Item = Result<v1::FetchComponentResponse, Status>> + Send>>;

#[tonic::async_trait]
impl AgentService for Service {
    type SessionStream = Answers;
    type FetchComponentStream = Chunks;

    async fn session(
        &self,
        request: Request<Streaming<v1::SessionRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let (answers, stream) = mpsc::channel(64);
        let service = self.clone();
        tokio::spawn(async move {
            if let Err(status) = service.serve(request.into_inner(), &answers).await {
                let _ = answers.send(Err(status)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn fetch_component(
        &self,
        request: Request<v1::FetchComponentRequest>,
    ) -> Result<Response<Chunks>, Status> {
        let request = request.into_inner();
        let Knobs { components, busy_fetches, fetch_takes, signatures, .. } = self.knobs.borrow().clone();
        {
            let mut memory = self.memory.lock().unwrap();
            memory.fetches += 1;
            if memory.fetches <= busy_fetches {
                return Err(Status::resource_exhausted("busy, says the test"));
            }
            memory.fetching += 1;
            memory.most_fetching = memory.most_fetching.max(memory.fetching);
        }
        tokio::time::sleep(fetch_takes).await;
        self.memory.lock().unwrap().fetching -= 1;
        let bytes = components.get(&request.sha256).cloned();
        let bytes = bytes.ok_or_else(|| Status::not_found("no such component"))?;
        let chunk =
            |chunk: &[u8]| Ok(v1::FetchComponentResponse { chunk: chunk.to_vec(), ..Default::default() });
        let mut chunks = vec![Ok(v1::FetchComponentResponse { chunk: Vec::new(), signatures })];
        if !request.signatures_only {
            chunks.extend(bytes.chunks(7).map(chunk));
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(chunks))))
    }

    async fn renew(&self, request: Request<v1::RenewRequest>) -> Result<Response<v1::RenewResponse>, Status> {
        self.memory.lock().unwrap().renewals += 1;
        let signer = self.knobs.borrow().signer.clone();
        let signer = signer.ok_or_else(|| Status::unavailable("it signs nothing now"))?;
        let uri = "spiffe://test.example/tidelock/shop/target/agent/hz-1";
        let certificate_pem = signer.sign(&request.into_inner().csr_pem, uri);
        Ok(Response::new(v1::RenewResponse { certificate_pem }))
    }
}

impl Service {
    async fn serve(
        &self,
        mut asks: Streaming<v1::SessionRequest>,
        answers: &mpsc::Sender<Result<v1::SessionResponse, Status>>,
    ) -> Result<(), Status> {
        let tell = async |message| {
            let _ = answers.send(Ok(v1::SessionResponse { message: Some(message) })).await;
        };
        let Some(v1::SessionRequest { message: Some(Up::Hello(hello)) }) = asks.message().await? else {
            return Err(Status::invalid_argument("no hello"));
        };
        let durable_seq = {
            let mut memory = self.memory.lock().unwrap();
            memory.sessions += 1;
            memory.durable
        };
        tell(Down::Welcome(v1::Welcome { durable_seq, ..v1::Welcome::default() })).await;
        let mut knobs = self.knobs.subscribe();
        knobs.mark_changed();
        let (mut batches, mut unacked, mut acked) = (0, Vec::new(), durable_seq);
        let (mut assigned, mut asked) = (None, None);
        loop {
            tokio::select! {
                _ = knobs.changed() => {
                    let now = knobs.borrow_and_update().clone();
                    if let Some(batches_in_flight) = now.pressure {
                        tell(Down::Pressure(v1::Pressure { batches_in_flight, reason: "test".to_owned() })).await;
                    }
                    if now.assignments != assigned {
                        assigned = now.assignments.clone();
                        tell(Down::Assignments(now.assignments.unwrap_or_default())).await;
                    }
                    if now.ask != asked {
                        asked = now.ask.clone();
                        tell(Down::RunNow(now.ask.unwrap_or_default())).await;
                    }
                    if !now.withhold_acks && let Some(seq) = unacked.drain(..).next_back() {
                        acked = seq;
                        tell(Down::Ack(v1::Ack { spool_epoch: hello.spool_epoch.clone(), seq })).await;
                    }
                }
                ask = asks.message() => {
                    let Some(ask) = ask? else { return Ok(()) };
                    let knobs = self.knobs.borrow().clone();
                    match ask.message {
                        Some(Up::Batch(batch)) => {
                            batches += 1;
                            let last = self.keep(&batch, &hello, acked);
                            unacked.push(last);
                            {
                                let mut memory = self.memory.lock().unwrap();
                                memory.most_unacked = memory.most_unacked.max(unacked.len());
                            }
                            if knobs.break_after.is_some_and(|limit| batches >= limit) {
                                return Err(Status::unavailable("broken by the test"));
                            }
                            if !knobs.withhold_acks {
                                unacked.clear();
                                acked = last;
                                let seq = if knobs.ack_too_much { last + 100 } else { last };
                                tell(Down::Ack(v1::Ack { spool_epoch: hello.spool_epoch.clone(), seq })).await;
                            }
                        }
                        Some(Up::Heartbeat(beat)) => {
                            let now = unix_ms() + knobs.ahead_ms;
                            self.memory.lock().unwrap().warnings = beat.warnings;
                            tell(Down::HeartbeatReply(v1::HeartbeatReply {
                                sequence: beat.sequence,
                                agent_sent_unix_ms: beat.agent_sent_unix_ms,
                                collector_received_unix_ms: now,
                                collector_sent_unix_ms: now,
                                head: None,
                            })).await;
                        }
                        Some(Up::AssignmentStatus(status)) => {
                            self.memory.lock().unwrap().statuses.insert(status.check.clone(), status);
                        }
                        Some(Up::RunAnswer(answer)) => self.memory.lock().unwrap().answers.push(answer),
                        Some(Up::SignOff(off)) => self.memory.lock().unwrap().signed_off = Some(off.reason),
                        Some(Up::Hello(_)) | None => return Err(Status::invalid_argument("twice hello")),
                    }
                }
            }
        }
    }

    fn keep(&self, batch: &v1::FindingBatch, hello: &v1::Hello, acked: u64) -> u64 {
        let mut memory = self.memory.lock().unwrap();
        if batch.spool_epoch != hello.spool_epoch {
            memory.lies.push("another epoch".to_owned());
        }
        if batch.first_seq > memory.durable + 1 {
            let lie = format!("{} after {}", batch.first_seq, memory.durable);
            memory.lies.push(lie);
        }
        if batch.first_seq <= acked {
            memory.lies.push(format!("{} was acked before", batch.first_seq));
        }
        let mut last = batch.first_seq;
        for (seq, finding) in (batch.first_seq..).zip(&batch.findings) {
            last = seq;
            if memory.findings.insert(seq, finding.clone()).is_some_and(|before| before != *finding) {
                memory.lies.push(format!("{seq} has two meanings"));
            }
        }
        if let Some(gap) = &batch.gap {
            last = gap.to_seq;
            memory.gaps.push(gap.clone());
        }
        memory.durable = memory.durable.max(last);
        last
    }
}

#[tonic::async_trait]
impl EnrolService for Service {
    async fn enrol(&self, request: Request<v1::EnrolRequest>) -> Result<Response<v1::EnrolResponse>, Status> {
        let request = request.into_inner();
        let signer = self
            .knobs
            .borrow()
            .signer
            .clone()
            .ok_or_else(|| Status::permission_denied("the token is used up"))?;
        let uri = "spiffe://test.example/tidelock/shop/target/agent/hz-7";
        Ok(Response::new(v1::EnrolResponse {
            certificate_pem: signer.sign(&request.csr_pem, uri),
            ca_pem: signer.ca_pem.clone(),
            agent_address: "collector.example:7443".to_owned(),
            server_name: "collector.example".to_owned(),
            migration: "shop".to_owned(),
            side: v1::Side::Target.into(),
            name: "hz-7".to_owned(),
        }))
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's collector has a clock of its own")]
fn unix_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}
