//! Liveness and readiness for whoever watches processes. Plain, and nothing else is said here.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::driver::Driver;
use crate::journal::Failure;

#[derive(Clone)]
struct Health {
    driver: Driver,
    failed: watch::Receiver<Option<Failure>>,
}

async fn ready(State(health): State<Health>) -> (StatusCode, String) {
    if let Some(failure) = health.failed.borrow().as_ref() {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("the journal has stopped: {failure}\n"));
    }
    match health.driver.ready() {
        true => (StatusCode::OK, "ready\n".to_owned()),
        false => (StatusCode::SERVICE_UNAVAILABLE, "replaying the journal\n".to_owned()),
    }
}

/// Serves until `stop`.
pub(super) async fn serve(
    listener: TcpListener,
    driver: Driver,
    failed: watch::Receiver<Option<Failure>>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .with_state(Health { driver, failed });
    axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await }).await
}
