//! What other people's checkers say of what is shipped: alarms, manifests, images and the protocol's style.
//!
//! `make setup` puts `promtool` on the machine and the others, which come from PyPI, into `target/lint`. One that is
//! missing is a failure.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::manifests::manifests;
use super::names::file;

/// Versions of Kubernetes that the manifests are for: the oldest, one between, the newest.
const KUBERNETES: [&str; 3] = ["1.29", "1.33", "1.37"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the project")
}

/// A checker that comes from PyPI.
pub(super) fn checker(name: &str) -> PathBuf {
    let path = root().join("target/lint/bin").join(name);
    assert!(path.is_file(), "{} is missing: run `make setup` where PyPI can be reached", path.display());
    path
}

/// Runs it in the project's folder; gives whether it is content, and what it said.
fn run(command: &mut Command) -> (bool, String) {
    let output = command.current_dir(root()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}: run `make setup`"));
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn every_alarm_is_played_and_comes_when_it_must() {
    let (good, said) = run(Command::new("promtool").args(["check", "rules", "deploy/prometheus/rules.yaml"]));
    assert!(good, "{said}");
    let (good, said) = run(Command::new("promtool").args(["test", "rules", "deploy/prometheus/tests.yaml"]));
    assert!(good, "{said}");
    // Played means that it was seen to come, and seen not to come.
    let read = |path: &str| -> Value {
        let all: Vec<Value> = serde_saphyr::from_multiple(&file(path)).expect("YAML");
        all.into_iter().next().expect("a document")
    };
    let (rules, plays) = (read("deploy/prometheus/rules.yaml"), read("deploy/prometheus/tests.yaml"));
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let all: BTreeSet<String> = (list(&rules["groups"]).iter().flat_map(|group| list(&group["rules"])))
        .map(|rule| rule["alert"].as_str().expect("an alarm has a name").to_owned())
        .collect();
    let played = |comes: bool| -> BTreeSet<String> {
        let looks = list(&plays["tests"]).into_iter().flat_map(|play| list(&play["alert_rule_test"]));
        let looks = looks.filter(|look| list(&look["exp_alerts"]).is_empty() != comes);
        looks.filter_map(|look| look["alertname"].as_str().map(str::to_owned)).collect()
    };
    assert!(all.len() > 10, "{all:?}");
    assert_eq!(played(true), all, "an alarm was never seen to come");
    assert_eq!(played(false), all, "an alarm was never seen to be silent");
}

/// What the checker of Kubernetes' own schemas says of manifests.
fn kubernetes(manifests: &Path, version: &str) -> (bool, String) {
    let mut command = Command::new("python3");
    command
        .arg(checker("kubernetes-validate"))
        .args(["--strict", "--kubernetes-version", version])
        .arg(manifests)
        .env("PYTHONPATH", root().join("target/lint"));
    run(&mut command)
}

#[test]
fn the_manifests_are_what_each_kubernetes_knows_and_nothing_more() {
    let sent = ["namespace.yaml", "network.yaml", "collector.yaml", "agent.yaml"];
    let text = sent.map(|name| file(&format!("deploy/kubernetes/{name}"))).join("\n---\n");
    // What kubectl alone reads is sent to no cluster.
    let own = |manifest: &&Value| manifest["kind"] != "Kustomization" && manifest["kind"] != "Settings";
    let count = manifests().iter().filter(own).count();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let all = folder.path().join("all.yaml");
    std::fs::write(&all, &text).expect("it can be written");
    for version in KUBERNETES {
        let (good, said) = kubernetes(&all, version);
        assert!(good, "{version}: {said}");
        // A kind that has no schema is passed over with a warning.
        let passed =
            said.lines().filter(|line| line.starts_with("INFO") && line.contains(" passed ")).count();
        assert_eq!(passed, count, "{version}: {said}");
    }
    // The checks can fail: a key that Kubernetes would not know is found.
    std::fs::write(&all, text.replace("  replicas: 2", "  replica: 2")).expect("it can be written");
    let (good, said) = kubernetes(&all, KUBERNETES[2]);
    assert!(!good && said.contains("replica"), "{said}");
}

#[test]
fn the_protocol_keeps_to_the_style_of_buf() {
    let mut buf = Command::new(checker("buf"));
    // Its cache belongs to the build, not to whoever runs the tests.
    buf.args(["lint", "proto"]).env("BUF_CACHE_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("buf"));
    let (good, said) = run(&mut buf);
    assert!(good, "{said}");
}

#[test]
fn images_are_written_as_hadolint_wants() {
    let images = ["deploy/docker/collector.Dockerfile", "deploy/docker/agent.Dockerfile"];
    let (good, said) = run(Command::new(checker("hadolint")).args(images));
    assert!(good, "{said}");
}
