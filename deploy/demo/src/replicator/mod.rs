//! The replicator: carries what one shop wrote to the other, late on demand.
//!
//! Orders, carts, stock, users and invoices follow the direction; sessions go both ways as long as it
//! is on, so that a customer stays logged in across the switch.

mod pump;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::Side;
use crate::clock::now_ms;
use crate::serve::{Listen, Running, allowed};
use pump::{Behind, Pump};

/// Time between two rounds.
const PAUSE: Duration = Duration::from_millis(100);

/// A report older than this is none.
const FRESH_MS: i64 = 3_000;

/// Which way data flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// From the source to the target, before the switch.
    Forward,
    /// From the target to the source, after it.
    Reverse,
    /// Nowhere.
    Off,
}

/// What can be set while it runs; each field that is left out stays.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// How long each change is held back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<u32>,
    /// Whether nothing is brought over at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
    /// The direction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
}

/// How the replicator is run.
#[derive(Clone, Debug)]
pub struct ReplicatorOptions {
    /// Where its control listens.
    pub listen: Listen,
    /// The source shop's URL.
    pub source: String,
    /// The target shop's URL.
    pub target: String,
    /// What its calls carry, and what calls to it must carry.
    pub token: String,
    /// How long each change is held back at first.
    pub lag_ms: u32,
}

#[derive(Clone, Debug)]
struct Settings {
    mode: Mode,
    paused: bool,
    lag_ms: u32,
    /// The data stream's last report, and the last error of any stream.
    report: Option<(i64, Behind)>,
    error: Option<String>,
}

#[derive(Debug)]
struct Replicator {
    token: String,
    settings: Mutex<Settings>,
    changed: Notify,
}

impl Replicator {
    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the replicator and its control.
pub async fn start(options: ReplicatorOptions) -> anyhow::Result<Running> {
    let settings =
        Settings { mode: Mode::Forward, paused: false, lag_ms: options.lag_ms, report: None, error: None };
    let replicator = Arc::new(Replicator {
        token: options.token.clone(),
        settings: Mutex::new(settings),
        changed: Notify::new(),
    });
    let worker = tokio::spawn(pump_all(Arc::clone(&replicator), options.clone()));
    let router = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/lag", get(lag))
        .route("/control", post(control))
        .with_state(replicator);
    Running::start(&options.listen, router, vec![worker]).await
}

async fn pump_all(replicator: Arc<Replicator>, options: ReplicatorOptions) {
    let source = (Side::Source, options.source.as_str());
    let target = (Side::Target, options.target.as_str());
    let pump = |from: (Side, &str), to: &str, stream| Pump::new(from, to, stream, &options.token);
    let mut forward = pump(source, target.1, "data");
    let mut reverse = pump(target, source.1, "data");
    let mut sessions = [pump(source, target.1, "sessions"), pump(target, source.1, "sessions")];
    loop {
        let Settings { mode, paused, lag_ms, .. } = replicator.settings().clone();
        let lag = (!paused).then_some(i64::from(lag_ms));
        let done = match mode {
            Mode::Forward => Some(forward.round(lag).await),
            Mode::Reverse => Some(reverse.round(lag).await),
            Mode::Off => None,
        };
        let mut error = None;
        if mode != Mode::Off {
            for pump in &mut sessions {
                if let Err(trouble) = pump.round(lag).await {
                    error = Some(format!("{trouble:#}"));
                }
            }
        }
        let more = note(&replicator, mode, done, error);
        if !more {
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = replicator.changed.notified() => {}
            }
        }
    }
}

/// Keeps what a round found, unless the direction was changed meanwhile.
fn note(
    replicator: &Replicator,
    mode: Mode,
    done: Option<anyhow::Result<Behind>>,
    error: Option<String>,
) -> bool {
    let mut settings = replicator.settings();
    settings.error = error;
    match done {
        Some(Ok(behind)) if settings.mode == mode => {
            settings.report = Some((now_ms(), behind));
            behind.more
        }
        Some(Err(trouble)) => {
            settings.error = Some(format!("{trouble:#}"));
            false
        }
        Some(Ok(_)) | None => false,
    }
}

/// `pending_rows` and `lag_ms` are `null` where they are not known now.
async fn lag(State(replicator): State<Arc<Replicator>>) -> Json<Value> {
    let settings = replicator.settings().clone();
    let now = now_ms();
    let known = settings.report.filter(|(at_ms, _)| now - at_ms <= FRESH_MS);
    Json(json!({
        "mode": settings.mode,
        "paused": settings.paused,
        "held_back_ms": settings.lag_ms,
        "pending_rows": known.map(|(_, behind)| behind.pending),
        "lag_ms": known.map(|(_, behind)| behind.oldest_at_ms.map_or(0, |at_ms| (now - at_ms).max(0))),
        "error": settings.error,
    }))
}

async fn control(
    State(replicator): State<Arc<Replicator>>,
    headers: HeaderMap,
    Json(change): Json<Change>,
) -> Response {
    if !allowed(&headers, &replicator.token) {
        let why = json!({ "error": "this needs the token of the demo's world" });
        return (StatusCode::FORBIDDEN, Json(why)).into_response();
    }
    {
        let mut settings = replicator.settings();
        settings.lag_ms = change.lag_ms.unwrap_or(settings.lag_ms);
        settings.paused = change.paused.unwrap_or(settings.paused);
        if let Some(mode) = change.mode
            && mode != settings.mode
        {
            settings.mode = mode;
            settings.report = None;
        }
    }
    replicator.changed.notify_one();
    lag(State(replicator)).await.into_response()
}
