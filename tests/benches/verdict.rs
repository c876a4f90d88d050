//! From a failing finding's arrival to the verdict at a watcher, while the collector takes half of the
//! findings that it can take. Taken from the sender's send to the watcher's message, both over TLS: more
//! than what is asked for, never less.

use std::path::PathBuf;
use std::time::Duration;

use tidelock_proto::v1;
use tidelock_tests::World;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tonic::Streaming;
use tonic::metadata::MetadataValue;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use crate::clock::Watch;
use crate::feeder::Feeder;
use crate::stream::{BATCH, finding};
use crate::table::{Sample, judged, rate, row, time};
use crate::{ingest, world};

const ROUNDS: u64 = 400;
const BAR: Duration = Duration::from_millis(20);
/// One session of each side makes the load, one of each side is what is looked at.
const LOADS: [usize; 2] = [1, 3];
const SIGNALS: [usize; 2] = [0, 2];
/// A finding's numbers of the signal begin here, beyond those of the warm-up.
const CALM: usize = 100;

/// Takes the measure.
pub(crate) fn measure() {
    let (world, folders) = world::enrolled(&world::plan(20, "60s"), &ingest::AGENTS);
    world::runtime().block_on(async {
        let limit = ingest::limit(&folders).await;
        let (mut calm, _) = signal(&world, &folders, 0.0, CALM as u64, 10).await;
        let (mut busy, sent) = signal(&world, &folders, limit / 2.0, ROUNDS, 20).await;
        row("load limit", &rate(limit as u64, Duration::from_secs(1)), "durable findings");
        row("load during the measure", &rate(sent, Duration::from_secs(1)), "");
        let tail = format!("p99 {}", time(calm.percentile(0.99)));
        row("send to verdict, no load, p50", &time(calm.median()), &tail);
        row("send to verdict, half the limit, p50", &time(busy.median()), "");
        let p99 = busy.percentile(0.99);
        judged("send to verdict, half the limit, p99", &time(p99), "20 ms", p99 <= BAR);
    });
}

/// Fails and heals the first check on the target again and again; gives the times, and the load's rate.
async fn signal(world: &World, folders: &[PathBuf], load: f64, rounds: u64, run: u128) -> (Sample, u64) {
    let epoch = |index: usize| run << 64 | index as u128;
    let mut signals = Vec::new();
    for index in SIGNALS {
        let mut feeder = Feeder::begin(&folders[index], None, epoch(index)).await;
        let assignments = feeder.assignments().await;
        signals.push((feeder, assignments));
    }
    let mut loads = tokio::task::JoinSet::new();
    for index in LOADS {
        let feeder = Feeder::begin(&folders[index], None, epoch(index)).await;
        loads.spawn(keep_sending(feeder, load / LOADS.len() as f64));
    }
    let watch = Watch::start();
    let mut gates = follow(world).await;
    let check = world::check_name(0);
    let (target, of) = &mut signals[1];
    // Numbers of the grid that no earlier session has used.
    let base = 1_000_000 * u64::try_from(run).unwrap_or(1);
    let at = of.assignments.iter().position(|one| one.check == check).expect("the first check");
    let mut sample = Sample::default();
    let mut seq = 0;
    for round in 0..rounds * 2 {
        let (outcome, broken) =
            if round % 2 == 0 { (v1::Outcome::Pass, false) } else { (v1::Outcome::Fail, true) };
        seq += 1;
        let batch = target.batch(seq, vec![finding(of, at, base + round, outcome)]);
        let watch = Watch::start();
        target.send(batch, seq).await;
        wait_for(&mut gates, &check, broken).await;
        if broken {
            sample.push(watch.elapsed());
        }
    }
    let seconds = watch.elapsed().as_secs_f64().max(1e-9);
    loads.shutdown().await;
    let sent = SENT.swap(0, std::sync::atomic::Ordering::Relaxed);
    (sample, (sent as f64 / seconds) as u64)
}

/// Findings that the load has sent.
static SENT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// Sends findings of the other checks at that rate, until it is stopped.
async fn keep_sending(mut feeder: Feeder, per_second: f64) {
    if per_second < 1.0 {
        return std::future::pending().await;
    }
    let of = feeder.assignments().await;
    let mut ticks = interval(Duration::from_secs_f64(BATCH as f64 / per_second));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let checks = of.assignments.len() - 1;
    let mut next = 1;
    loop {
        ticks.tick().await;
        let findings = (next..next + BATCH).map(|number| {
            finding(&of, 1 + usize::try_from(number).unwrap_or(0) % checks, number, v1::Outcome::Pass)
        });
        let batch = feeder.batch(next, findings.collect());
        next += BATCH;
        feeder.send(batch, next - 1).await;
        SENT.fetch_add(BATCH, std::sync::atomic::Ordering::Relaxed);
    }
}

/// Watches the gate `ready` as the operator.
async fn follow(world: &World) -> Streaming<v1::WatchGateResponse> {
    let operator = &world.operator;
    let ca = std::fs::read(&operator.ca).expect("the collector's authority");
    let token = std::fs::read_to_string(&operator.token).expect("the operator's token");
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
    let endpoint = Endpoint::from_shared(operator.server.clone()).expect("an address");
    let channel = endpoint.tls_config(tls).expect("TLS").connect().await.expect("a connection");
    let mut request =
        tonic::Request::new(v1::WatchGateRequest { migration: "shop".to_owned(), gate: "ready".to_owned() });
    let bearer: MetadataValue<_> = format!("Bearer {}", token.trim()).parse().expect("a token");
    request.metadata_mut().insert("authorization", bearer);
    let mut client = v1::gate_service_client::GateServiceClient::new(channel);
    client.watch_gate(request).await.expect("a stream").into_inner()
}

/// Waits until the gate holds for that check's failure on the target, or does not any more.
async fn wait_for(gates: &mut Streaming<v1::WatchGateResponse>, check: &str, broken: bool) {
    let look = async {
        loop {
            let message = gates.message().await.expect("a stream").expect("it goes on");
            let gate = message.gate.expect("a gate");
            let refuted = v1::EvidenceState::Refuted;
            let held = gate
                .holds
                .iter()
                .any(|hold| hold.check == check && hold.side == "target" && hold.state() == refuted);
            if held == broken {
                return;
            }
        }
    };
    timeout(world::SOON, look).await.expect("a verdict within 20 s");
}
