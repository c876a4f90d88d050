//! 500 agents with a session each: what a session costs the collector in memory, what the findings cost that it keeps
//! for whoever asks why, what the numbers of an agent cost that has been there for long, and how long it takes to stop
//! with all of them connected.
//!
//! The agents are stand-ins, all in this process: each has a certificate and a session of its own over real TLS and sends what an
//! agent would, and none runs a check. A side has 64 agents at most, so they are five migrations of 100 each.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tidelock_tests::World;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::clock::Watch;
use crate::feeder::Feeder;
use crate::restart::{resident, stop};
use crate::stream::batches_of;
use crate::table::{judged, row, say, size, time};
use crate::world;

/// Five, of 100 agents each.
const MIGRATIONS: [&str; 5] = ["shop", "shop-b", "shop-c", "shop-d", "shop-e"];
/// Agents on each side of each of them.
const EACH: usize = 50;
/// What each sends before it is looked: one finding as ever, some at once, and what an outage leaves.
const USUAL: (u64, u64) = (1, 1);
const SOME: (u64, u64) = (4, 16);
const OUTAGE: (u64, u64) = (1, 512);
/// What each sends after that: with it come more findings than the 1,024 whose hashes are kept.
const FULL: (u64, u64) = (2, 512);
/// How long they stay before it is looked.
const SETTLE: Duration = Duration::from_secs(10);
const MEMORY_BAR: u64 = 100 * 1024;
/// After an outage: 16 MiB of findings are kept for each migration, and nothing of what they came in. What comes after
/// that adds nothing but the hashes.
const OUTAGE_BAR: u64 = 400 * 1024;
const FULL_BAR: u64 = 32 * 1024;
const STOP_BAR: Duration = Duration::from_secs(1);

/// Takes the measure.
pub(crate) fn measure() {
    let mut world = World::collector_alone();
    let plan = world::plan(4, "60s").replace("at_least: 1", &format!("at_least: 1, at_most: {EACH}"));
    for name in MIGRATIONS {
        world.apply(&plan.replace("name: shop", &format!("name: {name}")));
    }
    let _ = stop(&mut world);
    let config = world.collector_folder().join("collector.toml");
    let text = std::fs::read_to_string(&config).expect("the collector has a configuration");
    // All of them come from one address, which may have a quarter of all connections.
    let text = text.replace("connections = 1024", "connections = 4096");
    assert!(text.contains("connections = 4096"), "the limit can be raised");
    std::fs::write(&config, text).expect("the configuration can be written");
    world.start_collector();
    let runtime = world::runtime();
    let watch = Watch::start();
    let mut folders = Vec::new();
    for migration in MIGRATIONS {
        folders.extend(runtime.block_on(world::joined(&world, migration, EACH)));
    }
    say(&format!("  {} agents joined in {}", folders.len(), time(watch.elapsed())));
    // Whatever the joining left behind is not theirs.
    let _ = stop(&mut world);
    world.start_collector();
    let before = resident(&world);
    let watch = Watch::start();
    let mut feeders = runtime.block_on(connected(folders));
    row("sessions", &feeders.len().to_string(), &format!("connected and acked in {}", time(watch.elapsed())));
    row("the collector's memory without them", &size(before), "");
    let each = |now: u64, sessions: usize| now.saturating_sub(before) / sessions.max(1) as u64;
    std::thread::sleep(SETTLE);
    let session = each(resident(&world), feeders.len());
    judged("memory of a session", &size(session), "100 KiB", session <= MEMORY_BAR && feeders.len() >= 500);
    let mut had = session;
    for (count, batch) in [SOME, OUTAGE, FULL] {
        feeders = runtime.block_on(brought(feeders, (count, batch)));
        std::thread::sleep(SETTLE);
        let session = each(resident(&world), feeders.len());
        let what = format!("  with {count} x {batch} findings more, and what is kept of them");
        match (count, batch) {
            OUTAGE => judged(&what, &size(session), "400 KiB", session <= OUTAGE_BAR),
            FULL => {
                row(&what, &size(session), "a full window");
                let grown = session.saturating_sub(had);
                judged("  grown by the full window", &size(grown), "32 KiB", grown <= FULL_BAR);
            }
            _ => row(&what, &size(session), ""),
        }
        had = session;
    }
    let took = stop(&mut world);
    judged("clean stop with all of them connected", &time(took), "1 s", took <= STOP_BAR);
    drop(feeders);
}

/// Lets each begin a session and bring a few findings; a few handshakes at a time, as a rollout has them.
async fn connected(folders: Vec<PathBuf>) -> Vec<Feeder> {
    let (mut tasks, places) = (JoinSet::new(), Arc::new(Semaphore::new(16)));
    for (index, folder) in folders.into_iter().enumerate() {
        let places = places.clone();
        tasks.spawn(async move {
            let _place = places.acquire().await.expect("nobody closes it");
            let mut feeder = Feeder::begin(&folder, None, 7_u128 << 64 | index as u128).await;
            bring(&mut feeder, USUAL).await;
            feeder
        });
    }
    tasks.join_all().await
}

/// Lets each bring so many batches of so many findings.
async fn brought(feeders: Vec<Feeder>, what: (u64, u64)) -> Vec<Feeder> {
    let (mut tasks, places) = (JoinSet::new(), Arc::new(Semaphore::new(16)));
    for mut feeder in feeders {
        let places = places.clone();
        tasks.spawn(async move {
            let _place = places.acquire().await.expect("nobody closes it");
            bring(&mut feeder, what).await;
            feeder
        });
    }
    tasks.join_all().await
}

async fn bring(feeder: &mut Feeder, (count, size): (u64, u64)) {
    let of = feeder.assignments().await;
    let mut end = feeder.last();
    for (last, batch) in batches_of(size, feeder, &of, count) {
        feeder.send(batch, last).await;
        end = last;
    }
    feeder.acked(end).await;
}
