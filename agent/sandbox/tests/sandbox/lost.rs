//! A runner that dies takes its runs with it, and nothing else.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tidelock_model::{Cause, Outcome};
use tidelock_sandbox::RunnerClient;
use tokio::time::Instant;

use crate::rig::{Rig, config, not_run};

#[tokio::test]
async fn a_runner_that_is_killed_is_replaced_and_its_runs_say_so() {
    let rig = Rig::new().await;
    let running = {
        let (client, request) = (rig.client.clone(), rig.request(json!({ "act": "sleep", "ms": 4000 })));
        tokio::spawn(async move { client.run(request).await })
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    rig.client.kill_runner().await;
    not_run(&running.await.unwrap(), Cause::RunnerLost, "killed");
    rig.is_well().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_runner_that_somebody_else_kills_is_lost_too() {
    let rig = Rig::new().await;
    let running = {
        let (client, request) = (rig.client.clone(), rig.request(json!({ "act": "sleep", "ms": 4000 })));
        tokio::spawn(async move { client.run(request).await })
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(signal_children(Signal::KILL), 1);
    not_run(
        &running.await.unwrap(),
        Cause::RunnerLost,
        "killed from outside, most often for want of memory (signal: 9",
    );
    rig.is_well().await;
}

/// As the kernel kills one for want of memory: with an ask that it has not read, so that the connection is reset.
#[tokio::test]
async fn a_runner_that_is_killed_with_an_ask_unread_is_told_as_killed() {
    let rig = Rig::new().await;
    assert_eq!(signal_children(Signal::STOP), 1);
    let running = {
        let (client, request) = (rig.client.clone(), rig.request(json!({ "act": "sleep", "ms": 4000 })));
        tokio::spawn(async move { client.run(request).await })
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(signal_children(Signal::KILL), 1);
    let why = "killed from outside, most often for want of memory (signal: 9";
    not_run(&running.await.unwrap(), Cause::RunnerLost, why);
    rig.is_well().await;
}

#[tokio::test]
async fn a_runner_ends_with_its_last_client() {
    let rig = Rig::new().await;
    rig.is_well().await;
    assert_eq!(children().len(), 1);
    drop(rig);
    let begun = Instant::now();
    while !children().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(5), "the runner is still there");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn without_a_program_every_run_has_its_cause() {
    let mut config = config();
    config.program = "/nonexistent/tidelock-agent".into();
    let client = RunnerClient::start(config).unwrap();
    let request = {
        let rig = Rig::new().await;
        rig.request(json!({ "act": "pass" }))
    };
    let result = client.run(request).await;
    assert_eq!((result.outcome, result.cause), (Outcome::NotRun, Some(Cause::RunnerLost)));
}

#[tokio::test]
async fn a_run_that_does_not_end_costs_the_runner_its_life() {
    let mut config = config();
    config.grace = Duration::from_millis(100);
    let rig = Rig::with(config).await;
    // A process that is stopped is as stuck as one can be.
    assert_eq!(signal_children(Signal::STOP), 1);
    while !children().iter().all(|pid| is_stopped(*pid)) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut request = rig.request(json!({ "act": "pass" }));
    request.timeout_ms = 300;
    let begun = Instant::now();
    not_run(&rig.client.run(request).await, Cause::Timeout, "the runner was killed");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    rig.is_well().await;
}

#[tokio::test]
async fn a_request_that_no_runner_has_taken_is_taken_by_the_next_one() {
    let rig = Rig::new().await;
    for _ in 0..3 {
        assert_eq!(signal_children(Signal::KILL), 1);
        // The runtime stands still meanwhile: it learns of the runner's end when it has the next request.
        while !children().is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        rig.is_well().await;
    }
}

/// The system kills a runner with the thread that started it. A runtime lets its idle threads go after
/// ten seconds; none of them may be that one.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_idle_runner_outlives_every_thread_that_a_runtime_lets_go() {
    let started = tokio::task::spawn_blocking(|| {
        let runtime = tokio::runtime::Handle::current();
        runtime.block_on(Rig::new())
    });
    let rig = started.await.unwrap();
    let runner = children();
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(children(), runner, "the runner that was idle is gone");
    rig.is_well().await;
    assert_eq!(children(), runner);
}

/// A runner may start no program; whatever gets around that is in its group, and ends with it.
#[tokio::test]
async fn what_a_runner_leaves_behind_in_its_group_ends_with_it() {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("left-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let (script, list) = (dir.join("runner.sh"), dir.join("left"));
    let mut config = config();
    let text = format!(
        "#!/bin/sh\n/bin/sleep 600 &\necho $! >>{}\nexec {} \"$@\"\n",
        list.display(),
        config.program.display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    config.program = script;
    let rig = Rig::with(config).await;
    for by_us in [true, false] {
        rig.is_well().await;
        let left: Vec<i32> = std::fs::read_to_string(&list)
            .unwrap()
            .lines()
            .filter_map(|pid| pid.parse().ok())
            .filter(|pid| is_alive(*pid))
            .collect();
        assert!(!left.is_empty(), "a grandchild is there");
        match by_us {
            true => rig.client.kill_runner().await,
            // The runner alone: nobody has thought of its group yet.
            false => assert_eq!(signal_children(Signal::KILL), 1),
        }
        let begun = Instant::now();
        while left.iter().any(|pid| is_alive(*pid)) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{left:?} outlived the runner");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    rig.is_well().await;
    drop(rig);
    std::fs::remove_dir_all(&dir).unwrap();
}

/// One that has ended and was not collected yet does nothing any more.
fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

/// The child processes of this one.
pub(crate) fn children() -> Vec<i32> {
    let me = std::process::id();
    let mut found = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{me}/task")).unwrap().flatten() {
        let text = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(text.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
    }
    found
}

/// Whether all threads of a process stand still.
fn is_stopped(pid: i32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let mut states = tasks.map(|task| std::fs::read_to_string(task.path().join("stat")).unwrap_or_default());
    states.all(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T')))
}

fn signal_children(signal: Signal) -> usize {
    let found = children();
    for pid in &found {
        kill_process(Pid::from_raw(*pid).unwrap(), signal).unwrap();
    }
    found.len()
}
