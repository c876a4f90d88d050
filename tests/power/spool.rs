//! The agent's spool loses its power.

use std::error::Error as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

use tidelock_agent::spool::{Medium, RealMedium, Spool, StateChange};
use tidelock_model::Name;
use tidelock_proto::v1;
use tidelock_tests::Image;

use crate::loss::{BYTES, nothing_acked_is_lost, told, without_sync_something_is_lost};
use crate::shadow::Shadow;

const WRITER: &str = "spool::writer_until_it_is_killed";
const LIMIT: u64 = 32 << 20;

/// What the finding of this number says. Some are so large that sled keeps them in a file of their own.
fn note(seq: u64) -> String {
    let bytes = if seq % 20 == 19 { 70_000 } else { seq * 37 % 400 };
    format!("{seq} {}", "x".repeat(usize::try_from(bytes).unwrap()))
}

fn open(dir: &Path, medium: Arc<dyn Medium>) -> Result<Spool, String> {
    Spool::open_on(dir, LIMIT, medium).map_err(|error| match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    })
}

/// Keeps batches with the state of their check, and forgets old ones; `told` hears of it.
fn write(spool: &mut Spool, mut rounds: u64, mut told: impl FnMut(String)) {
    told(format!("e {}", spool.epoch()));
    while rounds > 0 {
        rounds -= 1;
        let first = spool.ledger().next_seq();
        let last = first + first % 4;
        let findings = (first..=last)
            .map(|seq| v1::Finding { check: "rows".to_owned(), note: note(seq), ..v1::Finding::default() })
            .collect();
        let check = Name::new("rows").unwrap();
        let state = StateChange { check, key: "last".to_owned(), value: Some(last.to_be_bytes().to_vec()) };
        spool.put(findings, &[state]).unwrap();
        told(format!("k {last}"));
        if rounds.is_multiple_of(10) && last > 9 {
            // Said first: the collector has them, and they may go at any time from now on.
            told(format!("a {}", last - 9));
            spool.acked(last - 9).unwrap();
        }
    }
}

/// Whether every finding that was kept and not acked is there, with the state that belongs to the last.
fn check(dir: &Path, lines: &[String]) -> Result<(), String> {
    let mut spool = open(dir, Arc::new(RealMedium))?;
    let newest = |letter: &str| lines.iter().rev().find_map(|line| line.strip_prefix(letter));
    let number = |letter| newest(letter).map_or(0, |word| word.parse::<u64>().unwrap());
    let (kept, acked) = (number("k "), number("a "));
    // Before it was told, nothing was in it: whatever the power left of its files, there is a spool now.
    let Some(epoch) = newest("e ") else { return Ok(()) };
    if epoch != spool.epoch().to_string() {
        return Err("the spool was set aside".to_owned());
    }
    let (mut seq, mut found) = (0, Vec::new());
    while let Some((entry, batch)) = spool.take_after(seq).map_err(|error| error.to_string())? {
        for (at, finding) in (entry.first..).zip(&batch.findings) {
            if finding.note != note(at) {
                return Err(format!("finding {at} is another one than was kept"));
            }
            found.push(at);
        }
        seq = entry.last;
    }
    if let Some(missing) = (acked + 1..=kept).find(|at| found.binary_search(at).is_err()) {
        return Err(format!("finding {missing} was kept and is gone"));
    }
    let state = spool.state_of(&Name::new("rows").unwrap()).map_err(|error| error.to_string())?;
    let state = state.get("last").map(|value| u64::from_be_bytes(value.as_slice().try_into().unwrap()));
    let last = spool.ledger().next_seq() - 1;
    match state.unwrap_or(0) == last {
        true => Ok(()),
        false => Err(format!("the last finding is {last}, the state is of {state:?}")),
    }
}

/// Waits for nothing.
struct Hasty;

impl Medium for Hasty {
    fn sync(&self, _: &File) -> io::Result<()> {
        Ok(())
    }
}

/// The writer: this test, started again with a folder in its environment.
#[test]
fn writer_until_it_is_killed() {
    let Some(told) = told() else { return };
    let medium: Arc<dyn Medium> = if told.synced { Arc::new(RealMedium) } else { Arc::new(Hasty) };
    let mut spool = open(&told.dir.join("spool"), medium).unwrap();
    write(&mut spool, u64::MAX, |line| {
        (&told.acks).write_all(format!("{line}\n").as_bytes()).unwrap();
        println!("acked");
    });
}

