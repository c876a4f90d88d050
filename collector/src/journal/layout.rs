//! Where things lie in the data folder.

use std::path::{Path, PathBuf};

use super::types::Set;

/// The paths of one journal.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    dir: PathBuf,
}

impl Layout {
    pub(crate) fn new(dir: &Path) -> Layout {
        Layout { dir: dir.to_path_buf() }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn set(&self, set: Set) -> PathBuf {
        self.dir.join(set.word())
    }

    pub(crate) fn segment(&self, set: Set, number: u64) -> PathBuf {
        self.set(set).join(format!("{number:010}.seg"))
    }

    /// Zeros that wait to become the next segment.
    pub(crate) fn spare(&self, set: Set) -> PathBuf {
        self.set(set).join("spare.tmp")
    }

    pub(crate) fn identity(&self) -> PathBuf {
        self.dir.join("identity")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    pub(crate) fn witness(&self) -> PathBuf {
        self.dir.join("witness")
    }

    pub(crate) fn floor(&self) -> PathBuf {
        self.dir.join("floor")
    }

    pub(crate) fn ballast(&self) -> PathBuf {
        self.dir.join("ballast")
    }

    pub(crate) fn components(&self) -> PathBuf {
        self.dir.join("components")
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.dir.join("index")
    }
}
