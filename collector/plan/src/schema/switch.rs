//! The switch in the schema: runbooks, owners, the first minutes, and who is told.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::claims::{AnySide, Percent};
use super::sides::Secret;
use super::{Named, Time};

/// A step of a runbook. What it changes is proved on evidence younger than its beginning.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Step {
    /// Its name, different from all others of the runbook.
    step: Named,
    /// What it is for.
    kind: StepKind,
    /// Who answers for it, of `people`.
    owner: Named,
    /// How long it should take; needed from the fence to the opening, since writes are shut meanwhile.
    planned: Option<Time>,
    /// After this it is not waited for any longer: before the point of no return everything is undone.
    deadline: Option<Time>,
    /// The program and its arguments, each on its own; no shell reads them. `{weight}` is a route's weight.
    run: Option<Vec<String>>,
    /// What takes it back; needed before the point of no return.
    undo: Option<Vec<String>>,
    /// What is run in a rehearsal; without it the step is only recorded there.
    rehearsal: Option<Vec<String>>,
    /// Names of variables that are handed on from where it is run, beside PATH.
    env: Option<Vec<String>>,
    /// When a command is killed: 5m when left out, or the deadline where that is shorter (not for the undo).
    timeout: Option<Time>,
    /// Of a fence: the time between the two readings of every writer; 5s when left out.
    two_readings: Option<Time>,
    /// Of a route: the shares of traffic on the target, one after the other; all at once when left out.
    weights: Option<Vec<Percent>>,
    /// The scenarios that must be proved.
    after: Option<Vec<Named>>,
    /// For how long without a break; after each weight of a route.
    bake: Option<Time>,
}

/// What a step is for.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum StepKind {
    /// Shuts writes on the side that is left, and proves it.
    Fence,
    /// Queues run empty.
    Drain,
    /// The other side has everything.
    CatchUp,
    /// From here on forward only.
    PointOfNoReturn,
    /// Opens writes on the side that traffic goes to.
    Open,
    /// Moves traffic.
    Route,
    /// Somebody, or `after`, confirms that traffic has moved.
    Confirm,
    /// Makes the feed that goes the other way.
    Reverse,
    /// A person does something.
    Manual,
    /// Anything else.
    Command,
}

/// The side whose database takes the writes of both.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum WritesGoTo {
    Target,
}

/// A job, worker, scheduler or consumer that must run on one side alone.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Owned {
    /// `job` when left out.
    kind: Option<OwnedKind>,
    /// Who owns it before traffic is switched.
    until_switch: AnySide,
    /// Who owns it after that; the other side when left out.
    then: Option<AnySide>,
    /// The scenario that sees it run, on both sides.
    seen_by: Named,
    /// The measure that counts its runs there: `runs.NAME` when left out.
    measure: Option<String>,
}

/// What is owned.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum OwnedKind {
    Job,
    Worker,
    Scheduler,
    Consumer,
}

/// What no step may break.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Assertion {
    /// For people: what it is about.
    about: String,
    /// What must hold at every moment.
    rule: AssertionRule,
}

/// What must hold.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum AssertionRule {
    /// Never both; none only between a fence and an opening.
    ExactlyOneSideAcceptsWrites,
    /// Its writes are not shut for longer than a scenario may be away.
    AtLeastOneSideServes,
}

/// The first minutes after the switch.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct FirstMinutes {
    /// How long turbulence is normal.
    settling: Time,
    /// By scenario: how much.
    metrics: BTreeMap<String, Turbulence>,
}

/// How much turbulence is normal: one of the two.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Turbulence {
    /// The median duration of runs, as a share of what it was before the switch: 150% is half more.
    within: Option<Percent>,
    /// The share of runs that pass.
    at_least: Option<Percent>,
}

/// Somewhere that messages go: `slack` or `cloudevents`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Receiver {
    /// An incoming webhook of Slack: the collector's secret that holds its address.
    slack: Option<Secret>,
    /// The address of a receiver of CloudEvents.
    cloudevents: Option<String>,
    /// The collector's secret that signs what goes there.
    secret: Option<Secret>,
    /// What it hears of; everything when left out.
    events: Option<Vec<EventWord>>,
}

/// What a receiver hears of.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum EventWord {
    Phase,
    Verdict,
    Decision,
    Window,
    Run,
    All,
}
