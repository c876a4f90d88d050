//! The certificates of 100 agents, all renewed within seconds of each other while the agents report: real
//! spools and uplinks against a real collector, and every finding that was kept counted where it must arrive.

use std::sync::Arc;
use std::time::Duration;

use tidelock_agent::clock::Clock;
use tidelock_agent::config::Config;
use tidelock_agent::identity;
use tidelock_agent::spool::{Spool, SpoolHandle};
use tidelock_agent::uplink::{Shared, Uplink};
use tidelock_model::Timestamp;
use tidelock_proto::v1;
use tidelock_tests::World;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::clock::Watch;
use crate::stream::finding;
use crate::table::{judged, row, say, time};
use crate::world;

/// Agents on each side.
const EACH: usize = 50;
/// How long a certificate lives: long enough for all to join and to be seen at work before the first renews.
const LIFE_SECS: u64 = 120;
/// How often each agent reports.
const EVERY: Duration = Duration::from_millis(500);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(500);
/// How long the agents go on with their new certificates.
const AFTER: Duration = Duration::from_secs(5);
/// How long the last findings may take.
const DRAIN: Duration = Duration::from_secs(60);

/// Takes the measure.
pub(crate) fn measure() {
    say(&format!("  two minutes: certificates of {LIFE_SECS} s are renewed at two thirds of their life"));
    let mut world = World::collector_alone();
    short_lived(&mut world);
    let plan = world::plan(4, "60s").replace("at_least: 1", &format!("at_least: 1, at_most: {EACH}"));
    world.apply(&plan);
    let seen = world::runtime().block_on(rotate(&world));
    let journaled = journaled(&world);
    row("agents that renewed, each once", &seen.renewed.to_string(), "of 100, by themselves");
    row("from the first renewal to the last", &time(seen.took), "");
    row("findings kept", &seen.kept.to_string(), &format!("{} of them while it went on", seen.meanwhile));
    row("most that waited in the spools", &seen.waited.to_string(), "of all agents, at once");
    row("acked by the collector", &seen.acked.to_string(), "");
    row("journaled by the collector", &journaled.to_string(), "as its own counter has it");
    let lost = seen.kept.saturating_sub(seen.acked.min(journaled));
    judged("findings lost", &lost.to_string(), "0", lost == 0 && seen.renewed == 2 * EACH);
    let twice = journaled.saturating_sub(seen.kept);
    judged("findings counted twice", &twice.to_string(), "0", twice == 0);
}

/// Pods whose certificates end soon; the collector starts over with them.
fn short_lived(world: &mut World) {
    world.kill_collector();
    let path = world.collector_folder().join("collector.toml");
    let text = std::fs::read_to_string(&path).expect("the collector has a configuration");
    let lines = text.lines().map(|line| match line.starts_with("pod_certificate_secs") {
        true => format!("pod_certificate_secs = {LIFE_SECS}\n"),
        false => format!("{line}\n"),
    });
    std::fs::write(&path, lines.collect::<String>()).expect("the configuration can be written");
    world.start_collector();
}

/// Findings that the collector made durable, by its own count.
fn journaled(world: &World) -> u64 {
    let (_, text) = tidelock_tests::get(&world.address("ops"), "/metrics").expect("it tells its numbers");
    let runs = text.lines().filter(|line| line.starts_with("tidelock_check_runs_total{"));
    runs.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>() as u64
}

/// What was seen of the agents.
struct Seen {
    renewed: usize,
    took: Duration,
    kept: u64,
    meanwhile: u64,
    waited: u64,
    acked: u64,
}

/// One agent without its runner.
struct One {
    config: Config,
    ends: Timestamp,
    spool: SpoolHandle,
    shared: Shared,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for One {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl One {
    fn start(folder: &std::path::Path) -> One {
        let config = Config::read(&folder.join("agent.toml")).expect("an agent's configuration");
        let ends = ends(&config).expect("an agent's certificate");
        let spool = Spool::open(&config.spool_dir, config.spool_limit_bytes).expect("a spool");
        let (spool, items) = SpoolHandle::new(spool);
        let shared = Shared::default();
        let uplink = Uplink::new(Arc::new(config.clone()), spool.clone(), Clock::start(), shared.clone());
        let writer = spool.clone();
        let tasks = [
            tokio::spawn(async move { writer.write_all(items).await.expect("the spool goes on") }),
            tokio::spawn(async move { uplink.run().await.expect("the spool goes on") }),
        ];
        One { config, ends, spool, shared, tasks }
    }

    fn renewed(&self) -> bool {
        // A file that is just being replaced is read at the next look.
        ends(&self.config).is_some_and(|ends| ends > self.ends)
    }
}

fn ends(config: &Config) -> Option<Timestamp> {
    identity::load(config).ok().map(|(who, _)| who.ends)
}

async fn rotate(world: &World) -> Seen {
    let mut agents = Vec::new();
    for folder in world::joined(world, "shop", EACH).await {
        agents.push(One::start(&folder));
    }
    let stop = watch::Sender::new(false);
    let mut reporting = JoinSet::new();
    for one in &agents {
        let mut assigned = one.shared.assignments.subscribe();
        let told =
            |all: &Option<Arc<v1::Assignments>>| all.as_ref().is_some_and(|all| !all.assignments.is_empty());
        let of = assigned.wait_for(told).await.expect("an uplink").clone().expect("they have come");
        reporting.spawn(report(one.spool.clone(), of, stop.subscribe()));
    }
    let kept = || agents.iter().map(|one| one.spool.head().borrow().next_seq - 1).sum::<u64>();
    let waiting = || agents.iter().map(|one| one.spool.head().borrow().findings).sum::<u64>();
    let (mut first, mut waited, limit) = (None, 0, Watch::start());
    let (renewed, took, meanwhile) = loop {
        let renewed = agents.iter().filter(|one| one.renewed()).count();
        if renewed > 0 && first.is_none() {
            first = Some((Watch::start(), kept()));
        }
        let (began, before) = first.unwrap_or((limit, 0));
        if renewed == agents.len() || limit.elapsed() > Duration::from_secs(LIFE_SECS) {
            break (renewed, began.elapsed(), kept() - before);
        }
        waited = waited.max(waiting());
        tokio::time::sleep(LOOK).await;
    };
    tokio::time::sleep(AFTER).await;
    stop.send_replace(true);
    let kept = reporting.join_all().await.into_iter().sum();
    let drain = Watch::start();
    while waiting() > 0 && drain.elapsed() < DRAIN {
        waited = waited.max(waiting());
        tokio::time::sleep(LOOK).await;
    }
    let dropped: u64 = agents.iter().map(|one| one.spool.head().borrow().dropped).sum();
    let acked = kept - waiting() - dropped;
    Seen { renewed, took, kept, meanwhile, waited, acked }
}

/// Keeps one finding after the other until it is told to stop; gives how many.
async fn report(spool: SpoolHandle, of: Arc<v1::Assignments>, mut stop: watch::Receiver<bool>) -> u64 {
    for round in 0.. {
        let at = usize::try_from(round).unwrap_or(0);
        let kept = spool.keep(finding(&of, at, round, v1::Outcome::Pass), Vec::new()).await;
        assert!(kept, "the spool keeps what it is given");
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return round + 1,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    0
}
