//! What somebody changed in the access file, and no journal says yet.
//!
//! A file is taken as a whole, at once, and told grant by grant, as fast as the journal takes it. What there is no room
//! for is not taken at all: who has access and nobody can say since when is worse than a file that is read later. What
//! waits outlives the collector: it is kept as soon as it is taken.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidelock_model::{Timestamp, mutated};
use tokio::sync::Notify;

use super::known::Known;
use super::{AccessError, Changed, Grant, MAX_GRANTS};
use crate::clock;

/// Grants whose change waits: as many as there can be, each taken and given once.
const WAITING: usize = 2 * MAX_GRANTS;

/// One grant that lets in, or does not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) grant: Grant,
    pub(super) given: bool,
}

/// The changes that wait for the journal, oldest first. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Untold {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    known: Mutex<Known>,
    /// One writes the file at a time.
    writing: Mutex<()>,
    more: Notify,
    /// One tells the journal at a time, so that of one grant nothing is told before what came earlier.
    turn: tokio::sync::Mutex<()>,
}

impl Untold {
    /// Reads what was kept, and lets wait what these grants are changed by since. Where nothing was kept, the journal
    /// is taken to know them. Blocks on the disk.
    ///
    /// # Errors
    /// What was kept cannot be read.
    pub(crate) fn open(path: &Path, grants: &[Grant], now: Timestamp) -> Result<Untold, AccessError> {
        let lets_in = |grant: &&Grant| !grant.revoked && now < grant.expires;
        let live: BTreeSet<Grant> = grants.iter().filter(lets_in).cloned().collect();
        let kept = Known::read(path)?.filter(|_| !mutated("untold-access-is-remembered"));
        let known = match kept {
            Some(mut known) => {
                known.compare(&live, now);
                known
            }
            None => Known { grants: live, waiting: VecDeque::new() },
        };
        let shared = Shared {
            path: path.to_path_buf(),
            known: Mutex::new(known),
            writing: Mutex::default(),
            more: Notify::new(),
            turn: tokio::sync::Mutex::default(),
        };
        let untold = Untold { shared: Arc::new(shared) };
        untold.keep();
        untold.wake();
        Ok(untold)
    }

    /// Takes all of it in; none of it, and false, where there is no room for all. Blocks on the disk.
    pub(crate) fn put(&self, changed: &Changed) -> bool {
        let mut known = self.known();
        if known.waiting.len() + changed.taken.len() + changed.given.len() > WAITING {
            return false;
        }
        let of = |grants: &[Grant], given| -> Vec<Change> {
            grants.iter().map(|grant| Change { grant: grant.clone(), given }).collect()
        };
        known.waiting.extend(of(&changed.taken, false));
        known.waiting.extend(of(&changed.given, true));
        drop(known);
        self.keep();
        self.wake();
        true
    }

    /// The oldest of all, or of one grant; it waits on until it is said.
    pub(super) fn oldest(&self, of: Option<&str>) -> Option<Change> {
        let known = self.known();
        known.waiting.iter().find(|change| of.is_none_or(|id| change.grant.id == id)).cloned()
    }

    /// This is in the journal.
    pub(super) fn said(&self, change: &Change) {
        let mut known = self.known();
        if let Some(at) = known.waiting.iter().position(|waits| waits == change) {
            known.waiting.remove(at);
        }
        known.note(change);
    }

    /// Keeps it. Where the disk refuses, all is told as long as the collector runs. Blocks on the disk.
    pub(super) fn keep(&self) {
        let _one_at_a_time = self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let known = {
            let mut known = self.known();
            known.forget_ended(clock::wall());
            known.clone()
        };
        if let Err(error) = known.write(&self.shared.path) {
            tracing::error!(%error, "what the journal was told of access is not kept");
        }
    }

