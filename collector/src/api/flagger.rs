//! Flagger's hooks: it sends no header, so its token lies in the body, and it reads the status alone.
//!
//! The token lies readable in a Canary object: give it the role `viewer`, bound to one migration.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;
use tidelock_model::{Name, VerdictWord};
use tidelock_proto::v1;

use super::caller::{Action, Caller};
use super::http::Refused;
use super::{Api, errors};
use crate::clock;

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

fn sign_in(api: &Api, hook: &Hook) -> Result<Caller, Refused> {
    let grant = api.access.find(&hook.metadata.token, clock::wall());
    Ok(Caller::new(grant.ok_or_else(errors::not_signed_in)?))
}

fn name(text: &str) -> Result<Name, Refused> {
    Ok(Name::new(text).map_err(|_| errors::not_found("there is no such migration"))?)
}

/// `POST …/hooks/flagger/gates/{gate}`: 200 while the gate is open, else 403.
pub(super) async fn confirm(
    State(api): State<Arc<Api>>,
    Path((migration, gate)): Path<(String, String)>,
    Json(hook): Json<Hook>,
) -> Result<Response, Refused> {
    let who = sign_in(&api, &hook)?;
    let view = api.view(&who, Action::Look, &name(&migration)?)?;
    let shown = api.gate(&who, &view, &gate)?;
    let open = shown.verdict == i32::from(v1::Verdict::Open);
    let status = if open { StatusCode::OK } else { StatusCode::FORBIDDEN };
    Ok((status, format!("{}: {}\n", tidelock_proto::json::verdict_word(shown.verdict), shown.summary))
        .into_response())
}

/// `POST …/hooks/flagger/rollback`: 200 only when going back is decided, else 403.
pub(super) async fn rollback(
    State(api): State<Arc<Api>>,
    Path(migration): Path<String>,
    Json(hook): Json<Hook>,
) -> Result<Response, Refused> {
    let who = sign_in(&api, &hook)?;
    let view = api.view(&who, Action::Look, &name(&migration)?)?;
    let decided = view.gates.iter().any(|verdict| verdict.word == VerdictWord::Rollback);
    Ok(match decided {
        true => (StatusCode::OK, "rollback: going back is decided\n"),
        false => (StatusCode::FORBIDDEN, "hold: going back is not decided\n"),
    }
    .into_response())
}
