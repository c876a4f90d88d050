//! Who speaks: an agent on a side, and the spool it numbers its findings in.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Name, Side};

/// An agent of one migration: its side and its name there, as its certificate says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentKey {
    /// The side that the agent's certificate speaks for.
    pub side: Side,
    /// The agent's name on that side.
    pub name: Name,
}

impl fmt::Display for AgentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.side, self.name)
    }
}

/// The random name of one spool folder: sequence numbers count within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpoolEpoch(pub u128);

impl fmt::Display for SpoolEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Findings that an agent had to drop: it stands in their place, so that nothing is missed silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The first sequence number dropped.
    pub from: u64,
    /// The last sequence number dropped; not below `from`.
    pub to: u64,
    /// How many findings of each check were dropped.
    pub counts: BTreeMap<Name, u64>,
    /// Why, in words.
    pub reason: String,
}
