//! A disk that is full shuts every gate with a word, and a disk that breaks ends the collector with one.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tidelock_collector::journal::{Disk, RealDisk};
use tidelock_proto::v1;
use tidelock_proto::v1::session_request::Message as Say;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::agent::{Agent, join};
use crate::gate::{pair, phase};
use crate::restart::journal;
use crate::support::{Collector, PLAN, until};

/// A collector that cannot keep what it takes has ended by then.
const SOON: Duration = Duration::from_secs(15);

/// A disk with as much room as the test says, and writes and syncs that work as long as it says.
struct Told {
    free_bytes: AtomicU64,
    broken: AtomicBool,
    read_only: AtomicBool,
}

impl Told {
    fn new() -> Arc<Told> {
        let (broken, read_only) = (AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Told { free_bytes: AtomicU64::new(u64::MAX), broken, read_only })
    }
}

impl Disk for Told {
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        match self.read_only.load(Ordering::SeqCst) {
            true => Err(io::Error::from_raw_os_error(30)),
            false => RealDisk.write_at(file, bytes, offset),
        }
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        match self.broken.load(Ordering::SeqCst) {
            true => Err(io::Error::from_raw_os_error(5)),
            false => RealDisk.sync(file),
        }
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(self.free_bytes.load(Ordering::SeqCst))
    }

    fn fill(&self, path: &Path, bytes: u64) -> io::Result<File> {
        RealDisk.fill(path, bytes)
    }
}

/// What `/readyz` answers.
pub(crate) async fn ready(collector: &Collector) -> String {
    let address = collector.running.as_ref().unwrap().addresses().ops;
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

pub(crate) async fn is_ready(collector: &Collector, wanted: bool) {
    until("the answer of readyz", || async {
        (ready(collector).await.starts_with("HTTP/1.1 200") == wanted).then_some(())
    })
    .await;
}

/// The reasons of the holds of the gate `cutover`.
pub(crate) async fn held(collector: &Collector) -> Vec<String> {
    let gate = collector.gate(&collector.operator, "cutover").await;
    gate.holds.iter().map(|hold| hold.reason.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_shuts_every_gate_by_a_decision_and_lets_go_by_itself() {
    let mut collector = Collector::start().await;
    collector.stop().await;
    let disk = Told::new();
    collector.again_on(disk.clone()).await;
    collector.apply(PLAN).await.unwrap();
    let agents = pair(&collector).await;
    phase(&collector, "ready").await;
    is_ready(&collector, true).await;

    disk.free_bytes.store(3 << 20, Ordering::SeqCst);
    is_ready(&collector, false).await;
    let answer = ready(&collector).await;
    assert!(answer.contains("the journal's disk has 3 MiB left and needs 64 MiB"), "{answer}");
    let full = "the collector cannot keep findings: the journal's disk has 3 MiB left";
    until("the gate says why", || async {
        held(&collector).await.iter().any(|reason| reason.starts_with(full)).then_some(())
    })
    .await;
    let ready_gate = collector.gate(&collector.operator, "ready").await;
    assert_ne!(ready_gate.verdict, i32::from(v1::Verdict::Open));
    drop(agents);

    // A restart on the full disk says the same, once.
    collector.stop().await;
    collector.again_on(disk.clone()).await;
    assert!(held(&collector).await.iter().any(|reason| reason.starts_with(full)));

    disk.free_bytes.store(u64::MAX, Ordering::SeqCst);
    is_ready(&collector, true).await;
    until("the gate lets go", || async {
        (!held(&collector).await.iter().any(|reason| reason.starts_with(full))).then_some(())
    })
    .await;
    let events = collector.status().await.recent_events;
    let told: Vec<_> = events.iter().filter(|event| event.kind == "degraded").collect();
    assert_eq!(told.len(), 2, "{events:?}");
    collector.stop().await;
    assert!(journal("replay", &collector));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_does_not_sync_ends_the_collector_with_a_word() {
    let mut collector = Collector::start().await;
    collector.stop().await;
    let disk = Told::new();
    collector.again_on(disk.clone()).await;
    collector.apply(PLAN).await.unwrap();
    disk.broken.store(true, Ordering::SeqCst);
    // Nobody has to ask: the next tick is one that cannot be kept.
    let ended = collector.running.take().unwrap().wait().await.unwrap_err();
    let told = format!("{ended:#}");
    assert!(told.contains("the journal has stopped: sync ") && told.contains("os error 5"), "{told}");
    collector.again().await;
    assert_eq!(collector.status().await.phase, "sync");
}

/// What a file system does that found itself damaged: it goes on for reading alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_becomes_one_for_reading_alone_ends_the_collector_with_a_word() {
    let mut collector = Collector::start().await;
    collector.stop().await;
    let disk = Told::new();
    collector.again_on(disk.clone()).await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    agent.heartbeats().await;
    disk.read_only.store(true, Ordering::SeqCst);
    let finding = agent.finding(v1::Outcome::Pass);
    agent.say(Say::Batch(agent.batch(1, vec![finding]))).await;
    let ended = tokio::time::timeout(SOON, collector.running.take().unwrap().wait()).await;
    let told = format!("{:#}", ended.expect("it goes on without its disk").unwrap_err());
    assert!(told.contains("the journal has stopped: write to "), "{told}");
    assert!(told.contains("Read-only file system") && told.contains("os error 30"), "{told}");
    assert!(agent.ack().await.is_err(), "it acked what it could not keep");
    collector.again().await;
    assert_eq!(collector.status().await.phase, "sync");
}
