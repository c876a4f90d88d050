//! The index in sled.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tidelock_model::{AgentKey, Name, Side, SpoolEpoch};

use super::{
    Cursor, Entry, Event, HistoryLine, Index, IndexError, IndexSettings, Seen, apply,
    history::{self, Tails},
    keys,
    table::Table,
    value::Stamp,
};
use crate::journal::types::{Heads, Position};

/// The index in a sled database. An error of it is for good: open it again to have it rebuilt.
pub struct SledIndex {
    dir: PathBuf,
    settings: IndexSettings,
    inner: Mutex<Inner>,
}

struct Inner {
    table: Table,
    tails: Tails,
    stamp: Stamp,
}

/// Says to the next start that this database is not to be believed.
pub(crate) fn broken_mark(dir: &Path) -> PathBuf {
    dir.with_extension("broken")
}

impl SledIndex {
    pub(crate) fn new(table: Table, stamp: Stamp, settings: IndexSettings) -> SledIndex {
        let dir = table.dir().to_path_buf();
        SledIndex { dir, settings, inner: Mutex::new(Inner { table, tails: Tails::default(), stamp }) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, run: impl FnOnce(&mut Inner) -> Result<T, String>) -> Result<T, IndexError> {
        run(&mut self.lock()).map_err(|what| self.broken(what))
    }

    fn broken(&self, what: String) -> IndexError {
        // Without the mark the next start finds out by itself, only later.
        let _ = std::fs::write(broken_mark(&self.dir), what.as_bytes());
        IndexError::Broken { dir: self.dir.clone(), what }
    }

    fn add(
        &self,
        position: Position,
        entries: &[Entry],
        stamp: impl FnOnce(&mut Heads),
    ) -> Result<(), IndexError> {
        let settings = self.settings;
        self.with(|inner| {
            for entry in entries {
                apply::add(&mut inner.table, &mut inner.tails, &settings, position, entry)?;
            }
            stamp(&mut inner.stamp.reflects);
            if inner.table.pending_bytes() > settings.pending_bytes {
                inner.write()?;
            }
            Ok(())
        })
    }
}

impl Inner {
    fn write(&mut self) -> Result<(), String> {
        self.table.put(keys::STAMP.to_vec(), self.stamp.encode())?;
        self.table.write()
    }
}

impl Index for SledIndex {
    fn reflects(&self) -> Heads {
        self.lock().stamp.reflects
    }

    fn add_findings(&self, position: Position, entries: &[Entry]) -> Result<(), IndexError> {
        self.add(position, entries, |reflects| reflects.findings = reflects.findings.max(position))
    }

    fn add_decision(&self, position: Position, entries: &[Entry]) -> Result<(), IndexError> {
        self.add(position, entries, |reflects| reflects.decisions = reflects.decisions.max(position))
    }

    fn history(
        &self,
        migration: &Name,
        check: &Name,
        side: Side,
        before: Position,
        limit: usize,
    ) -> Result<Vec<HistoryLine>, IndexError> {
        let prefix = keys::history(migration, check, side);
        self.with(|inner| history::read(&inner.table, &prefix, before, limit))
    }

    fn events_since(
        &self,
        migration: &Name,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Event>, IndexError> {
        let prefix = keys::events(migration);
        self.with(|inner| {
            let from = keys::numbered(&prefix, after.next().number());
            let found = inner.table.range(&from, &keys::numbered(&prefix, u64::MAX), true, limit)?;
            let event = |(key, bytes): (Vec<u8>, Vec<u8>)| {
                let (at, body) = bytes.split_first_chunk::<8>().ok_or("an event cannot be read")?;
                Ok(Event {
                    migration: migration.clone(),
                    at_unix_ms: u64::from_be_bytes(*at),
                    position: keys::position(&key),
                    body: body.to_vec(),
                })
            };
            found.into_iter().map(event).collect()
        })
    }

    fn cursors(&self, migration: &Name, agent: &AgentKey) -> Result<Vec<Cursor>, IndexError> {
        self.with(|inner| apply::read_cursors(&inner.table, &keys::cursors(migration, agent)))
    }

    fn seen(
        &self,
        migration: &Name,
        agent: &AgentKey,
        spool_epoch: SpoolEpoch,
        seq: u64,
    ) -> Result<Seen, IndexError> {
        self.with(|inner| apply::seen(&inner.table, &keys::hashes(migration, agent, spool_epoch), seq))
    }

    fn flush(&self) -> Result<(), IndexError> {
        self.with(|inner| {
            inner.write()?;
            inner.table.sync()
        })
    }
}
