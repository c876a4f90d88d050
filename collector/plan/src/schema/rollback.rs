//! The way back in the schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::claims::Percent;
use super::switch::Step;
use super::{Named, Time};

/// The way back.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Rollback {
    /// How long going back stays possible, counted from the switch.
    window: Option<Time>,
    /// How long before its end people are warned.
    warn_before: Option<Time>,
    /// What limits it beside time: measures of a scenario, or limits with a name of their own.
    possible_while: Option<BTreeMap<String, Limits>>,
    /// When the watch after the switch recommends to go back.
    recommend: Option<Recommend>,
    /// `never`: a person decides. `recommended`: a recommendation decides, and somebody's `rollback run` obeys.
    automatic: Option<Automatic>,
    /// Facts after which there is no way back.
    no_return: Option<Vec<String>>,
    /// Effects that going back does not take back.
    one_way: Option<Vec<OneWay>>,
    /// The steps of the way back; without them somebody's own script goes back.
    runbook: Option<Vec<Step>>,
}

/// A limit of its own, `{ at_most: 500, from: db-back }`, or measures of the scenario, `{ lag: { at_most: 30s } }`.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Limits {
    Own(Limit),
    Measures(BTreeMap<String, Measured>),
}

/// A limit with a name of its own: what is above a count is lost.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Limit {
    /// A count, or a time.
    at_most: Amount,
    /// The scenario that measures it.
    from: Named,
    /// The measure: the limit's name when left out. `remaining` is the scenario's remaining count.
    measure: Option<String>,
}

/// A limit on a measure: what is above it is late.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Measured {
    /// A number, or a time.
    at_most: Amount,
}

/// A number that is not below 0, or a time.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Amount {
    Number(f64),
    Time(Time),
}

/// An effect that going back does not take back.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct OneWay {
    /// What, for people: mails sent.
    what: String,
    /// The scenario that counts it.
    from: Named,
    /// The measure that counts it since the switch.
    measure: String,
}

/// When the watch after the switch recommends to go back.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Recommend {
    /// The detector alone; a counter never does.
    by: Option<Detector>,
    /// How often a healthy target may be called failing, over the whole watch and all scenarios.
    false_alarm: Option<Percent>,
    /// How long the watch lasts; nothing is called complete before.
    watch: Option<Time>,
}

/// What recommends.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Detector {
    Detector,
}

/// Who decides.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Automatic {
    Never,
    Recommended,
}
