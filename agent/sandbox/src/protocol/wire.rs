//! A report on its way between the two processes: shaped, but not yet believed.
//!
//! `f64` travels as its bits, because JSON has no word for a number that is not finite and the door
//! behind the pipe must be able to see one and refuse it.

use serde::{Deserialize, Serialize};

use super::codec;

/// What one run reported, unchecked.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq)]
pub(crate) struct WireReport {
    pub(crate) outcome: WireOutcome,
    pub(crate) steps: Vec<WireStep>,
    pub(crate) measures: Vec<WireMeasure>,
    pub(crate) digests: Vec<WireDigest>,
    pub(crate) marks: Vec<WireMark>,
    pub(crate) remaining: Vec<WireRemaining>,
    pub(crate) counts: Option<WireCounts>,
    pub(crate) note: String,
}

/// An outcome as the contract spells it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) enum WireOutcome {
    Pass,
    Fail,
    #[default]
    NotRun,
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub(crate) struct WireStep {
    pub(crate) name: String,
    pub(crate) outcome: WireOutcome,
    pub(crate) duration_us: u64,
    pub(crate) note: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub(crate) struct WireMeasure {
    pub(crate) name: String,
    pub(crate) value_bits: u64,
    pub(crate) unit: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub(crate) struct WireDigest {
    pub(crate) key: String,
    #[serde(with = "codec::bytes")]
    pub(crate) hash: Vec<u8>,
    pub(crate) rows: u64,
    pub(crate) position: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub(crate) struct WireMark {
    pub(crate) key: String,
    pub(crate) issued: bool,
    pub(crate) unix_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub(crate) struct WireRemaining {
    pub(crate) count: u64,
    pub(crate) unit: String,
    pub(crate) what: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub(crate) struct WireCounts {
    pub(crate) ok: u64,
    pub(crate) total: u64,
    pub(crate) latency_buckets: Vec<(u64, u64)>,
}

/// What the pages of a run showed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct WirePages {
    pub(crate) seen: Vec<String>,
    pub(crate) shown: Vec<WireShown>,
    pub(crate) cut: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct WireShown {
    pub(crate) page: String,
    pub(crate) url: String,
    pub(crate) host: String,
    pub(crate) via: WireVia,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WireVia {
    Link,
    Redirect,
    Alias,
    Address,
}

/// What the targets of a run said of their revision.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct WireRevision {
    /// Empty when no answer told one.
    pub(crate) value: String,
    /// What people should know of it; most often nothing.
    pub(crate) note: String,
}
