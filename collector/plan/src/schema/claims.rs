//! Claims in the schema, and how evidence is gathered.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::Time;

/// A number and a percent sign: 5%, 0.5%, 99.9%.
#[derive(JsonSchema)]
pub(super) struct Percent(#[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)?%$"))] String);

/// A number, a slash and a unit: 6/h.
#[derive(JsonSchema)]
struct Rate(#[schemars(regex(pattern = r"^[0-9]+/(s|m|h)$"))] String);

/// A number in the measure's own unit, a time (read as seconds) or a percentage (read as a share of one).
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Value {
    Number(f64),
    Time(Time),
    Percent(Percent),
}

/// How strong a proof is: what it rules out, and how long it takes at best with the usual margin.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Proof {
    /// Rules out more than 12 outages an hour: about 18 minutes, and `observe_at_least` in any case.
    Quick,
    /// Rules out outages of 30 s that make up the margin: about 36 minutes.
    Standard,
    /// Rules out outages of 60 s that make up the margin: about 72 minutes.
    Strict,
}

/// How evidence is gathered.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Evidence {
    /// The unit of evidence: `auto`, or a time of 1s to 60s that every interval divides.
    slot: Option<SlotOrAuto>,
    /// How long the outages are that a standard proof rules out: 30s when left out; strict doubles it.
    outage: Option<Time>,
    /// How late a result may be: `timeout + 2s` when left out.
    grace: Option<Grace>,
    /// A proof needs at least this much time, whatever its numbers say: 30m when left out.
    observe_at_least: Option<Time>,
}

/// `auto`: the smallest of 10, 15, 20, 30 and 60 s in which each side owes four results.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum SlotOrAuto {
    Auto(Auto),
    Time(Time),
}

/// Left to Tidelock.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Auto {
    Auto,
}

/// `timeout + 2s`, each scenario's own, or a time.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Grace {
    Usual(UsualGrace),
    Time(Time),
}

/// The scenario's timeout and two seconds.
#[derive(JsonSchema)]
enum UsualGrace {
    #[schemars(rename = "timeout + 2s")]
    Usual,
}

/// Proofs, silence, comparisons, and bounds on the measures that the plugin reports, by their names.
#[derive(JsonSchema)]
pub(super) struct Claims {
    /// Not a proof: the last runs of each agent passed.
    passes: Option<Passes>,
    /// A proof: the target succeeds as often as the source, and often enough.
    success: Option<Success>,
    /// A proof: the target answers as fast as the source.
    latency: Option<Latencies>,
    /// The same as latency at p50, p95 and p99.
    performance: Option<Latency>,
    /// Queues are empty, nothing is in flight, and nothing was put in meanwhile.
    drained: Option<Drained>,
    /// Nobody who may not writes on this side.
    silent: Option<Silent>,
    /// Jobs run on one side alone.
    owner: Option<Owner>,
    /// The rows are the same on both sides.
    parity: Option<Parity>,
    /// What is written on one side arrives on the other.
    marks: Option<Marks>,
    /// A proof: both sides answer the same to the same question.
    same_response: Option<SameResponse>,
    /// No page of the target still comes from the source.
    no_dependency_on: Option<OldSide>,
    /// Not a proof: bounds on a measure, or a gauge.
    #[schemars(flatten)]
    measures: BTreeMap<String, Measure>,
}

/// The last runs of each agent passed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Passes {
    /// How many.
    #[schemars(range(min = 1, max = 1000))]
    in_a_row: u32,
}

/// The target succeeds as often as the source, but for a margin, and as often as it must.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Success {
    /// `standard` when left out.
    proof: Option<Proof>,
    /// How much less often the target may succeed: 5% when left out.
    margin: Option<Percent>,
    /// How often the target must succeed: 95% when left out.
    slo: Option<Percent>,
    /// How often the proof may be wrong: 5% when left out.
    error_rate: Option<Percent>,
    /// Rules out outages of this length that make up the margin; instead of what `proof` says.
    outage: Option<Time>,
}

/// The quantiles that are compared.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Latencies {
    /// Half of all answers.
    p50: Option<Latency>,
    /// 95 of 100 answers.
    p95: Option<Latency>,
    /// 99 of 100 answers.
    p99: Option<Latency>,
}

/// The target answers as fast as the source, but for a slack.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Latency {
    /// How much slower the target may be: 10% when left out.
    slack: Option<Percent>,
    /// And beside that: 5ms when left out.
    slack_ms: Option<Time>,
    /// The quantile's share of answers must come within this, too.
    at_most: Option<Time>,
    /// How often the proof may be wrong: 5% when left out.
    error_rate: Option<Percent>,
}

/// A measure stays inside bounds, or comes below a value and stays.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Measure {
    /// It must not be above this.
    at_most: Option<Value>,
    /// It must not be below this.
    at_least: Option<Value>,
    /// For how long, without a break.
    #[schemars(rename = "for")]
    held_for: Option<Time>,
    /// Instead of bounds: each broken attempt makes the next one longer.
    gauge: Option<Gauge>,
}

/// A measure that must come below a value and stay there.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Gauge {
    /// At or below this it is in.
    enter: Value,
    /// Above this it is out again; above `enter`.
    leave: Value,
    /// For how long at the first try.
    #[schemars(rename = "for")]
    held_for: Time,
    /// How often the proof may be wrong: 5% when left out.
    error_rate: Option<Percent>,
}

/// Nothing is left, and nothing comes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Drained {
    /// For how long at the first try.
    #[schemars(rename = "for")]
    held_for: Time,
    /// How often the proof may be wrong: 5% when left out.
    error_rate: Option<Percent>,
}

/// Nobody who may not writes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Silent {
    /// What is ruled out: 6/h takes 34 minutes.
    more_than: Option<Rate>,
    /// For how long at the first try; as long as `more_than` takes when left out.
    #[schemars(rename = "for")]
    held_for: Option<Time>,
    /// How often the proof may be wrong: 5% when left out.
    error_rate: Option<Percent>,
}

/// Jobs run on the side that owns them, and on no other.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Owner {
    /// The owner before traffic is switched.
    until_switch: AnySide,
    /// The owner after it: the other side when left out.
    then: Option<AnySide>,
    /// What is ruled out on the other side: 6/h when neither this nor `for` is written.
    more_than: Option<Rate>,
    /// How long the other side must be quiet.
    #[schemars(rename = "for")]
    held_for: Option<Time>,
    /// How often the proof may be wrong: 5% when left out.
    error_rate: Option<Percent>,
}

/// A side.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum AnySide {
    Source,
    Target,
}

/// The side that is left.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum OldSide {
    Source,
}

/// The rows are the same on both sides.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Parity {
    /// How far the target may lag behind: 60s when left out.
    tolerate_lag: Option<Time>,
    /// How many times in a row both sides must agree: 3 when left out.
    #[schemars(range(min = 1, max = 1000))]
    matches: Option<u32>,
    /// A comparison of too few rows proves nothing.
    rows: Option<Rows>,
}

/// How many rows a comparison must have.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Rows {
    /// 1 when left out.
    #[schemars(range(min = 1))]
    at_least: u32,
}

/// What is written on one side arrives on the other.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Marks {
    /// The longest way that counts as arrived.
    within: Time,
    /// How many may be lost: 0 when left out.
    lost: Option<u32>,
}

/// Both sides answer the same.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct SameResponse {
    /// How much more may differ than the source differs from itself: 1% when left out.
    margin: Option<Percent>,
    /// How often the proof may be wrong: 5% when left out.
    error_rate: Option<Percent>,
}
