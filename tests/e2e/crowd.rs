//! Many who say nothing, one who says it slowly, and thousands who wait: nobody else notices.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tidelock_proto::v1;
use tidelock_proto::v1::gate_service_client::GateServiceClient;
use tidelock_tests::{World, WorldOptions, open_files, resident_bytes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::metadata::MetadataValue;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Streaming};

use crate::http2::{PREFACE, open, plain};
use crate::raw::{Raw, Shown};

/// More than a listener has places for; fewer where the machine does not give as many.
const CROWD: usize = 10_000;
/// Places that one address gets at one door, of 1024.
const SHARE: usize = 256;
/// How long a peer may keep a place without a word: 10 s, and some for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Calls that wait for one change, over a few connections.
const WAITERS: usize = 10_000;
/// Of them on one connection, which may have 256 calls at once.
const ON_ONE: usize = 250;
/// What each of them may take.
const WAITER_BYTES: u64 = 32 * 1024;

fn world() -> (World, Shown, u32) {
    let world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    let shown = Shown::of(&world.enrol("target", "raw"));
    let pid = world.collector.as_ref().expect("it runs").pid();
    (world, shown, pid)
}

fn address(world: &World, door: &str) -> SocketAddr {
    world.address(door).parse().expect("an address")
}

/// Handles that this process needs for itself, and the collector, which may have as many.
const OWN_HANDLES: u64 = 1_024;

/// As many as this process can hold open, once it may have all the handles that the machine gives it; half of them for
/// each of two doors.
fn crowd() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // Where that is refused it stays with fewer.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let handles = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX).saturating_sub(OWN_HANDLES);
    CROWD.min(usize::try_from(handles).unwrap_or(CROWD)) / 2
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_says_nothing_takes_its_own_share_of_places_and_no_more() {
    let (mut world, shown, pid) = world();
    let before = (open_files(pid), resident_bytes(pid).expect("it runs"));
    let crowd = crowd();
    assert!(crowd > 2 * SHARE, "{crowd} at a door are too few to tell: raise the limit of open files");
    let mut silent = Vec::new();
    for door in ["agents", "api"] {
        for _ in 0..crowd {
            // From another address of this machine than everybody else's.
            silent.extend(plain(address(&world, door), "127.0.0.2").await.ok());
        }
    }
    assert_eq!(silent.len(), 2 * crowd, "some did not even reach the door");
    let handles = open_files(pid).saturating_sub(before.0);
    assert!(handles <= 2 * SHARE + 64, "{handles} connections of a crowd are held open");
    // Everybody else gets in at both doors meanwhile.
    let answer = world.operator.run(&["gate", "check", "ready", "-o", "json"]).json();
    assert_eq!(answer["open"], false);
    let mut raw = Raw::begin(&world, &shown, [1; 16]).await.expect("an agent gets in beside a crowd");
    raw.beat().await.expect("and is heard");
    let grown = resident_bytes(pid).expect("it runs").saturating_sub(before.1);
    assert!(grown <= 32 << 20, "the collector grew by {} KiB", grown / 1024);
    // Who says nothing is let go by itself.
    let limit = tokio::time::Instant::now() + PATIENCE;
    while open_files(pid) > before.0 + 16 {
        assert!(tokio::time::Instant::now() < limit, "{} handles are still held", open_files(pid));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    drop(silent);
    assert!(world.collector.as_mut().expect("it was started").ended().is_none());
}

/// Waits for the other side to close, while it is told a byte a second of `words`.
async fn trickle<S>(mut stream: S, words: &'static [u8]) -> Duration
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let begun = tokio::time::Instant::now();
    let mut words = words.iter().cycle();
    let mut buffer = [0; 1024];
    while begun.elapsed() < PATIENCE {
        let byte = *words.next().expect("it never ends");
        if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() {
            return begun.elapsed();
        }
        let read = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut buffer)).await;
        if let Ok(Ok(0) | Err(_)) = read {
            return begun.elapsed();
        }
    }
    panic!("it is still being listened to after {PATIENCE:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_a_byte_a_second_is_let_go() {
    let (world, shown, _) = world();
    let agents = address(&world, "agents");
    let handshake = async {
        let tcp = TcpStream::connect(agents).await.expect("it listens");
        // The head of a handshake of 16 KiB.
        trickle(tcp, b"\x16\x03\x01\x3f\xff\x01\x00\x3f\xfb\x03\x03").await
    };
    let preface = |door: &'static str, shown: Option<Shown>, words: &'static [u8]| {
        let world = &world;
        async move {
            let tls = open(world, door, shown.as_ref(), b"h2", "127.0.0.1").await.expect("the door is open");
            trickle(tls, words).await
        }
    };
    let one = async {
        let tls = open(&world, "api", None, b"http/1.1", "127.0.0.1").await.expect("the door is open");
        trickle(tls, b"GET /v1/gates/ready HTTP/1.1\r\nx-a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
            .await
    };
    let all =
        tokio::join!(handshake, preface("agents", Some(shown), PREFACE), preface("api", None, PREFACE), one);
    assert!(all.0 < PATIENCE && all.1 < PATIENCE && all.2 < PATIENCE && all.3 < PATIENCE, "{all:?}");
}

async fn api(world: &World) -> Channel {
    let authority = std::fs::read(&world.operator.ca).expect("the collector's authority");
    let tls =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority)).domain_name("127.0.0.1");
    let endpoint = Endpoint::from_shared(world.operator.server.clone()).expect("an address");
    endpoint.tls_config(tls).expect("TLS").connect().await.expect("the door is open")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_wait_for_one_gate_and_each_is_told() {
    let (world, _, pid) = world();
    let token = std::fs::read_to_string(&world.operator.token).expect("a token");
    let bearer: MetadataValue<_> = format!("Bearer {}", token.trim()).parse().expect("a header");
    let before = resident_bytes(pid).expect("it runs");
    let mut waiters: Vec<Streaming<v1::WatchGateResponse>> = Vec::new();
    while waiters.len() < WAITERS {
        let channel = api(&world).await;
        for _ in 0..ON_ONE {
            let ask = v1::WatchGateRequest { migration: "shop".to_owned(), gate: "ready".to_owned() };
            let mut ask = Request::new(ask);
            ask.metadata_mut().insert("authorization", bearer.clone());
            let mut stream = GateServiceClient::new(channel.clone())
                .watch_gate(ask)
                .await
                .expect("it may wait")
                .into_inner();
            let first = stream.message().await.expect("a word").expect("the state of now");
            assert!(first.gate.is_some_and(|gate| gate.token.is_empty()));
            waiters.push(stream);
        }
    }
    let grown = resident_bytes(pid).expect("it runs").saturating_sub(before);
    let each = grown / WAITERS as u64;
    assert!(each <= WAITER_BYTES, "a waiter takes {each} bytes");
    let _ = world.operator.run(&["hold", "--reason", "a test of patience"]).good();
    for (n, stream) in waiters.iter_mut().enumerate() {
        let told = tokio::time::timeout(PATIENCE, async {
            loop {
                let gate = stream.message().await.expect("a word").expect("it goes on").gate.expect("a gate");
                if gate.holds.iter().any(|hold| hold.code == "operator") {
                    return;
                }
            }
        });
        told.await.unwrap_or_else(|_| panic!("waiter {n} of {WAITERS} was told nothing"));
    }
}
