//! What the tests of the journal share: small settings, records, a disk that can be broken.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tidelock_collector::journal::{
    Answer, Disk, Journal, NewDecision, OpenError, Position, RealDisk, Record, Recovery, Settings, Store,
    Stored,
};
use tidelock_model::Name;

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn record(body: impl Into<Vec<u8>>) -> Record {
    Record { kind: 1, at_unix_ms: 1_700_000_000_000, body: body.into() }
}

pub(crate) fn decision(migration: &str, expected: Option<u64>, rests_on: u64, body: &str) -> NewDecision {
    NewDecision {
        migration: name(migration),
        expected: expected.map(Position::new),
        rests_on: Position::new(rests_on),
        record: record(body),
    }
}

/// Segments of a few records, so that every test crosses their borders.
pub(crate) fn small(dir: &Path) -> Settings {
    let mut settings = Settings::new(dir);
    settings.segment_bytes = 4096;
    settings.max_body_bytes = 2048;
    settings.queue_bytes = 64 * 1024;
    settings.ballast_bytes = 4096;
    settings.low_space_bytes = 0;
    settings
}

pub(crate) fn open(settings: &Settings) -> (Journal, Recovery) {
    Journal::open(settings).unwrap()
}

/// Opens a folder that must be refused, and returns the words.
pub(crate) fn refused(settings: &Settings) -> String {
    match Journal::open(settings) {
        Ok((journal, report)) => panic!("opened up to {:?} with {report:?}", journal.heads()),
        Err(error @ OpenError::Damaged(_)) => error.to_string(),
        Err(error) => panic!("refused for another reason: {error}"),
    }
}

pub(crate) fn findings(store: &dyn Store) -> Vec<Stored> {
    store.read_findings(store.oldest_findings()).map(Result::unwrap).collect()
}

pub(crate) fn decisions(store: &dyn Store) -> Vec<Stored> {
    store.read_decisions(Position::new(1)).map(Result::unwrap).collect()
}

pub(crate) fn bodies(records: &[Stored]) -> Vec<String> {
    records.iter().map(|stored| String::from_utf8_lossy(&stored.record.body).into_owned()).collect()
}

pub(crate) fn appended(answer: Answer) -> Position {
    match answer {
        Answer::Appended { position, .. } => position,
        other @ (Answer::Conflict { .. } | Answer::Unknown { .. }) => panic!("not appended: {other:?}"),
    }
}

/// Fills a journal over several segments of both sets and closes it.
pub(crate) async fn fill(settings: &Settings, findings: usize, decisions: usize) {
    let (journal, _) = open(settings);
    for n in 0..findings {
        journal.append_findings(record(format!("finding {n} {}", "x".repeat(120 + n % 97)))).await.unwrap();
    }
    let mut heads = [None, None];
    for n in 0..decisions {
        let migration = n % 2;
        let new = decision(
            ["shop", "bank"][migration],
            heads[migration],
            findings as u64,
            &format!("decision {n}"),
        );
        heads[migration] = Some(appended(journal.append_decision(new).await.unwrap()).number());
    }
    journal.close().await;
}

/// The segments of a set, in order.
pub(crate) fn segments(dir: &Path, set: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir.join(set))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    paths.sort();
    paths
}

/// Where the frames of a segment lie, by their lengths alone.
pub(crate) fn frames(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let (mut at, mut frames) = (76, Vec::new());
    while let Some(len) = bytes.get(at..at + 4) {
        let len = u32::from_le_bytes(len.try_into().unwrap()) as usize;
        if len == 0 {
            break;
        }
        frames.push(at..at + len);
        at += len;
    }
    frames
}

pub(crate) fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A disk whose syncs can be held back or broken, and whose space is what the test says.
pub(crate) struct Faulty {
    held: Mutex<bool>,
    released: Condvar,
    pub(crate) break_sync_of: Mutex<Option<PathBuf>>,
    pub(crate) syncs: AtomicU64,
    pub(crate) failed_syncs: AtomicU64,
    pub(crate) free: AtomicU64,
    pub(crate) refuse_fill: AtomicBool,
    /// What was written and synced, in order.
    pub(crate) log: Mutex<Vec<String>>,
}

impl Faulty {
    pub(crate) fn new() -> Arc<Faulty> {
        Arc::new(Faulty {
            held: Mutex::new(false),
            released: Condvar::new(),
            break_sync_of: Mutex::new(None),
            syncs: AtomicU64::new(0),
            failed_syncs: AtomicU64::new(0),
            free: AtomicU64::new(u64::MAX),
            refuse_fill: AtomicBool::new(false),
            log: Mutex::new(Vec::new()),
        })
    }

    pub(crate) fn hold(&self) {
        *self.held.lock().unwrap() = true;
    }

    pub(crate) fn release(&self) {
        *self.held.lock().unwrap() = false;
        self.released.notify_all();
    }

    fn place(file: &File) -> PathBuf {
        use std::os::fd::AsRawFd;
        std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap()
    }

    fn note(&self, what: &str, file: &File) {
        let place = Faulty::place(file);
        let folder =
            place.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        self.log.lock().unwrap().push(format!("{what} {folder}"));
    }
}

impl Disk for Faulty {
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.note("write", file);
        RealDisk.write_at(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.note("sync", file);
        let mut held = self.held.lock().unwrap();
        while *held {
            held = self.released.wait(held).unwrap();
        }
        drop(held);
        self.syncs.fetch_add(1, Ordering::SeqCst);
        let broken = self.break_sync_of.lock().unwrap().clone();
        if broken.is_some_and(|set| Faulty::place(file).starts_with(set)) {
            self.failed_syncs.fetch_add(1, Ordering::SeqCst);
            return Err(io::Error::from_raw_os_error(5));
        }
        RealDisk.sync(file)
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(self.free.load(Ordering::SeqCst))
    }

    fn fill(&self, path: &Path, bytes: u64) -> io::Result<File> {
        if self.refuse_fill.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        RealDisk.fill(path, bytes)
    }
}
