//! Group commit: how many findings become durable, and how long an agent waits for the ack, by how many come in a
//! batch; beside the same bytes appended to a file and synced batch by batch.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;

use crate::clock::Watch;
use crate::feeder::Feeder;
use crate::ingest::AGENTS;
use crate::stream::batches_of;
use crate::table::{Sample, per_second, rate, row, time};
use crate::{bare, world};

/// Findings in a batch, and batches of each session.
const SIZES: [(u64, u64); 3] = [(1, 4_000), (64, 500), (512, 100)];
/// Batches of the session that has one under way at a time.
const ALONE: usize = 100;

/// Takes the measure.
pub(crate) fn measure() {
    let (world, folders) = world::enrolled(&world::plan(20, "60s"), &AGENTS);
    let runtime = world::runtime();
    for (run, (size, count)) in (1..).zip(SIZES) {
        let mut taken = runtime.block_on(take(&folders, run, size, count));
        let findings = size * count * AGENTS.len() as u64;
        let what = format!("{size} a batch, four sessions as fast as they may");
        let more =
            format!("ack p50 {}, p99 {}", time(taken.acks.median()), time(taken.acks.percentile(0.99)));
        row(&what, &rate(findings, taken.took), &more);
        let more =
            format!("ack p50 {}, p99 {}", time(taken.alone.median()), time(taken.alone.percentile(0.99)));
        row("  one session, one batch under way", &rate(size * ALONE as u64, taken.alone_took), &more);
        bared(world.folder.path(), &taken, size, per_second(findings, taken.took));
    }
}

fn bared(folder: &Path, taken: &Taken, size: u64, ours: f64) {
    let (took, mut each) = bare::append_timed(folder, &taken.batches, 1);
    let findings = taken.batches.len() as u64 * size;
    let bare = per_second(findings, took);
    let more = format!(
        "p50 {}, p99 {}; we make {:.2} of it",
        time(each.median()),
        time(each.percentile(0.99)),
        ours / bare
    );
    row("  bare append, fdatasync for each batch", &rate(findings, took), &more);
}

struct Taken {
    took: Duration,
    acks: Sample,
    alone_took: Duration,
    alone: Sample,
    /// The first session's batches.
    batches: Vec<(u64, Bytes)>,
}

async fn take(folders: &[PathBuf], run: u128, size: u64, count: u64) -> Taken {
    let mut ready = Vec::new();
    for (index, folder) in folders.iter().enumerate() {
        let mut feeder = Feeder::begin(folder, None, (100 + run) << 64 | index as u128).await;
        let of = feeder.assignments().await;
        let batches = batches_of(size, &feeder, &of, count + ALONE as u64);
        ready.push((feeder, batches));
    }
    let (first, batches) = &mut ready[0];
    let mut rest = batches.split_off(ALONE);
    let watch = Watch::start();
    for (last, batch) in batches.drain(..) {
        first.send(batch, last).await;
        first.acked(last).await;
    }
    let (alone_took, alone) = (watch.elapsed(), first.acks());
    std::mem::swap(batches, &mut rest);
    for (feeder, batches) in &mut ready[1..] {
        // The others are warm as well.
        for (last, batch) in batches.drain(..ALONE) {
            feeder.send(batch, last).await;
            feeder.acked(last).await;
        }
        drop(feeder.acks());
    }
    let kept = ready[0].1.clone();
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
            feeder.acks()
        });
    }
    let mut acks = Sample::default();
    while let Some(one) = tasks.join_next().await {
        acks.join(one.expect("a session goes through"));
    }
    Taken { took: watch.elapsed(), acks, alone_took, alone, batches: kept }
}
