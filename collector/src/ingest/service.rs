//! The gRPC face of the agents' listener.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tidelock_core::AgentStanding;
use tidelock_model::is_unfit;
use tidelock_proto::v1;
use tidelock_proto::v1::agent_service_server::AgentService;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Code, Request, Response, Status, Streaming};

use super::fetch::{Chunks, fetch};
use super::fetches::Fetches;
use super::now::RunsNow;
use super::refused::{Refused, refused_ask};
use super::renew::renew;
use super::seat;
use super::session::Session;
use super::sessions::Sessions;
use super::tally::Tally;
use super::wire::Heard;
use crate::audit::Audit;
use crate::blind_spots::BlindSpots;
use crate::clock::Clock;
use crate::driver::Driver;
use crate::heads::Shown;
use crate::intake::Intake;
use crate::journal::Components;
use crate::net::Peer;
use crate::pki::{AgentId, Pki};
use crate::warnings::Warnings;

/// Replies that wait for an agent to take them.
const OUT: usize = 64;
/// The first message must come soon.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// What an agent may say about itself, in bytes.
const MAX_WORD_BYTES: usize = 128;
/// The calls, as whoever was refused is listed.
const SESSION: &str = "AgentService/Session";
const RENEW: &str = "AgentService/Renew";
const FETCH: &str = "AgentService/FetchComponent";

/// What an agent is told, as a stream.
pub(super) type Replies = ReceiverStream<Replying>;

/// One of them. In a box: the queue takes memory for many of them as soon as it is made.
pub(super) type Replying = Result<Box<v1::SessionResponse>, Status>;

/// What every session needs.
pub(crate) struct Door {
    pub(crate) intake: Intake,
    pub(crate) driver: Driver,
    pub(crate) sessions: Sessions,
    pub(crate) runs_now: RunsNow,
    pub(crate) components: Components,
    pub(crate) fetches: Fetches,
    pub(crate) refused: Refused,
    pub(crate) audit: Audit,
    pub(crate) blind_spots: BlindSpots,
    pub(crate) tally: Tally,
    pub(crate) warnings: Warnings,
    pub(crate) heads: Shown,
    pub(crate) clock: Clock,
    pub(crate) session_idle: Duration,
    pub(crate) pki: Arc<Pki>,
    /// How long a certificate lives at most.
    pub(crate) certificate_life: Duration,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Door {
    /// Remembers that an agent did not get what it asked for, where that was not its mistake or the collector's.
    fn refuse(&self, (who, address): (&AgentId, SocketAddr), call: &'static str, why: &Status) {
        let refused = matches!(
            why.code(),
            Code::Unauthenticated
                | Code::PermissionDenied
                | Code::FailedPrecondition
                | Code::AlreadyExists
                | Code::ResourceExhausted
        );
        if refused {
            self.audit.tell(refused_ask(who, address.ip(), call, why));
        }
    }
}

/// The agents' door as a gRPC service.
#[derive(Clone)]
pub struct AgentDoor {
    door: Arc<Door>,
}

impl AgentDoor {
    pub(crate) fn new(door: Door) -> AgentDoor {
        AgentDoor { door: Arc::new(door) }
    }

    /// Who calls, and from where.
    fn who<T>(&self, request: &Request<T>, call: &'static str) -> Result<(AgentId, SocketAddr), Status> {
        let peer = request.extensions().get::<Peer>();
        let peer = peer.ok_or_else(|| Status::internal("no address"))?;
        let who = peer.agent.clone();
        let who = who.ok_or_else(|| Status::unauthenticated("an agent shows its certificate"))?;
        match self.may_call(&who) {
            Ok(()) => Ok((who, peer.address)),
            Err(status) => {
                self.door.refuse((&who, peer.address), call, &status);
                Err(status)
            }
        }
    }

    fn may_call(&self, who: &AgentId) -> Result<(), Status> {
        if who.ends <= crate::clock::wall() {
            return Err(Status::unauthenticated("the certificate has ended; join again"));
        }
        let standing = self.door.driver.standing(&who.migration, &who.agent);
        match standing {
            AgentStanding::Enrolled => Ok(()),
            AgentStanding::Revoked | AgentStanding::Suspended | AgentStanding::Unknown => {
                self.door
                    .refused
                    .tell(&who.migration, format!("{} was refused: it is {}", who.agent, word(standing)));
                Err(Status::permission_denied(format!("agent {} is {}", who.agent, word(standing))))
            }
        }
    }

