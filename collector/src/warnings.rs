//! What agents say that people must know of them on every screen, such as that one runs components that
//! nobody has signed.
//!
//! Kept in memory alone: every heartbeat tells it anew, and nothing is decided by it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidelock_model::Name;

/// Agents that are remembered.
const MAX_AGENTS: usize = 4096;
/// Sentences of one agent.
const MAX_WARNINGS: usize = 8;
/// Letters of one sentence.
const MAX_LETTERS: usize = 300;

/// By migration and agent.
type Known = BTreeMap<(Name, Name), Vec<String>>;

/// The warnings of each migration's agents. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Warnings(Arc<Mutex<Known>>);

impl Warnings {
    /// Takes what an agent says of itself now.
    pub fn set(&self, migration: &Name, agent: &Name, warnings: &[String]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (migration.clone(), agent.clone());
        if warnings.is_empty() {
            known.remove(&key);
        } else if known.len() < MAX_AGENTS || known.contains_key(&key) {
            let plain = |text: &String| text.chars().filter(|c| !c.is_control()).take(MAX_LETTERS).collect();
            known.insert(key, warnings.iter().take(MAX_WARNINGS).map(plain).collect());
        }
    }

    /// What an agent has said last.
    pub fn of(&self, migration: &Name, agent: &Name) -> Vec<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(migration.clone(), agent.clone())).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts_and_is_bounded_and_plain() {
        let (warnings, shop, agent) =
            (Warnings::default(), Name::new("shop").unwrap(), Name::new("hz-1").unwrap());
        let many = vec!["\u{1b}[2J".to_owned() + &"x".repeat(1000); 20];
        warnings.set(&shop, &agent, &many);
        let told = warnings.of(&shop, &agent);
        assert_eq!((told.len(), told[0].len()), (MAX_WARNINGS, MAX_LETTERS));
        assert!(told[0].starts_with("[2Jx"), "{}", told[0]);
        assert!(warnings.of(&agent, &shop).is_empty());
        warnings.set(&shop, &agent, &[]);
        assert!(warnings.of(&shop, &agent).is_empty());
    }
}
