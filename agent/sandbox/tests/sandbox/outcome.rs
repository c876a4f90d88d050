//! What a plugin says, and what it is taken for.

use serde_json::json;
use tidelock_model::{Cause, Outcome};

use crate::rig::{Rig, fails, guest, not_run, seen};

#[tokio::test]
async fn a_plugin_is_told_of_its_run_and_says_what_it_is() {
    let rig = Rig::new().await;
    assert_eq!(seen(&rig.run(json!({ "act": "pass" })).await), "trial round 7");
    let manifest = rig.client.describe(rig.component).await.unwrap();
    assert_eq!((manifest.name.as_str(), manifest.measures.len()), ("test-guest", 1));
}

#[tokio::test]
async fn each_answer_of_a_plugin_has_its_outcome() {
    let rig = Rig::new().await;
    fails(&rig.run(json!({ "act": "fail" })).await, "");
    not_run(&rig.run(json!({ "act": "not-run" })).await, Cause::CouldNotLook, "as told");
    not_run(&rig.run(json!({ "act": "bad-settings" })).await, Cause::BadSettings, "key `x`");
    not_run(&rig.run(json!({ "act": "could-not-look", "why": "fog" })).await, Cause::CouldNotLook, "fog");
}

#[tokio::test]
async fn garbage_is_no_report() {
    let rig = Rig::new().await;
    for (kind, word) in [
        ("nan", "no number"),
        ("twice", "two of measure"),
        ("hidden-fail", "its step two says fail"),
        ("nothing", "shows nothing"),
        ("name", "lower-case"),
    ] {
        not_run(&rig.run(json!({ "act": "garbage", "kind": kind })).await, Cause::BadReport, word);
    }
    let result = rig.run(json!({ "act": "garbage", "kind": "escape" })).await;
    assert_eq!(result.outcome, Outcome::Pass);
    assert_eq!((result.report.note.as_str(), result.report.steps[0].note.as_str()), ("[2Jgone", "x y"));
}

#[tokio::test]
async fn state_is_kept_by_a_run_that_reports_and_by_no_other() {
    let rig = Rig::new().await;
    let first = rig.run(json!({ "act": "count" })).await;
    assert_eq!(seen(&first), "run 1");
    assert_eq!(first.state_changes, [("count".to_owned(), Some(vec![1]))]);

    let mut request = rig.request(json!({ "act": "count" }));
    request.state = first.state_changes.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    assert_eq!(seen(&rig.client.run(request).await), "run 2");

    let trapped = rig.run(json!({ "act": "count", "then-trap": true })).await;
    not_run(&trapped, Cause::Trap, "");
    assert_eq!(trapped.state_changes, []);
    assert_eq!(seen(&rig.run(json!({ "act": "count" })).await), "run 1", "nothing of one run is in the next");
}

#[tokio::test]
async fn state_has_bounds() {
    let rig = Rig::new().await;
    let full = rig.run(json!({ "act": "remember", "keys": 64, "bytes": 16384 })).await;
    assert_eq!((seen(&full).as_str(), full.state_changes.len()), ("kept", 64));
    for (keys, bytes) in [(65, 1), (1, 16385)] {
        let over = rig.run(json!({ "act": "remember", "keys": keys, "bytes": bytes })).await;
        assert_eq!(over.outcome, Outcome::Fail);
        assert!(over.report.steps[0].note.contains("at most"), "{:?}", over.report.steps);
    }
}

#[tokio::test]
async fn a_component_that_is_not_the_plans_or_not_for_us_is_refused() {
    let rig = Rig::new().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |bytes: &[u8]| {
        let path = folder.path().join("x.wasm");
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let prepare = |bytes: Vec<u8>| {
        let (path, component) = (write(&bytes), crate::rig::digest(&bytes));
        let client = rig.client.clone();
        async move { client.prepare(&path, component).await.unwrap_err() }
    };

    let unknown = tidelock_model::Sha256::from_bytes([9; 32]);
    let refusal = rig.client.prepare(&write(b"anything"), unknown).await.unwrap_err();
    assert_eq!(refusal.cause, Cause::BadDigest, "{refusal}");
    let refusal = rig.client.prepare(&folder.path().join("none.wasm"), unknown).await.unwrap_err();
    assert_eq!(refusal.cause, Cause::UnknownPlugin, "{refusal}");
    let mut request = rig.request(json!({ "act": "pass" }));
    request.component = unknown;
    not_run(&rig.client.run(request).await, Cause::UnknownPlugin, "not been prepared");

    let (path, _) = guest();
    let bytes = std::fs::read(path).unwrap();
    for (from, to, word) in [
        ("@1.0.0", "@2.0.0", "built for tidelock:check@2.0.0"),
        ("tidelock:check/http@1.0.0", "wasi:networked/http@1.0.0", "no WASI"),
    ] {
        let refusal = prepare(replace(&bytes, from, to)).await;
        assert_eq!(refusal.cause, Cause::Interface, "{refusal}");
        assert!(refusal.detail.contains(word), "{refusal}");
    }
    let refusal = prepare(b"\0asm\x01\0\0\0".to_vec()).await;
    assert_eq!(refusal.cause, Cause::Interface, "{refusal}");
    assert!(refusal.detail.contains("a core module"), "{refusal}");
    let refusal = prepare(b"\0asm\x0d\0\x01\0".to_vec()).await;
    assert!(refusal.cause == Cause::Interface && refusal.detail.contains("describe"), "{refusal}");
    rig.is_well().await;
}

/// Replaces a text by one of the same length, everywhere.
fn replace(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    bytes
}
