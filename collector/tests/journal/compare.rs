//! `journal compare` as a person runs it: the words, and an exit code that a script can rest on.

use std::{collections::BTreeSet, path::Path, process::Command};

use tidelock_collector::journal::{Position, Store};

use crate::support::{appended, copy_dir, decision, fill, open, record, small};

/// The exit code, and each line with single blanks; no word of complaint beside them.
fn compare(one: &Path, other: &Path) -> (Option<i32>, Vec<String>) {
    let output = Command::new(env!("CARGO_BIN_EXE_tidelock-collector"))
        .args(["journal", "compare"])
        .args([one, other])
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    (output.status.code(), said.lines().map(line).collect())
}

/// Appends one finding and one decision of a migration of its own.
async fn go_on(dir: &Path, body: &str) {
    let (journal, _) = open(&small(dir));
    let at = journal.append_findings(record(format!("finding, {body}"))).await.unwrap();
    let new = decision("late", None, at.number(), body);
    appended(journal.append_decision(new).await.unwrap());
    journal.close().await;
}

#[tokio::test]
async fn compare_says_the_same_which_one_goes_on_or_where_they_fork() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    fill(&small(&one), 60, 3).await;
    copy_dir(&one, &other);
    let same = ["decisions the same, 3 records", "findings the same, 60 records"].map(str::to_owned);
    assert_eq!(compare(&one, &other), (Some(0), same.to_vec()));

    go_on(&other, "of the other").await;
    let (short, long) = (one.display(), other.display());
    let goes_on = [
        format!("decisions {short} ends at 3, and {long} goes on from there"),
        format!("findings {short} ends at 60, and {long} goes on from there"),
    ];
    assert_eq!(compare(&one, &other), (Some(0), goes_on.to_vec()));
    assert_eq!(compare(&other, &one), (Some(0), goes_on.to_vec()), "the other way round");

    go_on(&one, "of the first").await;
    let forked = [
        "decisions FORKED at record 4: from there on both are another one".to_owned(),
        "findings FORKED at record 61: from there on both are another one".to_owned(),
    ];
    assert_eq!(compare(&one, &other), (Some(1), forked.to_vec()));
    assert_eq!(compare(&other, &one), (Some(1), forked.to_vec()), "the other way round");
}

#[tokio::test]
async fn compare_of_two_journals_says_that_they_have_nothing_in_common() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    // Record by record they say the same, and yet neither is a copy of the other.
    fill(&small(&one), 5, 2).await;
    fill(&small(&other), 5, 2).await;
    let said = vec!["these are two journals: they have nothing in common".to_owned()];
    assert_eq!(compare(&one, &other), (Some(1), said));
}

/// Nothing says then whether one is a copy of the other: that is no "the same".
#[tokio::test]
async fn compare_of_findings_of_which_none_is_kept_in_both_fails() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    fill(&small(&one), 10, 0).await;
    copy_dir(&one, &other);
    fill(&small(&other), 50, 0).await;
    let (journal, _) = open(&small(&other));
    let dropped = journal.drop_findings_of(&BTreeSet::new(), Position::new(60)).await.unwrap();
    journal.close().await;
    assert!(dropped.oldest > Position::new(11), "{dropped:?}");
    let said = ["decisions the same, 0 records", "findings no record is kept in both"].map(str::to_owned);
    assert_eq!(compare(&one, &other), (Some(1), said.to_vec()));
    assert_eq!(compare(&other, &one), (Some(1), said.to_vec()), "the other way round");
}

#[tokio::test]
async fn compare_of_a_damaged_journal_names_it_and_fails() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    fill(&small(&one), 5, 2).await;
    copy_dir(&one, &other);
    std::fs::write(other.join("identity"), "x").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tidelock-collector"))
        .args(["journal", "compare"])
        .args([&one, &other])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains(&format!("verify {}", other.display())) && told.contains("damaged"), "{told}");
}
