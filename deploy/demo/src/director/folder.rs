//! The demo's folder: databases, keys, logs, plans.
//!
//! It is emptied at every start, so it must be one that a demo made: a folder that holds anything else
//! is refused.

use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::world::Map;

/// Says that the folder is a demo's and may be emptied.
const MARK: &str = ".tidelock-demo";

/// Where the demo lies unless somebody says otherwise; one for each user.
pub fn default_folder() -> PathBuf {
    let user = rustix::process::getuid().as_raw();
    std::env::temp_dir().join(format!("tidelock-demo-{user}"))
}

/// Whether a demo runs there now.
pub fn running_in(folder: &Path) -> bool {
    let Ok(map) = Map::read(folder) else { return false };
    let pid = i32::try_from(map.source.pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

/// A folder of this demo's own.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes it, or empties it when an earlier demo made it.
    pub(crate) fn make(path: &Path) -> anyhow::Result<Folder> {
        let place = || format!("make {}", path.display());
        if path.exists() {
            let about = std::fs::symlink_metadata(path).with_context(place)?;
            anyhow::ensure!(
                about.is_dir() && about.uid() == rustix::process::getuid().as_raw(),
                "{} is no folder of yours; give another one with --folder",
                path.display()
            );
            let empty = std::fs::read_dir(path).with_context(place)?.next().is_none();
            anyhow::ensure!(
                empty || path.join(MARK).exists(),
                "{} holds something that no demo made; give another one with --folder",
                path.display()
            );
            anyhow::ensure!(
                !running_in(path),
                "a demo runs in {} already; end it, or give another folder with --folder",
                path.display()
            );
            std::fs::remove_dir_all(path).with_context(|| format!("empty {}", path.display()))?;
        }
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(place)?;
        let path = path.canonicalize().with_context(place)?;
        let folder = Folder { path };
        std::fs::write(folder.at(MARK), "").with_context(place)?;
        std::fs::create_dir(folder.at("logs")).with_context(place)?;
        Ok(folder)
    }

    /// Itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A place in it.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file that only its owner may read.
    pub(crate) fn put_private(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.at(name);
        let place = || format!("write {}", path.display());
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&path).with_context(place)?;
        file.write_all(text.as_bytes()).with_context(place)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_else_in_it_is_left_alone() {
        let held = tempfile::tempdir().unwrap();
        std::fs::write(held.path().join("photo"), "x").unwrap();
        let why = Folder::make(held.path()).unwrap_err().to_string();
        assert!(why.contains("no demo made"), "{why}");
        assert!(held.path().join("photo").exists());
    }

    #[test]
    fn what_a_demo_made_is_emptied_for_the_next() {
        let held = tempfile::tempdir().unwrap();
        let first = Folder::make(held.path()).unwrap();
        first.put_private("old", "x").unwrap();
        let second = Folder::make(held.path()).unwrap();
        assert!(!second.at("old").exists() && second.at("logs").is_dir());
    }
}
