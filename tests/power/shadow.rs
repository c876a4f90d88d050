//! What a disk may have kept when the power goes away between two syncs.
//!
//! Before each sync everything is looked at: what an earlier sync made durable is there for sure, and of
//! what was written since then any sector may be there or not. A few of those cases are laid out in a
//! folder and looked at as a start would. Names are taken as they are: folders are synced apart.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use crate::Chance;

const SECTOR: usize = 512;
/// Cases of one sync: nothing of what is open was kept, or some of it.
const CASES: usize = 3;

/// Says what is missing in this folder.
type Look = Box<dyn Fn(&Path) -> Result<(), String> + Send + Sync>;

/// The recorder of one folder.
pub(crate) struct Shadow {
    root: PathBuf,
    /// Whether a sync makes anything durable; else the harness is put to the test.
    honest: bool,
    look: Look,
    state: Mutex<State>,
}

struct State {
    /// By inode: a name may change.
    durable: HashMap<u64, Vec<u8>>,
    chance: Chance,
    cuts: usize,
    lost: Vec<String>,
}

impl Shadow {
    pub(crate) fn new(
        root: &Path,
        honest: bool,
        look: impl Fn(&Path) -> Result<(), String> + Send + Sync + 'static,
    ) -> Shadow {
        let state = State { durable: HashMap::new(), chance: Chance::new(), cuts: 0, lost: Vec::new() };
        Shadow { root: root.to_owned(), honest, look: Box::new(look), state: Mutex::new(state) }
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
        for case in 0..CASES {
            let cut = TempDir::new().unwrap();
            lay_out(&self.root, cut.path(), &mut state, case);
            state.cuts += 1;
            if let Err(lost) = (self.look)(cut.path()) {
                let told = format!("cut {}, case {case}: {lost}", state.cuts);
                state.lost.push(told);
            }
        }
        // A disk that lies has kept what was there the first time.
        if self.honest || !state.durable.contains_key(&file.metadata().unwrap().ino()) {
            keep(&mut state, file);
        }
    }
}

fn keep(state: &mut State, file: &File) {
    use std::os::unix::fs::FileExt as _;
    let meta = file.metadata().unwrap();
    let mut bytes = vec![0; usize::try_from(meta.len()).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    state.durable.insert(meta.ino(), bytes);
}

fn lay_out(from: &Path, to: &Path, state: &mut State, case: usize) {
    fs::create_dir_all(to).unwrap();
    let mut entries: Vec<_> = fs::read_dir(from).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        // A thread that prepares something may take it away meanwhile.
        let Ok(meta) = fs::metadata(&path) else { continue };
        if meta.is_dir() {
            lay_out(&path, &target, state, case);
            continue;
        }
        let Ok(present) = fs::read(&path) else { continue };
        let kept = |state: &mut State| case > 0 && state.chance.below(2) == 0;
        let name = entry.file_name().to_string_lossy().into_owned();
        let bytes = match state.durable.get(&meta.ino()).cloned() {
            Some(durable) => mix(durable, &present, || kept(state)),
            // Never synced by anybody.
            None if name.ends_with("witness") || from.ends_with("blobs") => {
                if !kept(state) {
                    continue;
                }
                present
            }
            None => present,
        };
        fs::write(target, bytes).unwrap();
    }
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
