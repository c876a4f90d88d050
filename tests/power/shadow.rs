//! What a disk may have kept when the power goes away between two syncs.
//!
//! Before each sync everything is looked at: what an earlier sync made durable is there for sure, and of
//! what was written since then any sector may be there or not. A file that nobody ever synced may be absent,
//! empty, short, as long as it was without what was in it, or whole. Those cases are laid out in a folder and
//! looked at as a start would. Other names are taken as they are: folders are synced apart.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tempfile::TempDir;

use crate::Chance;

const SECTOR: usize = 512;
/// The cases of one sync, by what became of the files that nobody ever synced. Of the others nothing that is
/// open was kept in the first case, and some of it in the rest.
const CASES: [Unsynced; 5] =
    [Unsynced::Absent, Unsynced::Empty, Unsynced::Short, Unsynced::Zeros, Unsynced::ByChance];

/// What a disk kept of a file that nobody ever synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unsynced {
    /// Not even its name.
    Absent,
    /// Its name.
    Empty,
    /// Its beginning.
    Short,
    /// Its name and its length.
    Zeros,
    /// For each file any of these, or all of it.
    ByChance,
}

/// Says what is missing in this folder.
type Look = Box<dyn Fn(&Path) -> Result<(), String> + Send + Sync>;

/// The recorder of one folder.
pub(crate) struct Shadow {
    root: PathBuf,
    /// Whether a sync makes anything durable; else the harness is put to the test.
    honest: bool,
    /// The names of files that are synced under another name before they have theirs: this recorder does not see it.
    whole: &'static [&'static str],
    look: Look,
    state: Mutex<State>,
}

/// A file, whatever its name: its inode, and when it was made, as a later file may get the same inode.
type Id = (u64, Option<SystemTime>);

fn id(meta: &Metadata) -> Id {
    (meta.ino(), meta.created().ok())
}

struct State {
    durable: HashMap<Id, Vec<u8>>,
    chance: Chance,
    cuts: usize,
    lost: Vec<String>,
}

impl Shadow {
    pub(crate) fn new(
        root: &Path,
        honest: bool,
        whole: &'static [&'static str],
        look: impl Fn(&Path) -> Result<(), String> + Send + Sync + 'static,
    ) -> Shadow {
        let state = State { durable: HashMap::new(), chance: Chance::new(), cuts: 0, lost: Vec::new() };
        Shadow { root: root.to_owned(), honest, whole, look: Box::new(look), state: Mutex::new(state) }
    }

    /// How many cuts were looked at, and what was missing in them.
    pub(crate) fn found(&self) -> (usize, Vec<String>) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.cuts, state.lost.clone())
    }

    /// This file is durable as it is now.
    pub(crate) fn is_durable(&self, file: &File) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        keep(&mut state, file);
    }

    /// A sync of this file begins: the power may go away before it returns.
    pub(crate) fn at_sync(&self, file: &File) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for case in CASES {
            let home = TempDir::new().unwrap();
            // A start may put the folder aside, beside itself.
            let cut = home.path().join("cut");
            self.lay_out(&self.root, &cut, &mut state, case);
            state.cuts += 1;
            if let Err(lost) = (self.look)(&cut) {
                let told = format!("cut {}, what nobody synced is {case:?}: {lost}", state.cuts);
                state.lost.push(told);
            }
        }
        // A disk that lies has kept what was there the first time.
        if self.honest || !state.durable.contains_key(&id(&file.metadata().unwrap())) {
            keep(&mut state, file);
        }
    }

    fn lay_out(&self, from: &Path, to: &Path, state: &mut State, case: Unsynced) {
        fs::create_dir_all(to).unwrap();
        let mut entries: Vec<_> = fs::read_dir(from).unwrap().map(Result::unwrap).collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, target) = (entry.path(), to.join(entry.file_name()));
            // A thread that prepares something may take it away meanwhile.
            let Ok(meta) = fs::metadata(&path) else { continue };
            if meta.is_dir() {
                self.lay_out(&path, &target, state, case);
                continue;
            }
            let Ok(present) = fs::read(&path) else { continue };
            let whole = self.whole.iter().any(|name| entry.file_name() == *name);
            let bytes = match state.durable.get(&id(&meta)).cloned() {
                Some(durable) => {
                    let kept = || case != Unsynced::Absent && state.chance.below(2) == 0;
                    Some(mix(durable, &present, kept))
                }
                None if whole => Some(present),
                None => unsynced(present, case, &mut state.chance),
            };
            if let Some(bytes) = bytes {
                fs::write(target, bytes).unwrap();
            }
        }
    }
}

/// What is there of a file that nobody ever synced; none where its name is gone, too.
fn unsynced(mut present: Vec<u8>, case: Unsynced, chance: &mut Chance) -> Option<Vec<u8>> {
    let case = match (case, chance.below(5)) {
        (Unsynced::ByChance, 0) => Unsynced::Absent,
        (Unsynced::ByChance, 1) => Unsynced::Empty,
        (Unsynced::ByChance, 2) => Unsynced::Short,
        (Unsynced::ByChance, 3) => Unsynced::Zeros,
        (case, _) => case,
    };
    match case {
        Unsynced::Absent => return None,
        Unsynced::Empty => present.clear(),
        Unsynced::Short => {
            let length = chance.below(present.len() as u64);
            present.truncate(usize::try_from(length).unwrap());
        }
        Unsynced::Zeros => present.fill(0),
        Unsynced::ByChance => {}
    }
    Some(present)
}

fn keep(state: &mut State, file: &File) {
    use std::os::unix::fs::FileExt as _;
    let meta = file.metadata().unwrap();
    let mut bytes = vec![0; usize::try_from(meta.len()).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    state.durable.insert(id(&meta), bytes);
}

/// The durable bytes, with those sectors of the present ones that the disk happened to keep.
fn mix(mut durable: Vec<u8>, present: &[u8], mut kept: impl FnMut() -> bool) -> Vec<u8> {
    durable.resize(present.len(), 0);
    for (old, new) in durable.chunks_mut(SECTOR).zip(present.chunks(SECTOR)) {
        if old != new && kept() {
            old.copy_from_slice(new);
        }
    }
    durable
}
