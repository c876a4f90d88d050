//! The newest plan revision that this agent has seen.
//!
//! A collector that was restored from an old copy, or somebody who poses as one, may bring back a plan
//! that was replaced for a reason. The agent remembers, and refuses.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tidelock_model::{Sha256, mutated};

use crate::private_file;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    revision: u64,
    hash: String,
}

/// Why the memory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NewestError {
    /// It cannot be read or written.
    #[error("{doing} {}", path.display())]
    Disk {
        /// Reading or writing.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is damaged.
    #[error("{} does not say which plan revision was seen last; find out what damaged it, then remove it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// The newest plan revision, on disk.
#[derive(Debug)]
pub struct Newest {
    path: PathBuf,
    seen: Option<(u64, Sha256)>,
}

impl Newest {
    /// Reads what was seen last.
    ///
    /// # Errors
    /// When the file is there and cannot be believed.
    pub fn open(dir: &Path) -> Result<Newest, NewestError> {
        let path = dir.join("newest-plan.json");
        let failed = |doing| {
            let path = path.clone();
            move |source| NewestError::Disk { doing, path, source }
        };
        private_file::make_dir(dir).map_err(failed("make the folder of"))?;
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Newest { path, seen: None }),
            Err(error) => return Err(failed("read")(error)),
        };
        let file: Option<File> = serde_json::from_slice(&text).ok();
        match file.and_then(|file| Some((file.revision, file.hash.parse().ok()?))) {
            Some(seen) => Ok(Newest { path, seen: Some(seen) }),
            None => Err(NewestError::Damaged { path }),
        }
    }

    /// The newest revision seen; 0 for none.
    pub fn revision(&self) -> u64 {
        self.seen.map_or(0, |(revision, _)| revision)
    }

    /// Whether a revision may be carried out.
    ///
    /// # Errors
    /// Says why not.
    pub fn check(&self, revision: u64, hash: Sha256) -> Result<(), String> {
        match self.seen {
            Some((newest, _)) if revision < newest && !mutated("an-older-plan-is-refused") => {
                Err(format!("plan revision {revision} is older than {newest}, which this agent has seen"))
            }
            Some((newest, known)) if revision == newest && hash != known => {
                Err(format!("plan revision {revision} was another plan when this agent saw it first"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Remembers a revision, on disk before it is carried out.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember(&mut self, revision: u64, hash: Sha256) -> Result<(), NewestError> {
        if self.seen == Some((revision, hash)) {
            return Ok(());
        }
        let failed = |source| NewestError::Disk { doing: "write", path: self.path.clone(), source };
        let file = File { revision, hash: hash.to_string() };
        let text = serde_json::to_vec(&file).map_err(|error| failed(error.into()))?;
        private_file::replace(&self.path, &text).map_err(failed)?;
        self.seen = Some((revision, hash));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_or_another_revision_is_refused_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let hash = |byte| Sha256::from_bytes([byte; 32]);
        let mut newest = Newest::open(dir.path()).unwrap();
        assert_eq!(newest.check(0, hash(1)), Ok(()));
        newest.remember(5, hash(1)).unwrap();
        let newest = Newest::open(dir.path()).unwrap();
        assert_eq!(newest.revision(), 5);
        assert_eq!((newest.check(5, hash(1)), newest.check(6, hash(2))), (Ok(()), Ok(())));
        assert!(newest.check(4, hash(1)).unwrap_err().contains("older than 5"));
        assert!(newest.check(5, hash(2)).unwrap_err().contains("another plan"));
    }

    #[test]
    fn a_damaged_memory_is_told_and_not_guessed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("newest-plan.json"), "{").unwrap();
        assert!(matches!(Newest::open(dir.path()), Err(NewestError::Damaged { .. })));
    }
}
