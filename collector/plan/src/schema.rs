//! The shape of a plan for editors: completion, hover texts, red lines while typing.
//!
//! The structs are read by nobody but the schema's generator. That they name the same keys as the
//! readers is a test; what a schema can't say, `plan check` says.
#![expect(dead_code, reason = "the fields exist for the schema that is derived from them")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

use claims::{Claims, Evidence, Proof};
use rollback::Rollback;
use sides::Environments;
use switch::{Assertion, FirstMinutes, Owned, Receiver, Step, WritesGoTo};

mod claims;
mod rollback;
mod sides;
mod switch;

/// The JSON Schema of a plan file.
pub fn schema() -> Value {
    schemars::schema_for!(Plan).to_value()
}

/// A whole number and a unit: 500ms, 5s, 10m, 1h, 7d.
#[derive(JsonSchema)]
struct Time(#[schemars(regex(pattern = r"^[0-9]+(ms|s|m|h|d)$"))] String);

/// Lower-case letters, digits, `-`, `_` and `.`; begins and ends with a letter or digit.
#[derive(JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
struct Named(#[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"))] String);

/// A plan: what a migration promises to watch, who decides, and what each gate needs.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "Tidelock plan")]
struct Plan {
    /// The format of this file: `plan/v1`.
    tidelock: PlanVersion,
    /// The migration's name.
    name: Named,
    /// What it is about, in one sentence.
    summary: Option<String>,
    /// An IANA time zone for people's screens; `UTC` when left out.
    timezone: Option<String>,
    /// Allows times below 5s, and is shown on every screen.
    rehearsal_scale: Option<bool>,
    /// The two sides.
    environments: Environments,
    /// Who may decide and who checks by hand. A text alone is the full name.
    people: BTreeMap<String, PersonOrName>,
    /// Who gives which decision; one that is not written may be given by everyone in `people`.
    decisions: Option<Decisions>,
    /// What scenarios take over where they say nothing.
    defaults: Option<Defaults>,
    /// The business functions that must not degrade.
    scenarios: BTreeMap<String, Scenario>,
    /// The check that must fail: every agent runs it each minute, and one on which it passes is not believed.
    canary: Option<Canary>,
    /// How evidence is gathered; the defaults suit most.
    evidence: Option<Evidence>,
    /// Checks that a person makes.
    manual_checks: Option<BTreeMap<String, ManualCheck>>,
    /// What each gate needs. `ready`, `cutover`, `watch`, `committed` and `rolled-back` always stand.
    gates: Option<Gates>,
    /// The steps of the cutover; without them somebody's own script switches.
    runbook: Option<Vec<Step>>,
    /// Traffic of both sides writes to the target, so that weights may follow a fence.
    writes_from_both_sides_go_to: Option<WritesGoTo>,
    /// Jobs, workers, schedulers and consumers that run on one side alone.
    owners: Option<BTreeMap<String, Owned>>,
    /// What no step may break.
    assertions: Option<Vec<Assertion>>,
    /// What is watched right after the switch, and how much turbulence is normal.
    first_minutes: Option<FirstMinutes>,
    /// The way back.
    rollback: Option<Rollback>,
    /// Who is told.
    notify: Option<Vec<Receiver>>,
    /// For people: where to look and whom to call.
    links: Option<BTreeMap<String, String>>,
}

/// The component of the check that must fail.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Canary {
    /// `builtin:canary`, or one of your own that always fails.
    plugin: String,
    /// The component's digest, written by `tidelock plan pin`.
    sha256: Option<String>,
}

/// The format of a plan file.
#[derive(JsonSchema)]
enum PlanVersion {
    #[schemars(rename = "plan/v1")]
    V1,
}

/// A person, or the full name alone.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum PersonOrName {
    Name(String),
    Person(Person),
}

/// Somebody who may decide or check.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Person {
    /// The full name.
    name: Option<String>,
    /// The role in the migration.
    role: Option<String>,
    /// How to reach them.
    reach: Option<String>,
}

/// The decisions of a migration.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Decisions {
    /// To switch.
    cutover: Option<Decision>,
    /// To go back.
    rollback: Option<Decision>,
    /// To call it complete.
    commit: Option<Decision>,
    /// To override a hold by its name; nobody may where it is not written.
    #[schemars(rename = "override")]
    overriding: Option<Decision>,
}

/// Who gives a decision.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Decision {
    /// Who decides.
    who: Vec<Named>,
    /// Who may decide in their place.
    deputies: Option<Vec<Named>>,
    /// How many different people must agree: 1 when left out.
    #[schemars(range(min = 1, max = 20))]
    approvals: Option<u32>,
    /// How long an answer may take before the deputies are asked.
    answer_within: Option<Time>,
    /// What happens when nobody answers. The gate stays shut in any case.
    if_silent: Option<IfSilent>,
}

/// What happens when nobody answers.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum IfSilent {
    Shut,
    AskDeputies,
}

/// What scenarios take over where they say nothing.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Defaults {
    /// How often: 5s when left out.
    every: Option<Time>,
    /// How long a run may take: 3s when left out.
    timeout: Option<Time>,
    /// When a finding is stale: 2 × every + timeout when left out.
    fresh_for: Option<Time>,
}

