//! How far each receiver has heard: a small file each, replaced whole.
//!
//! A cursor is written after a message was taken and never before, so that losing it means sending again.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use tidelock_model::Name;

use crate::{private_file, secret};

/// Longer files are none of ours.
const MAX_BYTES: u64 = 4096;

/// How far a receiver has heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// The last event that it took, or that was none for it.
    pub(super) sequence: u64,
    /// It said that it is gone, while this plan revision was in force: it is left alone until the next.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) gone: Option<u64>,
}

/// The folder of all cursors.
#[derive(Debug, Clone)]
pub(super) struct Cursors {
    dir: PathBuf,
}

impl Cursors {
    pub(super) fn open(dir: PathBuf) -> io::Result<Cursors> {
        private_file::make_dir(&dir)?;
        Ok(Cursors { dir })
    }

    /// An address is a secret or longer than a file name may be; its hash is neither.
    fn path(&self, migration: &Name, key: &str) -> PathBuf {
        let hash = secret::sha256(key.as_bytes()).to_string();
        self.dir.join(format!("{migration}-{}.cursor", hash.get(..32).unwrap_or(&hash)))
    }

    /// None where there is none, or none that can be read: then everything is sent again.
    pub(super) async fn read(&self, migration: &Name, key: &str) -> Option<Cursor> {
        let path = self.path(migration, key);
        let read = tokio::task::spawn_blocking(move || match read(&path) {
            Ok(cursor) => cursor,
            Err(error) => {
                let path = path.display();
                tracing::warn!(%error, %path, "a cursor cannot be read: its messages are sent again");
                None
            }
        });
        read.await.ok().flatten()
    }

    /// What cannot be written is kept in memory alone; a restart then sends again.
    pub(super) async fn write(&self, migration: &Name, key: &str, cursor: Cursor) {
        let path = self.path(migration, key);
        let write = move || {
            let text = toml::to_string(&cursor).map_err(io::Error::other)?;
            private_file::replace(&path, text.as_bytes())
        };
        match tokio::task::spawn_blocking(write).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, %migration, "a cursor was not written"),
            Err(error) => tracing::error!(%error, %migration, "a cursor was not written"),
        }
    }
}

fn read(path: &Path) -> io::Result<Option<Cursor>> {
    match fs::metadata(path) {
        Ok(found) if found.len() > MAX_BYTES => {
            return Err(io::Error::other("it is too large to be a cursor"));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    toml::from_str(&fs::read_to_string(path)?).map(Some).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_cursor_is_read_back_and_what_is_none_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let cursors = Cursors::open(dir.path().join("notify")).unwrap();
        let name = Name::new("shop").unwrap();
        assert_eq!(cursors.read(&name, "a").await, None);
        for gone in [None, Some(3)] {
            let cursor = Cursor { sequence: 12, gone };
            cursors.write(&name, "a", cursor).await;
            assert_eq!(cursors.read(&name, "a").await, Some(cursor));
        }
        assert_eq!(cursors.read(&name, "b").await, None);
        fs::write(cursors.path(&name, "a"), "sequence = 'half").unwrap();
        assert_eq!(cursors.read(&name, "a").await, None);
    }
}
