//! Join tokens at the API: issued, listed and taken back, each change in the journal of its migration.

use std::sync::Arc;

use tidelock_core::{AccessChange, Ask, Joins};
use tidelock_model::{Name, Timestamp, mutated};
use tidelock_proto::{side_to_wire, v1};
use tonic::Status;

use super::access::{blocking, join, not_told, side, ttl};
use super::caller::{Action, Caller};
use super::gate::migration;
use super::views_gate::time;
use super::{Api, errors, order};
use crate::clock;
use crate::driver::View;
use crate::join::{Issue, JoinToken, JoinTokens};

/// What a join token makes of whoever has it.
const ROLE: &str = "agent";

pub(super) async fn issue(
    api: &Arc<Api>,
    who: &Caller,
    ask: v1::IssueAgentTokenRequest,
) -> Result<v1::IssueAgentTokenResponse, Status> {
    let name = migration(&ask.migration)?;
    let view = api.view(who, Action::Agents, &name)?;
    let (side, ttl) = (side(ask.side)?, ttl(ask.ttl_duration)?);
    let agent = match ask.name.as_str() {
        "" => None,
        text => Some(Name::new(text).map_err(|error| errors::invalid("name", error))?),
    };
    let (signer, by) = (api.clone(), who.subject().clone());
    let made = blocking(move || {
        // The authority is there before anybody joins.
        signer.pki.authority(&name, side, clock::wall()).map_err(|error| errors::internal(&error))?;
        let issue = Issue {
            migration: &name,
            side,
            name: agent.as_ref(),
            by: &by,
            count: ask.count.max(1),
            ttl,
            fingerprint: signer.pki.api_ca_fingerprint(),
            url: &signer.api_url,
        };
        JoinTokens::prepare(&issue, clock::wall()).map_err(join)
    });
    let (made, token) = made.await??;
    let shown = made.shown.clone();
    // Told first: a token that no journal knows of lets nobody in.
    tell(api, who, &view, &shown, Some(shown.expires)).await?;
    let tokens = api.join.clone();
    if let Err(error) = blocking(move || tokens.keep(made, clock::wall())).await? {
        tell(api, who, &view, &shown, None).await?;
        return Err(join(error));
    }
    tracing::info!(by = %who.subject(), side = side.word(), id = %shown.id, "join token issued");
    Ok(v1::IssueAgentTokenResponse { token, expires_time: time(shown.expires), id: shown.id })
}

pub(super) async fn list(
    api: &Arc<Api>,
    who: &Caller,
    ask: &v1::ListAgentTokensRequest,
) -> Result<v1::ListAgentTokensResponse, Status> {
    let name = migration(&ask.migration)?;
    api.view(who, Action::Agents, &name)?;
    let tokens = api.join.clone();
    // A change waits for the disk while it has the list.
    let tokens = blocking(move || tokens.list(&name, clock::wall())).await?;
    Ok(v1::ListAgentTokensResponse { tokens: tokens.iter().map(to_wire).collect() })
}

pub(super) async fn revoke(
    api: &Arc<Api>,
    who: &Caller,
    ask: v1::RevokeAgentTokenRequest,
) -> Result<v1::RevokeAgentTokenResponse, Status> {
    let name = migration(&ask.migration)?;
    let view = api.view(who, Action::Agents, &name)?;
    let tokens = api.join.clone();
    let revoked = blocking(move || tokens.revoke(&name, &ask.id, clock::wall())).await?.map_err(join)?;
    tracing::info!(by = %who.subject(), id = %revoked.id, "join token revoked");
    // Whatever the journal says to it, it is taken back.
    tell(api, who, &view, &revoked, None).await.map_err(|status| not_told(&status))?;
    Ok(v1::RevokeAgentTokenResponse { token: Some(to_wire(&revoked)) })
}

/// The journal says who lets how many in until when, or lets no more in.
async fn tell(
    api: &Api,
    who: &Caller,
    view: &View,
    token: &JoinToken,
    ends: Option<Timestamp>,
) -> Result<(), Status> {
    if mutated("join-tokens-are-journaled") {
        return Ok(());
    }
    let name = |text: &str| Name::new(text).map_err(|error| errors::internal(&error));
    let change = AccessChange {
        grant: token.id.clone(),
        subject: token.name.clone().map_or_else(|| name(token.side.word()), Ok)?,
        role: name(ROLE)?,
        gate: None,
        everywhere: false,
        ends,
        joins: Some(Joins { side: token.side, agents: token.left }),
    };
    let ask = Ask::Access { change, by: Some(order::asker(who, view)), reason: String::new() };
    api.driver.ask(&view.migration, ask).await.map(drop).map_err(errors::asked)
}

fn to_wire(token: &JoinToken) -> v1::AgentToken {
    v1::AgentToken {
        id: token.id.clone(),
        side: side_to_wire(token.side).into(),
        name: token.name.as_ref().map(Name::to_string).unwrap_or_default(),
        left: token.left,
        expires_time: time(token.expires),
        by: token.by.as_ref().map(Name::to_string).unwrap_or_default(),
        revoked: token.revoked,
    }
}
