//! A small shop: customers log in, fill a cart, check out; orders go through a queue; jobs run.
//!
//! It is one process of one side. All its state is in one SQLite file, which the checks may read too.

mod answer;
mod auth;
mod cart;
mod control;
mod db;
mod fault;
pub(crate) mod feed;
mod jobs;
mod orders;
mod pages;
mod password;
mod queue;
mod rabbit;
mod rows;
mod stats;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use tokio::sync::Semaphore;

pub use fault::Fault;
pub use jobs::JOBS;
pub use password::SEEDED as CUSTOMERS;
pub use queue::QUEUES;

use crate::Side;
use crate::serve::{Listen, Running};
use db::Db;
use fault::Faults;

/// The account that may read the broker's management API.
pub const MONITOR: (&str, &str) = ("monitor", "monitor-secret");

/// The token of the partner who orders through `/api/v1/orders`.
pub const PARTNER_TOKEN: &str = "partner-demo-token";

/// The only card that pays. It exists nowhere.
pub const TEST_CARD: &str = "4242-4242-4242-4242";

/// Requests in flight; more are answered 503.
const IN_FLIGHT: usize = 256;

/// How one shop is run.
#[derive(Clone, Debug)]
pub struct ShopOptions {
    /// Which side it is.
    pub side: Side,
    /// Where it listens.
    pub listen: Listen,
    /// Its SQLite file, made when it is missing.
    pub db: PathBuf,
    /// What `X-Build` says.
    pub build: String,
    /// What control and feed calls must carry.
    pub token: String,
    /// How often each job runs.
    pub job_every: Duration,
}

/// The state that handlers and workers share.
#[derive(Debug)]
pub(crate) struct Shop {
    side: Side,
    db: Db,
    faults: Faults,
    token: String,
    build: HeaderValue,
    feeds: feed::Seen,
    slots: Semaphore,
}

/// Starts a shop and its workers.
pub async fn start(options: ShopOptions) -> anyhow::Result<Running> {
    let shop = Arc::new(Shop {
        side: options.side,
        db: Db::open(&options.db, options.side).await?,
        faults: Faults::default(),
        token: options.token,
        build: HeaderValue::from_str(&options.build)?,
        feeds: feed::Seen::default(),
        slots: Semaphore::new(IN_FLIGHT),
    });
    let workers = vec![
        tokio::spawn(queue::consume(Arc::clone(&shop))),
        tokio::spawn(jobs::run(Arc::clone(&shop), options.job_every)),
    ];
    Running::start(&options.listen, router(shop), workers).await
}

fn router(shop: Arc<Shop>) -> Router {
    Router::new()
        .route("/", get(pages::front))
        .route("/healthz", get(|| async { "ok" }))
        .route("/login", get(pages::login_form).post(pages::login))
        .route("/account", get(pages::account))
        .route("/logout", post(pages::logout))
        .route("/api/login", post(auth::api_login))
        .route("/api/register", post(auth::register))
        .route("/api/products", get(cart::products))
        .route("/api/cart", post(cart::fill))
        .route("/api/checkout", post(orders::checkout))
        .route("/api/orders/{id}", get(orders::read).delete(orders::remove))
        .route("/api/v1/orders", post(orders::partner))
        .route("/api/v1/orders/{id}", get(orders::read).delete(orders::remove))
        .route("/api/stats", get(stats::stats))
        .route("/api/replication", get(stats::replication))
        .route("/api/overview", get(rabbit::overview))
        .route("/api/queues", get(rabbit::all))
        .route("/api/queues/{vhost}", get(rabbit::of_vhost))
        .route("/api/queues/{vhost}/{queue}", get(rabbit::one))
        .route("/_demo/faults", get(control::faults))
        .route("/_demo/faults/{fault}", post(control::break_it).delete(control::fix))
        .route("/_demo/faults/all", delete(control::fix_all))
        .route("/_demo/jobs", get(control::jobs).post(control::own_jobs))
        .route("/_feed/changes", get(feed::changes))
        .route("/_feed/position", get(feed::position))
        .route("/_feed/apply", post(feed::apply).layer(DefaultBodyLimit::max(feed::BODY_LIMIT)))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(from_fn_with_state(Arc::clone(&shop), around))
        .with_state(shop)
}

/// Around every request: the bound on requests in flight, the faults of the whole shop, the build.
async fn around(State(shop): State<Arc<Shop>>, request: Request, next: Next) -> Response {
    let ours = request.uri().path().starts_with("/_");
    let mut response = if ours {
        next.run(request).await
    } else if shop.faults.has(Fault::Down) {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": "the shop is down" }))).into_response()
    } else {
        match shop.slots.try_acquire() {
            Ok(_slot) => {
                if shop.faults.has(Fault::Slow) {
                    tokio::time::sleep(Duration::from_millis(1_500)).await;
                }
                next.run(request).await
            }
            Err(_full) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": "too busy, try again" })))
                .into_response(),
        }
    };
    let headers = response.headers_mut();
    headers.insert("x-build", shop.build.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
