//! kill -9 in mid-stream: every record that was acknowledged is there, once, in its place.
//!
//! The writer is this test binary itself, started again with a folder in its environment.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::Arc,
};

use tidelock_collector::journal::{Position, Store, verify};

use crate::support::{appended, decision, decisions, findings, open, record, small};

const DIR: &str = "TIDELOCK_TEST_KILL_DIR";

/// Writes until it is killed, and says what was acknowledged, each line in one write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let dir = std::path::PathBuf::from(dir);
    let mut settings = small(&dir.join("journal"));
    settings.segment_bytes = 64 * 1024;
    let (journal, _) = open(&settings);
    let acks = Arc::new(File::options().append(true).create(true).open(dir.join("acks")).unwrap());
    let mut tasks = Vec::new();
    for task in 0..4 {
        let (journal, acks) = (journal.clone(), acks.clone());
        tasks.push(tokio::spawn(async move {
            for n in 0_u64.. {
                let body = format!("{task}/{n}/{}", "z".repeat((n % 700) as usize));
                let position = journal.append_findings(record(body.clone())).await.unwrap();
                (&*acks).write_all(format!("f {position} {body}\n").as_bytes()).unwrap();
            }
        }));
    }
    let mut head = journal.decision_head(&crate::support::name("shop")).map(|head| head.position.number());
    println!("ready");
    loop {
        let rests_on = journal.heads().findings.number();
        let body = format!("rests on {rests_on}");
        let position =
            appended(journal.append_decision(decision("shop", head, rests_on, &body)).await.unwrap());
        (&*acks).write_all(format!("d {position} {body}\n").as_bytes()).unwrap();
        head = Some(position.number());
        println!("decided");
    }
}

#[tokio::test]
async fn every_acknowledged_record_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child_that_writes_until_it_is_killed", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("ready")));
        // Let it write for a while that differs from round to round.
        let wanted = 20 * (round + 1) + 7;
        let decided = lines.by_ref().take_while(|line| line.is_ok()).take(wanted).count();
        assert_eq!(decided, wanted, "the writer ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
        let mut settings = small(&dir.path().join("journal"));
        settings.segment_bytes = 64 * 1024;
        let (journal, report) = open(&settings);
        println!("round {round}: {:?} with {report:?}", journal.heads());
        let (all_findings, all_decisions) = (findings(&journal), decisions(&journal));
        for line in acks(dir.path()) {
            let mut words = line.splitn(3, ' ');
            let (set, at, body) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            let at: usize = at.parse().unwrap();
            let stored = if set == "f" { &all_findings[at - 1] } else { &all_decisions[at - 1] };
            assert_eq!(stored.position, Position::new(at as u64));
            assert_eq!(stored.record.body, body.as_bytes(), "record {at} of {set}");
        }
        journal.close().await;
        verify(&dir.path().join("journal")).unwrap();
    }
}

/// Whole lines only: the kill may have cut the last one.
fn acks(dir: &std::path::Path) -> Vec<String> {
    let text = std::fs::read_to_string(dir.join("acks")).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(ToString::to_string).collect()
}
