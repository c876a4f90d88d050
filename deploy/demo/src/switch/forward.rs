//! One request through the switch.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use serde_json::json;

use super::Switch;

/// How long a shop may take to begin its answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Headers that belong to one connection and are not passed on.
const HOP_BY_HOP: [header::HeaderName; 6] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

pub(super) async fn forward(State(switch): State<Arc<Switch>>, mut request: Request) -> Response {
    let writes = may_write(request.method());
    // Before the look at the fence: whoever looked and saw none is waited for by the next one.
    let _under_way = if writes { Some(Arc::clone(&switch.writes).read_owned().await) } else { None };
    let route = switch.route();
    if route.fenced && writes {
        switch.refused.fetch_add(1, Ordering::Relaxed);
        let mut refusal = trouble(StatusCode::SERVICE_UNAVAILABLE, "writes are shut for a moment, try again");
        refusal.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        return refusal;
    }
    let Ok(_slot) = Arc::clone(&switch.slots).try_acquire_owned() else {
        return trouble(StatusCode::SERVICE_UNAVAILABLE, "too busy, try again");
    };
    // The shops' own control, feed and management calls do not pass the switch.
    if request.uri().path().starts_with("/_") {
        return trouble(StatusCode::NOT_FOUND, "there is no such page");
    }
    let (origin, counts) = switch.backend(route.to);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let Ok(uri) = format!("{origin}{path}").parse::<Uri>() else {
        return trouble(StatusCode::BAD_REQUEST, "unreadable path");
    };
    *request.uri_mut() = uri;
    drop_hop_by_hop(request.headers_mut());
    request.headers_mut().remove(header::HOST);
    let mut response = match tokio::time::timeout(PATIENCE, switch.client.request(request)).await {
        Ok(Ok(answer)) => {
            counts.forwarded.fetch_add(1, Ordering::Relaxed);
            let mut answer = answer.map(Body::new);
            drop_hop_by_hop(answer.headers_mut());
            answer
        }
        Ok(Err(_)) => {
            counts.failed.fetch_add(1, Ordering::Relaxed);
            trouble(StatusCode::BAD_GATEWAY, "the shop cannot be reached")
        }
        Err(_late) => {
            counts.failed.fetch_add(1, Ordering::Relaxed);
            trouble(StatusCode::GATEWAY_TIMEOUT, "the shop does not answer")
        }
    };
    response.headers_mut().insert("x-backend", HeaderValue::from_static(route.to.as_str()));
    response
}

fn may_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

fn trouble(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}
