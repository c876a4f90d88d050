//! Which keys stand where, and which words a key takes.
//!
//! The readers and the published schema both answer to this page; a test compares them. A key that
//! a later release will honour is refused by name: taking it silently would promise what nobody keeps.

mod switch;

pub(crate) use switch::{
    ASSERTION, ASSERTIONS, EVENT_WORDS, FIRST_MINUTES, LIMIT, MEASURED, NOTIFY, ONE_WAY, OWNED, OWNED_KINDS,
    REHEARSED, STEP, STEP_KINDS, TURBULENCE,
};

/// The keys of one kind of mapping.
pub(crate) struct Keys {
    /// Its name in the schema.
    #[cfg_attr(not(test), expect(dead_code, reason = "the schema is compared in a test"))]
    pub(crate) name: &'static str,
    /// The keys that are honoured.
    pub(crate) now: &'static [&'static str],
    /// Keys of a later release: key, code, what they are.
    pub(crate) later: &'static [(&'static str, &'static str, &'static str)],
}

const fn keys(name: &'static str, now: &'static [&'static str]) -> Keys {
    Keys { name, now, later: &[] }
}

pub(crate) const PLAN: Keys = keys(
    "Plan",
    &[
        "tidelock",
        "name",
        "summary",
        "timezone",
        "rehearsal_scale",
        "environments",
        "people",
        "decisions",
        "defaults",
        "scenarios",
        "canary",
        "evidence",
        "manual_checks",
        "gates",
        "runbook",
        "writes_from_both_sides_go_to",
        "owners",
        "assertions",
        "first_minutes",
        "rollback",
        "notify",
        "links",
    ],
);
pub(crate) const ENVIRONMENTS: Keys = keys("Environments", &["source", "target"]);
pub(crate) const ENVIRONMENT: Keys = keys("Environment", &["title", "agents", "targets", "revision"]);
pub(crate) const AGENTS: Keys = keys("Agents", &["at_least", "at_most", "names"]);
pub(crate) const CANARY: Keys = keys("Canary", &["plugin", "sha256"]);
pub(crate) const REVISION: Keys = keys("Revision", &["from"]);
pub(crate) const HTTP: Keys = keys(
    "HttpTarget",
    &[
        "url",
        "methods",
        "paths",
        "ca",
        "tls_name",
        "credential",
        "connect",
        "rate",
        "concurrency",
        "addresses",
    ],
);
pub(crate) const SQL: Keys =
    keys("SqlTarget", &["sql", "address", "user", "password", "ca", "tls_name", "write", "addresses"]);
pub(crate) const CREDENTIAL: Keys = Keys {
    name: "Credential",
    now: &["bearer", "basic", "header", "form", "name"],
    later: &[("aws-sigv4", "E910", "requests signed for AWS")],
};
pub(crate) const PERSON: Keys = keys("Person", &["name", "role", "reach"]);
pub(crate) const DECISIONS: Keys = keys("Decisions", &["cutover", "rollback", "commit", "override"]);
/// The decisions that stand without being written: everyone in the plan may give them.
pub(crate) const USUAL_DECISIONS: [&str; 3] = ["cutover", "rollback", "commit"];
pub(crate) const DECISION: Keys =
    keys("Decision", &["who", "deputies", "approvals", "answer_within", "if_silent"]);
pub(crate) const DEFAULTS: Keys = keys("Defaults", &["every", "timeout", "fresh_for"]);
pub(crate) const SCENARIO: Keys = keys(
    "Scenario",
    &[
        "kind",
        "title",
        "if_broken",
        "may_dip",
        "writes",
        "level",
        "plugin",
        "sha256",
        "run_on",
        "agents",
        "phases",
        "every",
        "timeout",
        "fresh_for",
        "with",
        "proof",
        "claims",
    ],
);
/// How many agents of a side must tell of a scenario.
pub(crate) const QUORUM: Keys = keys("Quorum", &["at_least", "source", "target"]);
pub(crate) const PASSES: Keys = keys("Passes", &["in_a_row"]);
pub(crate) const MEASURE: Keys = keys("Measure", &["at_most", "at_least", "for", "gauge"]);
pub(crate) const SUCCESS: Keys = keys("Success", &["proof", "margin", "slo", "error_rate", "outage"]);
pub(crate) const LATENCIES: Keys = keys("Latencies", &["p50", "p95", "p99"]);
pub(crate) const LATENCY: Keys = keys("Latency", &["slack", "slack_ms", "at_most", "error_rate"]);
pub(crate) const GAUGE: Keys = keys("Gauge", &["enter", "leave", "for", "error_rate"]);
pub(crate) const DRAINED: Keys = keys("Drained", &["for", "error_rate"]);
pub(crate) const SILENT: Keys = keys("Silent", &["more_than", "for", "error_rate"]);
pub(crate) const OWNER: Keys = keys("Owner", &["until_switch", "then", "more_than", "for", "error_rate"]);
pub(crate) const PARITY: Keys = keys("Parity", &["tolerate_lag", "matches", "rows"]);
pub(crate) const ROWS: Keys = keys("Rows", &["at_least"]);
pub(crate) const MARKS: Keys = keys("Marks", &["within", "lost"]);
pub(crate) const SAME_RESPONSE: Keys = keys("SameResponse", &["margin", "error_rate"]);
pub(crate) const EVIDENCE: Keys = keys("Evidence", &["slot", "outage", "grace", "observe_at_least"]);
pub(crate) const MANUAL: Keys =
    keys("ManualCheck", &["title", "owner", "phase", "within", "valid_for", "evidence"]);
pub(crate) const GATES: Keys =
    keys("Gates", &["sync", "ready", "cutover", "watch", "committed", "retired", "rolled-back"]);
pub(crate) const GATE: Keys =
    keys("Gate", &["needs", "rehearsed", "stable_for", "decision", "valid_for", "deadline"]);
pub(crate) const ROLLBACK: Keys = keys(
    "Rollback",
    &["window", "warn_before", "possible_while", "recommend", "automatic", "no_return", "one_way", "runbook"],
);

pub(crate) const RECOMMEND: Keys = keys("Recommend", &["by", "false_alarm", "watch"]);

/// Every kind of mapping, for the test that compares them with the schema.
#[cfg(test)]
pub(crate) const ALL: [&Keys; 44] = [
    &PLAN,
    &ENVIRONMENTS,
    &ENVIRONMENT,
    &AGENTS,
    &CANARY,
    &REVISION,
    &HTTP,
    &SQL,
    &CREDENTIAL,
    &PERSON,
    &DECISIONS,
    &DECISION,
    &DEFAULTS,
    &SCENARIO,
    &QUORUM,
    &PASSES,
    &MEASURE,
    &SUCCESS,
    &LATENCIES,
    &LATENCY,
    &GAUGE,
    &DRAINED,
    &SILENT,
    &OWNER,
    &PARITY,
    &ROWS,
    &MARKS,
    &SAME_RESPONSE,
    &EVIDENCE,
    &MANUAL,
    &GATES,
    &GATE,
    &ROLLBACK,
    &RECOMMEND,
    &STEP,
    &FIRST_MINUTES,
    &TURBULENCE,
    &NOTIFY,
    &OWNED,
    &ASSERTION,
    &REHEARSED,
    &MEASURED,
    &LIMIT,
    &ONE_WAY,
];

/// The claims that have a word of their own; every other name is a measure's.
pub(crate) const CLAIMS: [&str; 11] = [
    "passes",
    "success",
    "latency",
    "performance",
    "drained",
    "silent",
    "owner",
    "parity",
    "marks",
    "same_response",
    "no_dependency_on",
];
pub(crate) const PROOFS: [&str; 3] = ["quick", "standard", "strict"];
pub(crate) const SIDES: [&str; 2] = ["source", "target"];
/// The plugins of this release.
pub(crate) const BUILTINS: [&str; 9] = [
    "login",
    "checkout",
    "queue-drain",
    "job-writes",
    "http-flow",
    "http-metric",
    "row-parity",
    "replication-lag",
    "canary",
];
/// Queues of a later release.
pub(crate) const LATER_QUEUES: [&str; 5] = ["sqs", "nats", "redis", "kafka", "sidekiq"];
pub(crate) const KINDS: [&str; 6] = ["flow", "auth", "payment", "background", "integration", "data"];
pub(crate) const LEVELS: [&str; 3] = ["critical", "important", "minor"];
pub(crate) const RUN_ON: [&str; 3] = ["both", "source", "target"];
pub(crate) const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// The phases in which checks can run.
pub(crate) const RUN_PHASES: [&str; 7] =
    ["prepare", "sync", "ready", "cutover", "watch", "committed", "rolling-back"];
