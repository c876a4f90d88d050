//! Each limit shows its cause, and the runner is well after it.

use std::time::Duration;

use serde_json::json;
use tidelock_model::{Cause, Outcome};
use tidelock_sandbox::protocol::{Rate, Refusal};
use tidelock_sandbox::{CompileBounds, RunnerClient, RunnerConfig};
use tokio::time::Instant;

use crate::rig::{Rig, guest, http_settings, local, not_run, seen, target};
use crate::server::Server;

#[tokio::test]
async fn a_guest_that_computes_for_ever_ends_at_its_processor_time() {
    let rig = Rig::new().await;
    let mut request = rig.request(json!({ "act": "loop" }));
    request.limits.cpu_ms = 200;
    let begun = Instant::now();
    let result = rig.client.run(request).await;
    not_run(&result, Cause::Cpu, "200 ms of processor time");
    assert!(result.cpu >= Duration::from_millis(200), "{:?}", result.cpu);
    // Before its deadline, also where it gets a small share of a busy machine.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    rig.is_well().await;
}

#[tokio::test]
async fn a_guest_that_computes_for_ever_ends_at_its_deadline() {
    let rig = Rig::new().await;
    let mut request = rig.request(json!({ "act": "loop" }));
    request.timeout_ms = 200;
    let begun = Instant::now();
    let result = rig.client.run(request).await;
    not_run(&result, Cause::Timeout, "time is up");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    rig.is_well().await;
}

#[tokio::test]
async fn a_guest_that_sleeps_past_its_deadline_is_ended() {
    let rig = Rig::new().await;
    let mut request = rig.request(json!({ "act": "sleep", "ms": 60_000 }));
    request.timeout_ms = 200;
    not_run(&rig.client.run(request).await, Cause::Timeout, "time is up");
    rig.is_well().await;
}

