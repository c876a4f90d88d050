//! The two files of the refused asks: one that grows, and the one before it.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender};

use tidelock_model::mutated;

use super::{KEPT, RefusedAsk, WAITING, sync_channel};

/// A file that has grown to this size becomes the one before.
const FILE_BYTES: u64 = 1 << 20;
const NEWER: &str = "refused.jsonl";
const OLDER: &str = "refused.old.jsonl";

/// The file that is written.
pub(super) struct Growing {
    dir: PathBuf,
    file: File,
    bytes: u64,
}

/// What the files say.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) kept: VecDeque<RefusedAsk>,
    /// Lines and files that nobody can read: somebody was refused, and who it was is not known.
    pub(super) unreadable: u64,
}

/// Reads what is there, as far as it can be read, and opens the newer file at its end.
pub(super) fn open(dir: &Path) -> io::Result<(Found, Growing)> {
    Ok((read(dir), grow(dir)?))
}

fn grow(dir: &Path) -> io::Result<Growing> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(dir.join(NEWER))?;
    let bytes = file.metadata()?.len();
    Ok(Growing { dir: dir.to_owned(), file, bytes })
}

/// A later line of the same says how often it was by then.
fn read(dir: &Path) -> Found {
    let mut found = Found::default();
    for name in [OLDER, NEWER] {
        let file = match File::open(dir.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                tracing::error!(%error, name, "refused asks of before cannot be read");
                found.unreadable += 1;
                continue;
            }
        };
        let mut file = BufReader::new(io::Read::take(file, 2 * FILE_BYTES));
        for line in file.by_ref().split(b'\n') {
            match line.map(|line| serde_json::from_slice::<RefusedAsk>(&line)) {
                Ok(Ok(ask)) => found.take(ask),
                // A line that was cut by a crash is one of these.
                Ok(Err(_)) => found.unreadable += 1,
                Err(error) => {
                    tracing::error!(%error, name, "refused asks of before cannot be read");
                    found.unreadable += 1;
                    break;
                }
            }
        }
        // No file of ours is that long.
        found.unreadable += u64::from(file.into_inner().limit() == 0);
    }
    found
}

impl Found {
    fn take(&mut self, ask: RefusedAsk) {
        self.kept.retain(|line| !(line.like(&ask) && line.times < ask.times));
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(ask);
    }
}

/// Writes in a thread of its own until the last sender is gone.
pub(super) fn write_beside(file: Growing) -> Option<SyncSender<RefusedAsk>> {
    let (send, lines) = sync_channel(WAITING);
    let beside = std::thread::Builder::new().name("refused-asks".to_owned()).spawn(|| write(file, lines));
    match beside {
        Ok(_) => Some(send),
        Err(error) => {
            tracing::error!(%error, "refused asks are not written to disk");
            None
        }
    }
}

fn write(mut to: Growing, lines: Receiver<RefusedAsk>) {
    let mut failed = false;
    while let Ok(ask) = lines.recv() {
        match to.line(&ask) {
            Ok(()) => failed = false,
            // Told once, not with each line of a flood.
            Err(error) if !failed => {
                tracing::error!(%error, "a refused ask was not written to disk");
                failed = true;
            }
            Err(_) => {}
        }
    }
}

impl Growing {
    fn line(&mut self, ask: &RefusedAsk) -> io::Result<()> {
        if self.bytes >= FILE_BYTES && !mutated("refused-asks-have-two-files") {
            fs::rename(self.dir.join(NEWER), self.dir.join(OLDER))?;
            *self = grow(&self.dir)?;
        }
        let mut line = serde_json::to_string(ask)?;
        line.push('\n');
        self.file.write_all(line.as_bytes())?;
        self.bytes += line.len() as u64;
        Ok(())
    }
}

/// Waits until the files say so.
#[cfg(test)]
pub(super) fn wait(dir: &Path, until: impl Fn(&VecDeque<RefusedAsk>) -> bool) {
    for _ in 0..6_000 {
        if until(&read(dir).kept) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{:?}", read(dir).kept.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_of_a_bounded_size_are_all_that_is_ever_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = grow(dir.path()).unwrap();
        let ask = RefusedAsk {
            unix_ms: 1,
            subject: String::new(),
            role: String::new(),
            grant: String::new(),
            migration: String::new(),
            address: "192.0.2.1".into(),
            what: "x".repeat(300),
            why: "y".repeat(300),
            times: 1,
        };
        (0..8_000).for_each(|_| file.line(&ask).unwrap());
        let sizes: Vec<u64> =
            fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).collect();
        assert_eq!(sizes.len(), 2);
        assert!(sizes.iter().all(|bytes| *bytes < FILE_BYTES + 4096), "{sizes:?}");
        let last = serde_json::to_string(&RefusedAsk { what: "last".into(), ..ask }).unwrap();
        let damaged = [b"\xff\xfe\n{}\n".as_slice(), last.as_bytes(), b"\n{\"unix_ms\": 5, \"subj"].concat();
        fs::write(dir.path().join(NEWER), damaged).unwrap();
        let found = read(dir.path());
        assert_eq!((found.kept.len(), found.unreadable), (KEPT, 3), "each is counted, and no more are kept");
        assert_eq!(found.kept.back().unwrap().what, "last", "what comes behind a damaged line is read");
        fs::write(dir.path().join(NEWER), vec![b'x'; 3 * FILE_BYTES as usize]).unwrap();
        assert_eq!(read(dir.path()).unreadable, 2, "one line, and more than is read");
    }
}