    /// Lets an agent in, and begins its session.
    pub(super) fn begin(&self, request: Request<Streaming<Heard>>) -> Result<Response<Replies>, Status> {
        let (who, address) = self.who(&request, SESSION)?;
        let told = self.door.driver.told(&who.migration);
        let told =
            told.ok_or_else(|| Status::not_found(format!("there is no migration {}", who.migration)))?;
        let mut said = request.into_inner();
        let (out, replies) = mpsc::channel(OUT);
        let door = self.door.clone();
        self.door.tasks.spawn(async move {
            let hello = match tokio::time::timeout(HELLO_WITHIN, said.message()).await {
                Ok(Ok(Some(Heard::Other(v1::SessionRequest {
                    message: Some(v1::session_request::Message::Hello(hello)),
                })))) if good(&hello) => hello,
                Ok(Ok(_)) => {
                    // An agent that is gone does not hear it.
                    let _ = out.send(Err(Status::invalid_argument("a session begins with a good hello"))).await;
                    return;
                }
                Ok(Err(status)) => {
                    let _ = out.send(Err(status)).await;
                    return;
                }
                Err(_) => {
                    let _ = out.send(Err(Status::deadline_exceeded("a session begins with a hello at once"))).await;
                    return;
                }
            };
            let entered = tokio::select! {
                entered = seat::take(&door, &who, &hello, address) => entered,
                // Whoever left while waiting takes no seat.
                () = out.closed() => return,
            };
            match entered {
                Ok(entered) => {
                    tracing::info!(migration = %who.migration, agent = %who.agent, version = %hello.agent_version, %address, "session");
                    door.warnings.came_from(&who.migration, &who.agent, address.ip());
                    Session::new(door, who, entered, told, out, hello).run(said).await;
                }
                Err(status) => {
                    door.refuse((&who, address), SESSION, &status);
                    // An agent that is gone does not hear it.
                    drop(out.send(Err(status)).await);
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(replies)))
    }
}

fn word(standing: AgentStanding) -> &'static str {
    match standing {
        AgentStanding::Enrolled => "enrolled",
        AgentStanding::Revoked => {
            "revoked; it joins anew with a token of tidelock agent token: tidelock-agent join URL TOKEN --dir DIR --again"
        }
        AgentStanding::Suspended => {
            "suspended; see the events, then revoke it and let it join under another name"
        }
        AgentStanding::Unknown => "not enrolled",
    }
}

#[tonic::async_trait]
impl AgentService for AgentDoor {
    type SessionStream = ReceiverStream<Result<v1::SessionResponse, Status>>;
    type FetchComponentStream = Chunks;

    async fn session(
        &self,
        _: Request<Streaming<v1::SessionRequest>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        // `wire.rs` takes this call before the generated service sees it.
        Err(Status::internal("sessions are not served here"))
    }

    async fn renew(&self, request: Request<v1::RenewRequest>) -> Result<Response<v1::RenewResponse>, Status> {
        let (who, address) = self.who(&request, RENEW)?;
        let renewed = renew(&self.door, &who, address, request.into_inner().csr_pem).await;
        let certificate_pem =
            renewed.inspect_err(|status| self.door.refuse((&who, address), RENEW, status))?;
        Ok(Response::new(v1::RenewResponse { certificate_pem }))
    }

    async fn fetch_component(
        &self,
        request: Request<v1::FetchComponentRequest>,
    ) -> Result<Response<Self::FetchComponentStream>, Status> {
        let (who, _) = self.who(&request, FETCH)?;
        Ok(Response::new(fetch(&self.door, &who, request.get_ref()).await?))
    }
}

fn good(hello: &v1::Hello) -> bool {
    let word = |text: &str| text.len() <= MAX_WORD_BYTES && !text.chars().any(is_unfit);
    let contracts = &hello.contracts;
    let few = contracts.len() <= 16 && contracts.iter().all(|contract| word(contract));
    few && word(&hello.agent_version) && word(&hello.boot_id)
}
