//! The small store that a check keeps over its runs.
//!
//! It came with the run and its changes go back with the result, so a run that does not end in a
//! report leaves no trace, and a killed runner loses nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::RunState;
use crate::bindings::tidelock::check::state::{Failure, Host};

const MAX_KEYS: usize = 64;
const MAX_KEY_BYTES: usize = 128;
const MAX_VALUE_BYTES: usize = 16 << 10;

/// What a check kept, and what this run changed in it.
#[derive(Debug, Default)]
pub(crate) struct StateStore {
    kept: BTreeSet<String>,
    values: BTreeMap<String, Vec<u8>>,
    changes: BTreeMap<String, Option<Vec<u8>>>,
}

impl StateStore {
    pub(crate) fn new(values: BTreeMap<String, Vec<u8>>) -> StateStore {
        StateStore { kept: values.keys().cloned().collect(), values, changes: BTreeMap::new() }
    }

    pub(crate) fn into_changes(self) -> BTreeMap<String, Option<Vec<u8>>> {
        self.changes
    }

    fn set(&mut self, key: String, value: Vec<u8>) -> Result<(), String> {
        check_key(&key)?;
        if value.len() > MAX_VALUE_BYTES {
            return Err(format!("a value has at most {MAX_VALUE_BYTES} bytes, this one has {}", value.len()));
        }
        if !self.values.contains_key(&key) && self.values.len() >= MAX_KEYS {
            return Err(format!("a check keeps at most {MAX_KEYS} keys"));
        }
        self.values.insert(key.clone(), value.clone());
        self.changes.insert(key, Some(value));
        Ok(())
    }

    fn delete(&mut self, key: String) {
        self.values.remove(&key);
        // Only what was kept has to be forgotten, so the changes are bounded as the values are.
        if self.kept.contains(&key) {
            self.changes.insert(key, None);
        } else {
            self.changes.remove(&key);
        }
    }
}

fn check_key(key: &str) -> Result<(), String> {
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(format!("a key has 1 to {MAX_KEY_BYTES} bytes, this one has {}", key.len()));
    }
    Ok(())
}

impl Host for RunState {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, Failure>> {
        Ok(Ok(self.store.values.get(&key).cloned()))
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), Failure>> {
        let (key, value) = (self.scrubber.text(key), self.scrubber.bytes(value));
        Ok(self.store.set(key, value).map_err(Failure::Limit))
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<Result<(), Failure>> {
        self.store.delete(key);
        Ok(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_has_bounds_and_tells_its_changes() {
        let mut store = StateStore::new(BTreeMap::from([("old".to_owned(), vec![1])]));
        assert!(store.set("k".repeat(129), vec![]).is_err());
        assert!(store.set(String::new(), vec![]).is_err());
        assert!(store.set("k".to_owned(), vec![0; MAX_VALUE_BYTES + 1]).is_err());
        for n in 1..MAX_KEYS {
            store.set(format!("k{n}"), vec![0; MAX_VALUE_BYTES]).unwrap();
        }
        assert!(store.set("one-more".to_owned(), vec![]).is_err());
        store.delete("old".to_owned());
        assert_eq!(store.changes["old"], None);
        store.set("old".to_owned(), vec![2]).unwrap();
        store.delete("k1".to_owned());
        store.delete("never-there".to_owned());
        let changes = store.into_changes();
        assert_eq!(changes["old"], Some(vec![2]));
        assert!(!changes.contains_key("k1"));
        assert!(!changes.contains_key("never-there"));
    }
}
