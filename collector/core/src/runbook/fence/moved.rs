//! Something that moved behind a fence, by name.

use std::time::Duration;

use tidelock_model::{Name, Timestamp};

use crate::words::span;

/// One thing that moved between two readings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moved {
    /// When the second reading was received.
    pub(crate) at: Timestamp,
    pub(crate) check: Name,
    pub(crate) agent: Name,
    /// The table, queue, topic, job or writer.
    pub(crate) what: String,
    pub(crate) from: String,
    pub(crate) to: String,
    /// By how much.
    pub(crate) by: f64,
    /// The time between the readings.
    pub(crate) took: Duration,
    /// What the plugin said.
    pub(crate) note: String,
}

impl Moved {
    /// The same thing, seen again or by another agent.
    pub(crate) fn is_like(&self, other: &Moved) -> bool {
        (&self.check, &self.what) == (&other.check, &other.what)
    }

    /// `orders: 0 -> 3 within 5 s, 36 a minute, seen by old-side-quiet of s1: orders: 3 rows by cron`.
    pub(crate) fn words(&self) -> String {
        let Moved { what, from, to, check, agent, .. } = self;
        let minutes = self.took.as_secs_f64() / 60.0;
        let rate = if minutes > 0.0 { self.by / minutes } else { self.by };
        let rate = if rate >= 10.0 { format!("{rate:.0}") } else { format!("{rate:.1}") };
        let note = match self.note.as_str() {
            "" => String::new(),
            note if what.contains(note) => String::new(),
            note => format!(": {note}"),
        };
        let took = span(self.took);
        format!("{what}: {from} -> {to} within {took}, {rate} a minute, seen by {check} of {agent}{note}")
    }
}
