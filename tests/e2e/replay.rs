//! Every answer can be replayed: the journal alone, in a new process, by a collector of another build
//! profile and without sled, gives each decision's evidence and holds again; one flipped bit is found
//! and named.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tidelock_tests::{World, WorldOptions, program, target_folder};

fn journal(word: &str, data: &Path) -> Output {
    Command::new(program("tidelock")).args(["journal", word]).arg(data).output().expect("it starts")
}

/// The collector as another profile builds it: other optimisations, the same answers.
fn other_profile() -> PathBuf {
    let path = target_folder().parent().expect("target/<profile>").join("replay/tidelock-collector");
    let how = "cargo build --profile replay -p tidelock-collector";
    assert!(path.is_file(), "{} is not built: make test does it, or {how}", path.display());
    path
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The digest over all that was computed again.
fn digest(said: &str) -> String {
    let word = said.split_whitespace().skip_while(|word| *word != "digest").nth(1);
    word.unwrap_or_else(|| panic!("no digest: {said}")).to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
    }
    found.sort();
    found
}

/// Every record is there once and in order, and says what it is.
fn exported(data: &Path, verified: &str) {
    let export = journal("export", data);
    assert!(export.status.success(), "{}", text(&export));
    let lines = String::from_utf8(export.stdout).expect("it is text");
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    for set in ["decisions", "findings"] {
        let of: Vec<&Value> = lines.iter().filter(|line| line["set"] == set).collect();
        let told = verified.lines().find(|line| line.starts_with(set)).expect("verify tells of each set");
        let count: usize = told.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("it counts");
        let numbers: Vec<u64> = of.iter().filter_map(|line| line["record"].as_u64()).collect();
        assert_eq!(numbers, (1..=count as u64).collect::<Vec<_>>(), "{set}");
        assert!(of.iter().all(|line| line["chain"].as_str().is_some_and(|chain| chain.len() == 64)));
        let last = of.last().expect("there is one")["chain"].as_str().unwrap_or_default();
        assert!(told.ends_with(&format!("chain {}", &last[..12])), "{told}");
    }
    let find = |kind: &str| lines.iter().find(|line| line["kind"] == kind);
    let plan = find("plan_applied").expect("the plan is there");
    assert_eq!(
        (&plan["migration"], &plan["reason"], &plan["by"]),
        (&"shop".into(), &"test".into(), &"operator".into())
    );
    let ready = |line: &&Value| {
        line["kind"] == "phase" && line["text"].as_str().is_some_and(|text| text.contains("ready"))
    };
    assert!(lines.iter().any(|line| ready(&line)), "ready was reached");
    // What was found: good runs of both sides, and the bad ones of the target behind them.
    let findings: Vec<(&str, &Value)> = (lines.iter().filter(|line| line["kind"] == "findings"))
        .filter_map(|line| Some((line["seen"]["agent"].as_str()?, line["seen"]["findings"].as_array()?)))
        .flat_map(|(agent, all)| all.iter().map(move |one| (agent, one)))
        .collect();
    let some = |side: &str, outcome: &str| {
        findings
            .iter()
            .any(|(agent, one)| agent.contains(side) && one["outcome"] == outcome && one["check"] == "login")
    };
    assert!(some("source", "pass") && some("target", "pass") && some("target", "fail"), "{findings:?}");
    let only = Command::new(program("tidelock"))
        .args(["journal", "export", "--only", "decisions"])
        .arg(data)
        .output();
    let only = String::from_utf8(only.expect("it starts").stdout).expect("it is text");
    assert_eq!(only.lines().count(), lines.iter().filter(|line| line["set"] == "decisions").count());
}

/// Whoever reads has seen enough: that is no fault.
fn exported_to_nobody(data: &Path) {
    let mut export = Command::new(program("tidelock"));
    export.args(["journal", "export"]).arg(data).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = export.spawn().expect("it starts");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("it ends");
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}: {}", ended.status, text(&ended));
}

#[test]
fn a_replay_gives_the_same_and_one_flipped_bit_is_found() {
    let mut world = World::start(&WorldOptions::default());
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    world.target.lose_sessions(true);
    world.until_phase("sync");
    let mut collector = world.collector.take().expect("it runs");
    assert!(collector.terminate(Duration::from_secs(20)).success(), "{}", collector.log());
    let data = world.collector_folder().join("data");
    let replay = journal("replay", &data);
    assert!(replay.status.success(), "{}", text(&replay));
    let verified = journal("verify", &data);
    assert!(verified.status.success());
    exported(&data, &text(&verified));
    exported_to_nobody(&data);
    let index = data.join("index");
    assert!(index.is_dir(), "the index is not where this test takes it away from");
    fs::remove_dir_all(&index).expect("it can be removed");
    let other =
        Command::new(other_profile()).args(["journal", "replay"]).arg(&data).output().expect("it starts");
    assert!(other.status.success(), "{}", text(&other));
    assert_eq!(digest(&text(&replay)), digest(&text(&other)), "two builds, two answers");
    // Any one bit of what was decided: the middle of the first decisions segment's records.
    let decisions: Vec<PathBuf> =
        files(&data).into_iter().filter(|path| path.to_string_lossy().contains("decisions")).collect();
    let segment =
        decisions.iter().max_by_key(|path| fs::metadata(path).map_or(0, |m| m.len())).expect("a segment");
    let mut bytes = fs::read(segment).expect("it can be read");
    let used = bytes.iter().rposition(|byte| *byte != 0).expect("it is not empty");
    bytes[used / 2] ^= 1;
    fs::write(segment, bytes).expect("it can be written");
    for word in ["verify", "replay"] {
        let found = journal(word, &data);
        assert!(!found.status.success(), "journal {word} did not see the flipped bit");
    }
    // A collector on it does not start, and says why.
    let config = world.collector_folder().join("collector.toml");
    let start = Command::new(program("tidelock-collector")).args(["run", "--config"]).arg(&config).output();
    let start = start.expect("it starts");
    assert!(!start.status.success());
    let said = String::from_utf8_lossy(&start.stderr).into_owned();
    assert!(said.contains("decisions"), "the message names the place: {said}");
}
