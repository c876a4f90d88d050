//! Keys lie in the memory of agent and collector: no other process sees into it, also none of the same user.

use std::process::{Command, Stdio};

use rustix::process::geteuid;
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
use tidelock_tests::{Process, World, WorldOptions, eventually};

/// Whether another process of the same user and rights sees into this one.
fn is_seen_into(pid: u32) -> bool {
    // It is opened, and nothing is read. What `environ` shows, an administrator may see without tracing anybody.
    let mut look = Command::new("dd");
    look.args([&format!("if=/proc/{pid}/mem"), "count=0"]).stdout(Stdio::null()).stderr(Stdio::null());
    look.status().expect("dd starts").success()
}

#[test]
fn no_process_of_their_own_user_sees_into_the_memory_of_agent_and_collector() {
    // Who may trace all processes sees into all. What this thread starts may not from here on.
    let dropped = remove_capability_from_bounding_set(CapabilitySet::SYS_PTRACE);
    assert!(dropped.is_ok() || !geteuid().is_root(), "{dropped:?}");
    let world = World::start(&WorldOptions::default());
    let agent = world.agents[0].process.as_ref().expect("it runs");
    eventually("the agent runs", || match agent.log() {
        log if log.contains("session begun") => Ok(()),
        log => Err(log),
    });
    let other = Process::start_command(world.folder.path(), "other", {
        let mut sleep = Command::new("sleep");
        sleep.arg("600");
        sleep
    });
    eventually("any other process is seen into", || match is_seen_into(other.pid()) {
        true => Ok(()),
        false => Err("it is not".to_owned()),
    });
    let collector = world.collector.as_ref().expect("it runs");
    assert!(!is_seen_into(collector.pid()), "the collector is seen into");
    assert!(!is_seen_into(agent.pid()), "the agent is seen into");
}
