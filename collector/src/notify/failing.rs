//! Receivers that fail, for every screen: a message that did not arrive must not go unseen.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidelock_model::Name;

/// Who fails, and how. Clones see the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failing {
    receivers: Arc<Mutex<BTreeMap<(Name, String), String>>>,
}

impl Failing {
    /// It fails, in a sentence. Gives back whether that is news.
    pub(super) fn fails(&self, migration: &Name, key: &str, sentence: String) -> bool {
        let mut receivers = self.receivers.lock().unwrap_or_else(PoisonError::into_inner);
        receivers.insert((migration.clone(), key.to_owned()), sentence).is_none()
    }

    /// It takes messages again, or nobody sends any more. Gives back whether that is news.
    pub(super) fn well(&self, migration: &Name, key: &str) -> bool {
        let mut receivers = self.receivers.lock().unwrap_or_else(PoisonError::into_inner);
        receivers.remove(&(migration.clone(), key.to_owned())).is_some()
    }

    /// A sentence for each that fails.
    pub(crate) fn of(&self, migration: &Name) -> Vec<String> {
        let receivers = self.receivers.lock().unwrap_or_else(PoisonError::into_inner);
        receivers.iter().filter(|((of, _), _)| of == migration).map(|(_, said)| said.clone()).collect()
    }
}
