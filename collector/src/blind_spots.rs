//! What the checks say they cannot see, as the agents tell it: printed beside the evidence, so that a
//! pass is never read as more than it proves.
//!
//! Kept in memory: every session tells it anew, and nothing is decided by it. What was said once is filed for the report
//! (`driver/filing.rs`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidelock_model::Name;

/// Checks that are remembered; more than any plan has.
const MAX_CHECKS: usize = 16_384;

/// By migration and check.
type Known = BTreeMap<(Name, Name), Vec<String>>;

/// The blind spots of each migration's checks. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct BlindSpots(Arc<Mutex<Known>>);

impl BlindSpots {
    /// Takes what a check's component says; an empty list changes nothing.
    pub fn set(&self, migration: &Name, check: &Name, spots: Vec<String>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (migration.clone(), check.clone());
        if !spots.is_empty() && (known.len() < MAX_CHECKS || known.contains_key(&key)) {
            known.insert(key, spots);
        }
    }

    /// What each check of the migration cannot see, a sentence each.
    pub(crate) fn all(&self, migration: &Name) -> Vec<(Name, String)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = known.iter().filter(|((of, _), _)| of == migration);
        of.flat_map(|((_, check), spots)| spots.iter().map(move |spot| (check.clone(), spot.clone())))
            .collect()
    }

    /// What the check cannot see, as far as an agent has said it.
    pub fn get(&self, migration: &Name, check: &Name) -> Vec<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(migration.clone(), check.clone())).cloned().unwrap_or_default()
    }
}
