//! The traffic switch: a tiny reverse proxy that decides which shop the customers see.
//!
//! A fence refuses every request that may write, so that nothing is written between the last row that
//! was replicated and the first one of the new side. It is up only when the writes that were under way
//! have ended.

mod forward;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{RwLock, Semaphore};
use tokio::time::timeout;

use crate::Side;
use crate::serve::{Listen, Running, allowed};

/// Requests in flight; more are answered 503.
const IN_FLIGHT: usize = 512;

/// How the switch is run.
#[derive(Clone, Debug)]
pub struct SwitchOptions {
    /// Where customers reach it.
    pub listen: Listen,
    /// The source shop's URL.
    pub source: String,
    /// The target shop's URL.
    pub target: String,
    /// The side that has the traffic at first.
    pub to: Side,
    /// What calls to its control must carry.
    pub token: String,
}

#[derive(Clone, Copy, Debug)]
struct Route {
    to: Side,
    fenced: bool,
}

#[derive(Debug, Default)]
struct Counts {
    forwarded: AtomicU64,
    failed: AtomicU64,
}

#[derive(Debug)]
struct Switch {
    source: String,
    target: String,
    token: String,
    route: Mutex<Route>,
    counts: [Counts; 2],
    refused: AtomicU64,
    slots: Arc<Semaphore>,
    /// Shared by each request that may write, taken alone by a fence that waits for them to end.
    writes: Arc<RwLock<()>>,
    client: Client<HttpConnector, axum::body::Body>,
}

impl Switch {
    fn route(&self) -> Route {
        *self.route.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reroute(&self, change: impl FnOnce(&mut Route)) {
        change(&mut self.route.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn backend(&self, side: Side) -> (&str, &Counts) {
        match side {
            Side::Source => (&self.source, &self.counts[0]),
            Side::Target => (&self.target, &self.counts[1]),
        }
    }
}

#[derive(Debug, Deserialize)]
struct To {
    to: Side,
}

/// Starts the switch.
pub async fn start(options: SwitchOptions) -> anyhow::Result<Running> {
    let switch = Arc::new(Switch {
        source: options.source,
        target: options.target,
        token: options.token,
        route: Mutex::new(Route { to: options.to, fenced: false }),
        counts: <[Counts; 2]>::default(),
        refused: AtomicU64::new(0),
        writes: Arc::new(RwLock::new(())),
        slots: Arc::new(Semaphore::new(IN_FLIGHT)),
        client: Client::builder(TokioExecutor::new()).build_http(),
    });
    let router = Router::new()
        .route("/_switch", get(state).post(turn))
        .route("/_fence/{state}", post(fence))
        .fallback(forward::forward)
        .with_state(switch);
    Running::start(&options.listen, router, Vec::new()).await
}

async fn state(State(switch): State<Arc<Switch>>) -> Json<Value> {
    let Route { to, fenced } = switch.route();
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let side = |side: Side| {
        let (_, counts) = switch.backend(side);
        json!({ "forwarded": count(&counts.forwarded), "failed": count(&counts.failed) })
    };
    Json(json!({
        "to": to,
        "fenced": fenced,
        "source": side(Side::Source),
        "target": side(Side::Target),
        "refused_by_fence": count(&switch.refused),
    }))
}

async fn turn(State(switch): State<Arc<Switch>>, headers: HeaderMap, Json(to): Json<To>) -> Response {
    if !allowed(&headers, &switch.token) {
        return not_yours();
    }
    switch.reroute(|route| route.to = to.to);
    state(State(switch)).await.into_response()
}

async fn fence(State(switch): State<Arc<Switch>>, headers: HeaderMap, Path(word): Path<String>) -> Response {
    if !allowed(&headers, &switch.token) {
        return not_yours();
    }
    let fenced = match word.as_str() {
        "on" => true,
        "off" => false,
        _ => return (StatusCode::NOT_FOUND, "a fence is on or off").into_response(),
    };
    switch.reroute(|route| route.fenced = fenced);
    if fenced && timeout(forward::PATIENCE * 2, switch.writes.write()).await.is_err() {
        return (StatusCode::GATEWAY_TIMEOUT, "writes from before the fence are still under way")
            .into_response();
    }
    state(State(switch)).await.into_response()
}

fn not_yours() -> Response {
    let why = json!({ "error": "this needs the token of the demo's world" });
    (StatusCode::FORBIDDEN, Json(why)).into_response()
}