#[tokio::test]
async fn guests_that_compute_do_not_keep_others_from_their_turn() {
    let rig = Rig::new().await;
    let loops: Vec<_> = (0..8)
        .map(|_| {
            let mut request = rig.request(json!({ "act": "loop" }));
            request.timeout_ms = 1_000;
            request.limits.cpu_ms = 60_000;
            let client = rig.client.clone();
            tokio::spawn(async move { client.run(request).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    rig.is_well().await;
    assert!(begun.elapsed() < Duration::from_millis(500), "waited {:?}", begun.elapsed());
    for looping in loops {
        not_run(&looping.await.unwrap(), Cause::Timeout, "time is up");
    }
}

#[tokio::test]
async fn memory_has_a_bound() {
    let rig = Rig::new().await;
    let result = rig.run(json!({ "act": "grow", "mib": 500 })).await;
    not_run(&result, Cause::Memory, "asked for");
    assert!(result.memory_bytes <= 64 << 20 && result.memory_bytes > 32 << 20, "{}", result.memory_bytes);
    let mut request = rig.request(json!({ "act": "grow", "mib": 20 }));
    request.limits.memory_bytes = 8 << 20;
    not_run(&rig.client.run(request).await, Cause::Memory, "8388608 are allowed");
    assert_eq!(rig.run(json!({ "act": "grow", "mib": 20 })).await.outcome, Outcome::Pass);
}

#[tokio::test]
async fn the_operators_cap_on_memory_is_above_the_plans() {
    let mut config = crate::rig::config();
    config.engine.memory_cap_bytes = 16 << 20;
    let rig = Rig::with(config).await;
    not_run(&rig.run(json!({ "act": "grow", "mib": 30 })).await, Cause::Memory, "16777216 are allowed");
}

#[tokio::test]
async fn a_stack_and_a_panic_are_traps() {
    let rig = Rig::new().await;
    not_run(&rig.run(json!({ "act": "overflow" })).await, Cause::Trap, "");
    not_run(&rig.run(json!({ "act": "trap" })).await, Cause::Trap, "unreachable");
    rig.is_well().await;
}

#[tokio::test]
async fn a_report_that_is_too_large_is_output() {
    let rig = Rig::new().await;
    not_run(&rig.run(json!({ "act": "flood-output", "kib": 300 })).await, Cause::Output, "are allowed");
    not_run(&rig.run(json!({ "act": "flood-output", "kib": 8192 })).await, Cause::Output, "in one call");
    not_run(&rig.run(json!({ "act": "big-log", "mib": 8 })).await, Cause::Output, "in one call");
    rig.is_well().await;
}

#[tokio::test]
async fn a_log_is_cut_and_what_was_dropped_is_counted() {
    let rig = Rig::new().await;
    let result = rig.run(json!({ "act": "flood-log", "lines": 1000 })).await;
    assert_eq!((result.outcome, result.log.len(), result.log_dropped), (Outcome::Pass, 256, 744));
    assert!(result.log[0].message.starts_with("line 0 yyy"), "{:?}", result.log[0]);
}

#[tokio::test]
async fn calls_have_a_bound_and_reaching_it_makes_the_run_worthless() {
    let (rig, server) = (Rig::new().await, Server::start());
    let mut request = rig.request(http_settings(json!({ "times": 300, "on-failure": "pass" })));
    request.targets = vec![target("shop", local(&server.url()))];
    request.limits.calls = 20;
    let result = rig.client.run(request).await;
    not_run(&result, Cause::Calls, "20 calls");
    assert_eq!((result.calls, server.requests()), (20, 20));
    rig.is_well().await;
}

#[tokio::test]
async fn a_body_that_never_ends_is_cut() {
    let (rig, server) = (Rig::new().await, Server::start());
    for path in ["/huge", "/announced"] {
        let settings = json!({ "path": path, "on-failure": "fail" });
        not_run(&rig.call(local(&server.url()), settings).await, Cause::Calls, "more than 4194304 bytes");
    }
    let settings = json!({ "path": "/head", "on-failure": "fail" });
    not_run(&rig.call(local(&server.url()), settings).await, Cause::Calls, "head of the answer");
    rig.is_well().await;
}

#[tokio::test]
async fn caps_on_a_target_hold_over_runs() {
    let (rig, server) = (Rig::new().await, Server::start());
    let mut shop = local(&server.url());
    shop.rate = Some(Rate { calls: 1, per_ms: 60_000 });
    seen(&rig.call(shop.clone(), json!({})).await);
    let result = rig.call(shop, json!({ "on-failure": "pass" })).await;
    not_run(&result, Cause::Calls, "cap on calls in a time");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn more_runs_than_there_are_slots_are_refused_at_once() {
    let mut config = crate::rig::config();
    config.engine.max_runs = 2;
    let rig = Rig::with(config).await;
    let sleeping: Vec<_> = (0..2)
        .map(|_| {
            let request = rig.request(json!({ "act": "sleep", "ms": 600 }));
            let client = rig.client.clone();
            tokio::spawn(async move { client.run(request).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(150)).await;
    not_run(&rig.run(json!({ "act": "pass" })).await, Cause::Saturated, "2 runs are in flight");
    for run in sleeping {
        assert_eq!(run.await.unwrap().outcome, Outcome::Pass);
    }
    rig.is_well().await;
}

#[tokio::test]
async fn random_bytes_have_a_bound() {
    let rig = Rig::new().await;
    assert!(seen(&rig.run(json!({ "act": "random", "bytes": 1024 })).await).starts_with("1024 bytes, sum "));
    not_run(&rig.run(json!({ "act": "random", "bytes": 1025 })).await, Cause::Trap, "1024 are allowed");
}

/// Compiles the guest with nothing in the cache.
async fn compiled(compile: CompileBounds) -> Result<(), Refusal> {
    let folder = tempfile::tempdir().unwrap();
    let config = RunnerConfig { cache_dir: folder.path().join("cache"), compile, ..crate::rig::config() };
    let (path, component) = guest();
    let client = RunnerClient::start(config).unwrap();
    client.prepare(&path, component).await.map(|prepared| assert!(prepared.compiled))
}

#[tokio::test]
async fn compiling_has_a_bound_on_time() {
    let bounds = CompileBounds::default();
    compiled(bounds).await.unwrap();
    let refusal = compiled(CompileBounds { time: Duration::from_millis(5), ..bounds }).await.unwrap_err();
    assert_eq!(refusal.cause, Cause::UnknownPlugin, "{refusal}");
    assert!(refusal.detail.contains("the compiler did not end within"), "{refusal}");
}

/// Too little to begin with: then it says what it did not get, or ends without a word.
#[tokio::test]
async fn compiling_has_a_bound_on_memory() {
    let bounds = CompileBounds::default();
    compiled(bounds).await.unwrap();
    let refusal = compiled(CompileBounds { memory_bytes: 16 << 20, ..bounds }).await.unwrap_err();
    let words = ["Cannot allocate memory", "it may take 16 MiB of memory"];
    assert!(words.iter().any(|word| refusal.detail.contains(word)), "{refusal}");
}

/// Wherever the memory is up: at the engine, in the middle of it, or where the code is kept.
#[tokio::test]
async fn a_compiler_without_memory_says_so_and_nothing_against_the_component() {
    let mut refused = 0;
    for mib in [8, 16, 32, 48, 64, 96, 128, 192] {
        let bounds = CompileBounds { memory_bytes: mib << 20, ..CompileBounds::default() };
        let Err(refusal) = compiled(bounds).await else { continue };
        refused += 1;
        assert!([Cause::Memory, Cause::UnknownPlugin].contains(&refusal.cause), "{mib} MiB: {refusal}");
        let bound = format!("may take {mib} MiB of memory");
        let words = ["out of memory", "Cannot allocate memory", bound.as_str()];
        assert!(words.iter().any(|word| refusal.detail.contains(word)), "{mib} MiB: {refusal}");
        for guilty in ["no component", "core module", "does not fit"] {
            assert!(!refusal.detail.contains(guilty), "{mib} MiB: {refusal}");
        }
    }
    assert!(refused > 0, "no bound was tight, so nothing was tried");
}
