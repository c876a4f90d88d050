//! A folder that takes much more room than what is in it is written anew.
//!
//! sled keeps a large value in a file of its own, and forgets at each restart which of these files nothing points at any
//! more: they stay for ever. So what is in the folder is copied into a new one, and the two change places in one step.
//! Before that step nothing was touched; after it everything is there.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use tidelock_model::SpoolEpoch;

use super::super::{Medium, SpoolError};
use super::{Disk, LOCK_WAIT};
use crate::private_file;

/// So much more than what is in it may lie in the files of large values.
pub(in super::super) const SLACK_BYTES: u64 = 8 << 20;
/// Bytes that are copied in one write, about.
const TOGETHER: usize = 1 << 20;
/// How often it is looked whether sled has let go of a folder.
const CLOSED_TRIES: u32 = 400;

impl Disk {
    /// Whether the files of large values take much more room than all that is there.
    pub(in super::super) fn bloated(&self) -> Result<bool, String> {
        let files = bytes_below(&self.blobs).map_err(|error| error.to_string())?;
        if files <= SLACK_BYTES {
            return Ok(false);
        }
        let mut content = 0;
        for pair in self.db.iter() {
            let (key, value) = pair.map_err(|error| error.to_string())?;
            content += (key.len() + value.len()) as u64;
        }
        Ok(files > content + SLACK_BYTES)
    }

    /// Copies all that is there into a new folder beside this one, on disk when this returns.
    pub(in super::super) fn copy(
        &self,
        dir: &Path,
        head: (SpoolEpoch, u64),
        medium: Arc<dyn Medium>,
        patience: Duration,
    ) -> Result<(), String> {
        let told = |error: SpoolError| error.to_string();
        forget_copy(dir).map_err(|error| error.to_string())?;
        let beside = beside(dir);
        let mut copy = Disk::open(&beside, medium, patience).map_err(told)??;
        copy.begin(head.0).map_err(told)?;
        let (mut writes, mut bytes) = (sled::Batch::default(), 0);
        for pair in self.db.iter() {
            let (key, value) = pair.map_err(|error| error.to_string())?;
            bytes += key.len() + value.len();
            writes.insert(key, value);
            if bytes > TOGETHER {
                copy.commit(std::mem::take(&mut writes), head).map_err(told)?;
                bytes = 0;
            }
        }
        copy.commit(writes, head).map_err(told)?;
        drop(copy);
        wait_until_closed(&beside).map_err(|error| error.to_string())
    }
}

/// Puts the copy into the place of a folder that nobody has open any more, and removes that folder.
pub(in super::super) fn take_place(dir: &Path) -> io::Result<()> {
    wait_until_closed(dir)?;
    renameat_with(CWD, beside(dir), CWD, dir, RenameFlags::EXCHANGE)?;
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        private_file::sync_dir(parent)?;
    }
    forget_copy(dir)
}

/// Removes what lies beside a folder: a copy that was not finished, or what a copy took the place of.
pub(in super::super) fn forget_copy(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(beside(dir)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn beside(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".copy");
    dir.with_file_name(name)
}

/// What a thread of sled writes at its end would go into the folder that bears the name by then.
fn wait_until_closed(dir: &Path) -> io::Result<()> {
    let file = File::open(dir.join("db"))?;
    for _ in 0..CLOSED_TRIES {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::WOULDBLOCK) => thread::sleep(LOCK_WAIT),
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "the database is still open"))
}

fn bytes_below(dir: &Path) -> io::Result<u64> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut bytes = 0;
    for entry in entries {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}
