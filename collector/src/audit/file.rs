//! The two files of the refused asks: one that grows, and the one before it.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender};

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

/// Reads what is there, as far as it can be read, and opens the newer file at its end.
pub(super) fn open(dir: &Path) -> io::Result<(VecDeque<RefusedAsk>, Growing)> {
    Ok((read(dir), grow(dir)?))
}

fn grow(dir: &Path) -> io::Result<Growing> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(dir.join(NEWER))?;
    let bytes = file.metadata()?.len();
    Ok(Growing { dir: dir.to_owned(), file, bytes })
}

/// A later line of the same says how often it was by then.
fn read(dir: &Path) -> VecDeque<RefusedAsk> {
    let mut kept: VecDeque<RefusedAsk> = VecDeque::new();
    for name in [OLDER, NEWER] {
        let Ok(file) = File::open(dir.join(name)) else { continue };
        // A line that was cut by a crash is no line.
        let lines = BufReader::new(io::Read::take(file, 2 * FILE_BYTES)).lines().map_while(Result::ok);
        for ask in lines.filter_map(|line| serde_json::from_str::<RefusedAsk>(&line).ok()) {
            kept.retain(|line| !(line.like(&ask) && line.times < ask.times));
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(ask);
        }
    }
    kept
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
        if self.bytes >= FILE_BYTES {
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
        if until(&read(dir)) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{:?}", read(dir).len());
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
        fs::write(dir.path().join(NEWER), "{\"unix_ms\": 5, \"subj").unwrap();
        assert_eq!(read(dir.path()).len(), KEPT, "a cut line is left out, and no more are kept than that");
    }
}
