//! sled, with what it leaves undone.
//!
//! Its `flush` hands the data to the system and no further, and values above an eighth of a segment lie
//! in files of their own; both are synced here before anything is believed. It may panic on a damaged
//! folder, or never come back, so it is opened in a thread of its own and waited for so long.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tidelock_model::{Name, SpoolEpoch};

mod slim;

#[cfg(test)]
pub(super) use slim::SLACK_BYTES;
pub(super) use slim::{forget_copy, take_place};

use super::witness::Witness;
use super::{Medium, SpoolError, keys};
use crate::private_file;

/// sled's default of 1 GiB is for servers.
const CACHE_BYTES: u64 = 4 << 20;
/// How often, and after how long, a database that somebody has open is tried again.
const LOCK_TRIES: u32 = 20;
const LOCK_WAIT: Duration = Duration::from_millis(25);
/// How long a database may take to open. A whole one takes a second, on the slowest of disks some more; systemd
/// gives the agent 90 s for its whole start.
pub(super) const OPEN_FOR: Duration = Duration::from_secs(60);

/// The database in one folder.
pub(super) struct Disk {
    db: sled::Db,
    /// Our own handle of sled's file: the one that can be synced.
    file: File,
    blobs: PathBuf,
    synced_blobs: BTreeSet<OsString>,
    /// Says which spool this folder is, apart from sled: what sled cannot read it may take for empty.
    mark: PathBuf,
    witness: Witness,
    medium: Arc<dyn Medium>,
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").field("blobs", &self.blobs).finish_non_exhaustive()
    }
}

impl Disk {
    /// Opens or makes the database, which may take so long. The inner error says why its content cannot be
    /// believed.
    pub(super) fn open(
        dir: &Path,
        medium: Arc<dyn Medium>,
        patience: Duration,
    ) -> Result<Result<Disk, String>, SpoolError> {
        let folder = |doing| move |source| SpoolError::Folder { doing, path: dir.to_path_buf(), source };
        private_file::make_dir(dir).map_err(folder("make"))?;
        let mut opened = open_once(dir, patience);
        for _ in 0..LOCK_TRIES {
            // Threads of sled hold the lock for a moment after the database was closed.
            let Ok(Err(sled::Error::Io(error))) = &opened else { break };
            if !in_use(error) {
                break;
            }
            thread::sleep(LOCK_WAIT);
            opened = open_once(dir, patience);
        }
        let db = match opened {
            Ok(Ok(db)) => db,
            Ok(Err(sled::Error::Io(error))) if in_use(&error) => {
                let why = "another agent is using it".to_owned();
                return Err(folder("open")(io::Error::other(why)));
            }
            // The folder may be as good as ever: to set it aside would lose what is in it.
            Ok(Err(sled::Error::Io(error))) if of_the_system(&error) => return Err(folder("open")(error)),
            Ok(Err(error)) => return Ok(Err(error.to_string())),
            Err(why) => return Ok(Err(why)),
        };
        let file = File::open(dir.join("db")).map_err(folder("open the file of"))?;
        let (blobs, mark) = (dir.join("blobs"), dir.join("spool-epoch"));
        let witness = Witness::open(&dir.join("spool-witness")).map_err(folder("open the witness of"))?;
        let disk = Disk { db, file, blobs, synced_blobs: BTreeSet::new(), mark, witness, medium };
        for synced in
            [Some(dir), dir.parent().filter(|parent| !parent.as_os_str().is_empty())].into_iter().flatten()
        {
            private_file::sync_dir(synced).map_err(folder("sync"))?;
        }
        Ok(Ok(disk))
    }

