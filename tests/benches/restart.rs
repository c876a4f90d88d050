//! A collector that starts with a million findings in its journal: from the start of its process until it is ready, with
//! everything folded and indexed. One finding a record is the worst that a journal can be; ticks and heartbeats lie
//! between them as they do in a real one.

use std::path::Path;
use std::time::Duration;

use tidelock_model::{AgentKey, Name, Side};
use tidelock_tests::{World, get, resident_bytes};

use crate::clock::Watch;
use crate::past::Past;
use crate::table::{judged, row, say, size, time};
use crate::usual::Sender;
use crate::world;

/// How many there are.
const FINDINGS: u64 = 1_000_000;
/// Checks, each twice on both sides.
const CHECKS: usize = 20;
const START_BAR: Duration = Duration::from_secs(10);
const STOP_BAR: Duration = Duration::from_secs(1);
/// How often it is looked whether it is ready.
const LOOK: Duration = Duration::from_millis(5);
/// A start that takes longer is none.
const LIMIT: Duration = Duration::from_secs(600);

/// Takes the measure.
pub(crate) fn measure() {
    let mut world = World::collector_alone();
    world.apply(&world::plan(CHECKS, "5s"));
    let _ = stop(&mut world);
    let data = world.collector_folder().join("data");
    let watch = Watch::start();
    let (findings, records) = world::runtime().block_on(write(&data));
    say(&format!("  {findings} findings in {records} records, written in {}", time(watch.elapsed())));
    row("the journal's findings on disk", &size(folder_bytes(&data.join("findings"))), "");
    std::fs::remove_dir_all(data.join("index")).expect("the index can be removed");
    let took = ready(&mut world);
    judged("ready, index built from nothing", &time(took), "10 s", took <= START_BAR);
    row("  memory then", &size(resident(&world)), "");
    let stopped = stop(&mut world);
    judged("clean stop after it", &time(stopped), "1 s", stopped <= STOP_BAR);
    let took = ready(&mut world);
    judged("ready, index as it was left", &time(took), "10 s", took <= START_BAR);
    row("  memory then", &size(resident(&world)), "");
    let stopped = stop(&mut world);
    judged("clean stop after it", &time(stopped), "1 s", stopped <= STOP_BAR);
}

/// Appends the findings; gives how many there are, and in how many records.
async fn write(data: &Path) -> (u64, u64) {
    let mut past = Past::open(data);
    let name = Name::new("shop").expect("a name");
    let begin = past.core(&name).clock();
    let mut senders = Vec::new();
    for (number, side) in [Side::Source, Side::Source, Side::Target, Side::Target].into_iter().enumerate() {
        let agent = AgentKey { side, name: Name::new(&format!("{side}-{number}")).expect("a name") };
        past.enrol(begin, &name, &agent, Duration::from_secs(30 * 86_400)).await;
        let mut sender = Sender::new(&past, &name, agent, 1 + number as u128);
        sender.begin_at(begin);
        senders.push(sender);
    }
    let mut at = begin;
    for second in 1_u64.. {
        at = at.plus(Duration::from_secs(1));
        for sender in &mut senders {
            for batch in sender.due(at, 1) {
                past.findings(at, &name, batch).await;
            }
            if second.is_multiple_of(3) {
                past.present(at, &name, &sender.agent).await;
            }
        }
        past.tick(at).await;
        if senders.iter().map(|sender| sender.next - 1).sum::<u64>() >= FINDINGS {
            break;
        }
    }
    say(&format!("  {}", past.not_counted(&name)));
    let records = past.core(&name).position();
    past.close().await;
    (senders.iter().map(|sender| sender.next - 1).sum(), records)
}

/// Starts the collector, and gives how long it took until it was ready.
pub(crate) fn ready(world: &mut World) -> Duration {
    let watch = Watch::start();
    world.launch_collector();
    let ops = world.address("ops");
    loop {
        match get(&ops, "/readyz") {
            Ok((200, _)) => return watch.elapsed(),
            Ok(_) | Err(_) => assert!(watch.elapsed() < LIMIT, "it is not ready within {LIMIT:?}"),
        }
        std::thread::sleep(LOOK);
    }
}

/// Stops the collector in good order, and gives how long that took.
pub(crate) fn stop(world: &mut World) -> Duration {
    let mut process = world.collector.take().expect("it runs");
    let watch = Watch::start();
    process.signal(rustix::process::Signal::TERM);
    loop {
        if let Some(status) = process.ended() {
            assert!(status.success(), "it ended badly: {status}");
            return watch.elapsed();
        }
        assert!(watch.elapsed() < LIMIT, "it does not end");
        std::thread::sleep(LOOK);
    }
}

/// The memory of the collector.
pub(crate) fn resident(world: &World) -> u64 {
    let process = world.collector.as_ref().expect("it runs");
    resident_bytes(process.pid()).expect("it is there")
}

/// What lies in a folder and below it, by the blocks that it takes.
pub(crate) fn folder_bytes(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => folder_bytes(&entry.path()),
        Ok(meta) => meta.blocks() * 512,
        Err(_) => 0,
    };
    entries.map(of).sum()
}
