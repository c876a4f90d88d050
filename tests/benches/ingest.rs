//! Durable ingest over mTLS into a real collector, against the same stream decoded only, and against the
//! same bytes appended and synced.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tidelock_proto::v1;
use tidelock_tests::eventually;

use crate::clock::Watch;
use crate::feeder::Feeder;
use crate::stream::{BATCH, batches};
use crate::table::{judged, per_second, rate, row};
use crate::{bare, decode_only, world};

/// Sessions side by side.
pub(crate) const AGENTS: [(&str, &str); 4] =
    [("source", "source-1"), ("source", "source-2"), ("target", "target-1"), ("target", "target-2")];
/// Batches of each session.
const BATCHES: u64 = 400;
/// Batches of each session before the measure.
const WARM_UP: usize = 40;
/// As many batches as may share a sync: every session's that are under way.
const GROUP: usize = 16;
/// The bar: half of decode-only.
const SHARE: f64 = 0.5;

/// Takes the measure.
pub(crate) fn measure() {
    let (world, folders) = world::enrolled(&world::plan(20, "60s"), &AGENTS);
    let runtime = world::runtime();
    let durable = runtime.block_on(stream(&folders, None, 1));
    let peer = Peer::start(&world.collector_folder().join("pki"), world.folder.path());
    let decoded = runtime.block_on(stream(&folders, Some((&peer.address, &durable.assignments)), 2));
    let synced = bare::append(world.folder.path(), &durable.batches, GROUP);
    let alone = bare::append(world.folder.path(), &durable.batches, 1);
    let of_bare = durable.batches.len() as u64 * BATCH;
    let bytes: usize = durable.batches.iter().map(|(_, batch)| batch.len()).sum();
    let share = per_second(durable.findings, durable.took) / per_second(decoded.findings, decoded.took);
    row(
        "findings, each",
        &format!("{} B", bytes as u64 / of_bare),
        "6 steps, 2 measures, batches of 256, 4 sessions",
    );
    row(
        "decode-only over mTLS",
        &rate(decoded.findings, decoded.took),
        "decoded, converted, acked, forgotten",
    );
    judged(
        "durable in the collector over mTLS",
        &rate(durable.findings, durable.took),
        &format!("50 % of decode-only, is {:.0} %", share * 100.0),
        share >= SHARE,
    );
    row("bare append, fdatasync for 16 batches", &rate(of_bare, synced), "the same bytes");
    row("bare append, fdatasync for each batch", &rate(of_bare, alone), "the same bytes");
}

/// The rate that the collector takes durably, for a measure under load.
pub(crate) async fn limit(folders: &[PathBuf]) -> f64 {
    let streamed = stream(folders, None, 3).await;
    per_second(streamed.findings, streamed.took)
}

/// What went through.
struct Streamed {
    findings: u64,
    took: Duration,
    /// The first session's batches.
    batches: Vec<(u64, Bytes)>,
    assignments: Arc<v1::Assignments>,
}

/// Sends the same batches over every session at once, and waits for the last ack.
async fn stream(
    folders: &[PathBuf],
    elsewhere: Option<(&str, &Arc<v1::Assignments>)>,
    run: u128,
) -> Streamed {
    let mut ready = Vec::new();
    let mut known = elsewhere.map(|(_, assignments)| assignments.clone());
    for (index, folder) in folders.iter().enumerate() {
        let spool_epoch = run << 64 | index as u128;
        let mut feeder = Feeder::begin(folder, elsewhere.map(|(address, _)| address), spool_epoch).await;
        let assignments = match elsewhere {
            Some((_, assignments)) => assignments.clone(),
            None => feeder.assignments().await,
        };
        let mut batches = batches(&feeder, &assignments, BATCHES);
        known.get_or_insert(assignments);
        let rest = batches.split_off(WARM_UP);
        for (last, batch) in batches {
            feeder.send(batch, last).await;
        }
        ready.push((feeder, rest));
    }
    for (feeder, _) in &mut ready {
        feeder.acked(WARM_UP as u64 * BATCH).await;
    }
    let first = ready[0].1.clone();
    let findings = ready.iter().map(|(_, batches)| batches.len() as u64 * BATCH).sum();
    let watch = Watch::start();
    let mut tasks = tokio::task::JoinSet::new();
    for (mut feeder, batches) in ready {
        tasks.spawn(async move {
            let mut end = 0;
            for (last, batch) in batches {
                feeder.send(batch, last).await;
                end = last;
            }
            feeder.acked(end).await;
            feeder
        });
    }
    let mut done = Vec::new();
    while let Some(feeder) = tasks.join_next().await {
        done.push(feeder.expect("a session goes through"));
    }
    let took = watch.elapsed();
    Streamed { findings, took, batches: first, assignments: known.expect("there is a session") }
}

/// The decode-only server in a process of its own.
struct Peer {
    child: Child,
    address: String,
}

impl Peer {
    fn start(pki: &Path, folder: &Path) -> Peer {
        let port_file = folder.join("decode-only.port");
        let this = std::env::current_exe().expect("a program knows its own path");
        let child = Command::new(this).arg(decode_only::ENTRY).arg(pki).arg(&port_file).spawn();
        let child = child.expect("this program starts");
        let address = eventually("the decode-only server listens", || {
            let port = std::fs::read_to_string(&port_file).map_err(|error| error.to_string())?;
            if port.is_empty() { Err("no port yet".to_owned()) } else { Ok(format!("127.0.0.1:{port}")) }
        });
        Peer { child, address }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The measure is taken.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
