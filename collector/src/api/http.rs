//! Gates over plain HTTP, for callers that speak nothing else: scripts, load balancers, rollout tools.
//!
//! Every verdict is a 200 with the word in it; only `/open` puts the answer into the status, and it
//! says 403 for whatever is not open.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use tidelock_model::{Name, mutated};
use tidelock_proto::v1;
use tokio::time::Instant;
use tonic::{Code, Status};

use super::caller::{Action, Caller};
use super::views_gate::news;
use super::watch::still_signed_in;
use super::{Api, errors};
use crate::secret;

/// The longest wait of one request; whoever wants longer asks again.
const MAX_WAIT: Duration = Duration::from_secs(60);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    wait: Option<String>,
}

/// A refusal as HTTP has it.
pub(super) struct Refused(pub(super) Status);

/// The refusal behind an answer, for those who remember refusals.
#[derive(Debug, Clone)]
pub(super) struct Why(pub(super) Status);

impl From<Status> for Refused {
    fn from(status: Status) -> Refused {
        Refused(status)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let message = format!("{}\n", self.0.message());
        let retry = [(header::RETRY_AFTER, errors::RETRY_SECS.to_string())];
        let status = match self.0.code() {
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::InvalidArgument => StatusCode::BAD_REQUEST,
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::PermissionDenied => StatusCode::FORBIDDEN,
            Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::DeadlineExceeded
            | Code::AlreadyExists
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss => {
                return (StatusCode::SERVICE_UNAVAILABLE, retry, message).into_response();
            }
        };
        let mut response = match status {
            StatusCode::TOO_MANY_REQUESTS => (status, retry, message).into_response(),
            _ => (status, message).into_response(),
        };
        response.extensions_mut().insert(Why(self.0));
        response
    }
}

fn present(api: &Api, who: &Caller, migration: &str, gate: &str) -> Result<(Name, v1::Gate), Refused> {
    let name = Name::new(migration).map_err(|_| errors::not_found("there is no such migration"))?;
    let view = api.view(who, Action::Look, &name)?;
    Ok((name, api.gate(who, &view, gate)?))
}

/// Names a state of a gate: the same tag, the same words.
fn etag(gate: &v1::Gate) -> String {
    let bytes = prost::Message::encode_to_vec(&news(gate));
    format!("\"{}\"", secret::sha256(&bytes).short())
}

fn seconds(text: &str) -> Option<Duration> {
    let number: u64 = text.strip_suffix('s').unwrap_or(text).parse().ok()?;
    Some(Duration::from_secs(number).min(MAX_WAIT))
}

/// Nobody on the way keeps what a gate was, and shows it for what it is.
fn uncached() -> (HeaderName, HeaderValue) {
    let said = if mutated("an-answer-is-not-kept") { "max-age=3600" } else { "no-store" };
    (header::CACHE_CONTROL, HeaderValue::from_static(said))
}

/// `GET /v1/migrations/{m}/gates/{g}`, with `?wait=25s`: answered at the first change.
pub(super) async fn get_gate(
    State(api): State<Arc<Api>>,
    Extension(who): Extension<Caller>,
    Path((migration, gate)): Path<(String, String)>,
    Query(wait): Query<Wait>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (name, mut shown) = present(&api, &who, &migration, &gate)?;
    let before = etag(&shown);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let Some(text) = &wait.wait {
        let limit =
            seconds(text).ok_or_else(|| errors::invalid("wait", "is a number of seconds, such as 25s"))?;
        // Whoever brings a tag waits until it is not true any more, others for the next change.
        let from = known.as_deref().unwrap_or(&before).to_owned();
        shown = wait_for_change(&api, &who, &name, &gate, &from, limit).await?;
    }
    let tag = etag(&shown);
    let tag_header = HeaderValue::from_str(&tag).map_err(|error| errors::internal(&error))?;
    let headers = [(header::ETAG, tag_header), uncached()];
    if known.as_deref() == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let mut document = tidelock_proto::json::gate(&shown);
    document["token"] = match shown.token.is_empty() {
        true => serde_json::Value::Null,
        false => shown.token.into(),
    };
    Ok((headers, axum::Json(document)).into_response())
}

async fn wait_for_change(
    api: &Api,
    who: &Caller,
    name: &Name,
    gate: &str,
    from: &str,
    limit: Duration,
) -> Result<v1::Gate, Refused> {
    let ends = Instant::now() + limit;
    let mut views = api.driver.follow(name).ok_or_else(|| errors::no_migration(name))?;
    loop {
        let view = views.borrow_and_update().clone();
        let shown = api.gate(who, &view, gate)?;
        if etag(&shown) != from {
            return Ok(shown);
        }
        let changed = async {
            tokio::select! {
                changed = views.changed() => changed.is_ok(),
                () = api.stop.cancelled() => false,
            }
        };
        match tokio::time::timeout_at(ends, changed).await {
            Ok(true) => {}
            Ok(false) => return Err(errors::unavailable("the collector stops").into()),
            // Time is up: the state of this moment, not of the last change.
            Err(_) => {
                let view = views.borrow().clone();
                return Ok(api.gate(who, &view, gate)?);
            }
        }
        if !still_signed_in(api, who) {
            return Err(errors::not_signed_in().into());
        }
    }
}

/// `GET …/open`: 200 or 403, in one sentence.
pub(super) async fn get_open(
    State(api): State<Arc<Api>>,
    Extension(who): Extension<Caller>,
    Path((migration, gate)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let (_, shown) = present(&api, &who, &migration, &gate)?;
    let open = shown.verdict == i32::from(v1::Verdict::Open);
    let status = if open { StatusCode::OK } else { StatusCode::FORBIDDEN };
    let text = format!("{}: {}\n", tidelock_proto::json::verdict_word(shown.verdict), shown.summary);
    Ok((status, [uncached()], text).into_response())
}

/// `GET /v1/gates/{g}`: for tokens that are bound to one migration.
pub(super) async fn get_bound_gate(
    state: State<Arc<Api>>,
    Extension(who): Extension<Caller>,
    Path(gate): Path<String>,
    wait: Query<Wait>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let bound = who.bound_to().map(Name::to_string);
    let bound = bound.ok_or_else(|| errors::not_found("name the migration: /v1/migrations/{m}/gates/{g}"))?;
    get_gate(state, Extension(who), Path((bound, gate)), wait, headers).await
}
