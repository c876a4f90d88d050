//! One run as a program reads it: all that the lines for people tell, and each thing under its name.

use serde_json::{Value, json};
use tidelock_model::{MarkKind, Report, Sha256, Side};
use tidelock_sandbox::protocol::{Manifest, RunResult};

/// The word of a mark's kind.
pub(super) fn kind(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Issued => "issued",
        MarkKind::Seen => "seen",
    }
}

/// The run, and of which component it was. One that said nothing of itself has no name.
pub(super) fn document(
    component: Sha256,
    manifest: Option<&Manifest>,
    side: Side,
    result: &RunResult,
) -> Value {
    let log = result.log.iter().map(|line| json!({ "level": line.level.word(), "message": line.message }));
    let refused = result.refused_calls.iter();
    let state = result.state_changes.iter();
    let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    json!({
        "schema": "tidelock.plugin-try/v1",
        "plugin": {
            "name": manifest.map(|it| &it.name),
            "version": manifest.map(|it| &it.version),
            "sha256": component.to_string(),
            "proves": manifest.map(|it| &it.proves),
            "blind_spots": manifest.map(|it| &it.blind_spots),
        },
        "side": side.word(),
        "outcome": result.outcome.word(),
        "cause": result.cause.map(|cause| cause.word()),
        "detail": result.detail,
        "report": report(&result.report),
        "refused_calls": refused
            .map(|call| json!({ "target": call.target, "reason": call.reason }))
            .collect::<Vec<_>>(),
        "log": log.collect::<Vec<_>>(),
        "log_dropped": result.log_dropped,
        // What it keeps may be anybody's: its size is told, as for people. No size: it is forgotten.
        "state": state
            .map(|(key, value)| json!({ "key": key, "bytes": value.as_ref().map(Vec::len) }))
            .collect::<Vec<_>>(),
        "calls": result.calls,
        "duration_us": micros(result.duration),
        "cpu_us": micros(result.cpu),
        "memory_bytes": result.memory_bytes,
    })
}

fn report(report: &Report) -> Value {
    let steps = report.steps.iter().map(|step| {
        json!({
            "name": step.name, "outcome": step.outcome.word(), "duration_us": step.duration_us,
            "note": step.note,
        })
    });
    let measures = (report.measures.iter())
        .map(|measure| json!({ "name": measure.name, "value": measure.value, "unit": measure.unit }));
    let digests = (report.digests.iter())
        .map(|digest| json!({ "key": digest.key, "rows": digest.rows, "position": digest.position }));
    let marks = report.marks.iter().map(|mark| json!({ "key": mark.key, "kind": kind(mark.kind) }));
    let remaining = (report.remaining.iter())
        .map(|left| json!({ "count": left.count, "unit": left.unit, "what": left.what }));
    json!({
        "note": report.note,
        "steps": steps.collect::<Vec<_>>(),
        "measures": measures.collect::<Vec<_>>(),
        "digests": digests.collect::<Vec<_>>(),
        "marks": marks.collect::<Vec<_>>(),
        "remaining": remaining.collect::<Vec<_>>(),
        "counts": report.counts.as_ref().map(|counts| json!({ "ok": counts.ok, "total": counts.total })),
    })
}

#[cfg(test)]
mod tests {
    use tidelock_model::{Cause, Outcome, Step};

    use super::*;

    #[test]
    fn a_run_that_did_not_look_says_why_and_keeps_what_it_keeps_to_itself() {
        let mut result = RunResult::not_run(Cause::BadSettings, "path is missing");
        result.report.steps = vec![Step {
            name: "page".to_owned(),
            outcome: Outcome::Fail,
            duration_us: 7,
            note: "gone".to_owned(),
        }];
        result.state_changes = vec![("seen".to_owned(), Some(b"hidden".to_vec())), ("old".to_owned(), None)];
        let value = document(Sha256::from_bytes([7; 32]), None, Side::Target, &result);
        assert_eq!((&value["outcome"], &value["cause"]), (&"not run".into(), &"bad_settings".into()));
        assert_eq!((&value["side"], &value["detail"]), (&"target".into(), &"path is missing".into()));
        assert_eq!(value["plugin"]["name"], Value::Null);
        assert_eq!(value["plugin"]["sha256"], "07".repeat(32));
        assert_eq!(value["report"]["steps"][0]["outcome"], "fail");
        assert_eq!((&value["state"][0]["bytes"], &value["state"][1]["bytes"]), (&6.into(), &Value::Null));
        assert!(!value.to_string().contains("hidden"), "{value}");
    }
}
