//! Flagger's hooks: it sends no header, so its token lies in the body, and it reads the status alone.
//!
//! The token lies readable in a Canary object: give it the role `viewer`, bound to one migration.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::{StatusCode, Uri};
use serde::Deserialize;
use tidelock_model::{Name, VerdictWord};
use tidelock_proto::v1;

use super::caller::{Action, Caller};
use super::http::Refused;
use super::{Api, auth, errors};
use crate::net::Peer;

/// What Flagger sends, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Hook {
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    token: String,
}

/// Signs in by the token in the body, and remembers whom the answer refuses.
fn signed_in(
    api: &Api,
    (hook, from, path): (&Hook, Option<IpAddr>, &str),
    answer: impl FnOnce(&Caller) -> Result<Response, Refused>,
) -> Result<Response, Refused> {
    let who = auth::admit(api, &hook.metadata.token, path, from)?;
    answer(&who).inspect_err(|Refused(status)| {
        if auth::told(status.code()) {
            auth::tell(api, Some(&who), from, path, status);
        }
    })
}

fn address(peer: Option<Extension<Peer>>) -> Option<IpAddr> {
    peer.map(|Extension(peer)| peer.address.ip())
}

fn name(text: &str) -> Result<Name, Refused> {
    Ok(Name::new(text).map_err(|_| errors::not_found("there is no such migration"))?)
}

/// `POST …/hooks/flagger/gates/{gate}`: 200 while the gate is open, else 403.
pub(super) async fn confirm(
    State(api): State<Arc<Api>>,
    Path((migration, gate)): Path<(String, String)>,
    (peer, uri): (Option<Extension<Peer>>, Uri),
    Json(hook): Json<Hook>,
) -> Result<Response, Refused> {
    signed_in(&api, (&hook, address(peer), uri.path()), |who| {
        let view = api.view(who, Action::Look, &name(&migration)?)?;
        let shown = api.gate(who, &view, &gate)?;
        let open = shown.verdict == i32::from(v1::Verdict::Open);
        let status = if open { StatusCode::OK } else { StatusCode::FORBIDDEN };
        let word = tidelock_proto::json::verdict_word(shown.verdict);
        Ok((status, format!("{word}: {}\n", shown.summary)).into_response())
    })
}

/// `POST …/hooks/flagger/rollback`: 200 only when going back is decided, else 403.
pub(super) async fn rollback(
    State(api): State<Arc<Api>>,
    Path(migration): Path<String>,
    (peer, uri): (Option<Extension<Peer>>, Uri),
    Json(hook): Json<Hook>,
) -> Result<Response, Refused> {
    signed_in(&api, (&hook, address(peer), uri.path()), |who| {
        let view = api.view(who, Action::Look, &name(&migration)?)?;
        let decided = view.gates.iter().any(|verdict| verdict.word == VerdictWord::Rollback);
        Ok(match decided {
            true => (StatusCode::OK, "rollback: going back is decided\n"),
            false => (StatusCode::FORBIDDEN, "hold: going back is not decided\n"),
        }
        .into_response())
    })
}
