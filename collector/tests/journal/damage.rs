//! Whatever changes under the journal is seen and named, and never makes it silently shorter.

use std::path::{Path, PathBuf};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use proptest::{prelude::*, test_runner::TestCaseError};
use tidelock_collector::journal::{
    Journal, OpenError, Position, Store, read_decisions_offline, read_findings_offline, verify,
};

use crate::support::{copy_dir, decisions, fill, findings, frames, name, open, refused, segments, small};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = segments(dir, "findings");
    files.extend(segments(dir, "decisions"));
    files.extend(["identity", "witness"].map(|file| dir.join(file)));
    files
}

/// The seed is printed, and taken from `TIDELOCK_SEED` when that is set.
fn runner(cases: u32) -> TestRunner {
    let seed = std::env::var("TIDELOCK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
        u64::from(std::process::id()) << 16
            | u64::from(std::sync::Arc::as_ptr(&std::sync::Arc::new(0)) as usize as u16)
    });
    println!("TIDELOCK_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(Config { cases, failure_persistence: None, ..Config::default() }, rng)
}

/// One bit anywhere: `verify` names it, or it is one of the few that carry nothing.
#[test]
fn any_flipped_bit_is_named_or_harmless() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    block_on(fill(&small(&whole), 60, 25));
    let files: Vec<_> =
        files(&whole).iter().map(|path| path.strip_prefix(&whole).unwrap().to_path_buf()).collect();
    let (all_findings, all_decisions) = {
        let (journal, _) = open(&small(&whole));
        let all = (findings(&journal), decisions(&journal));
        block_on(journal.close());
        all
    };
    let flip = (0..files.len(), any::<prop::sample::Index>(), 0..8_u32);
    runner(400)
        .run(&flip, |(file, at, bit)| {
            let broken = dir.path().join("broken");
            copy_dir(&whole, &broken);
            let path = broken.join(&files[file]);
            let mut bytes = std::fs::read(&path).unwrap();
            let at = at.index(bytes.len());
            let used = frames(&bytes).last().map_or(usize::MAX, |frame| frame.end);
            bytes[at] ^= 1 << bit;
            std::fs::write(&path, &bytes).unwrap();
            let witness = files[file] == Path::new("witness");
            let behind_the_end = at >= used;
            let proved = verify(&broken);
            match &proved {
                Err(OpenError::Damaged(damage)) => {
                    prop_assert!(damage.to_string().contains("record"), "{}", damage);
                    prop_assert!(
                        damage.file == path || !damage.file.is_file(),
                        "{} but {}",
                        damage,
                        path.display()
                    );
                }
                Err(other) => return Err(TestCaseError::fail(other.to_string())),
                Ok(report) => {
                    let told = !report.torn.is_empty() || !report.notes.is_empty();
                    prop_assert!(
                        told && (witness || behind_the_end),
                        "byte {} of {:?} went unseen",
                        at,
                        files[file]
                    );
                }
            }
            // A start that reads less may succeed, but only with every record still there.
            if let Ok((journal, _)) = Journal::open(&small(&broken)) {
                let heads = journal.heads();
                prop_assert_eq!(heads.findings.number() as usize, all_findings.len());
                prop_assert_eq!(&decisions(&journal), &all_decisions);
                let read: Result<Vec<_>, _> = journal.read_findings(Position::new(1)).collect();
                prop_assert!(read.is_err() || read.unwrap() == all_findings);
                block_on(journal.close());
            }
            std::fs::remove_dir_all(&broken).unwrap();
            Ok(())
        })
        .unwrap();
}

/// Every byte of every decision, one bit each: the start itself refuses.
#[tokio::test]
async fn a_start_reads_every_decision() {
    let dir = tempfile::tempdir().unwrap();
    let settings = small(dir.path());
    fill(&settings, 3, 30).await;
    for path in segments(dir.path(), "decisions") {
        let bytes = std::fs::read(&path).unwrap();
        let end = frames(&bytes).last().unwrap().end;
        for at in (0..end).step_by(7) {
            let mut broken = bytes.clone();
            broken[at] ^= 1 << (at % 8);
            std::fs::write(&path, &broken).unwrap();
            let words = refused(&settings);
            assert!(words.contains(&path.display().to_string()), "byte {at}: {words}");
            assert!(words.contains("tidelock journal verify"), "{words}");
        }
        std::fs::write(&path, &bytes).unwrap();
    }
    assert!(Journal::open(&settings).is_ok());
}