/// A business function that must not degrade.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Scenario {
    /// What kind of function it is.
    kind: Option<FunctionKind>,
    /// One sentence for people.
    title: Option<String>,
    /// What breaks when it does, in business words.
    if_broken: String,
    /// How long it may be away during the switch: 0s, 45s.
    may_dip: Option<Time>,
    /// It is away while writes are shut; so are payment, integration and background when left out.
    writes: Option<bool>,
    /// How much it matters; `important` when left out.
    level: Option<Level>,
    /// `builtin:NAME`, the path of a .wasm file, or `sha256:HEX`.
    plugin: String,
    /// The component's digest; `tidelock plan pin` writes it.
    #[schemars(regex(pattern = r"^(sha256:)?[0-9a-fA-F]{64}$"))]
    sha256: Option<String>,
    /// `both` when left out.
    run_on: Option<RunOn>,
    /// How many agents of a side must have told of it for it to count; what the side says when left out.
    agents: Option<Quorum>,
    /// When it runs; sync, ready, cutover, watch and rolling-back when left out.
    phases: Option<Vec<RunPhase>>,
    /// How often.
    every: Option<Time>,
    /// How long a run may take; it ends before the next one is due.
    timeout: Option<Time>,
    /// A finding older than this is stale.
    fresh_for: Option<Time>,
    /// The plugin's settings. They name targets, never URLs, and secrets as `secret:NAME`.
    with: Option<BTreeMap<String, Value>>,
    /// A proof of success with everything else as usual: the same as `claims: { success: { proof: … } }`.
    proof: Option<Proof>,
    /// What must hold. A critical scenario without it has `proof: standard`, every other one three runs in a row.
    claims: Option<Claims>,
}

/// How many agents of a side must tell of a scenario.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Quorum {
    /// On each side that it runs on.
    #[schemars(range(min = 1, max = 100))]
    at_least: Option<u32>,
    /// On the source.
    #[schemars(range(min = 1, max = 100))]
    source: Option<u32>,
    /// On the target.
    #[schemars(range(min = 1, max = 100))]
    target: Option<u32>,
}

/// What kind of function a scenario is.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum FunctionKind {
    Flow,
    Auth,
    Payment,
    Background,
    Integration,
    Data,
}

/// How much a scenario matters.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Level {
    Critical,
    Important,
    Minor,
}

/// Where a scenario runs.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum RunOn {
    Both,
    Source,
    Target,
}

/// A phase in which checks can run.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum RunPhase {
    Prepare,
    Sync,
    Ready,
    Cutover,
    Watch,
    Committed,
    RollingBack,
}

/// A check that a person makes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ManualCheck {
    /// What is to be checked.
    title: Option<String>,
    /// Who makes it.
    owner: Named,
    /// The phase in which it is made.
    phase: Option<RunPhase>,
    /// How long after its phase began it must be done.
    within: Option<Time>,
    /// After this it must be made again.
    valid_for: Option<Time>,
    /// Whether evidence must be given with it.
    evidence: Option<NeedsEvidence>,
}

/// Whether evidence must be given.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum NeedsEvidence {
    Required,
    Optional,
}

/// A gate stands before the phase of its name.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
struct Gates {
    /// Before evidence is gathered on both sides.
    sync: Option<Gate>,
    /// Before the two sides count as converged.
    ready: Option<Gate>,
    /// Before the switch.
    cutover: Option<Gate>,
    /// Before the switch counts as done.
    watch: Option<Gate>,
    /// Before the move counts as complete.
    committed: Option<Gate>,
    /// Before the old side may go.
    retired: Option<Gate>,
    /// Before a rollback counts as done.
    rolled_back: Option<Gate>,
}

/// What a gate needs.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Gate {
    /// Scenarios and manual checks by name; `all` is every scenario that runs in the phase before.
    needs: Option<Vec<Named>>,
    /// A rehearsal of the plan as it is must have succeeded.
    rehearsed: Option<Rehearsed>,
    /// How long all of it must hold without a break.
    stable_for: Option<Time>,
    /// The decision that must be given.
    decision: Option<DecisionWord>,
    /// How long that decision is valid.
    valid_for: Option<Time>,
    /// How long after the phase before it began the gate must have opened.
    deadline: Option<Time>,
}

/// A rehearsal as evidence.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Rehearsed {
    /// Not longer ago than this.
    within: Time,
    /// The way back must have been rehearsed as well.
    rollback: Option<bool>,
}

/// The name of a decision.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum DecisionWord {
    Cutover,
    Rollback,
    Commit,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::keys;

    #[test]
    fn the_schema_and_the_readers_know_the_same_keys() {
        let schema = schema();
        for keys in keys::ALL {
            let at = if keys.name == "Plan" { &schema } else { &schema["$defs"][keys.name] };
            let properties =
                at["properties"].as_object().unwrap_or_else(|| panic!("{} is not in the schema", keys.name));
            let published: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
            assert_eq!(published, keys.now.iter().copied().collect(), "{}", keys.name);
            assert_eq!(at["additionalProperties"], false, "{} lets unknown keys pass", keys.name);
        }
    }

    #[test]
    fn the_committed_schema_is_this_one() {
        let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        expect_test::expect_file!["../../../deploy/tidelock-plan.schema.json"].assert_eq(&text);
    }
}
