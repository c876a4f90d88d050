//! `gate wait` outlives its collector: it says that nobody answers, goes on waiting, and ends with 0 when the gate
//! opens.

use std::fs::{self, File};
use std::path::Path;

use tidelock_tests::{World, WorldOptions, eventually_for};

use super::LIMIT;

fn until_said(file: &Path, word: &str) {
    eventually_for(LIMIT, &format!("{word:?} is said"), || {
        let said = fs::read_to_string(file).map_err(|error| error.to_string())?;
        if said.contains(word) { Ok(()) } else { Err(said) }
    });
}

#[test]
fn a_wait_outlives_a_restart_of_the_collector_and_ends_when_the_gate_opens() {
    let mut world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    let [out, err] = ["wait.out", "wait.err"].map(|name| world.folder.path().join(name));
    let file = |path: &Path| File::create(path).expect("a file can be made");
    let mut command = world.operator.command(&["gate", "wait", "ready", "--timeout", "4m"]);
    let mut waits = command.stdout(file(&out)).stderr(file(&err)).spawn().expect("tidelock starts");
    until_said(&out, "UNKNOWN");
    world.kill_collector();
    until_said(&err, "still waiting");
    world.start_collector();
    until_said(&err, "the collector is back");
    assert!(waits.try_wait().expect("a child of ours").is_none(), "it gave up");
    world.join("source", "source-1");
    world.join("target", "target-1");
    let status = eventually_for(LIMIT, "the gate opens, and the wait ends", || {
        let status = waits.try_wait().map_err(|error| error.to_string())?;
        status.ok_or_else(|| fs::read_to_string(&out).unwrap_or_default())
    });
    let said = fs::read_to_string(&out).expect("it said something");
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.lines().any(|line| line.contains("OPEN") && line.contains("ready: ")), "{said}");
}