/// A checksum is set right as easily as a byte is changed; what all later records stand on is not.
#[tokio::test]
async fn a_record_that_was_changed_with_its_checksum_does_not_fit_on_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    fill(&small(dir.path()), 60, 0).await;
    let path = segments(dir.path(), "findings").remove(0);
    let mut bytes = std::fs::read(&path).unwrap();
    let second = frames(&bytes)[1].clone();
    let record = &mut bytes[second];
    let body = record.windows(7).position(|part| part == b"finding").unwrap();
    record[body] ^= 1;
    let right = crc32c::crc32c_append(crc32c::crc32c(&record[..4]), &record[8..]);
    record[4..8].copy_from_slice(&right.to_le_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let words = verify(dir.path()).unwrap_err().to_string();
    assert!(words.contains("record 2 of findings") && words.contains("does not fit on the chain"), "{words}");
}

#[tokio::test]
async fn missing_segments_are_named() {
    for set in ["findings", "decisions"] {
        let dir = tempfile::tempdir().unwrap();
        let whole = dir.path().join("whole");
        fill(&small(&whole), 60, 90).await;
        let paths = segments(&whole, set);
        assert!(paths.len() >= 3, "{set} has {} segments", paths.len());
        for path in [&paths[0], &paths[1], paths.last().unwrap()] {
            let broken = dir.path().join("broken");
            copy_dir(&whole, &broken);
            std::fs::remove_file(broken.join(set).join(path.file_name().unwrap())).unwrap();
            let words = refused(&small(&broken));
            assert!(
                words.contains(set) && (words.contains("missing") || words.contains("durable")),
                "{words}"
            );
            std::fs::remove_dir_all(&broken).unwrap();
        }
    }
}

#[tokio::test]
async fn parts_of_two_journals_do_not_mix() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    fill(&small(&one), 10, 3).await;
    fill(&small(&other), 10, 3).await;
    for file in ["findings/0000000001.seg", "decisions/0000000001.seg", "witness", "identity"] {
        let mixed = dir.path().join("mixed");
        copy_dir(&one, &mixed);
        std::fs::copy(other.join(file), mixed.join(file)).unwrap();
        let words = refused(&small(&mixed));
        assert!(words.contains("another journal"), "{file}: {words}");
        std::fs::remove_dir_all(&mixed).unwrap();
    }
}

#[tokio::test]
async fn a_journal_shorter_than_what_a_decision_rests_on_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let settings = small(dir.path());
    fill(&settings, 10, 1).await;
    std::fs::remove_file(dir.path().join("witness")).unwrap();
    let path = segments(dir.path(), "findings").pop().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let frame = frames(&bytes).pop().unwrap();
    bytes[frame].fill(0);
    std::fs::write(&path, &bytes).unwrap();
    assert!(refused(&settings).contains("rests on finding 10"));
    assert!(verify(dir.path()).unwrap_err().to_string().contains("rests on finding 10"));
}

#[tokio::test]
async fn a_folder_is_read_without_a_collector_and_beside_one() {
    let dir = tempfile::tempdir().unwrap();
    let settings = small(dir.path());
    fill(&settings, 60, 25).await;
    let (journal, _) = open(&settings);
    assert!(matches!(Journal::open(&settings), Err(OpenError::Locked { .. })));
    let report = verify(dir.path()).unwrap();
    assert_eq!((report.findings.records, report.decisions.records), (60, 25));
    assert_eq!(report.migrations.len(), 2);
    assert_eq!(report.migrations.get("shop").copied(), journal.decision_head(&name("shop")));
    let read: Vec<_> =
        read_findings_offline(dir.path(), Position::new(1)).unwrap().map(Result::unwrap).collect();
    assert_eq!(read, findings(&journal));
    let read: Vec<_> =
        read_decisions_offline(dir.path(), Position::new(20)).unwrap().map(Result::unwrap).collect();
    assert_eq!(read, decisions(&journal)[19..]);
}

/// The end moves while it is judged: that is no damage.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_is_proved_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = small(dir.path());
    settings.segment_bytes = 64 * 1024;
    let (journal, _) = open(&settings);
    let writers: Vec<_> = (0..4)
        .map(|task| {
            let journal = journal.clone();
            tokio::spawn(async move {
                loop {
                    let body = format!("{task} {}", "x".repeat(300));
                    journal.append_findings(crate::support::record(body)).await.unwrap();
                }
            })
        })
        .collect();
    journal.subscribe().changed().await.unwrap();
    let mut last = 0;
    for _ in 0..60 {
        let known = journal.heads().findings.number();
        let dir = dir.path().to_path_buf();
        let proved = tokio::task::spawn_blocking(move || {
            let report = verify(&dir).unwrap();
            let read = read_findings_offline(&dir, Position::new(1)).unwrap().map(Result::unwrap).count();
            assert!(read as u64 >= report.findings.head.number());
            report.findings.head.number()
        });
        let head = proved.await.unwrap();
        assert!(head >= known && head >= last, "{head} after {known} and {last}");
        last = head;
    }
    writers.iter().for_each(tokio::task::JoinHandle::abort);
}
