//! The world that Tidelock is shown against: two small shops, a replicator between them, a traffic
//! switch in front, and customers who buy.
//!
//! A demo whose shops are mocks proves nothing. These keep their state in SQLite, replicate it row by
//! row, consume a queue and run jobs, each in a process of its own; every illusion that a probe of
//! `/healthz` falls for can be switched on (`shop::Fault`) and off again.

pub mod client;
mod clock;
pub mod director;
pub mod lifetime;
mod random;
pub mod replicator;
pub mod serve;
pub mod shop;
pub mod shoppers;
pub mod switch;
pub mod world;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The header that carries the token of this world's control and feed calls.
pub const TOKEN_HEADER: &str = "x-demo-token";

/// The environment variable that hands the token to a child, because arguments can be read by anyone.
pub const TOKEN_VARIABLE: &str = "TIDELOCK_DEMO_TOKEN";

/// The environment variable that says where the running world lies, for the steps of a runbook.
pub const FOLDER_VARIABLE: &str = "TIDELOCK_DEMO_FOLDER";

/// One of the two environments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The old one, which has the traffic at first.
    Source,
    /// The new one.
    Target,
}

impl Side {
    /// Both, the old one first.
    pub const BOTH: [Side; 2] = [Side::Source, Side::Target];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Source => "source",
            Side::Target => "target",
        }
    }

    /// The one across.
    pub fn other(self) -> Side {
        match self {
            Side::Source => Side::Target,
            Side::Target => Side::Source,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Side {
    type Err = String;

    fn from_str(word: &str) -> Result<Side, String> {
        Side::BOTH
            .into_iter()
            .find(|side| side.as_str() == word)
            .ok_or_else(|| format!("no side is named {word:?}: it is source or target"))
    }
}
