//! Whatever changes under the journal is seen and named, and never makes it silently shorter.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use proptest::{prelude::*, test_runner::TestCaseError};
use tidelock_collector::journal::{
    Journal, OpenError, Position, Store, Stored, read_decisions_offline, read_findings_offline, verify,
};

use crate::support::{copy_dir, decisions, fill, findings, frames, name, open, refused, segments, small};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = segments(dir, "findings");
    files.extend(segments(dir, "decisions"));
    files.extend(["identity", "witness", "floor"].map(|file| dir.join(file)));
    files
}

/// Fills a journal of which the oldest findings were dropped, so that it has every kind of file.
fn fill_and_drop(dir: &Path) {
    block_on(async {
        fill(&small(dir), 60, 25).await;
        let (journal, _) = open(&small(dir));
        let dropped = journal.drop_findings_of(&BTreeSet::new(), Position::new(30)).await.unwrap();
        assert!(dropped.segments > 0 && dropped.oldest > Position::new(1), "{dropped:?}");
        journal.close().await;
    });
    assert!(segments(dir, "findings").len() >= 2 && dir.join("floor").is_file());
}

/// What a journal holds, read in good order.
fn content(dir: &Path) -> (Vec<Stored>, Vec<Stored>) {
    let (journal, _) = open(&small(dir));
    let all = (findings(&journal), decisions(&journal));
    block_on(journal.close());
    all
}

/// The seed is printed, and taken from `TIDELOCK_SEED` when that is set.
pub(crate) fn runner(cases: u32) -> TestRunner {
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
    fill_and_drop(&whole);
    let files: Vec<_> =
        files(&whole).iter().map(|path| path.strip_prefix(&whole).unwrap().to_path_buf()).collect();
    let (all_findings, all_decisions) = content(&whole);
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
                prop_assert_eq!(heads.findings.number(), 60);
                prop_assert_eq!(&decisions(&journal), &all_decisions);
                let read: Result<Vec<_>, _> = journal.read_findings(journal.oldest_findings()).collect();
                prop_assert!(read.is_err() || read.unwrap() == all_findings);
                block_on(journal.close());
            }
            std::fs::remove_dir_all(&broken).unwrap();
            Ok(())
        })
        .unwrap();
}

/// A file that ends too early: `verify` and a start name it, or nothing but zeros went with its end.
#[test]
fn a_segment_cut_anywhere_is_named_or_has_every_record() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    fill_and_drop(&whole);
    let all = content(&whole);
    let mut paths = segments(&whole, "findings");
    paths.extend(segments(&whole, "decisions"));
    // Where a record ends is where a cut is seen least, so that is tried beside any place at all.
    let cut = (0..paths.len(), any::<prop::sample::Index>(), any::<bool>());
    let named = std::cell::Cell::new(0);
    runner(300)
        .run(&cut, |(file, at, behind_a_record)| {
            let broken = dir.path().join("broken");
            copy_dir(&whole, &broken);
            let path = broken.join(paths[file].strip_prefix(&whole).unwrap());
            let bytes = std::fs::read(&path).unwrap();
            let frames = frames(&bytes);
            // 76 bytes are its head.
            let used = frames.last().map_or(76, |frame| frame.end);
            let at = match behind_a_record && !frames.is_empty() {
                true => frames[at.index(frames.len())].end,
                false => at.index(bytes.len()),
            };
            File::options().write(true).open(&path).unwrap().set_len(at as u64).unwrap();
            let cut = format!("{} of {} bytes cut at {at}, used are {used}", path.display(), bytes.len());
            match verify(&broken) {
                Err(OpenError::Damaged(damage)) => {
                    prop_assert!(at < used, "{}: {}", cut, damage);
                    prop_assert_eq!(&damage.file, &path, "{}: {}", cut, damage);
                    prop_assert!(damage.to_string().contains("tidelock journal verify"), "{}", damage);
                    named.set(named.get() + 1);
                }
                Err(other) => return Err(TestCaseError::fail(format!("{cut}: {other}"))),
                Ok(report) => {
                    prop_assert!(at >= used, "{} and nobody was told", cut);
                    prop_assert_eq!(report.findings.head.number(), 60);
                    prop_assert_eq!(report.decisions.records, 25);
                }
            }
            // A start reads the last findings alone; what it did not read is refused when it is.
            match Journal::open(&small(&broken)) {
                Err(error) => {
                    prop_assert!(at < used, "{}: {}", cut, error);
                }
                Ok((journal, _)) => {
                    let read: Result<Vec<_>, _> = journal.read_findings(journal.oldest_findings()).collect();
                    prop_assert_eq!(read.is_ok(), at >= used, "{}", cut);
                    prop_assert!(read.is_err() || read.unwrap() == all.0, "{}", cut);
                    prop_assert_eq!(&decisions(&journal), &all.1, "{}", cut);
                    block_on(journal.close());
                }
            }
            std::fs::remove_dir_all(&broken).unwrap();
            Ok(())
        })
        .unwrap();
    assert!(named.get() > 30, "only {} cuts were named", named.get());
}

/// Every bit, and every length that is too short.
#[test]
fn a_floor_with_any_bit_flipped_or_any_end_cut_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fill_and_drop(dir.path());
    let path = dir.path().join("floor");
    let bytes = std::fs::read(&path).unwrap();
    let flipped = (0..bytes.len() * 8).map(|bit| {
        let mut broken = bytes.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        broken
    });
    let cut = (0..bytes.len()).map(|length| bytes[..length].to_vec());
    for broken in flipped.chain(cut) {
        std::fs::write(&path, &broken).unwrap();
        for words in [refused(&small(dir.path())), verify(dir.path()).unwrap_err().to_string()] {
            let named = words.contains(&path.display().to_string()) && words.contains("oldest kept segment");
            assert!(named, "{broken:?}: {words}");
        }
    }
    // Without it what was dropped on purpose looks like what was lost.
    std::fs::remove_file(&path).unwrap();
    assert!(refused(&small(dir.path())).contains("the segment is missing"));
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
