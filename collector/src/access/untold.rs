//! What somebody changed in the access file, and no journal says yet.
//!
//! A file is taken as a whole, at once, and told grant by grant, as fast as the journal takes it. What there is no room
//! for is not taken at all: who has access and nobody can say since when is worse than a file that is read later.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{Changed, Grant, MAX_GRANTS};

/// Grants whose change waits: as many as there can be, each taken and given once.
const WAITING: usize = 2 * MAX_GRANTS;

/// One grant that lets in, or does not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) grant: Grant,
    pub(super) given: bool,
}

/// The changes that wait for the journal, oldest first. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Untold {
    waiting: Arc<Mutex<VecDeque<Change>>>,
    more: Arc<Notify>,
}

impl Untold {
    /// Takes all of it in; none of it, and false, where there is no room for all.
    pub(crate) fn put(&self, changed: &Changed) -> bool {
        let mut waiting = self.waiting();
        if waiting.len() + changed.taken.len() + changed.given.len() > WAITING {
            return false;
        }
        let of = |grants: &[Grant], given| -> Vec<Change> {
            grants.iter().map(|grant| Change { grant: grant.clone(), given }).collect()
        };
        waiting.extend(of(&changed.taken, false));
        waiting.extend(of(&changed.given, true));
        drop(waiting);
        self.more.notify_one();
        true
    }

    /// The oldest; it waits on until it is said.
    pub(super) async fn oldest(&self) -> Change {
        loop {
            // What comes after this look is not missed: it is noted even while nobody waits.
            let oldest = self.waiting().front().cloned();
            match oldest {
                Some(change) => return change,
                None => self.more.notified().await,
            }
        }
    }

    /// The oldest is in the journal.
    pub(super) fn said(&self) {
        self.waiting().pop_front();
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Change>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Access, Role};
    use tidelock_model::{Name, Timestamp};

    fn grant(number: u64) -> Grant {
        let name = Name::new(&format!("eve{number}")).unwrap();
        let now = Timestamp::from_millis(number);
        Access::prepare(name, Role::Viewer, (None, None), None, now).unwrap().0
    }

    #[tokio::test]
    async fn changes_come_out_as_they_came_in_and_stay_until_they_are_said() {
        let untold = Untold::default();
        for number in 0..9 {
            let changed = Changed { given: vec![grant(number)], taken: vec![grant(100 + number)] };
            assert!(untold.put(&changed));
        }
        for number in 0..9 {
            for (from, given) in [(100 + number, false), (number, true)] {
                let oldest = untold.oldest().await;
                assert_eq!(oldest, untold.oldest().await, "it was not said");
                assert_eq!((oldest.grant.issued.as_millis(), oldest.given), (from, given));
                untold.said();
            }
        }
        assert!(untold.waiting().is_empty());
    }

    #[test]
    fn a_file_of_which_not_all_can_be_told_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("access.toml");
        let (access, untold) = (Access::open(&file).unwrap(), Untold::default());
        assert!(untold.put(&Changed { given: vec![grant(0); WAITING - 1], taken: Vec::new() }));
        for number in [1, 2] {
            access.keep(grant(number), Timestamp::ZERO).unwrap();
        }
        std::fs::write(&file, "").unwrap();
        let error = access.reload(|changed| untold.put(changed)).unwrap_err();
        assert!(error.to_string().contains("not in the journal yet"), "{error}");
        assert_eq!(access.list().len(), 2, "the grants of before stay");
        untold.said();
        let changed = access.reload(|changed| untold.put(changed)).unwrap();
        assert_eq!((changed.taken.len(), access.list().len()), (2, 0));
    }
}