    /// The turn of whoever tells the journal.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.shared.turn.lock().await
    }

    /// There is something to tell, or to keep.
    pub(super) fn wake(&self) {
        self.shared.more.notify_one();
    }

    /// Comes back when there is something to tell, or to keep.
    pub(super) async fn woken(&self) {
        // What comes while nobody waits is not missed: it is noted.
        self.shared.more.notified().await;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Access, Role};
    use tidelock_model::Name;

    fn grant(number: u64) -> Grant {
        let name = Name::new(&format!("eve{number}")).unwrap();
        let now = clock::wall().plus(std::time::Duration::from_millis(number));
        Access::prepare(name, Role::Viewer, (None, None), None, now).unwrap().0
    }

    fn open(dir: &tempfile::TempDir, grants: &[Grant]) -> Untold {
        Untold::open(&dir.path().join("access-told.toml"), grants, clock::wall()).unwrap()
    }

    fn waiting(untold: &Untold) -> Vec<(String, bool)> {
        let known = untold.known();
        known.waiting.iter().map(|change| (change.grant.subject.to_string(), change.given)).collect()
    }

    #[test]
    fn changes_come_out_as_they_came_in_and_stay_until_they_are_said() {
        let dir = tempfile::tempdir().unwrap();
        let untold = open(&dir, &[]);
        let mut put = Vec::new();
        for number in 0..9 {
            let changed = Changed { given: vec![grant(number)], taken: vec![grant(100 + number)] };
            assert!(untold.put(&changed));
            put.push((changed.taken[0].clone(), false));
            put.push((changed.given[0].clone(), true));
        }
        // Of one grant, whatever waits before it.
        let (last, given) = put.pop().unwrap();
        let change = untold.oldest(Some(&last.id)).unwrap();
        assert_eq!((&change.grant, change.given), (&last, given));
        untold.said(&change);
        assert_eq!(untold.oldest(Some(&last.id)), None);
        for (grant, given) in put {
            let oldest = untold.oldest(None).unwrap();
            assert_eq!(untold.oldest(None).as_ref(), Some(&oldest), "it was not said");
            assert_eq!((&oldest.grant, oldest.given), (&grant, given));
            untold.said(&oldest);
        }
        assert_eq!(untold.oldest(None), None);
    }

    #[test]
    fn what_waits_outlives_a_kill_and_what_was_written_since_is_told_behind_it() {
        let dir = tempfile::tempdir().unwrap();
        let [ana, ben, eve, zoe] = [1, 2, 3, 4].map(grant);
        let untold = open(&dir, &[ana.clone(), ben.clone()]);
        assert!(waiting(&untold).is_empty(), "what is there when it begins to remember is no change");
        // Somebody is let in and out again, and nobody has told of it when the collector is killed.
        assert!(untold.put(&Changed { given: vec![eve.clone()], taken: Vec::new() }));
        assert!(untold.put(&Changed { given: Vec::new(), taken: vec![eve] }));
        drop(untold);
        let now = [ana, Grant { revoked: true, ..ben }, zoe];
        let again = open(&dir, &now);
        let told = [("eve3", true), ("eve3", false), ("eve2", false), ("eve4", true)];
        let told: Vec<_> = told.map(|(name, given)| (name.to_owned(), given)).into();
        assert_eq!(waiting(&again), told);
        drop(again);
        let again = open(&dir, &now);
        assert_eq!(waiting(&again), told, "a start alone tells nothing, and doubles nothing");
        while let Some(change) = again.oldest(None) {
            again.said(&change);
        }
        again.keep();
        drop(again);
        assert!(waiting(&open(&dir, &now)).is_empty(), "all of it is told");
    }

    #[test]
    fn a_file_of_which_not_all_can_be_told_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("access.toml");
        let (access, untold) = (Access::open(&file).unwrap(), open(&dir, &[]));
        assert!(untold.put(&Changed { given: vec![grant(0); WAITING - 1], taken: Vec::new() }));
        for number in [1, 2] {
            access.keep(grant(number), Timestamp::ZERO).unwrap();
        }
        std::fs::write(&file, "").unwrap();
        let error = access.reload(|changed| untold.put(changed)).unwrap_err();
        assert!(error.to_string().contains("not in the journal yet"), "{error}");
        assert_eq!(access.list().len(), 2, "the grants of before stay");
        let oldest = untold.oldest(None).unwrap();
        untold.said(&oldest);
        let changed = access.reload(|changed| untold.put(changed)).unwrap();
        assert_eq!((changed.taken.len(), access.list().len()), (2, 0));
    }
}
