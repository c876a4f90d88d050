//! The demo from the first scene to the last, with the real programs, and four ways to break it on
//! purpose: each must end badly and name the verdict that is missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The folder of this build's programs; the demo looks for the others beside its own.
fn programs() -> PathBuf {
    let demo = Path::new(env!("CARGO_BIN_EXE_tidelock-demo"));
    let bin = demo.parent().expect("a program lies in a folder").to_path_buf();
    for name in ["tidelock", "tidelock-agent", "tidelock-collector"] {
        assert!(bin.join(name).is_file(), "{name} is missing: run make build");
    }
    let plugins = bin.with_file_name("plugins");
    assert!(plugins.join("login.wasm").is_file(), "the plugins are missing: run make build");
    bin
}

fn demo(arguments: &[&str]) -> (Output, String) {
    let held = tempfile::tempdir().expect("make a folder");
    let output = Command::new(programs().join("tidelock"))
        .args(["demo", "--folder"])
        .arg(held.path().join("demo"))
        .args(arguments)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .expect("start tidelock");
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let logs = if told.contains("\nError: ") { collector_log(held.path()) } else { String::new() };
    (output, format!("{told}{logs}"))
}

/// What the collector said at the end, where the demo could not be played.
fn collector_log(folder: &Path) -> String {
    let log = std::fs::read_to_string(folder.join("demo/logs/collector.log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

/// It ends with 1, names the verdict and does not say that all was seen.
fn misses(arguments: &[&str], verdict: &str, saw: &str) {
    let (output, told) = demo(arguments);
    let line = told.lines().find(|line| line.contains("✖ expected")).unwrap_or_default();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(line.contains(&format!("expected \"{verdict}")) && line.contains(saw), "{line}\n{told}");
    assert!(!told.contains("all 19 expected verdicts"), "{told}");
}

#[test]
fn demo_sees_every_verdict_in_order() {
    let (output, told) = demo(&[]);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("all 19 expected verdicts were seen, in order"), "{told}");
    assert!(told.contains("job invoice-nightly ran"), "{told}");
    // A busy machine may end its time before its share of the processor.
    let stopped = ["cpu", "timeout"].map(|cause| told.contains(&format!("did not run: {cause}")));
    assert!(stopped.contains(&true), "{told}");
}

#[test]
fn demo_with_a_queue_left_full_misses_ready() {
    misses(&["--leave-fault", "queue", "--limit", "15s"], "OPEN: ready", "order-queue");
}

#[test]
fn demo_with_a_silent_agent_misses_the_proof() {
    misses(&["--stop-agent", "--limit", "20s"], "PROVED: the login", "too few agents reported on source");
}

#[test]
fn demo_without_the_check_misses_the_forgotten_job() {
    misses(&["--remove-check", "old-side-quiet", "--limit", "15s"], "HOLD: the forgotten job", "phase watch");
}

#[test]
fn demo_with_the_old_side_broken_too_misses_the_recommendation() {
    let both = "both suffer, so going back does not help";
    misses(&["--leave-fault", "checkout", "--limit", "40s"], "ALARM: the detector recommends", both);
}
