//! A disk that breaks or is full under the real processes: whoever cannot keep what it is to answer for ends with a
//! clear word, and nothing that was acked is lost.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tidelock_agent::spool::Spool;
use tidelock_tests::{Image, Process, World, WorldOptions, eventually, eventually_for};

use crate::{journaled, own_disk};

/// Room for a spool.
const SPOOL_BYTES: u64 = 32 << 20;
const AGENT: &str = "source-1";

/// Waits until it ends by itself, and gives the exit code.
fn exit_of(process: &mut Process, what: &str) -> Option<i32> {
    eventually_for(Duration::from_secs(90), what, || process.ended().ok_or("it runs".to_owned())).code()
}

/// A plan and one agent whose spool is in this folder; it has been heard of.
fn with_spool(spool: &Path) -> World {
    let mut world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    let folder = world.enrol("source", AGENT);
    let config = folder.join("agent.toml");
    let text = fs::read_to_string(&config).expect("a configuration");
    let moved = text.replacen("dir = \"spool\"", &format!("dir = {:?}", spool.display().to_string()), 1);
    assert_ne!(moved, text, "the configuration names no spool");
    fs::write(&config, moved).expect("the configuration can be written");
    world.adopt("source", AGENT, folder);
    let data = world.collector_folder().join("data");
    until_journaled(&data, 0);
    world
}

/// Waits until the journal has more of the agent's findings than this.
fn until_journaled(data: &Path, before: usize) {
    eventually(&format!("more than {before} findings of {AGENT} are journaled"), || {
        let now = journaled::numbers(data, AGENT).len();
        if now > before { Ok(()) } else { Err(format!("{now}")) }
    });
}

#[test]
fn a_collector_whose_sync_fails_ends_and_says_which_file() {
    if !Image::possible() {
        return;
    }
    let image = Image::breakable(own_disk::BYTES);
    let (mut world, data) = (own_disk::world(&image, Vec::new()), own_disk::data(&image));
    world.apply(&WorldOptions::default().plan);
    world.join("source", AGENT);
    until_journaled(&data, 0);

    image.break_medium();
    let mut collector = world.collector.take().expect("it runs");
    let code = exit_of(&mut collector, "the collector ends");
    let said = collector.log();
    assert_eq!(code, Some(1), "{said}");
    let word = format!("tidelock-collector: the journal has stopped: sync {}", data.display());
    assert!(said.contains(&word), "no {word:?} in {said}");
    let agent = world.agents[0].process.as_mut().expect("it runs");
    assert!(agent.ended().is_none(), "an agent ended with the collector: {}", agent.log());
}

#[test]
fn an_agent_whose_sync_fails_ends_and_says_which_spool() {
    if !Image::possible() {
        return;
    }
    let image = Image::breakable(SPOOL_BYTES);
    let spool = image.mount().join("spool");
    let mut world = with_spool(&spool);

    image.break_medium();
    let mut agent = world.agents[0].process.take().expect("it runs");
    let code = exit_of(&mut agent, "the agent ends");
    let said = agent.log();
    assert_eq!(code, Some(1), "{said}");
    // Where the medium has no room left, the write before the sync may meet it first.
    let words = ["sync", "write to"]
        .map(|doing| format!("the spool in {} failed: {doing} the spool: ", spool.display()));
    assert!(words.iter().any(|word| said.contains(word)), "none of {words:?} in {said}");
}

#[test]
fn an_agent_whose_disk_is_full_ends_with_a_word_and_once_there_is_room_each_finding_arrives_once() {
    if !Image::possible() {
        return;
    }
    let image = Image::new(SPOOL_BYTES);
    let spool = image.mount().join("spool");
    let mut world = with_spool(&spool);
    let data = world.collector_folder().join("data");

    let filler = image.fill();
    let mut agent = world.agents[0].process.take().expect("it runs");
    let code = exit_of(&mut agent, "the agent ends");
    let said = agent.log();
    assert_eq!(code, Some(1), "{said}");
    let word = format!("the spool in {} failed: ", spool.display());
    let named = said.lines().any(|line| line.contains(&word) && line.contains("No space left on device"));
    assert!(named, "no {word:?} in {said}");

    // Whoever starts it again meets the same disk, and what is in the folder stays.
    world.agents[0].start();
    let mut agent = world.agents[0].process.take().expect("it was started");
    let code = exit_of(&mut agent, "the agent ends again");
    let again = agent.log().split_off(said.len());
    assert_eq!(code, Some(1), "{again}");
    let folder = spool.display().to_string();
    let named = again.lines().any(|line| line.contains(&folder) && line.contains("No space left on device"));
    assert!(named, "{again}");

    fs::remove_file(filler).expect("it is ours");
    let before = journaled::numbers(&data, AGENT).len();
    world.agents[0].start();
    until_journaled(&data, before + 2);
    let mut agent = world.agents[0].process.take().expect("it runs");
    assert!(agent.terminate(Duration::from_secs(60)).success(), "{}", agent.log());
    let aside = spool.with_file_name("spool.damaged-1");
    assert!(!aside.exists(), "a full disk was taken for damage: {}", agent.log());
    let kept = Spool::open(&spool, 64 << 20).expect("its agent has left it").ledger().next_seq() - 1;
    assert_eq!(journaled::numbers(&data, AGENT), (1..=kept).collect::<Vec<_>>());
}
