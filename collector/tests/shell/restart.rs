//! What was believed before a restart is believed after it, and an offline replay says the same.

use std::process::ExitCode;

use clap::Parser as _;
use tidelock_collector::commands::{self, Cli};

use crate::gate::{pair, phase};
use crate::support::{Collector, PLAN};

pub(crate) fn journal(word: &str, collector: &Collector) -> bool {
    let dir = collector.path("data");
    let arguments = ["tidelock-collector", "journal", word].map(std::ffi::OsString::from);
    let cli = Cli::parse_from(arguments.into_iter().chain([dir.into_os_string()]));
    // An exit code has no equality; what it prints has.
    format!("{:?}", commands::main(cli)) == format!("{:?}", ExitCode::SUCCESS)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_and_a_replay_know_everything_again() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let agents = pair(&collector).await;
    phase(&collector, "ready").await;
    drop(agents);
    collector.stop().await;
    assert!(journal("verify", &collector));
    assert!(journal("replay", &collector));
    collector.again().await;
    let status = collector.status().await;
    // Nobody was there in the meantime, so readiness may be over; nothing else is forgotten.
    assert!(["ready", "sync"].contains(&status.phase.as_str()), "{}", status.phase);
    assert_eq!((status.agents.len(), status.scenarios.len()), (2, 1));
    let kinds: Vec<_> = status.recent_events.iter().map(|event| event.kind.as_str()).collect();
    assert!(kinds.contains(&"plan_applied") && kinds.contains(&"agent_enrolled"), "{kinds:?}");
    collector.stop().await;
    assert!(journal("replay", &collector));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_flipped_bit_fails_the_replay_and_the_start() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    collector.stop().await;
    let segment = largest(&collector.path("data/decisions"));
    let mut bytes = std::fs::read(&segment).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[used / 2] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    assert!(!journal("verify", &collector));
    assert!(!journal("replay", &collector));
    let config = tidelock_collector::config::Config::read(&collector.path("collector.toml")).unwrap();
    assert!(tidelock_collector::server::start(config).await.is_err());
}

fn largest(dir: &std::path::Path) -> std::path::PathBuf {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.max_by_key(|path| std::fs::metadata(path).map_or(0, |meta| meta.len())).unwrap()
}
