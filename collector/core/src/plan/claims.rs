//! What is claimed about a scenario, resolved to numbers: defaults are filled in, and what could never be
//! proved was refused before.

use std::time::Duration;

use tidelock_model::Side;

/// How evidence is gathered, for the whole plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRule {
    /// How long a result may be on its way after its slot's last round was due. None: the scenario's
    /// timeout and two seconds.
    pub grace: Option<Duration>,
    /// A proof needs at least this much time in its evidence epoch, whatever its numbers say.
    pub observe_at_least: Duration,
}

impl Default for EvidenceRule {
    fn default() -> EvidenceRule {
        EvidenceRule { grace: None, observe_at_least: Duration::from_secs(30 * 60) }
    }
}

/// One claim about a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The word in the plan, such as `passes`, `success`, `latency p95`, or the measure's name.
    pub name: String,
    /// What must hold.
    pub kind: ClaimKind,
}

/// What must hold.
#[derive(Debug, Clone, PartialEq)]
pub enum ClaimKind {
    /// Simple, and no proof: the last so many runs of each agent passed.
    Passes {
        /// How many; at least 1.
        in_a_row: u32,
    },
    /// Simple, and no proof: a measure stays inside bounds for a while, as each agent sees it.
    Measure {
        /// The measure in the report.
        measure: String,
        /// It must not be above this.
        at_most: Option<f64>,
        /// It must not be below this.
        at_least: Option<f64>,
        /// For how long, without a break.
        held_for: Duration,
    },
    /// Weighed on the findings of all agents of both sides together.
    Joint(Joint),
}

/// What is weighed on the findings of all agents of both sides together.
#[derive(Debug, Clone, PartialEq)]
pub enum Joint {
    /// A proof: the target succeeds as often as the source, and often enough.
    Success(SuccessClaim),
    /// A proof: the target answers as fast as the source.
    Latency(LatencyClaim),
    /// A measure came below a value and stayed: with growing patience after each break.
    Gauge(Gauge),
    /// Queues are empty, nothing is in flight or delayed, and nothing was put in meanwhile.
    Drained(Silence),
    /// Nobody who may not writes on this side.
    Silent(Silence),
    /// Jobs run on one side alone: the one that owns them in this phase.
    Owner {
        /// The owner before traffic was switched.
        until_switch: Side,
        /// The owner after it.
        then: Side,
        /// How long the other side must be quiet.
        quiet: Silence,
    },
    /// The rows are the same on both sides.
    Parity(Parity),
    /// What is written on one side arrives on the other.
    Marks {
        /// The longest way that counts as arrived.
        within: Duration,
        /// How many may be lost.
        lost: u64,
    },
    /// A proof: both sides answer the same to the same question.
    SameResponse {
        /// How much larger the share of differing fields may be than the source's own noise.
        margin: f64,
        /// How often the proof may be wrong.
        error_rate: f64,
    },
    /// No page of the target still comes from this side.
    NoDependencyOn(Side),
}

impl Joint {
    /// It is weighed slot by slot.
    pub fn needs_slots(&self) -> bool {
        matches!(self, Joint::Success(_) | Joint::Latency(_) | Joint::SameResponse { .. })
    }
}

/// How long and rare the outages are that a proof rules out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// At most 12 outages an hour are left.
    Quick,
    /// Outages of 30 s that make up the margin are ruled out.
    Standard,
    /// Outages of 60 s that make up the margin are ruled out.
    Strict,
}

impl Strength {
    /// The word in the plan.
    pub fn word(self) -> &'static str {
        match self {
            Strength::Quick => "quick",
            Strength::Standard => "standard",
            Strength::Strict => "strict",
        }
    }
}

/// The target succeeds as often as the source, but for a margin, and as often as it must.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuccessClaim {
    /// What was written in the plan.
    pub strength: Strength,
    /// How much less often the target may succeed: a share, above 0 and below 1.
    pub margin: f64,
    /// How often it must succeed: a share, above 0 and below 1.
    pub slo: f64,
    /// How often the proof may be wrong: a share, above 0 and below 1.
    pub error_rate: f64,
    /// Outages at this rate or more are ruled out, a second.
    pub incidents_per_second: f64,
}

/// Which part of all answers is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantile {
    /// Half of them.
    P50,
    /// 95 of 100.
    P95,
    /// 99 of 100.
    P99,
}

impl Quantile {
    /// Every one there is.
    pub const ALL: [Quantile; 3] = [Quantile::P50, Quantile::P95, Quantile::P99];

    /// The word in the plan.
    pub fn word(self) -> &'static str {
        match self {
            Quantile::P50 => "p50",
            Quantile::P95 => "p95",
            Quantile::P99 => "p99",
        }
    }

    /// As a share.
    pub fn share(self) -> f64 {
        match self {
            Quantile::P50 => 0.5,
            Quantile::P95 => 0.95,
            Quantile::P99 => 0.99,
        }
    }

    /// The share of answers by which the target may be slower.
    pub fn margin(self) -> f64 {
        match self {
            Quantile::P50 => 0.10,
            Quantile::P95 => 0.05,
            Quantile::P99 => 0.02,
        }
    }
}

/// The target answers as fast as the source does, but for a slack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyClaim {
    /// Of which part of all answers.
    pub quantile: Quantile,
    /// How much slower the target may be, as a share of the source's.
    pub slack: f64,
    /// And beside that, in milliseconds.
    pub slack_ms: f64,
    /// How often the proof may be wrong.
    pub error_rate: f64,
    /// The share of answers that must come within `at_most`, where that is given: the quantile's.
    pub at_most: Option<Duration>,
}

/// A measure that must come below a value and stay there.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// The measure in the report.
    pub measure: String,
    /// At or below this it is in.
    pub enter: f64,
    /// Above this it is out again.
    pub leave: f64,
    /// For how long at the first try.
    pub held_for: Duration,
    /// How often the proof may be wrong.
    pub error_rate: f64,
}

/// Nothing happens for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silence {
    /// For how long at the first try.
    pub held_for: Duration,
    /// How often the proof may be wrong.
    pub error_rate: f64,
    /// What the plan says is ruled out, an hour; zero where it does not say.
    pub more_than_per_hour: f64,
}

/// The rows are the same on both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parity {
    /// How far the target may lag behind.
    pub tolerate_lag: Duration,
    /// How many times in a row both sides must agree.
    pub matches: u32,
    /// A comparison of fewer rows than this proves nothing.
    pub rows_at_least: u64,
}
