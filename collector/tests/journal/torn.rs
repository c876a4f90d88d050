//! An unfinished end is cut and told; whatever was finished before it stays.

use std::path::Path;

use tidelock_collector::journal::{Set, Store, verify};

use crate::support::{bodies, copy_dir, decisions, fill, findings, frames, open, refused, segments, small};

/// A power cut may leave the witness behind: then only the bytes themselves speak.
fn forget_the_witness(dir: &Path) {
    std::fs::remove_file(dir.join("witness")).unwrap();
}

/// Cuts the last record of a set at every byte, as zeros from there on.
async fn every_byte(set: &str) {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    fill(&small(&whole), 45, 12).await;
    forget_the_witness(&whole);
    let last = segments(&whole, set).pop().unwrap();
    let bytes = std::fs::read(&last).unwrap();
    let frame = frames(&bytes).pop().unwrap();
    let (journal, _) = open(&small(&whole));
    let (before_findings, before_decisions) = (bodies(&findings(&journal)), bodies(&decisions(&journal)));
    journal.close().await;
    forget_the_witness(&whole);
    for cut in frame.clone() {
        let torn = dir.path().join(format!("torn-{cut}"));
        copy_dir(&whole, &torn);
        let mut bytes = bytes.clone();
        bytes[cut..frame.end].fill(0);
        std::fs::write(torn.join(set).join(last.file_name().unwrap()), &bytes).unwrap();
        let (journal, report) = open(&small(&torn));
        assert_eq!(report.torn.len(), usize::from(cut > frame.start), "cut at {cut} of {frame:?}");
        let is = (bodies(&findings(&journal)), bodies(&decisions(&journal)));
        let (f, d) = (before_findings.len(), before_decisions.len());
        let wanted = if set == "findings" { (f - 1, d) } else { (f, d - 1) };
        assert_eq!((is.0.len(), is.1.len()), wanted, "cut at {cut} of {frame:?}");
        assert!(before_findings.starts_with(&is.0) && before_decisions.starts_with(&is.1));
        journal.close().await;
        // What was cut is gone for good, and the journal is whole again.
        assert!(verify(&torn).unwrap().torn.is_empty());
        std::fs::remove_dir_all(&torn).unwrap();
    }
}

#[tokio::test]
async fn a_decision_torn_at_any_byte_is_cut() {
    every_byte("decisions").await;
}

#[tokio::test]
async fn a_finding_torn_at_any_byte_is_cut() {
    // No decision may rest on the finding that goes.
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    fill(&small(&whole), 45, 0).await;
    forget_the_witness(&whole);
    let last = segments(&whole, "findings").pop().unwrap();
    let bytes = std::fs::read(&last).unwrap();
    let frame = frames(&bytes).pop().unwrap();
    for (cut, shorter) in frame.clone().flat_map(|cut| [(cut, false), (cut, true)]) {
        let torn = dir.path().join("torn");
        copy_dir(&whole, &torn);
        let mut bytes = bytes.clone();
        // The file keeps its length, or ends there.
        if shorter {
            bytes.truncate(cut)
        } else {
            bytes[cut..frame.end].fill(0)
        }
        std::fs::write(torn.join("findings").join(last.file_name().unwrap()), &bytes).unwrap();
        let offline = verify(&torn).unwrap();
        assert_eq!(offline.torn.len(), usize::from(cut > frame.start));
        let (journal, report) = open(&small(&torn));
        assert_eq!(report.torn, offline.torn);
        assert_eq!(findings(&journal).len(), 44, "cut at {cut} of {frame:?}");
        journal.close().await;
        std::fs::remove_dir_all(&torn).unwrap();
    }
}

/// Pages reach the disk in any order: the middle of an unfinished group may be missing.
#[tokio::test]
async fn a_hole_inside_the_last_group_is_an_unfinished_write() {
    let dir = tempfile::tempdir().unwrap();
    let settings = small(dir.path());
    let (journal, _) = open(&settings);
    journal.append_findings(crate::support::record("alone")).await.unwrap();
    let disk = crate::support::Faulty::new();
    journal.close().await;
    let mut held = settings.clone();
    held.disk = disk.clone();
    let (journal, _) = open(&held);
    disk.hold();
    let mut pending = Vec::new();
    for n in 0..6 {
        pending.push(journal.submit_findings(crate::support::record(format!("crowd {n}"))).await.unwrap());
    }
    disk.release();
    for one in pending {
        one.durable().await.unwrap();
    }
    journal.close().await;
    forget_the_witness(dir.path());
    let path = segments(dir.path(), "findings").pop().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let all = frames(&bytes);
    assert_eq!(all.len(), 7);
    // The first waiter made a group of its own; the five behind it share one.
    let mut broken = bytes.clone();
    broken[all[4].clone()].fill(0);
    std::fs::write(&path, &broken).unwrap();
    let (journal, report) = open(&settings);
    assert_eq!((report.torn.len(), findings(&journal).len()), (1, 4), "{report:?}");
    journal.close().await;
    // The same hole in an older group is damage: a later group was begun, so this one was durable.
    forget_the_witness(dir.path());
    let mut broken = bytes;
    broken[all[0].clone()].fill(0);
    std::fs::write(&path, &broken).unwrap();
    let words = refused(&settings);
    assert!(words.contains("record 1 of findings") && words.contains("is whole at offset"), "{words}");
}

#[tokio::test]
async fn what_was_acknowledged_is_never_taken_for_unfinished() {
    for set in [Set::Findings, Set::Decisions] {
        let dir = tempfile::tempdir().unwrap();
        let settings = small(dir.path());
        fill(&settings, 20, 5).await;
        let path = segments(dir.path(), set.word()).pop().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let frame = frames(&bytes).pop().unwrap();
        bytes[frame].fill(0);
        std::fs::write(&path, &bytes).unwrap();
        let words = refused(&settings);
        assert!(words.contains("were durable") && words.contains(set.word()), "{words}");
    }
}

#[tokio::test]
async fn an_empty_witness_is_told_of_only_beside_records() {
    let dir = tempfile::tempdir().unwrap();
    let settings = small(dir.path());
    let witness = dir.path().join("witness");
    // A journal without records, begun again: the empty file is its own.
    for _ in 0..3 {
        let (journal, report) = open(&settings);
        assert!(report.notes.is_empty() && report.torn.is_empty(), "{report:?}");
        journal.close().await;
        assert_eq!(std::fs::metadata(&witness).unwrap().len(), 0);
        let report = verify(dir.path()).unwrap();
        assert!(report.notes.is_empty(), "{:?}", report.notes);
    }
    // Half a witness is none, also where nothing is told yet.
    std::fs::write(&witness, b"TLW1").unwrap();
    assert!(verify(dir.path()).unwrap().notes[0].contains("it cannot be read"));
    std::fs::remove_file(&witness).unwrap();
    fill(&settings, 3, 1).await;
    assert!(verify(dir.path()).unwrap().notes.is_empty());
    std::fs::write(&witness, b"").unwrap();
    let offline = verify(dir.path()).unwrap().notes;
    let (journal, report) = open(&settings);
    for notes in [offline, report.notes] {
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains("vouches for nothing") && notes[0].contains("it is empty"), "{notes:?}");
    }
    journal.close().await;
}