#[test]
fn a_spool_loses_nothing_that_was_kept() {
    if Image::possible() {
        nothing_acked_is_lost(WRITER, |mount, lines| check(&mount.join("spool"), lines));
    }
}

#[test]
fn a_spool_that_does_not_sync_is_caught() {
    if Image::possible() {
        without_sync_something_is_lost(WRITER, |mount, lines| check(&mount.join("spool"), lines));
    }
}

/// The folder is as good as ever: to set it aside would lose what is in it.
fn nothing_is_set_aside(dir: &Path) {
    assert!(!dir.with_file_name("spool.damaged-1").exists(), "{} was taken for damaged", dir.display());
}

#[test]
fn a_file_system_for_reading_alone_is_named() {
    if !Image::possible() {
        return;
    }
    let image = Image::new(BYTES);
    let dir = image.mount().join("spool");
    write(&mut open(&dir, Arc::new(RealMedium)).unwrap(), 5, drop);
    image.shut();
    let told = open(&dir, Arc::new(RealMedium)).err().unwrap();
    assert!(told.starts_with("open"), "{told}");
    nothing_is_set_aside(&dir);
}

#[test]
fn a_full_file_system_is_named_and_once_there_is_room_nothing_that_was_kept_is_lost() {
    if !Image::possible() {
        return;
    }
    let image = Image::new(BYTES);
    let dir = image.mount().join("spool");
    let mut kept = Vec::new();
    let mut spool = open(&dir, Arc::new(RealMedium)).unwrap();
    write(&mut spool, 5, |line| kept.push(line));
    let filler = image.fill();
    let told = write_until_it_fails(&mut spool, &mut kept);
    assert!(told.contains("the spool: ") && told.contains("No space left on device"), "{told}");
    drop(spool);
    // To open it takes some room, too; were there enough, the next write would be told the same.
    let told = match open(&dir, Arc::new(RealMedium)) {
        Ok(mut spool) => write_until_it_fails(&mut spool, &mut kept),
        Err(told) => told,
    };
    assert!(told.contains("No space left on device"), "{told}");
    nothing_is_set_aside(&dir);
    std::fs::remove_file(filler).unwrap();
    assert_eq!(check(&dir, &kept), Ok(()));
    nothing_is_set_aside(&dir);
}

/// Keeps findings one by one until none can be kept; gives why.
fn write_until_it_fails(spool: &mut Spool, kept: &mut Vec<String>) -> String {
    for _ in 0..10_000 {
        let seq = spool.ledger().next_seq();
        let one = v1::Finding { check: "rows".to_owned(), note: note(seq), ..v1::Finding::default() };
        let check = Name::new("rows").unwrap();
        let state = StateChange { check, key: "last".to_owned(), value: Some(seq.to_be_bytes().to_vec()) };
        match spool.put(vec![one], &[state]) {
            Ok(_) => kept.push(format!("k {seq}")),
            Err(error) => return error.to_string(),
        }
    }
    panic!("a full disk takes findings for ever");
}

impl Medium for Shadow {
    fn sync(&self, file: &File) -> io::Result<()> {
        self.at_sync(file);
        RealMedium.sync(file)
    }
}

/// Keeps findings over a recorded disk; what each cut lost.
fn recorded(syncs_count: bool) -> (usize, Vec<String>) {
    let dir = tempfile::TempDir::new().unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = lines.clone();
    let look = move |cut: &Path| check(cut, &seen.lock().unwrap());
    // Written beside and synced, and then renamed.
    let shadow = Arc::new(Shadow::new(dir.path(), syncs_count, &["spool-epoch"], look));
    let mut spool = open(dir.path(), shadow.clone()).unwrap();
    write(&mut spool, 14, |line| lines.lock().unwrap().push(line));
    drop(spool);
    shadow.found()
}

#[test]
fn no_order_of_lost_writes_loses_what_the_spool_kept() {
    let (cuts, lost) = recorded(true);
    println!("{cuts} cuts of the spool");
    assert!(cuts >= 30, "only {cuts} cuts");
    assert_eq!(lost, Vec::<String>::new());
}

#[test]
fn a_spool_whose_syncs_are_lies_is_caught() {
    let (cuts, lost) = recorded(false);
    assert!(lost.len() > cuts / 4, "{} of {cuts} cuts lost something", lost.len());
}
