//! The numbers of section 1: betting fractions, their prior weights, and the levels nobody sets.

/// Share of its wealth that each component of an e-process bets.
pub(crate) const READY_FRACTIONS: [f64; 3] = [0.99, 0.5, 0.2];
/// Prior weight of each component of an e-process; their sum is 1.
pub(crate) const READY_WEIGHTS: [f64; 3] = [0.80, 0.15, 0.05];

/// Share that each component of a detector bets.
pub(crate) const GUARD_FRACTIONS: [f64; 5] = [0.9, 0.5, 0.25, 0.1, 0.05];
/// Prior weight of every component of a detector.
pub(crate) const GUARD_WEIGHT: f64 = 0.2;

/// Incident rates that the incident clock bets on, as parts of the rate to be excluded.
pub(crate) const INCIDENT_RATIOS: [f64; 3] = [0.02, 0.2, 0.5];
/// Prior weight of each of those rates; their sum is 1.
pub(crate) const INCIDENT_WEIGHTS: [f64; 3] = [0.80, 0.15, 0.05];

/// No component of readiness evidence may exceed the threshold by more: what was proved long ago can
/// be lost within minutes.
pub(crate) const CAP: f64 = 2.0;

/// Error level of "the target is worse".
pub(crate) const WORSE_ALPHA: f64 = 0.01;

/// Mean slots to a false alarm of a scenario's guard, and mean results to one of a host's.
pub(crate) const GUARD_RUN: f64 = 1e4;

/// A slot is bad when the target's success lies this far below the source's.
pub(crate) const BAD_DROP: f64 = 0.25;
/// A slot is suspect only with this many failures above the source's share: one of four is no incident.
pub(crate) const SUSPECT_FAILURES: f64 = 2.0;
/// A suspect slot is bad by itself with this many failures above the source's share.
pub(crate) const BAD_FAILURES: f64 = 3.0;
/// A suspect slot is bad where one host failed so often in it and a neighbour.
pub(crate) const HOST_FAILURES: u32 = 3;
/// Good slots that end an incident.
pub(crate) const INCIDENT_ENDS_AFTER: u32 = 3;
/// Good slots that end "regressed" and "host down".
pub(crate) const CALM_AFTER: u32 = 3;

/// A side with this success or less is down.
pub(crate) const DOWN_AT: f64 = 0.5;
/// Void slots in a row after which nothing is known; valid slots that a veto looks back on.
pub(crate) const FRESH_SLOTS: u32 = 3;

/// Results a side that a fraction without counts stands for.
pub(crate) const RESULTS_OF_A_FRACTION: f64 = 20.0;
