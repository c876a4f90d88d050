//! The collector's journal loses its power.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

use tidelock_collector::journal::{
    Answer, Disk, Journal, NewDecision, Position, RealDisk, Record, Settings, Store, verify,
};
use tidelock_model::Name;
use tidelock_tests::Image;

use crate::loss::{BYTES, nothing_acked_is_lost, told, without_sync_something_is_lost};
use crate::shadow::Shadow;

const WRITER: &str = "journal::writer_until_it_is_killed";

fn settings(dir: &Path, segment_bytes: u64, disk: Arc<dyn Disk>) -> Settings {
    Settings {
        segment_bytes,
        max_body_bytes: 2048,
        queue_bytes: 64 * 1024,
        ballast_bytes: 4096,
        low_space_bytes: 0,
        disk,
        ..Settings::new(dir)
    }
}

fn record(body: &str) -> Record {
    Record { kind: 1, at_unix_ms: 1_700_000_000_000, body: body.as_bytes().to_vec() }
}

fn body(n: u64) -> String {
    format!("finding {n} {}", "x".repeat((n * 37 % 500) as usize))
}

/// Appends a crowd of findings and a decision on them, again and again; `acked` hears each by its place.
async fn write(journal: &Journal, mut rounds: u64, mut acked: impl FnMut(String)) {
    let shop = Name::new("shop").unwrap();
    let mut head = journal.decision_head(&shop).map(|head| head.position);
    let mut n = journal.heads().findings.number();
    while rounds > 0 {
        rounds -= 1;
        let bodies: Vec<String> = (0..1 + n % 5).map(|more| body(n + more)).collect();
        n += bodies.len() as u64;
        let appends = bodies.iter().map(|body| journal.append_findings(record(body)));
        for (body, position) in bodies.iter().zip(futures::future::join_all(appends).await) {
            acked(format!("f {} {body}", position.unwrap()));
        }
        let rests_on = journal.heads().findings;
        let body = format!("rests on {rests_on}");
        let new = NewDecision { migration: shop.clone(), expected: head, rests_on, record: record(&body) };
        match journal.append_decision(new).await.unwrap() {
            Answer::Appended { position, .. } => {
                acked(format!("d {position} {body}"));
                head = Some(position);
            }
            other @ (Answer::Conflict { .. } | Answer::Unknown { .. }) => panic!("{other:?}"),
        }
    }
}

/// Whether everything that was acknowledged is there, in its place, and the whole is proved.
fn check(dir: &Path, acks: &[String]) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    verify(dir).map_err(|error| text(&error))?;
    let (journal, _) = Journal::open(&settings(dir, 64 * 1024, Arc::new(RealDisk))).map_err(|e| text(&e))?;
    let read = |set: &str| -> Result<Vec<_>, String> {
        let first = Position::new(1);
        let reader = if set == "f" { journal.read_findings(first) } else { journal.read_decisions(first) };
        reader.map(|stored| stored.map_err(|error| text(&error))).collect()
    };
    let (findings, decisions) = (read("f")?, read("d")?);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(journal.close());
    for line in acks {
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().ok_or("a line of the acks is short");
        let (set, at, body) = (word()?, word()?, word()?);
        let at: usize = at.parse().map_err(|_| format!("no number: {line}"))?;
        let stored = if set == "f" { findings.get(at - 1) } else { decisions.get(at - 1) };
        match stored {
            Some(stored) if stored.record.body == body.as_bytes() => {}
            Some(_) => return Err(format!("{set} {at} is another one than was acknowledged")),
            None => return Err(format!("{set} {at} was acknowledged and is gone")),
        }
    }
    Ok(())
}

/// Writes as the collector does, and waits for nothing.
struct Hasty;

impl Disk for Hasty {
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        RealDisk.write_at(file, bytes, offset)
    }

    fn sync(&self, _: &File) -> io::Result<()> {
        Ok(())
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        RealDisk.free_bytes(dir)
    }

    fn fill(&self, path: &Path, bytes: u64) -> io::Result<File> {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        file.set_len(bytes)?;
        Ok(file)
    }
}

/// The writer: this test, started again with a folder in its environment.
#[tokio::test]
async fn writer_until_it_is_killed() {
    let Some(told) = told() else { return };
    let disk: Arc<dyn Disk> = if told.synced { Arc::new(RealDisk) } else { Arc::new(Hasty) };
    let (journal, _) = Journal::open(&settings(&told.dir.join("journal"), 64 * 1024, disk)).unwrap();
    write(&journal, u64::MAX, |line| {
        (&told.acks).write_all(format!("{line}\n").as_bytes()).unwrap();
        println!("acked");
    })
    .await;
}

#[test]
fn a_journal_loses_nothing_that_was_acked() {
    if Image::possible() {
        nothing_acked_is_lost(WRITER, |mount, acks| check(&mount.join("journal"), acks));
    }
}

#[test]
fn a_journal_that_does_not_sync_is_caught() {
    if Image::possible() {
        without_sync_something_is_lost(WRITER, |mount, acks| check(&mount.join("journal"), acks));
    }
}

#[test]
fn a_file_system_for_reading_alone_is_named() {
    if !Image::possible() {
        return;
    }
    let image = Image::new(BYTES);
    let dir = image.mount().join("journal");
    check(&dir, &[]).unwrap_err();
    let open = || Journal::open(&settings(&dir, 64 * 1024, Arc::new(RealDisk)));
    let (journal, _) = open().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(journal.close());
    drop(journal);
    image.shut();
    let told = open().err().unwrap().to_string();
    assert!(told.contains("read-only; mount it for writing, or name another data_dir"), "{told}");
}

/// Writes over a recorded disk; what each cut lost.
fn recorded(syncs_count: bool) -> (usize, Vec<String>) {
    let dir = tempfile::TempDir::new().unwrap();
    let acks = Arc::new(Mutex::new(Vec::new()));
    let seen = acks.clone();
    let look = move |cut: &Path| check(cut, &seen.lock().unwrap());
    // Written beside and synced, and then renamed.
    let shadow = Arc::new(Shadow::new(dir.path(), syncs_count, &["identity", "floor"], look));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (journal, _) = Journal::open(&settings(dir.path(), 4096, shadow.clone())).unwrap();
        write(&journal, 12, |line| acks.lock().unwrap().push(line)).await;
        journal.close().await;
    });
    shadow.found()
}

impl Disk for Shadow {
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        RealDisk.write_at(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.at_sync(file);
        RealDisk.sync(file)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        RealDisk.free_bytes(dir)
    }

    fn fill(&self, path: &Path, bytes: u64) -> io::Result<File> {
        let file = RealDisk.fill(path, bytes)?;
        self.is_durable(&file);
        Ok(file)
    }
}

#[test]
fn no_order_of_lost_writes_loses_what_the_journal_acked() {
    let (cuts, lost) = recorded(true);
    println!("{cuts} cuts of the journal");
    assert!(cuts >= 30, "only {cuts} cuts");
    assert_eq!(lost, Vec::<String>::new());
}

#[test]
fn a_journal_whose_syncs_are_lies_is_caught() {
    let (cuts, lost) = recorded(false);
    assert!(lost.len() > cuts / 2, "{} of {cuts} cuts lost something", lost.len());
}
