//! Access: tokens for people and pipelines, join tokens for agents, and taking both away.

use std::sync::Arc;
use std::time::Duration;

use tidelock_core::Ask;
use tidelock_model::{AgentKey, Name, Phase, Side, Timestamp, mutated};
use tidelock_proto::v1::access_service_server::AccessService;
use tidelock_proto::{side_from_wire, v1};
use tonic::{Request, Response, Status};

use super::auth::caller;
use super::caller::{Action, Caller};
use super::gate::{migration, words};
use super::views_gate::time;
use super::{Api, errors, join_token, order, views};
use crate::access::{Access, AccessError, Grant, Role};
use crate::audit::RefusedAsk;
use crate::clock;
use crate::driver::View;
use crate::join::JoinError;

/// Refused asks in an answer, where nothing is said, and at most.
const USUAL_ASKS: usize = 50;
const MOST_ASKS: usize = 1000;

/// The service.
pub(super) struct Accesses(pub(super) Arc<Api>);

pub(super) fn ttl(duration: Option<prost_types::Duration>) -> Result<Option<Duration>, Status> {
    let wrong = || errors::invalid("ttl_duration", "must be longer than nothing");
    match duration {
        None => Ok(None),
        Some(duration) => {
            // By hand: the crate's own conversion does not survive the most negative number of seconds.
            let seconds = u64::try_from(duration.seconds).map_err(|_| wrong())?;
            let nanos = u32::try_from(duration.nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
            let duration = Duration::new(seconds, nanos.ok_or_else(wrong)?);
            if duration.is_zero() { Err(wrong()) } else { Ok(Some(duration)) }
        }
    }
}

fn grant(grant: &Grant) -> v1::AccessGrant {
    v1::AccessGrant {
        id: grant.id.clone(),
        subject: grant.subject.to_string(),
        role: grant.role.word().to_owned(),
        migration: grant.migration.as_ref().map(Name::to_string).unwrap_or_default(),
        gate: grant.gate.map(|gate| gate.word().to_owned()).unwrap_or_default(),
        issued_time: time(grant.issued),
        expires_time: time(grant.expires),
        revoked: grant.revoked,
    }
}

fn access(error: AccessError) -> Status {
    match error {
        AccessError::Unknown(_) => errors::not_found(error.to_string()),
        AccessError::TooLong => errors::invalid("ttl_duration", error),
        AccessError::OneGate => errors::invalid("gate", error),
        AccessError::OwnName => errors::invalid("subject", error),
        AccessError::Full => Status::resource_exhausted(error.to_string()),
        AccessError::File { .. } | AccessError::Untold(_) | AccessError::Random(_) => {
            errors::internal(&error)
        }
    }
}

pub(super) fn join(error: JoinError) -> Status {
    match error {
        JoinError::NotValid => Status::permission_denied(error.to_string()),
        JoinError::Unknown(_) => errors::not_found(error.to_string()),
        JoinError::Bounds => errors::invalid("count", error),
        JoinError::Full => Status::resource_exhausted(error.to_string()),
        JoinError::File { .. } | JoinError::Random(_) => errors::internal(&error),
    }
}

fn refused_ask(ask: RefusedAsk) -> v1::RefusedAsk {
    v1::RefusedAsk {
        time: time(Timestamp::from_millis(ask.unix_ms)),
        subject: ask.subject,
        role: ask.role,
        grant: ask.grant,
        migration: ask.migration,
        address: ask.address,
        what: ask.what,
        why: ask.why,
        times: ask.times,
    }
}

/// It was taken back, and the journal could not be told.
pub(super) fn not_told(why: &Status) -> Status {
    let message =
        format!("it is revoked, but the journal does not say so yet: {}; revoke it again", why.message());
    Status::new(why.code(), message)
}

/// Runs what blocks on the disk beside the runtime.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Status> {
    tokio::task::spawn_blocking(work).await.map_err(|error| errors::internal(&error))
}

pub(super) fn side(value: i32) -> Result<Side, Status> {
    side_from_wire(value).map_err(|error| errors::invalid("side", error))
}

impl Accesses {
    /// The journal of each migration that it is for says who gave it to whom, or took it.
    async fn tell(&self, who: &Caller, made: &Grant, ends: Option<Timestamp>) -> Result<(), Status> {
        if mutated("access-is-journaled") {
            return Ok(());
        }
        let by = |view: &View| Some(order::asker(who, view));
        let to = (&self.0.driver, &self.0.untold);
        crate::access::tell(to, made, ends, by).await.map_err(errors::asked)
    }
}

