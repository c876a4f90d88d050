use std::fs;

use tempfile::TempDir;

use super::*;

mod damage;

const LIMIT: u64 = 1 << 20;

fn finding(check: &str, note_bytes: usize) -> v1::Finding {
    v1::Finding { check: check.to_owned(), note: "x".repeat(note_bytes), ..v1::Finding::default() }
}

fn set(check: &str, key: &str, value: &[u8]) -> StateChange {
    StateChange { check: Name::new(check).unwrap(), key: key.to_owned(), value: Some(value.to_vec()) }
}

fn open(dir: &TempDir) -> Spool {
    Spool::open(&dir.path().join("spool"), LIMIT).unwrap()
}

/// What would be sent, as `first-last`, with a `?` before a gap.
fn waiting(spool: &mut Spool, mut seq: u64) -> Vec<String> {
    let mut words = Vec::new();
    while let Some((entry, batch)) = spool.take_after(seq).unwrap() {
        assert_eq!((batch.first_seq, entry.findings), (entry.first, batch.findings.len() as u64));
        let mark = if batch.gap.is_some() { "?" } else { "" };
        words.push(format!("{mark}{}-{}", entry.first, entry.last));
        seq = entry.last;
    }
    words
}

#[test]
fn findings_and_numbers_survive_a_restart() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    let epoch = spool.epoch();
    spool.put(vec![finding("a", 1), finding("b", 1)], &[]).unwrap();
    spool.put(vec![finding("a", 1)], &[]).unwrap();
    spool.acked(2).unwrap();
    drop(spool);
    let mut spool = open(&dir);
    assert_eq!(spool.epoch(), epoch);
    assert_eq!(waiting(&mut spool, 0).last().unwrap(), "3-3");
    spool.acked(3).unwrap();
    drop(spool);
    let mut spool = open(&dir);
    assert_eq!(spool.put(vec![finding("a", 1)], &[]).unwrap().first, 4);
}

/// The files of large values, and what they take.
fn blobs(dir: &Path) -> u64 {
    let files = fs::read_dir(dir.join("blobs")).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn what_restarts_leave_behind_does_not_fill_the_disk() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("spool");
    let mut spool = open(&dir);
    spool.put(vec![finding("jobs", 1)], &[set("jobs", "rows", b"7")]).unwrap();
    let epoch = spool.epoch();
    for round in 2..400 {
        let kept = spool.put(vec![finding("a", 200_000)], &[]).unwrap();
        assert_eq!(kept.first, round);
        spool.acked(kept.first - 1).unwrap();
        if round % 4 == 0 {
            // sled forgets which of its files are of no use any more.
            drop(spool);
            spool = open(&dir);
        }
        assert!(blobs(&path) < 2 * disk::SLACK_BYTES, "round {round}: {} bytes", blobs(&path));
    }
    drop(spool);
    let mut spool = open(&dir);
    assert_eq!((spool.epoch(), waiting(&mut spool, 0)), (epoch, vec!["399-399".to_owned()]));
    assert_eq!(spool.state_of(&Name::new("jobs").unwrap()).unwrap()["rows"], b"7");
    assert!(!path.with_file_name("spool.copy").exists() && !path.with_file_name("spool.damaged-1").exists());
}

#[test]
fn a_copy_that_was_not_finished_is_forgotten() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    spool.put(vec![finding("a", 1)], &[]).unwrap();
    drop(spool);
    let copy = dir.path().join("spool.copy");
    fs::create_dir(&copy).unwrap();
    fs::write(copy.join("db"), "half").unwrap();
    assert_eq!(waiting(&mut open(&dir), 0), ["1-1"]);
    assert!(!copy.exists());
}

#[test]
fn state_is_there_with_its_finding() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    spool.put(vec![finding("jobs", 1)], &[set("jobs", "rows", b"7"), set("jobs", "x", b"1")]).unwrap();
    spool.put(vec![finding("job", 1)], &[set("job", "rows", b"9")]).unwrap();
    let forget = StateChange { check: Name::new("jobs").unwrap(), key: "x".to_owned(), value: None };
    spool.put(vec![finding("jobs", 1)], &[forget]).unwrap();
    drop(spool);
    let spool = open(&dir);
    let state = spool.state_of(&Name::new("jobs").unwrap()).unwrap();
    assert_eq!(state, BTreeMap::from([("rows".to_owned(), b"7".to_vec())]));
}