    /// Epoch and next number; `None` in a folder that was never begun.
    pub(super) fn head(&self) -> Result<Option<(SpoolEpoch, u64)>, String> {
        let marked = match fs::read_to_string(&self.mark) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.to_string()),
        };
        match (self.stored_head()?, marked) {
            (None, None) => Ok(None),
            (Some((epoch, next)), Some(mark)) if mark == epoch.to_string() => {
                self.witness.check(epoch, next)?;
                Ok(Some((epoch, next)))
            }
            (Some(head), None) if head.1 == 1 => {
                // The machine stopped while it was begun.
                self.mark(head.0).map_err(|error| error.to_string())?;
                Ok(Some(head))
            }
            (None, Some(_)) => Err("what was in it is gone".to_owned()),
            (Some(_), Some(_) | None) => Err("its mark names another spool".to_owned()),
        }
    }

    fn mark(&self, epoch: SpoolEpoch) -> Result<(), SpoolError> {
        private_file::replace(&self.mark, epoch.to_string().as_bytes()).map_err(|source| SpoolError::Folder {
            doing: "write",
            path: self.mark.clone(),
            source,
        })
    }

    fn stored_head(&self) -> Result<Option<(SpoolEpoch, u64)>, String> {
        let get = |key| self.db.get(key).map_err(|error| error.to_string());
        let (epoch, next) = (get(keys::EPOCH)?, get(keys::NEXT_SEQ)?);
        let (Some(epoch), Some(next)) = (&epoch, &next) else {
            return match epoch.is_none() && next.is_none() && self.db.is_empty() {
                true => Ok(None),
                false => Err("it does not say which spool it is".to_owned()),
            };
        };
        let epoch =
            <[u8; 16]>::try_from(&**epoch).map_err(|_| "the name of its epoch is damaged".to_owned())?;
        let next = <[u8; 8]>::try_from(&**next).map_err(|_| "its next number is damaged".to_owned())?;
        match u64::from_be_bytes(next) {
            0 => Err("its next number is 0".to_owned()),
            next => Ok(Some((SpoolEpoch(u128::from_be_bytes(epoch)), next))),
        }
    }

    /// Names the spool and starts counting at 1.
    pub(super) fn begin(&self, epoch: SpoolEpoch) -> Result<(), SpoolError> {
        let mut writes = sled::Batch::default();
        writes.insert(keys::EPOCH, &epoch.0.to_be_bytes());
        writes.insert(keys::NEXT_SEQ, &1_u64.to_be_bytes());
        self.apply(writes)?;
        self.db.flush().map_err(database("write to"))?;
        // sled writes its settings once and never syncs them, and with half of them it reads nothing of the rest.
        File::open(self.mark.with_file_name("conf"))
            .and_then(|settings| self.medium.sync(&settings))
            .map_err(|error| database("sync the settings of")(error.into()))?;
        self.medium.sync(&self.file).map_err(|error| database("sync")(error.into()))?;
        self.mark(epoch)
    }

    /// Every batch in order, one in memory at a time.
    pub(super) fn each_batch(
        &self,
        mut take: impl FnMut(u64, &[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        for pair in self.db.scan_prefix(keys::BATCHES) {
            let (key, value) = pair.map_err(|error| error.to_string())?;
            let first = keys::first_of(&key).ok_or_else(|| "a batch has a damaged number".to_owned())?;
            take(first, &value)?;
        }
        Ok(())
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, SpoolError> {
        self.db.get(key).map_err(database("read from"))
    }

    pub(super) fn states(&self, check: &Name) -> Result<BTreeMap<String, Vec<u8>>, SpoolError> {
        let prefix = keys::states(check);
        let mut states = BTreeMap::new();
        for pair in self.db.scan_prefix(&prefix) {
            let (key, value) = pair.map_err(database("read from"))?;
            let key = String::from_utf8_lossy(key.get(prefix.len()..).unwrap_or_default()).into_owned();
            states.insert(key, value.to_vec());
        }
        Ok(states)
    }

    /// The checks that have a state.
    pub(super) fn stateful(&self) -> Result<BTreeSet<Name>, String> {
        let mut checks = BTreeSet::new();
        for key in self.db.scan_prefix(keys::STATES).keys() {
            let key = key.map_err(|error| error.to_string())?;
            checks.insert(keys::check_of(&key).ok_or_else(|| "a state has a damaged name".to_owned())?);
        }
        Ok(checks)
    }

    /// Writes without waiting for the disk.
    pub(super) fn apply(&self, writes: sled::Batch) -> Result<(), SpoolError> {
        self.db.apply_batch(writes).map_err(database("write to"))
    }

    /// Writes, all or nothing, and waits until it is on disk. The witness then says so.
    pub(super) fn commit(
        &mut self,
        writes: sled::Batch,
        (epoch, next_seq): (SpoolEpoch, u64),
    ) -> Result<(), SpoolError> {
        self.apply(writes)?;
        // Before what points at them is written: sled passes over a pointer to a file that is gone, and believes
        // what stands behind it.
        self.sync_blobs().map_err(|error| database("sync")(error.into()))?;
        self.db.flush().map_err(database("write to"))?;
        self.medium.sync(&self.file).map_err(|error| database("sync")(error.into()))?;
        self.witness.tell(epoch, next_seq).map_err(|error| database("write the witness of")(error.into()))
    }

    /// Syncs the files of large values that are new.
    fn sync_blobs(&mut self) -> io::Result<()> {
        let entries = match fs::read_dir(&self.blobs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut present = BTreeSet::new();
        let mut new = false;
        for entry in entries {
            let name = entry?.file_name();
            if !self.synced_blobs.contains(&name) {
                match File::open(self.blobs.join(&name)) {
                    Ok(file) => self.medium.sync(&file)?,
                    // sled removes them when it rewrites a page.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
                new = true;
            }
            present.insert(name);
        }
        self.synced_blobs = present;
        if new { private_file::sync_dir(&self.blobs) } else { Ok(()) }
    }
}

/// Opens or makes the database; the outer error says why nothing in the folder can be believed.
fn open_once(dir: &Path, patience: Duration) -> Result<sled::Result<sled::Db>, String> {
    let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    let (tell, opened) = mpsc::channel();
    let open = move || {
        let done = catch_unwind(AssertUnwindSafe(|| config.open()));
        if let Err(late) = tell.send(done) {
            // Its folder has been set aside: what it writes at its end would go into the new one.
            std::mem::forget(late);
        }
    };
    if let Err(error) = thread::Builder::new().name("spool-open".to_owned()).spawn(open) {
        // The system has no room for it, which says nothing about the folder.
        return Ok(Err(sled::Error::Io(io::Error::new(io::ErrorKind::OutOfMemory, error))));
    }
    match opened.recv_timeout(patience) {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => {
            Err("the database broke down when it was opened".to_owned())
        }
        Err(RecvTimeoutError::Timeout) => {
            Err(format!("the database did not open within {} s", patience.as_secs()))
        }
    }
}

/// Says nothing about what is in the folder.
fn of_the_system(error: &io::Error) -> bool {
    use io::ErrorKind::{OutOfMemory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let kinds = [OutOfMemory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull];
    // Too many open files have no kind of their own.
    kinds.contains(&error.kind()) || matches!(error.raw_os_error(), Some(23 | 24))
}

fn in_use(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.to_string().contains("could not acquire lock")
}

fn database(doing: &'static str) -> impl Fn(sled::Error) -> SpoolError {
    move |error| SpoolError::Database { doing, why: error.to_string() }
}

/// Renames a folder out of the way, and keeps it for people to look at.
pub(super) fn set_aside(dir: &Path, word: &str) -> Result<PathBuf, SpoolError> {
    let failed = |source| SpoolError::Folder { doing: "set aside", path: dir.to_path_buf(), source };
    let name = dir.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    for count in 1..10_000_u32 {
        let mut aside = name.to_owned();
        aside.push(format!(".{word}-{count}"));
        let aside = dir.with_file_name(aside);
        if !aside.exists() {
            fs::rename(dir, &aside).map_err(failed)?;
            return Ok(aside);
        }
    }
    Err(failed(io::ErrorKind::AlreadyExists.into()))
}
