//! The chain of each migration, followed while the set of decisions is read or written.

use std::collections::BTreeMap;

use tidelock_model::{Name, mutated};

use super::{
    chain,
    types::{DecisionHead, Position, Stored},
};

/// The last decision of each migration.
#[derive(Debug, Clone, Default)]
pub(crate) struct DecisionHeads {
    heads: BTreeMap<Name, DecisionHead>,
    /// The last finding before the first decision of each migration: it needs none of those.
    begins: BTreeMap<Name, Position>,
}

impl DecisionHeads {
    pub(crate) fn get(&self, migration: &Name) -> Option<DecisionHead> {
        self.heads.get(migration).copied()
    }

    pub(crate) fn set(&mut self, migration: Name, head: DecisionHead) {
        self.begins.entry(migration.clone()).or_insert(head.rests_on);
        self.heads.insert(migration, head);
    }

    /// Where each migration began, in the order of the findings.
    pub(crate) fn begins(&self) -> &BTreeMap<Name, Position> {
        &self.begins
    }

    pub(crate) fn all(&self) -> &BTreeMap<Name, DecisionHead> {
        &self.heads
    }

    /// Takes one decision as it was read; says what does not fit.
    pub(crate) fn follow(&mut self, stored: &Stored, findings: Position) -> Result<(), String> {
        let Some(frame) = &stored.decision else {
            return Err("it is no decision".to_string());
        };
        let migration = &frame.migration;
        let head = self.get(migration);
        if frame.previous != head.map(|head| head.position) {
            return Err(format!("it does not follow the last decision of {migration}"));
        }
        let previous = head.as_ref().map(|head| (head.position, &head.link));
        let link = chain::link(migration, previous, stored.position, frame.rests_on, &stored.record);
        if link != frame.link {
            return Err(format!("it does not fit on the chain of {migration}"));
        }
        if frame.rests_on > findings && !mutated("a-decision-rests-on-what-is-there") {
            return Err(format!(
                "it rests on finding {}, but the findings end at {findings}: their end is lost",
                frame.rests_on
            ));
        }
        self.set(
            migration.clone(),
            DecisionHead { position: stored.position, link, rests_on: frame.rests_on },
        );
        Ok(())
    }
}