#[test]
fn a_full_spool_drops_the_oldest_and_says_so() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    for _ in 0..12 {
        spool.put(vec![finding("a", 50_000), finding("b", 50_000)], &[]).unwrap();
    }
    assert!(spool.ledger().bytes() <= LIMIT);
    let (entry, batch) = spool.take_after(0).unwrap().unwrap();
    let gap = batch.gap.unwrap();
    assert_eq!((gap.from_seq, gap.to_seq, entry.first), (1, entry.last, 1));
    let counts: Vec<_> = gap.counts.iter().map(|c| (c.check.as_str(), c.count)).collect();
    assert_eq!(counts, [("a", entry.last / 2), ("b", entry.last / 2)]);
    assert_eq!(spool.ledger().next_seq(), 25);
    drop(spool);
    let mut spool = open(&dir);
    assert!(waiting(&mut spool, 0)[0].starts_with("?1-"));
}

#[test]
fn what_was_sent_in_a_session_is_not_replaced_by_a_gap() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    spool.put(vec![finding("a", 100_000)], &[]).unwrap();
    spool.session_began(0).unwrap();
    spool.take_after(0).unwrap();
    for _ in 0..14 {
        spool.put(vec![finding("a", 100_000)], &[]).unwrap();
    }
    let words = waiting(&mut spool, 0);
    assert_eq!(words[0], "1-1");
    assert!(words[1].starts_with("?2-"), "{words:?}");
}

#[test]
fn a_batch_that_is_durable_in_part_is_cut() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    spool.put(vec![finding("a", 1), finding("b", 1), finding("c", 1)], &[]).unwrap();
    spool.session_began(2).unwrap();
    let (_, batch) = spool.take_after(2).unwrap().unwrap();
    assert_eq!((batch.first_seq, batch.findings[0].check.as_str()), (3, "c"));
    drop(spool);
    assert_eq!(waiting(&mut open(&dir), 2), ["3-3"]);
}

#[test]
fn a_gap_that_is_durable_in_part_is_cut() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    for _ in 0..14 {
        spool.put(vec![finding("a", 100_000)], &[]).unwrap();
    }
    let (gap, _) = spool.take_after(0).unwrap().unwrap();
    assert!(gap.last > 2);
    spool.session_began(2).unwrap();
    let (cut, batch) = spool.take_after(2).unwrap().unwrap();
    assert_eq!((cut.first, cut.last, batch.gap.unwrap().from_seq), (3, gap.last, 3));
}

#[test]
fn garbage_is_set_aside_and_told() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("spool");
    let mut spool = open(&dir);
    let epoch = spool.epoch();
    for _ in 0..40 {
        spool.put(vec![finding("a", 2000)], &[]).unwrap();
    }
    drop(spool);
    let db = fs::read(path.join("db")).unwrap();
    fs::write(path.join("db"), vec![0xa5; db.len()]).unwrap();
    fs::write(path.join("conf"), b"garbage").unwrap();
    let mut spool = open(&dir);
    assert_ne!(spool.epoch(), epoch);
    assert!(dir.path().join("spool.damaged-1").is_dir());
    let (entry, batch) = spool.take_after(0).unwrap().unwrap();
    assert_eq!((entry.first, entry.last), (1, 1));
    assert!(batch.gap.unwrap().reason.contains("damaged and set aside"));
    assert_eq!(spool.put(vec![finding("a", 1)], &[]).unwrap().first, 2);
}

#[test]
fn a_missing_batch_makes_the_folder_unbelievable() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    for _ in 0..3 {
        spool.put(vec![finding("a", 1)], &[]).unwrap();
    }
    let mut writes = sled::Batch::default();
    writes.remove(&keys::batch(2));
    spool.commit(writes).unwrap();
    drop(spool);
    let mut spool = open(&dir);
    assert_eq!(waiting(&mut spool, 0), ["?1-1"]);
}

