//! The revision of a side is what its own targets say, in the header that the plan names.

use serde_json::json;
use tidelock_model::Outcome;
use tidelock_sandbox::protocol::{RunResult, TargetGrant};

use crate::rig::{Rig, http_settings, local, target};
use crate::server::Server;

async fn ran(rig: &Rig, server: &Server, own: bool, header: Option<&str>, path: &str) -> RunResult {
    let mut request = rig.request(http_settings(json!({ "path": path, "times": 2 })));
    request.targets = vec![TargetGrant { own, ..target("shop", local(&server.url())) }];
    request.revision_header = header.map(str::to_owned);
    let result = rig.client.run(request).await;
    assert_eq!(result.outcome, Outcome::Pass, "{result:?}");
    result
}

#[tokio::test]
async fn the_named_header_is_taken_and_no_other() {
    let (rig, server) = (Rig::new().await, Server::start());
    let revision = async |own, header, path| ran(&rig, &server, own, header, path).await.target_revision;
    assert_eq!(revision(true, Some("X-Echo"), "/header?build-7").await, "build-7");
    assert_eq!(revision(true, Some("X-Build"), "/header?build-7").await, "", "no answer has it");
    assert_eq!(revision(true, None, "/header?build-7").await, "", "nobody asked");
    assert_eq!(revision(false, Some("X-Echo"), "/header?build-7").await, "", "the other side's");
    let long = format!("/header?{}", "b".repeat(500));
    assert_eq!(revision(true, Some("X-Echo"), &long).await, "b".repeat(128));
}

#[tokio::test]
async fn two_values_in_one_run_are_told_in_the_note() {
    let (rig, server) = (Rig::new().await, Server::start());
    let result = ran(&rig, &server, true, Some("X-Echo"), "/each").await;
    let first = &result.target_revision;
    assert!(first.starts_with("00-"), "{result:?}");
    let note = &result.report.note;
    assert!(note.contains(&format!("header x-echo said \"{first}\" and then \"00-")), "{note}");
}
