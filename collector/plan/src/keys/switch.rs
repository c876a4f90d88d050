//! The keys and words of the switch: its runbooks, who owns what, the way back, and who is told.

use super::{Keys, keys};

pub(crate) const STEP: Keys = keys(
    "Step",
    &[
        "step",
        "kind",
        "owner",
        "planned",
        "deadline",
        "run",
        "undo",
        "rehearsal",
        "env",
        "timeout",
        "two_readings",
        "weights",
        "after",
        "bake",
    ],
);
pub(crate) const FIRST_MINUTES: Keys = keys("FirstMinutes", &["settling", "metrics"]);
pub(crate) const TURBULENCE: Keys = keys("Turbulence", &["within", "at_least"]);
pub(crate) const NOTIFY: Keys = keys("Receiver", &["slack", "cloudevents", "secret", "events"]);
pub(crate) const OWNED: Keys = keys("Owned", &["kind", "until_switch", "then", "seen_by", "measure"]);
pub(crate) const ASSERTION: Keys = keys("Assertion", &["about", "rule"]);
pub(crate) const REHEARSED: Keys = keys("Rehearsed", &["within", "rollback"]);
/// A limit of the way back on one measure of a scenario.
pub(crate) const MEASURED: Keys = keys("Measured", &["at_most"]);
/// A limit of the way back with a name of its own.
pub(crate) const LIMIT: Keys = keys("Limit", &["at_most", "from", "measure"]);
pub(crate) const ONE_WAY: Keys = keys("OneWay", &["what", "from", "measure"]);

pub(crate) const STEP_KINDS: [&str; 10] = [
    "fence",
    "drain",
    "catch-up",
    "point-of-no-return",
    "open",
    "route",
    "confirm",
    "reverse",
    "manual",
    "command",
];
pub(crate) const OWNED_KINDS: [&str; 4] = ["job", "worker", "scheduler", "consumer"];
pub(crate) const ASSERTIONS: [&str; 2] = ["exactly_one_side_accepts_writes", "at_least_one_side_serves"];
/// What a receiver may want to hear of.
pub(crate) const EVENT_WORDS: [&str; 7] = ["phase", "verdict", "decision", "window", "run", "agent", "all"];
