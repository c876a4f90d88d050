//! An agent has a few places at its door, by its certificate: one that was stolen takes no more, and none once it was
//! revoked or has ended.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::date_time_ymd;
use tidelock_tests::{World, WorldOptions, eventually, now_ms};
use tokio::time::Instant;

use crate::http2::open;
use crate::raw::{Raw, Shown};
use crate::trust_certificates::{authority, sign, uri};

/// Places at each door.
const PLACES: usize = 12;
/// Those of one agent.
const EACH: usize = 4;
/// What a connection may outlive its agent's right to it.
const PUT_OUT: Duration = Duration::from_secs(5);

/// A collector with few places.
fn world() -> World {
    let mut world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    world.kill_collector();
    let config = world.collector_folder().join("collector.toml");
    let text = fs::read_to_string(&config).expect("the collector has a configuration");
    let fewer = text.replace("connections = 1024", &format!("connections = {PLACES}"));
    assert_ne!(fewer, text, "the limit can be set");
    fs::write(&config, fewer).expect("the configuration can be written");
    world.start_collector();
    world
}

/// Connections that speak HTTP/2 and answer its pings, and ask for nothing.
#[derive(Default)]
struct Idle {
    open: Arc<AtomicUsize>,
}

impl Idle {
    /// One more; it may be refused.
    async fn begin(&self, world: &World, shown: &Shown) {
        let Ok(tls) = open(world, "agents", Some(shown), b"h2", "127.0.0.1").await else { return };
        let began = hyper::client::conn::http2::handshake::<_, _, Empty<Bytes>>(
            TokioExecutor::new(),
            TokioIo::new(tls),
        );
        let Ok((sender, connection)) = began.await else { return };
        let open = self.open.clone();
        open.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            // However it is closed: that is what is counted. Without its sender it would close by itself.
            let _ = connection.await;
            drop(sender);
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Waits until so many are left.
    fn are(&self, count: usize) {
        let looked = || match self.open.load(Ordering::Relaxed) {
            open if open == count => Ok(()),
            open => Err(format!("{open} are open")),
        };
        tokio::task::block_in_place(|| eventually(&format!("{count} idle connections are open"), looked));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_certificate_takes_few_places_and_keeps_none_when_it_is_revoked() {
    let world = world();
    let [stolen, honest] =
        [("target", "raw"), ("source", "honest")].map(|(side, name)| Shown::of(&world.enrol(side, name)));
    let mut live = Raw::begin(&world, &stolen, [1; 16]).await.expect("it is enrolled");
    let idle = Idle::default();
    for _ in 0..3 * PLACES {
        idle.begin(&world, &stolen).await;
    }
    // Beside the one with the session, which none of them pushed out.
    idle.are(EACH - 1);
    live.beat().await.expect("the owner is heard");
    let mut honest = Raw::begin(&world, &honest, [2; 16]).await.expect("everybody else gets in");
    honest.beat().await.expect("and is heard");
    let revoke = ["agent", "revoke", "raw", "--side", "target", "--reason", "it was stolen"];
    let _ = world.operator.run(&revoke).good();
    let revoked = Instant::now();
    idle.are(0);
    assert!(revoked.elapsed() < PUT_OUT, "they were open for {:?} more", revoked.elapsed());
    assert!(live.beat().await.is_err(), "its session has ended");
    let told = Raw::begin(&world, &stolen, [1; 16]).await.err().expect("it is refused");
    assert!(told.message().contains("revoked"), "and told why: {told:?}");
    idle.begin(&world, &stolen).await;
    let again = Instant::now();
    idle.are(0);
    assert!(again.elapsed() < PUT_OUT, "it kept a place for {:?}", again.elapsed());
    honest.beat().await.expect("nobody else was put out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_ends_with_its_certificate() {
    let world = world();
    let lasting = Shown::of(&world.enrol("target", "raw"));
    let ends = now_ms() / 1000 + 6;
    let brief = sign(&authority(&world, "target"), &[uri("target", "raw")], |params| {
        params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(ends);
    });
    let [begun, stays] = [Idle::default(), Idle::default()];
    begun.begin(&world, &brief).await;
    stays.begin(&world, &lasting).await;
    begun.are(1);
    begun.are(0);
    let ended = now_ms();
    assert!(ended >= ends * 1000, "it was closed before its time");
    let late = Duration::from_millis(ended - ends * 1000);
    assert!(late < PUT_OUT, "it was open for {late:?} more");
    stays.are(1);
}
