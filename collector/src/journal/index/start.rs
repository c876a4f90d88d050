//! Opens the index: believed as far as it goes, set aside when it does not open. What it lacks is handed to it by whoever
//! reads the journal anyway.

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    time::Duration,
};

use super::{
    IndexError, IndexSettings, SledIndex, keys,
    sled::broken_mark,
    table::{Table, guard},
    value::Stamp,
};
use crate::journal::{
    disk,
    store::Store,
    types::{Heads, Set},
};

/// What the start of the index did; to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexStart {
    /// Why the database that was there was not believed.
    pub set_aside: Option<String>,
    /// Where it was put, for whoever wants to look at it; the next one put aside replaces it.
    pub set_aside_to: Option<PathBuf>,
}

impl SledIndex {
    /// Opens the index of a journal. What it does not reflect yet has to be added to it. Blocks.
    ///
    /// # Errors
    /// A new database cannot be made.
    pub fn open(
        dir: &Path,
        settings: IndexSettings,
        store: &dyn Store,
    ) -> Result<(SledIndex, IndexStart), IndexError> {
        let mut start = IndexStart::default();
        let broken = |what| IndexError::Broken { dir: dir.to_path_buf(), what };
        let (table, stamp) = match believe(dir, settings, store) {
            Ok(opened) => opened,
            Err(why) => {
                start.set_aside = Some(why);
                start.set_aside_to = Some(set_aside(dir).map_err(broken)?);
                believe(dir, settings, store).map_err(broken)?
            }
        };
        Ok((SledIndex::new(table, stamp, settings), start))
    }
}

/// Opens the database and reads its stamp; says why it is not to be believed.
fn believe(dir: &Path, settings: IndexSettings, store: &dyn Store) -> Result<(Table, Stamp), String> {
    if let Ok(why) = std::fs::read_to_string(broken_mark(dir)) {
        return Err(format!("it broke before: {why}"));
    }
    let fresh = !dir.join("db").exists();
    let table = Table::new(open_within(dir, settings)?, dir);
    let (journal, heads) = (store.identity(), store.heads());
    let stamp = match table.get(keys::STAMP)? {
        Some(bytes) => Stamp::decode(&bytes).ok_or("its layout is of another release")?,
        None if fresh => Stamp { journal, reflects: Heads::default() },
        None => return Err("it does not say what it reflects".to_string()),
    };
    if stamp.journal != journal {
        return Err("it belongs to another journal".to_string());
    }
    for set in Set::BOTH {
        let (has, head) = (stamp.reflects.of(set), heads.of(set));
        if has > head {
            return Err(format!("it holds {set} up to {has}, but the journal ends at {head}"));
        }
    }
    if fresh {
        table.sync()?;
        let parent = dir.parent().unwrap_or(Path::new("."));
        disk::sync_dir(parent).map_err(|error| format!("sync {}: {error}", parent.display()))?;
    }
    Ok((table, stamp))
}

/// Opens in a thread of its own: a damaged database may panic, and it may as well never come back.
fn open_within(dir: &Path, settings: IndexSettings) -> Result<sled::Db, String> {
    let (done, opened) = mpsc::channel();
    let config = sled::Config::new()
        .path(dir)
        .flush_every_ms(None)
        .cache_capacity(settings.cache_bytes)
        .mode(sled::Mode::HighThroughput);
    std::thread::Builder::new()
        .name("index-open".to_string())
        .spawn(move || {
            let _ = done.send(open_unlocked(&config));
        })
        .map_err(|error| format!("start a thread: {error}"))?;
    let limit: Duration = settings.open_limit;
    opened
        .recv_timeout(limit)
        .unwrap_or_else(|_| Err(format!("it did not open within {} s", limit.as_secs())))
}

/// A database that was just dropped in this process gives its lock back a little later. Another
/// process has none: the journal's own lock keeps it out.
fn open_unlocked(config: &sled::Config) -> Result<sled::Db, String> {
    const TRIES: u32 = 100;
    const PAUSE: Duration = Duration::from_millis(20);
    let mut tried = 0;
    loop {
        tried += 1;
        match guard(|| config.open()) {
            Err(why) if tried < TRIES && why.contains("could not acquire lock") => std::thread::sleep(PAUSE),
            opened => return opened,
        }
    }
}

/// Renames the folder; only the last one put aside is kept.
fn set_aside(dir: &Path) -> Result<PathBuf, String> {
    let aside = dir.with_extension("set-aside");
    let done = || -> std::io::Result<()> {
        if aside.is_dir() {
            std::fs::remove_dir_all(&aside)?;
        } else if aside.exists() {
            std::fs::remove_file(&aside)?;
        }
        if dir.exists() {
            std::fs::rename(dir, &aside)?;
        }
        let mark = broken_mark(dir);
        if mark.exists() {
            std::fs::remove_file(&mark)?;
        }
        disk::sync_dir(dir.parent().unwrap_or(Path::new(".")))
    };
    done().map_err(|error| format!("set it aside as {}: {error}", aside.display()))?;
    Ok(aside)
}