#[tonic::async_trait]
impl AccessService for Accesses {
    async fn issue_access(
        &self,
        request: Request<v1::IssueAccessRequest>,
    ) -> Result<Response<v1::IssueAccessResponse>, Status> {
        let who = caller(&request)?;
        let ask = request.into_inner();
        let bound = match ask.migration.as_str() {
            "" => None,
            text => Some(migration(text)?),
        };
        who.may(Action::Access, bound.as_ref())?;
        let subject = Name::new(&ask.subject).map_err(|error| errors::invalid("subject", error))?;
        let role: Role = ask.role.parse().map_err(|error: String| errors::invalid("role", error))?;
        let gate = match ask.gate.as_str() {
            "" => None,
            text => Some(text.parse::<Phase>().map_err(|_| errors::no_gate(text))?),
        };
        let made = Access::prepare(subject, role, (bound, gate), ttl(ask.ttl_duration)?, clock::wall());
        let (made, token) = made.map_err(access)?;
        // Told first: access that no journal knows of lets nobody in.
        self.tell(&who, &made, Some(made.expires)).await?;
        let (grants, kept) = (self.0.access.clone(), made.clone());
        if let Err(error) = blocking(move || grants.keep(kept, clock::wall())).await? {
            self.tell(&who, &made, None).await?;
            return Err(access(error));
        }
        tracing::info!(by = %who.subject(), subject = %made.subject, role = made.role.word(), id = %made.id, "access issued");
        Ok(Response::new(v1::IssueAccessResponse { grant: Some(grant(&made)), token }))
    }

    async fn list_access(
        &self,
        request: Request<v1::ListAccessRequest>,
    ) -> Result<Response<v1::ListAccessResponse>, Status> {
        let who = caller(&request)?;
        who.may(Action::Access, who.bound_to())?;
        let all = self.0.access.list();
        let seen =
            all.iter().filter(|one| who.bound_to().is_none() || one.migration.as_ref() == who.bound_to());
        Ok(Response::new(v1::ListAccessResponse { grants: seen.map(grant).collect() }))
    }

    async fn revoke_access(
        &self,
        request: Request<v1::RevokeAccessRequest>,
    ) -> Result<Response<v1::RevokeAccessResponse>, Status> {
        let who = caller(&request)?;
        who.may(Action::Access, who.bound_to())?;
        let id = request.into_inner().id;
        let ours = self.0.access.list().iter().any(|one| {
            one.id == id && (who.bound_to().is_none() || one.migration.as_ref() == who.bound_to())
        });
        if !ours {
            return Err(access(AccessError::Unknown(
                id.chars().filter(|c| !c.is_control()).take(64).collect(),
            )));
        }
        let grants = self.0.access.clone();
        let revoked = blocking(move || grants.revoke(&id)).await?.map_err(access)?;
        tracing::info!(by = %who.subject(), subject = %revoked.subject, id = %revoked.id, "access revoked");
        // Whatever the journal says to it, it is taken back.
        self.tell(&who, &revoked, None).await.map_err(|status| not_told(&status))?;
        Ok(Response::new(v1::RevokeAccessResponse { grant: Some(grant(&revoked)) }))
    }

    async fn list_refused_asks(
        &self,
        request: Request<v1::ListRefusedAsksRequest>,
    ) -> Result<Response<v1::ListRefusedAsksResponse>, Status> {
        let who = caller(&request)?;
        who.may(Action::Access, who.bound_to())?;
        let most = match request.get_ref().limit {
            0 => USUAL_ASKS,
            most => usize::try_from(most).unwrap_or(MOST_ASKS).min(MOST_ASKS),
        };
        let (asks, left_out) = self.0.audit.newest(who.bound_to(), most);
        let asks = asks.into_iter().map(refused_ask).collect();
        // Whose they were is not known, so whoever sees one migration alone sees none of them.
        let unreadable = if who.bound_to().is_none() { self.0.audit.unreadable() } else { 0 };
        Ok(Response::new(v1::ListRefusedAsksResponse { asks, left_out, unreadable }))
    }

    async fn issue_agent_token(
        &self,
        request: Request<v1::IssueAgentTokenRequest>,
    ) -> Result<Response<v1::IssueAgentTokenResponse>, Status> {
        let who = caller(&request)?;
        Ok(Response::new(join_token::issue(&self.0, &who, request.into_inner()).await?))
    }

    async fn list_agent_tokens(
        &self,
        request: Request<v1::ListAgentTokensRequest>,
    ) -> Result<Response<v1::ListAgentTokensResponse>, Status> {
        let who = caller(&request)?;
        Ok(Response::new(join_token::list(&self.0, &who, request.get_ref()).await?))
    }

    async fn revoke_agent_token(
        &self,
        request: Request<v1::RevokeAgentTokenRequest>,
    ) -> Result<Response<v1::RevokeAgentTokenResponse>, Status> {
        let who = caller(&request)?;
        Ok(Response::new(join_token::revoke(&self.0, &who, request.into_inner()).await?))
    }

    async fn revoke_agent(
        &self,
        request: Request<v1::RevokeAgentRequest>,
    ) -> Result<Response<v1::RevokeAgentResponse>, Status> {
        let who = caller(&request)?;
        let ask = request.into_inner();
        let name = migration(&ask.migration)?;
        let view = self.0.view(&who, Action::Agents, &name)?;
        let agent = Name::new(&ask.name).map_err(|error| errors::invalid("name", error))?;
        let ask = Ask::RevokeAgent {
            agent: AgentKey { side: side(ask.side)?, name: agent },
            by: order::asker(&who, &view),
            reason: words("reason", ask.reason)?,
        };
        let asked = self.0.driver.ask(&name, ask).await.map_err(errors::asked)?;
        Ok(Response::new(v1::RevokeAgentResponse { event: asked.events.first().map(views::event) }))
    }
}
