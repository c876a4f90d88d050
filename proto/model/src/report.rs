//! What a plugin reports of one run, after the sandbox has checked it.

use crate::Outcome;

/// One step of the scenario, in the order it was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Unique within the report.
    pub name: String,
    /// What the step found.
    pub outcome: Outcome,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// What was seen, for people.
    pub note: String,
}

/// One number that a claim can be made about.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Unique within the report.
    pub name: String,
    /// Always finite.
    pub value: f64,
    /// Such as `messages` or `ms`; empty for a plain count.
    pub unit: String,
}

/// The hash of a set of rows at a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// What was hashed.
    pub key: String,
    /// The hash.
    pub hash: Vec<u8>,
    /// How many rows it covers.
    pub rows: u64,
    /// The watermark it was taken at.
    pub position: String,
}

/// Whether a mark was written or found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// Written by this run.
    Issued,
    /// Found by this run.
    Seen,
}

/// A synthetic write made on one side and looked for on the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The mark's key.
    pub key: String,
    /// Written or found.
    pub kind: MarkKind,
    /// When, in the agent's clock, in milliseconds.
    pub unix_ms: u64,
}

/// What would be lost if traffic were switched now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// How many.
    pub count: u64,
    /// Of what unit.
    pub unit: String,
    /// What it is, in words.
    pub what: String,
}

/// Real traffic counted by something else. Not used by the simple claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Successful requests.
    pub ok: u64,
    /// All requests; at least `ok`.
    pub total: u64,
    /// Upper edge in microseconds, and how many fell into the bucket.
    pub latency_buckets: Vec<(u64, u64)>,
}

/// What one run reports.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// The steps taken.
    pub steps: Vec<Step>,
    /// Numbers.
    pub measures: Vec<Measure>,
    /// Hashes of data.
    pub digests: Vec<Digest>,
    /// Marks written and found.
    pub marks: Vec<Mark>,
    /// What would be lost.
    pub remaining: Vec<Remaining>,
    /// Counted real traffic.
    pub counts: Option<Counts>,
    /// One sentence for people.
    pub note: String,
}

impl Report {
    /// The measure of that name.
    pub fn measure(&self, name: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.name == name)
    }
}