#[test]
fn an_old_copy_of_a_spool_never_uses_a_number_twice() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    let epoch = spool.epoch();
    spool.put(vec![finding("a", 1), finding("a", 1)], &[]).unwrap();
    spool.session_began(7).unwrap();
    assert_ne!(spool.epoch(), epoch);
    let (entry, batch) = spool.take_after(0).unwrap().unwrap();
    assert_eq!((entry.first, batch.gap.unwrap().counts[0].count), (1, 2));
    drop(spool);
    assert_eq!(waiting(&mut open(&dir), 0), ["?1-1"]);
}

#[test]
fn a_collector_that_forgot_what_it_acked_gets_a_gap() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    for _ in 0..4 {
        spool.put(vec![finding("a", 1)], &[]).unwrap();
    }
    spool.acked(3).unwrap();
    spool.session_began(1).unwrap();
    assert_eq!(waiting(&mut spool, 1), ["?2-3", "4-4"]);
    spool.acked(4).unwrap();
    spool.session_began(2).unwrap();
    assert_eq!(waiting(&mut spool, 2), ["?3-4"]);
    drop(spool);
    assert_eq!(waiting(&mut open(&dir), 2), ["?3-4"]);
}

#[test]
fn two_agents_do_not_share_a_spool() {
    let dir = TempDir::new().unwrap();
    let _first = open(&dir);
    let second = Spool::open(&dir.path().join("spool"), LIMIT);
    assert!(matches!(second, Err(SpoolError::Folder { .. })), "{second:?}");
    assert!(!dir.path().join("spool.damaged-1").exists());
}

#[test]
fn what_is_acked_is_deleted_with_the_next_commit_or_the_end() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    for _ in 0..3 {
        spool.put(vec![finding("a", 1)], &[]).unwrap();
    }
    assert_eq!(spool.acked_in_memory(2), Some(()));
    assert_eq!((spool.ledger().findings(), spool.gone.len()), (1, 2));
    spool.put(vec![finding("a", 1)], &[]).unwrap();
    assert!(spool.gone.is_empty());
    assert_eq!(waiting(&mut spool, 0), ["3-3", "4-4"]);
    spool.acked(4).unwrap();
    drop(spool);
    let mut spool = open(&dir);
    assert!(waiting(&mut spool, 0).is_empty());
    assert_eq!(spool.ledger().next_seq(), 5);
}

#[test]
fn what_was_forgotten_stands_in_the_place_of_what_waits_to_be_deleted() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    for _ in 0..3 {
        spool.put(vec![finding("a", 1)], &[]).unwrap();
    }
    spool.acked(3).unwrap();
    // The collector was set back: number 2 is deleted and written anew by the same commit.
    spool.session_began(1).unwrap();
    drop(spool);
    assert_eq!(waiting(&mut open(&dir), 1), ["?2-3"]);
}

#[test]
fn the_batch_that_was_kept_last_is_sent_without_the_disk() {
    let dir = TempDir::new().unwrap();
    let mut spool = open(&dir);
    let entry = spool.put(vec![finding("a", 7)], &[]).unwrap();
    let (known, batch) = spool.take_fresh_after(0).unwrap().unwrap();
    assert_eq!((known, batch.findings[0].note.len()), (entry, 7));
    assert_eq!(spool.take_fresh_after(1), Some(None), "nothing is left");
    assert_eq!(spool.take_fresh_after(0), None, "the disk must be asked");
    assert_eq!(spool.take_after(0).unwrap().unwrap(), (entry, batch));
}

#[test]
fn what_another_agent_left_is_put_aside_unless_it_still_runs() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("spool");
    assert_eq!(Spool::leave(&place).unwrap(), None, "there is nothing to leave");
    let spool = Spool::open(&place, LIMIT).unwrap();
    let first = spool.epoch();
    assert!(Spool::leave(&place).unwrap_err().to_string().contains("open"), "an agent uses it");
    drop(spool);
    let aside = Spool::leave(&place).unwrap().expect("it was moved");
    assert!(aside.ends_with("spool.of-before-1") && aside.join("db").exists() && !place.exists());
    assert_ne!(Spool::open(&place, LIMIT).unwrap().epoch(), first);
}
