//! Who was not let in, for people to see. Not journaled: a stranger must not be able to fill a disk.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tidelock_model::{Name, Timestamp};
use tonic::Status;

use crate::audit::{self, RefusedAsk};
use crate::clock;
use crate::pki::AgentId;

/// Lines kept for each migration.
const KEPT: usize = 8;
/// Migrations that lines are kept for.
const MIGRATIONS: usize = 1024;

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// When it last happened.
    pub at: Timestamp,
    /// What happened.
    pub text: String,
    /// How often, one after the other.
    pub times: u64,
}

/// The latest refusals of each migration.
#[derive(Debug, Clone, Default)]
pub struct Refused {
    lines: Arc<Mutex<BTreeMap<Name, VecDeque<RefusedLine>>>>,
}

impl Refused {
    /// Remembers a refusal.
    pub fn tell(&self, migration: &Name, text: String) {
        let mut all = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MIGRATIONS && !all.contains_key(migration) {
            return;
        }
        let lines = all.entry(migration.clone()).or_default();
        let at = clock::wall();
        match lines.iter_mut().find(|line| line.text == text) {
            Some(line) => {
                line.at = at;
                line.times += 1;
            }
            None => {
                if lines.len() == KEPT {
                    lines.pop_front();
                }
                lines.push_back(RefusedLine { at, text, times: 1 });
            }
        }
    }

    /// The latest refusals of a migration, oldest first.
    pub fn of(&self, migration: &Name) -> Vec<RefusedLine> {
        let all = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(migration).map(|lines| lines.iter().cloned().collect()).unwrap_or_default()
    }
}

/// The same for the files that outlive the collector, of an agent whose certificate is good.
pub(super) fn refused_ask(who: &AgentId, address: IpAddr, call: &'static str, why: &Status) -> RefusedAsk {
    RefusedAsk {
        unix_ms: clock::wall().max(Timestamp::ZERO).as_millis(),
        subject: who.agent.to_string(),
        role: "agent".to_owned(),
        grant: String::new(),
        migration: who.migration.to_string(),
        address: audit::address(Some(address)),
        what: call.to_owned(),
        why: why.message().to_owned(),
        times: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_stays_a_few_lines() {
        let (refused, name) = (Refused::default(), Name::new("shop").unwrap());
        for i in 0..100 {
            refused.tell(&name, format!("line {}", i % 20));
            refused.tell(&name, "the same".to_owned());
        }
        assert_eq!(refused.of(&name).len(), KEPT);
    }
}
