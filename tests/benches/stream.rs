//! Findings as a login check makes them, in encoded batches.

use bytes::Bytes;
use tidelock_proto::v1;

use crate::clock;
use crate::feeder::Feeder;

/// Findings in one batch.
pub(crate) const BATCH: u64 = 256;

/// One finding of an assignment: six steps, two measures, a trace id.
pub(crate) fn finding(of: &v1::Assignments, at: usize, round: u64, outcome: v1::Outcome) -> v1::Finding {
    let assignment = &of.assignments[at % of.assignments.len()];
    let names = ["form", "log-in", "member-page", "stays", "log-out", "wrong-password"];
    let step = |name: &str| v1::Step {
        name: name.to_owned(),
        outcome: v1::Outcome::Pass.into(),
        duration_us: 1_234,
        note: "200 in 1 ms".to_owned(),
    };
    let mut steps: Vec<v1::Step> = names.into_iter().map(step).collect();
    let mut note = String::new();
    if outcome == v1::Outcome::Fail {
        steps[1].outcome = outcome.into();
        note = "log-in: the password is refused".to_owned();
    }
    let measure = |name: &str, value| v1::Measure { name: name.to_owned(), value, unit: "ms".to_owned() };
    v1::Finding {
        check: assignment.check.clone(),
        plan_revision: of.plan_revision,
        plan_hash: of.plan_hash.clone(),
        assignment_id: assignment.id.clone(),
        component_sha256: assignment.component_sha256.clone(),
        boot_id: "bench".to_owned(),
        round,
        due_unix_ms: clock::unix_ms(),
        started_mono_ns: round * 1_000_000,
        duration_ns: 12_345_678,
        lateness_ns: 250_000,
        nonce: tidelock_core::challenge::nonce(&assignment.nonce_seed, round),
        outcome: outcome.into(),
        steps,
        measures: vec![measure("log-in-ms", 12.5), measure("whole-ms", 40.25)],
        trace_ids: vec!["0af7651916cd43dd8448eb211c80319c".to_owned()],
        note,
        ..v1::Finding::default()
    }
}

/// So many batches for a session: the last number of each, and its bytes. The first check is left out, for
/// a measure of its own.
pub(crate) fn batches(feeder: &Feeder, of: &v1::Assignments, count: u64) -> Vec<(u64, Bytes)> {
    batches_of(BATCH, feeder, of, count)
}

/// The same with so many findings in each. They go on from what was sent.
pub(crate) fn batches_of(size: u64, feeder: &Feeder, of: &v1::Assignments, count: u64) -> Vec<(u64, Bytes)> {
    let checks = of.assignments.len().max(2) - 1;
    let one = |number: u64| {
        let at = usize::try_from(number).unwrap_or(0) % checks;
        finding(of, at + 1, number, v1::Outcome::Pass)
    };
    let batch = |index: u64| {
        let first = feeder.last() + index * size + 1;
        let findings = (first..first + size).map(one).collect();
        (first + size - 1, feeder.batch(first, findings))
    };
    (0..count).map(batch).collect()
}
