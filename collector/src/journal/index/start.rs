//! Opens the index: believed as far as it goes, set aside when it does not open. What it lacks is handed to it by whoever
//! reads the journal anyway.
//!
//! sled writes by the path that it was given, while it opens a database and when it lets go of one. So a folder that it has
//! not come back from stays where it is: there is no index then, and the next start sets it aside.

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

/// Why a database is not believed.
struct Unbelieved {
    why: String,
    /// Its folder is in use: sled has not come back from it.
    late: bool,
}

impl From<String> for Unbelieved {
    fn from(why: String) -> Unbelieved {
        Unbelieved { why, late: false }
    }
}

impl From<&str> for Unbelieved {
    fn from(why: &str) -> Unbelieved {
        Unbelieved::from(why.to_string())
    }
}

impl SledIndex {
    /// Opens the index of a journal. What it does not reflect yet has to be added to it. Blocks.
    ///
    /// # Errors
    /// A new database cannot be made, or the one that is there did not open in time.
    pub fn open(
        dir: &Path,
        settings: IndexSettings,
        store: &dyn Store,
    ) -> Result<(SledIndex, IndexStart), IndexError> {
        let mut start = IndexStart::default();
        let broken = |what| IndexError::Broken { dir: dir.to_path_buf(), what };
        let unbelieved = |Unbelieved { why, late }| {
            if late {
                // Without the mark the next start waits for it once more.
                let _ = std::fs::write(broken_mark(dir), why.as_bytes());
            }
            broken(why)
        };
        let (table, stamp) = match believe(dir, settings, store) {
            Ok(opened) => opened,
            Err(late @ Unbelieved { late: true, .. }) => return Err(unbelieved(late)),
            Err(Unbelieved { why, late: false }) => {
                start.set_aside = Some(why);
                start.set_aside_to = Some(set_aside(dir).map_err(broken)?);
                believe(dir, settings, store).map_err(unbelieved)?
            }
        };
        Ok((SledIndex::new(table, stamp, settings), start))
    }
}

/// Opens the database and reads its stamp; says why it is not to be believed.
fn believe(dir: &Path, settings: IndexSettings, store: &dyn Store) -> Result<(Table, Stamp), Unbelieved> {
    if let Ok(why) = std::fs::read_to_string(broken_mark(dir)) {
        return Err(format!("it broke before: {why}").into());
    }
    let fresh = !dir.join("db").exists();
    let table = Table::new(open_within(dir, settings)?, dir);
    let (journal, heads) = (store.identity(), store.heads());
    let stamp = match table.get(keys::STAMP)? {
        Some(bytes) => Stamp::decode(&bytes).ok_or("its layout is of another release")?,
        None if fresh => Stamp { journal, reflects: Heads::default() },
        None => return Err("it does not say what it reflects".into()),
    };
    if stamp.journal != journal {
        return Err("it belongs to another journal".into());
    }
    for set in Set::BOTH {
        let (has, head) = (stamp.reflects.of(set), heads.of(set));
        if has > head {
            return Err(format!("it holds {set} up to {has}, but the journal ends at {head}").into());
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
fn open_within(dir: &Path, settings: IndexSettings) -> Result<sled::Db, Unbelieved> {
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
    let opened = opened.recv_timeout(limit).map_err(|_| {
        let why = format!("it did not open within {} s", limit.as_secs());
        Unbelieved { why, late: true }
    })?;
    opened.map_err(Unbelieved::from)
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
