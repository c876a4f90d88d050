//! A run as programs read it: schema `tidelock.run/v1`.

use serde_json::{Value, json};
use tidelock_proto::{json, v1};

/// One run with its parts.
pub(crate) fn run(run: &v1::Run) -> Value {
    let now = run.as_of_time.as_ref();
    json!({
        "schema": "tidelock.run/v1",
        "migration": run.migration, "run": run.run, "direction": run.direction, "rehearsal": run.rehearsal,
        "plan_revision": run.plan_revision, "state": run.state, "why": run.why,
        "operator": some(&run.operator), "lease": run.lease,
        "lease_until": json::time(run.lease_until_time.as_ref()), "begun": json::time(run.begun_time.as_ref()),
        "ended": json::time(run.ended_time.as_ref()), "no_return": json::time(run.no_return_time.as_ref()),
        "writes_shut": {
            "since": json::time(run.writes_shut_since_time.as_ref()), "seconds": seconds(run.writes_shut_ms),
            "limit_seconds": seconds(run.dip_ms), "check": some(&run.dip_check),
        },
        "next": { "action": run.next, "part": run.next_part, "undo": run.next_undo },
        "parts": run.parts.iter().map(|found| part(found, now)).collect::<Value>(),
        "as_of": json::time(now),
    })
}

fn part(part: &v1::RunPart, now: Option<&prost_types::Timestamp>) -> Value {
    json!({
        "part": part.part, "name": part.name, "weight": part.weight, "kind": part.kind, "owner": part.owner,
        "planned_seconds": seconds(Some(part.planned_ms)), "deadline": json::time(part.deadline_time.as_ref()),
        "state": part.state, "begun": json::time(part.begun_time.as_ref()),
        "acted": json::time(part.acted_time.as_ref()), "done": json::time(part.done_time.as_ref()),
        "outcome": some(&part.outcome), "durable_mutation": part.durable_mutation, "output": part.output,
        "took_seconds": seconds(super::parts::took_ms(part, now)),
        "holds": part.holds.iter().map(|hold| json::hold(hold, now)).collect::<Value>(),
    })
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn seconds(ms: Option<u64>) -> Option<f64> {
    ms.map(|ms| ms as f64 / 1000.0)
}
