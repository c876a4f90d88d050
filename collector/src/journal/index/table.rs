//! Sorted keys and values: what is in the database, under what waits for the next flush.
//!
//! sled panics where it meets what it does not expect, so every call into it is caught and becomes
//! an error; the index is then rebuilt, and the collector lives.

use std::{
    collections::BTreeMap,
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use super::MAX_VALUE_BYTES;
use crate::journal::disk;

/// A key and its value.
pub(crate) type Pair = (Vec<u8>, Vec<u8>);

/// The database and what waits for it.
pub(crate) struct Table {
    db: sled::Db,
    dir: PathBuf,
    pending: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    pending_bytes: usize,
}

/// Runs a call into the database; a panic becomes an error.
pub(crate) fn guard<T>(call: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Err(format!("the database panicked: {}", text.unwrap_or_default()))
        }
    }
}

impl Table {
    pub(crate) fn new(db: sled::Db, dir: &Path) -> Table {
        Table { db, dir: dir.to_path_buf(), pending: BTreeMap::new(), pending_bytes: 0 }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn pending_bytes(&self) -> usize {
        self.pending_bytes
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        match self.pending.get(key) {
            Some(value) => Ok(value.clone()),
            None => guard(|| Ok(self.db.get(key)?.map(|value| value.to_vec()))),
        }
    }

    pub(crate) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), String> {
        if value.len() > MAX_VALUE_BYTES {
            return Err(format!("a value of {} bytes is over the limit of {MAX_VALUE_BYTES}", value.len()));
        }
        self.pending_bytes += key.len() + value.len();
        self.pending.insert(key, Some(value));
        Ok(())
    }

    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        self.pending_bytes += key.len();
        self.pending.insert(key, None);
    }

    /// Adds bytes to a value in place, unless it would become longer than this.
    pub(crate) fn append(&mut self, key: &[u8], bytes: &[u8], limit: usize) -> Result<bool, String> {
        let fits = |value: &Vec<u8>| value.len() + bytes.len() <= limit.min(MAX_VALUE_BYTES);
        if let Some(value) = self.waiting(key) {
            let fits = fits(value);
            if fits {
                value.extend_from_slice(bytes);
                self.pending_bytes += bytes.len();
            }
            return Ok(fits);
        }
        let mut value = self.get(key)?.unwrap_or_default();
        let fits = fits(&value);
        if fits {
            value.extend_from_slice(bytes);
            self.put(key.to_vec(), value)?;
        }
        Ok(fits)
    }

    /// A value that waits for the next write, to be changed in its place.
    pub(crate) fn waiting(&mut self, key: &[u8]) -> Option<&mut Vec<u8>> {
        self.pending.get_mut(key)?.as_mut()
    }

    /// The first pairs in `from..=to`, in ascending or descending order.
    pub(crate) fn range(
        &self,
        from: &[u8],
        to: &[u8],
        ascending: bool,
        limit: usize,
    ) -> Result<Vec<Pair>, String> {
        if from > to {
            return Ok(Vec::new());
        }
        let mut pairs: Vec<Pair> = guard(|| {
            let stored = self.db.range(from..=to);
            let keep = |pair: &Result<(sled::IVec, sled::IVec), sled::Error>| {
                pair.as_ref().map_or(true, |(key, _)| !self.pending.contains_key(key.as_ref()))
            };
            let own = |pair: Result<(sled::IVec, sled::IVec), sled::Error>| {
                pair.map(|(key, value)| (key.to_vec(), value.to_vec()))
            };
            if ascending {
                stored.filter(keep).take(limit).map(own).collect()
            } else {
                stored.rev().filter(keep).take(limit).map(own).collect()
            }
        })?;
        // No more of them than are asked for: many wait, and they are copied.
        let mut waiting = self.pending.range(from.to_vec()..=to.to_vec());
        let next = || if ascending { waiting.next() } else { waiting.next_back() };
        let there = std::iter::from_fn(next).filter_map(|(key, value)| Some((key.clone(), value.clone()?)));
        pairs.extend(there.take(limit));
        pairs.sort();
        if !ascending {
            pairs.reverse();
        }
        pairs.truncate(limit);
        Ok(pairs)
    }

    /// Hands what waits to the database, as one change.
    pub(crate) fn write(&mut self) -> Result<(), String> {
        let mut batch = sled::Batch::default();
        for (key, value) in &self.pending {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        guard(|| self.db.apply_batch(batch))?;
        self.pending.clear();
        self.pending_bytes = 0;
        Ok(())
    }

    /// Makes the database durable. Its own `flush` is no fsync: the sync on our handle is.
    pub(crate) fn sync(&self) -> Result<(), String> {
        guard(|| self.db.flush().map(drop))?;
        let db = self.dir.join("db");
        File::open(&db)
            .and_then(|file| file.sync_data())
            .and_then(|()| disk::sync_dir(&self.dir))
            .map_err(|error| format!("sync {}: {error}", db.display()))
    }
}
