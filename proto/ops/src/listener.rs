//! `/livez`, `/readyz` and `/metrics` for whoever watches processes: kubelet, Prometheus, a script.
//!
//! Plain HTTP, for loopback or the pods' network; nothing but health and numbers is said here, and
//! nothing can be changed. A few connections at once, each for a while: who watches may not be a burden.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::metrics::{self, Family};
use crate::service::Signs;

/// Connections at once; one more is closed at once.
const CONNECTIONS: usize = 32;
/// How long a request's head may take, and how long a connection may be idle.
const HEAD: Duration = Duration::from_secs(10);
/// How long one connection lives at most.
const CONNECTION: Duration = Duration::from_secs(120);
/// A pause after the system refused a connection.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// What a service tells of itself.
pub trait Ops: Send + Sync + 'static {
    /// The signs of life of the loop that it lives by.
    fn signs(&self) -> &Signs;

    /// Whether it does its work.
    ///
    /// # Errors
    /// Why it does not, in a sentence.
    fn ready(&self) -> Result<(), String>;

    /// Its numbers, as they are now.
    fn families(&self) -> Vec<Family>;
}

fn told(answer: Result<(), String>, word: &str) -> (StatusCode, String) {
    match answer {
        Ok(()) => (StatusCode::OK, format!("{word}\n")),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    }
}

async fn alive(State(ops): State<Arc<dyn Ops>>) -> (StatusCode, String) {
    told(ops.signs().come(), "alive")
}

async fn ready(State(ops): State<Arc<dyn Ops>>) -> (StatusCode, String) {
    told(ops.ready(), "ready")
}

async fn numbers(State(ops): State<Arc<dyn Ops>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::render(ops.families()))
}

fn router(ops: Arc<dyn Ops>) -> Router {
    Router::new()
        .route("/livez", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers))
        .with_state(ops)
}

/// Serves until `stop`.
///
/// # Errors
/// Never by itself; a listener that gives no connection is tried again.
pub async fn serve(
    listener: TcpListener,
    ops: Arc<dyn Ops>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (router, slots) = (router(ops), Arc::new(Semaphore::new(CONNECTIONS)));
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => return Ok(()),
            // Dropped with the set when it stops: nobody waits for a scrape.
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the ops listener got no connection");
                tokio::time::sleep(REFUSED_PAUSE).await;
                continue;
            }
        };
        if let Ok(slot) = slots.clone().try_acquire_owned() {
            let router = router.clone();
            connections.spawn(async move {
                let _slot = slot;
                // A peer that goes or stalls is no news.
                let _ = tokio::time::timeout(CONNECTION, connection(stream, router)).await;
            });
        }
    }
}

async fn connection(stream: TcpStream, router: Router) -> hyper::Result<()> {
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    struct Fake {
        ready: AtomicBool,
        signs: Signs,
    }

    impl Ops for Fake {
        fn signs(&self) -> &Signs {
            &self.signs
        }

        fn ready(&self) -> Result<(), String> {
            if self.ready.load(Ordering::Relaxed) { Ok(()) } else { Err("replaying the journal".to_owned()) }
        }

        fn families(&self) -> Vec<Family> {
            vec![metrics::build_info("1.2.3")]
        }
    }

    /// One whose signs are late as soon as one was given.
    fn fake(ready: bool) -> Arc<Fake> {
        let signs = Signs::within("the loop", Duration::ZERO);
        Arc::new(Fake { ready: AtomicBool::new(ready), signs })
    }

    async fn ask(address: std::net::SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers");
        answer
    }

    #[tokio::test]
    async fn it_tells_life_readiness_and_numbers_and_nothing_else() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let fake = fake(false);
        let served = tokio::spawn(serve(listener, fake.clone(), std::future::pending()));
        assert!(ask(address, "/livez").await.starts_with("HTTP/1.1 200"), "it begins");
        fake.signs.given();
        let answer = ask(address, "/livez").await;
        let stands = answer.contains("\r\n\r\nthe loop has stood still for 0 s");
        assert!(answer.starts_with("HTTP/1.1 503") && stands, "{answer}");
        let answer = ask(address, "/readyz").await;
        assert!(
            answer.starts_with("HTTP/1.1 503") && answer.ends_with("replaying the journal\n"),
            "{answer}"
        );
        fake.ready.store(true, Ordering::Relaxed);
        assert!(ask(address, "/readyz").await.starts_with("HTTP/1.1 200"));
        let answer = ask(address, "/metrics").await;
        assert!(answer.contains("version=0.0.4") && answer.contains("version=\"1.2.3\""), "{answer}");
        assert!(ask(address, "/v1/migrations").await.starts_with("HTTP/1.1 404"));
        served.abort();
    }

    #[tokio::test]
    async fn the_33rd_connection_is_closed_and_the_others_are_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(serve(listener, fake(true), std::future::pending()));
        let mut idle = Vec::new();
        for _ in 0..CONNECTIONS {
            idle.push(TcpStream::connect(address).await.unwrap());
        }
        let mut late = TcpStream::connect(address).await.unwrap();
        assert_eq!(late.read(&mut [0; 8]).await.unwrap_or(0), 0, "it is closed without a word");
        drop(idle.pop());
        for _ in 0..600 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let _ = stream.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer).await;
            if answer.ends_with("alive\n") {
                served.abort();
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("a place that is free again was never given");
    }
}
