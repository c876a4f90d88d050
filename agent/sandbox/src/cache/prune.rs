//! Keeps the folder of compiled code bounded.
//!
//! What goes here can be made again, so nothing that goes wrong is worth more than another try.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Compiled files that are kept.
const MAX_FILES: usize = 256;
/// How old a file that a compiler has left half made must be.
const STALE: Duration = Duration::from_secs(3600);

/// Takes away what was left half made, and the oldest files beyond the bound.
pub(super) fn prune(dir: &Path) {
    prune_to(dir, MAX_FILES);
}

fn prune_to(dir: &Path, most: usize) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    let mut files: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort();
    let newest = files.last().map(|(time, _)| *time);
    let ends = |path: &Path, end: &str| path.extension().is_some_and(|extension| extension == end);
    let stale = |time: &SystemTime| {
        newest.and_then(|newest| newest.duration_since(*time).ok()).is_some_and(|age| age > STALE)
    };
    let half = files.iter().filter(|(time, path)| ends(path, "tmp") && stale(time));
    let whole: Vec<_> = files.iter().filter(|(_, path)| ends(path, "cwasm")).collect();
    let beyond = whole.iter().take(whole.len().saturating_sub(most)).copied();
    for (_, path) in half.chain(beyond) {
        // A runner that has it loaded keeps it; one that wants it has it compiled.
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_files_go_and_the_key_stays() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str, secs: u64| {
            let file = fs::File::create(dir.path().join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(secs)).unwrap();
        };
        at("key", 1);
        at("old.tmp", 2);
        at("old.cwasm", 3);
        at("middle.cwasm", 10_000);
        at("new.cwasm", 10_001);
        at("new.tmp", 10_002);
        prune_to(dir.path(), 2);
        let mut left: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["key", "middle.cwasm", "new.cwasm", "new.tmp"]);
    }
}
