//! Customers at a constant rate: reads and writes through the proxy, each counted, and at the end every order
//! that was acknowledged is looked for where it must be.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tidelock_tests::now_ms;
use tokio::time::{interval, timeout};

/// The demo's made-up partner.
const TOKEN: &str = "Bearer partner-demo-token";
/// Time between two customers who read, and between two who order.
const READ_EVERY: Duration = Duration::from_millis(40);
const ORDER_EVERY: Duration = Duration::from_millis(100);
/// Nobody waits longer; whoever does was turned away. In the second night everything dies while writes are shut.
const PATIENCE: Duration = Duration::from_secs(250);
/// The most complaints that are kept word by word.
const COMPLAINTS: usize = 20;

type Http = Client<HttpConnector, Full<Bytes>>;

/// What customers met.
#[derive(Debug, Default)]
struct Met {
    reads: u64,
    failed: u64,
    complaints: Vec<String>,
    /// Orders that were acknowledged, and by whom.
    orders: BTreeMap<String, String>,
    /// How long the longest write took, and which builds answered reads.
    longest_write_ms: u64,
    builds: BTreeMap<String, u64>,
}

impl Met {
    fn complain(&mut self, what: String) {
        self.failed += 1;
        if self.complaints.len() < COMPLAINTS {
            self.complaints.push(what);
        }
    }
}

/// Customers who come and go until they are sent home.
#[derive(Debug)]
pub(crate) struct Load {
    met: Arc<Mutex<Met>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Load {
    /// Customers of this front door. Their orders carry this name, or two crowds would order the same.
    pub(crate) fn start(front: &str, name: &'static str) -> Load {
        let (met, ends) = (Arc::<Mutex<Met>>::default(), Arc::<AtomicBool>::default());
        let (to, seen, told) = (front.to_owned(), Arc::clone(&met), Arc::clone(&ends));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime starts").block_on(come(to, name, seen, told));
        });
        Load { met, ends, thread: Some(thread) }
    }

    fn met<T>(&self, look: impl FnOnce(&Met) -> T) -> T {
        look(&self.met.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Acknowledged orders so far.
    pub(crate) fn orders(&self) -> usize {
        self.met(|met| met.orders.len())
    }

    /// How many reads this side has answered.
    pub(crate) fn reads_of(&self, side: &str) -> u64 {
        self.met(|met| met.builds.iter().filter(|(build, _)| build.ends_with(side)).map(|(_, n)| n).sum())
    }

    /// Nobody was turned away so far.
    pub(crate) fn nobody_turned_away(&self, meanwhile: &str) {
        let (failed, what, reads, orders) =
            self.met(|met| (met.failed, met.complaints.clone(), met.reads, met.orders.len()));
        assert_eq!(failed, 0, "{meanwhile}: {failed} of {reads} reads and {orders} orders failed: {what:#?}");
        assert!(reads > 20 && orders > 5, "{meanwhile}: only {reads} reads and {orders} orders came");
    }

    /// Sends customers home, when those who wait have been served; gives the orders that were acknowledged.
    pub(crate) fn end(&mut self) -> Vec<String> {
        self.ends.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("no customer panics");
        }
        self.met(|met| met.orders.keys().cloned().collect())
    }

    /// How long the longest write took.
    pub(crate) fn longest_write_ms(&self) -> u64 {
        self.met(|met| met.longest_write_ms)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
    }
}

async fn come(front: String, name: &'static str, met: Arc<Mutex<Met>>, ends: Arc<AtomicBool>) {
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    let (mut reads, mut orders) = (interval(READ_EVERY), interval(ORDER_EVERY));
    let mut customers = tokio::task::JoinSet::new();
    let mut number = 0_u64;
    while !ends.load(Ordering::SeqCst) {
        number += 1;
        let (http, front, met) = (http.clone(), front.clone(), Arc::clone(&met));
        tokio::select! {
            _ = reads.tick() => { customers.spawn(async move { read(&http, &front, &met).await }); }
            _ = orders.tick() => { customers.spawn(async move { order(&http, &front, &format!("{name}-{number}"), &met).await }); }
        }
        while customers.try_join_next().is_some() {}
    }
    while customers.join_next().await.is_some() {}
}

/// One answer: its status, the build that gave it, its body.
async fn ask(http: &Http, request: Request<Full<Bytes>>) -> Result<(StatusCode, String, Bytes), String> {
    let answered = async {
        let answer = http.request(request).await.map_err(|error| format!("{error:?}"))?;
        let build = answer.headers().get("x-build").and_then(|build| build.to_str().ok());
        let (status, build) = (answer.status(), build.unwrap_or("no build").to_owned());
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, build, body.to_bytes()))
    };
    timeout(PATIENCE, answered).await.map_err(|_| format!("no answer within {PATIENCE:?}"))?
}

fn note(met: &Mutex<Met>, what: impl FnOnce(&mut Met)) {
    what(&mut met.lock().unwrap_or_else(PoisonError::into_inner));
}

async fn read(http: &Http, front: &str, met: &Mutex<Met>) {
    let request = Request::builder().uri(format!("{front}/api/products")).body(Full::default());
    let answer = ask(http, request.expect("a request can be made")).await;
    note(met, |met| {
        met.reads += 1;
        match answer {
            Ok((StatusCode::OK, build, _)) => *met.builds.entry(build).or_default() += 1,
            Ok((status, build, body)) => met.complain(format!("read: {status} of {build}: {body:?}")),
            Err(error) => met.complain(format!("read: {error}")),
        }
    });
}

async fn order(http: &Http, front: &str, key: &str, met: &Mutex<Met>) {
    let began = now_ms();
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{front}/api/v1/orders"))
        .header("authorization", TOKEN)
        .header("idempotency-key", key)
        .header("content-type", "application/json")
        .body(Full::from(r#"{"product":"rope","quantity":1}"#));
    let answer = ask(http, request.expect("a request can be made")).await;
    note(met, |met| {
        met.longest_write_ms = met.longest_write_ms.max(now_ms().saturating_sub(began));
        match answer {
            Ok((StatusCode::CREATED, build, body)) => match order_of(&body) {
                Some(order) => drop(met.orders.insert(order, build)),
                None => met.complain(format!("order: {build} names none: {body:?}")),
            },
            Ok((status, build, body)) => met.complain(format!("order: {status} of {build}: {body:?}")),
            Err(error) => met.complain(format!("order: {error}")),
        }
    });
}

fn order_of(body: &[u8]) -> Option<String> {
    let told: Value = serde_json::from_slice(body).ok()?;
    told["order_id"].as_str().map(str::to_owned)
}

/// The orders of these that a shop does not have.
pub(crate) fn missing_of(shop: &str, orders: &[String]) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        let http: Http = Client::builder(TokioExecutor::new()).build_http();
        let mut missing = Vec::new();
        for order in orders {
            let request = Request::builder()
                .uri(format!("{shop}/api/v1/orders/{order}"))
                .header("authorization", TOKEN)
                .body(Full::default());
            match ask(&http, request.expect("a request can be made")).await {
                Ok((StatusCode::OK, ..)) => {}
                Ok((StatusCode::NOT_FOUND, ..)) => missing.push(order.clone()),
                Ok((status, ..)) => panic!("{shop} says {status} to {order}"),
                Err(error) => panic!("{shop} does not tell of {order}: {error}"),
            }
        }
        missing
    })
}
