//! The report as programs read it: schema `tidelock.report/v1`.

use serde_json::{Value, json};
use tidelock_proto::{json, v1};

use crate::cmd::cutover::run_json;

pub(super) fn report(report: &v1::Report) -> Value {
    let time = json::time;
    json!({
        "schema": "tidelock.report/v1",
        "migration": report.migration, "summary": report.summary, "phase": report.phase,
        "source": report.source_title, "target": report.target_title, "timezone": report.timezone,
        "as_of": time(report.as_of_time.as_ref()), "switched": time(report.switched_time.as_ref()),
        "recovery_seconds": seconds(report.recovery_ms),
        "revisions": report.revisions.iter().map(|revision| json!({
            "revision": revision.revision, "digest": format!("sha256:{}", hex(&revision.hash)),
            "time": time(revision.time.as_ref()), "by": revision.by, "reason": revision.reason,
            "looser": revision.looser,
        })).collect::<Value>(),
        "phases": report.phases.iter().map(|phase| json!({
            "phase": phase.phase, "from": time(phase.from_time.as_ref()), "to": time(phase.to_time.as_ref()),
            "planned_seconds": seconds(phase.planned_ms),
        })).collect::<Value>(),
        "decisions": report.decisions.iter().map(|decision| json!({
            "event": decision.event.as_ref().map(json::event), "holds": decision.holds,
        })).collect::<Value>(),
        "scenarios": report.scenarios.iter().map(scenario).collect::<Value>(),
        "runs": report.runs.iter().map(run_json::run).collect::<Value>(),
        "manual_checks": report.manual_checks.iter().map(json::manual_check).collect::<Value>(),
        "overrides": report.overrides.iter().map(over).collect::<Value>(),
        "rollback": {
            "asset": report.rollback.as_ref().map(|view| view.asset.clone()),
            "reason": report.rollback.as_ref().map(|view| view.reason.clone()),
            "until": time(report.rollback.as_ref().and_then(|view| view.until_time.as_ref())),
            "ended": time(report.rollback_ended_time.as_ref()), "ended_why": report.rollback_ended_why,
        },
        "agents_lost": report.agents_lost, "blind_spots": report.blind_spots,
    })
}

fn scenario(scenario: &v1::ReportScenario) -> Value {
    json!({
        "name": scenario.name, "title": scenario.title, "level": scenario.level,
        "longest_hold_seconds": seconds(Some(scenario.longest_hold_ms)),
        "spans": scenario.spans.iter().map(|span| json!({
            "phase": span.phase, "state": json::state_word(span.state), "seconds": seconds(Some(span.ms)),
        })).collect::<Value>(),
    })
}

fn over(view: &v1::OverrideView) -> Value {
    json!({
        "gate": view.gate, "checks": view.checks, "by": view.by, "reason": view.reason,
        "at": json::time(view.at_time.as_ref()), "complete": view.complete,
        "until": json::time(view.until_time.as_ref()),
    })
}

fn seconds(ms: Option<u64>) -> Option<f64> {
    ms.map(|ms| ms as f64 / 1000.0)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
