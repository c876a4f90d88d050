//! The JSON that pipelines read: the same from the HTTP face and from `tidelock … -o json`.
//!
//! Times are RFC 3339 in UTC, durations are whole or broken numbers that end in `_seconds`, and
//! `open` is true only for the verdict `open`. Fields are only ever added.

use prost_types::Timestamp;
use serde_json::{Value, json};

use crate::v1;

mod owners;
mod proof;
mod report;
mod run;
mod switch;

pub use owners::switch;
pub use proof::{claim, evidence, proof};
pub use report::report;
pub use run::{run, run_command};
pub use switch::{leftover, losses, overridden, rollback};

/// The word of a verdict on the wire; what is not known is `unknown`.
pub fn verdict_word(verdict: i32) -> &'static str {
    match v1::Verdict::try_from(verdict) {
        Ok(v1::Verdict::Open) => "open",
        Ok(v1::Verdict::Hold) => "hold",
        Ok(v1::Verdict::Rollback) => "rollback",
        Ok(v1::Verdict::Unknown | v1::Verdict::Unspecified) | Err(_) => "unknown",
    }
}

/// The word of a state of evidence; `not_now` of what is not asked in this phase, empty when there is none.
pub fn state_word(state: i32) -> &'static str {
    match v1::EvidenceState::try_from(state) {
        Ok(v1::EvidenceState::Proved) => "proved",
        Ok(v1::EvidenceState::Refuted) => "refuted",
        Ok(v1::EvidenceState::Undecided) => "undecided",
        Ok(v1::EvidenceState::Stale) => "stale",
        Ok(v1::EvidenceState::Missing) => "missing",
        Ok(v1::EvidenceState::NotNow) => "not_now",
        Ok(v1::EvidenceState::Unspecified) | Err(_) => "",
    }
}

/// The word of a side; empty when there is none.
pub fn side_word(side: i32) -> &'static str {
    match v1::Side::try_from(side) {
        Ok(v1::Side::Source) => "source",
        Ok(v1::Side::Target) => "target",
        Ok(v1::Side::Unspecified) | Err(_) => "",
    }
}

/// The word of an outcome; what is not known did not run.
pub fn outcome_word(outcome: i32) -> &'static str {
    match v1::Outcome::try_from(outcome) {
        Ok(v1::Outcome::Pass) => "pass",
        Ok(v1::Outcome::Fail) => "fail",
        Ok(v1::Outcome::NotRun | v1::Outcome::Unspecified) | Err(_) => "not run",
    }
}

/// A time in RFC 3339; null when it is not set or no time at all.
pub fn time(time: Option<&Timestamp>) -> Value {
    let at = time.and_then(|t| jiff::Timestamp::new(t.seconds, t.nanos).ok());
    at.map_or(Value::Null, |at| Value::String(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()))
}

/// Milliseconds since the Unix epoch of a wire time; 0 when it is not set or before the epoch.
pub fn unix_ms(time: Option<&Timestamp>) -> u64 {
    let Some(time) = time else { return 0 };
    let seconds = u64::try_from(time.seconds).unwrap_or(0);
    seconds.saturating_mul(1000).saturating_add(u64::try_from(time.nanos).unwrap_or(0) / 1_000_000)
}

/// The wire time of milliseconds since the Unix epoch.
pub fn wire_time(unix_ms: u64) -> Timestamp {
    let nanos = i32::try_from(unix_ms % 1000).unwrap_or(0) * 1_000_000;
    Timestamp { seconds: i64::try_from(unix_ms / 1000).unwrap_or(i64::MAX), nanos }
}

fn seconds_since(then: Option<&Timestamp>, now: Option<&Timestamp>) -> Value {
    match (then, now) {
        (Some(_), Some(_)) => json!((unix_ms(now).saturating_sub(unix_ms(then))) as f64 / 1000.0),
        (None, _) | (_, None) => Value::Null,
    }
}

/// Seconds until then; less than 0 where it is over.
fn seconds_until(now: Option<&Timestamp>, then: Option<&Timestamp>) -> Value {
    let signed = |time: &Timestamp| i64::try_from(unix_ms(Some(time))).unwrap_or(i64::MAX);
    match (now, then) {
        (Some(now), Some(then)) => json!((signed(then) - signed(now)) as f64 / 1000.0),
        (None, _) | (_, None) => Value::Null,
    }
}

fn word_or_null(word: &str) -> Value {
    if word.is_empty() { Value::Null } else { Value::String(word.to_owned()) }
}

/// Bytes as people compare them, in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn remaining(left: &[v1::Remaining]) -> Value {
    left.iter().map(|r| json!({ "count": r.count, "unit": r.unit, "what": r.what })).collect()
}

/// One hold, as of `now`.
pub fn hold(hold: &v1::Hold, now: Option<&Timestamp>) -> Value {
    json!({
        "code": hold.code, "check": word_or_null(&hold.check), "level": word_or_null(&hold.level),
        "side": word_or_null(&hold.side), "state": word_or_null(state_word(hold.state)), "reason": hold.reason,
        "since": time(hold.since_time.as_ref()), "seen_seconds_ago": seconds_since(hold.seen_time.as_ref(), now),
        "agent": word_or_null(&hold.agent), "next": hold.next, "remaining": remaining(&hold.remaining),
    })
}

/// A gate: schema `tidelock.gate/v1`; the scenarios that it needs are in it only where one gate was asked for.
pub fn gate(gate: &v1::Gate) -> Value {
    let now = gate.as_of_time.as_ref();
    let verdict = verdict_word(gate.verdict);
    let mut value = json!({
        "schema": "tidelock.gate/v1",
        "migration": gate.migration, "gate": gate.gate, "phase": gate.phase,
        "verdict": verdict, "open": verdict == "open", "never_opens": gate.never_opens, "summary": gate.summary,
        "since": time(gate.since_time.as_ref()), "valid_until": time(gate.valid_until_time.as_ref()),
        "stable": { "for_seconds": gate.stable_for_ms as f64 / 1000.0,
                    "needed_seconds": gate.stable_needed_ms as f64 / 1000.0 },
        "deadline": time(gate.deadline_time.as_ref()),
        "holds": gate.holds.iter().map(|h| hold(h, now)).collect::<Value>(),
        "loss": { "known": gate.loss_known, "remaining": remaining(&gate.remaining) },
        "losses": losses(&gate.losses),
        "overrides": gate.overrides.iter().map(overridden).collect::<Value>(),
        "decision": gate.decision.as_ref().map(decision),
        "rollback": gate.rollback.as_ref().map(|r| rollback(r, now)),
        "unreachable": gate.unreachable, "warnings": gate.warnings, "rehearsal_scale": gate.rehearsal_scale,
        "plan": gate.plan.as_ref().map(plan_ref),
        "switch": gate.switch.as_ref().map(|view| switch(view, now)),
        "evidence": { "sequence": gate.evidence_sequence, "hash": hex(&gate.evidence_hash), "as_of": time(now) },
    });
    if !gate.scenarios.is_empty() {
        value["scenarios"] = gate.scenarios.iter().map(scenario).collect();
    }
    value
}

fn decision(decision: &v1::DecisionView) -> Value {
    json!({
        "name": decision.name, "state": decision.state, "given": decision.given, "needed": decision.needed,
        "who": decision.who, "deputies": decision.deputies, "valid_until": time(decision.valid_until_time.as_ref()),
        "since": time(decision.since_time.as_ref()), "deputies_from": time(decision.deputies_time.as_ref()),
    })
}

/// A plan revision.
pub fn plan_ref(plan: &v1::PlanRef) -> Value {
    json!({ "revision": plan.revision, "digest": format!("sha256:{}", hex(&plan.hash)) })
}

/// One event of the timeline.
pub fn event(event: &v1::Event) -> Value {
    json!({
        "sequence": event.sequence, "time": time(event.time.as_ref()), "kind": event.kind, "text": event.text,
        "by": word_or_null(&event.by), "reason": word_or_null(&event.reason),
        "findings_position": event.findings_position,
        "evidence": word_or_null(&hex(&event.evidence_hash)),
        "run": event.run, "part": event.part, "step": word_or_null(&event.step),
    })
}

/// One scenario with both sides.
pub fn scenario(scenario: &v1::ScenarioView) -> Value {
    let sides: serde_json::Map<_, _> = (scenario.sides.iter())
        .map(|side| {
            let claims: Value = side.claims.iter().map(claim).collect();
            let view = json!({
                "state": state_word(side.state), "value": side.value, "observed_time": time(side.seen_time.as_ref()),
                "agent": word_or_null(&side.agent), "remaining": remaining(&side.remaining), "claims": claims,
            });
            (side_word(side.side).to_owned(), view)
        })
        .collect();
    json!({
        "name": scenario.name, "title": scenario.title, "level": scenario.level, "if_broken": scenario.if_broken,
        "state": state_word(scenario.state), "since": time(scenario.since_time.as_ref()), "sides": sides,
        "gates": scenario.gates, "active": scenario.active, "phases": scenario.phases,
    })
}

/// One agent.
pub fn agent(agent: &v1::AgentView) -> Value {
    json!({
        "name": agent.name, "side": side_word(agent.side), "state": agent.state,
        "seen": time(agent.seen_time.as_ref()), "clock_offset_ms": agent.clock_offset_ms,
        "clock_error_ms": agent.clock_error_ms, "version": agent.version, "spool_findings": agent.spool_findings,
        "starved_permille": agent.starved_permille,
        "certificate_ends": time(agent.certificate_ends_time.as_ref()), "renewal_overdue": agent.renewal_overdue,
        "refused": agent.refused.iter()
            .map(|r| json!({ "check": r.check, "cause": r.cause, "reason": r.reason })).collect::<Value>(),
        "warnings": agent.warnings,
    })
}

/// When a status was so; as its gate says where it does not say it itself.
pub fn as_of(status: &v1::Status) -> Option<&Timestamp> {
    let gate = || status.next_gate.as_ref().and_then(|gate| gate.as_of_time.as_ref());
    status.as_of_time.as_ref().or_else(gate)
}

/// A status: schema `tidelock.status/v1`.
pub fn status(status: &v1::Status) -> Value {
    let now = as_of(status);
    json!({
        "schema": "tidelock.status/v1", "as_of": time(now),
        "migration": status.migration, "summary": status.summary, "phase": status.phase,
        "phase_since": time(status.phase_since_time.as_ref()),
        "next_gate": status.next_gate.as_ref().map(gate),
        "traffic": word_or_null(side_word(status.traffic)), "switched": time(status.switched_time.as_ref()),
        "scenarios": status.scenarios.iter().map(scenario).collect::<Value>(),
        "manual_checks": status.manual_checks.iter().map(manual_check).collect::<Value>(),
        "agents": status.agents.iter().map(agent).collect::<Value>(),
        "first_minutes": word_or_null(&status.first_minutes), "failing_receivers": status.failing_receivers,
        "rehearsals": status.rehearsals, "rehearsal_scale": status.rehearsal_scale,
        "overrides": status.overrides.iter().map(overridden).collect::<Value>(),
        "switch": status.switch.as_ref().map(|view| switch(view, now)),
        "timeline": status.recent_events.iter().map(event).collect::<Value>(),
    })
}

/// One check that a person makes.
pub fn manual_check(check: &v1::ManualCheckView) -> Value {
    json!({
        "name": check.name, "title": check.title, "owner": check.owner, "state": check.state, "phase": check.phase,
        "done_by": word_or_null(&check.done_by), "evidence": word_or_null(&check.evidence),
        "done": time(check.done_time.as_ref()), "due": time(check.due_time.as_ref()),
        "expires": time(check.expires_time.as_ref()),
    })
}

/// One finding, for people who look at the raw thing.
pub fn finding(recent: &v1::RecentFinding) -> Value {
    let agent = recent.agent.as_ref();
    let empty = v1::Finding::default();
    let finding = recent.finding.as_ref().unwrap_or(&empty);
    json!({
        "side": agent.map(|a| side_word(a.side)), "agent": agent.map(|a| a.name.clone()),
        "received": time(recent.received_time.as_ref()), "check": finding.check, "round": finding.round,
        "outcome": outcome_word(finding.outcome), "cause": word_or_null(&finding.cause), "note": finding.note,
        "duration_seconds": finding.duration_ns as f64 / 1e9, "plan_revision": finding.plan_revision,
        "steps": finding.steps.iter().map(|s| json!({ "name": s.name, "outcome": outcome_word(s.outcome),
            "duration_seconds": s.duration_us as f64 / 1e6, "note": s.note })).collect::<Value>(),
        "measures": finding.measures.iter()
            .map(|m| json!({ "name": m.name, "value": m.value, "unit": m.unit })).collect::<Value>(),
        "remaining": remaining(&finding.remaining),
        "refused_calls": finding.refused_calls.iter()
            .map(|c| json!({ "target": c.target, "reason": c.reason })).collect::<Value>(),
        "trace_ids": finding.trace_ids, "component": format!("sha256:{}", hex(&finding.component_sha256)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_never_good() {
        let json = gate(&v1::Gate::default());
        assert_eq!((&json["verdict"], &json["open"]), (&json!("unknown"), &json!(false)));
        assert_eq!(json["loss"]["known"], false);
        assert_eq!(json["valid_until"], Value::Null);
    }

    #[test]
    fn a_status_says_when_it_was_so_with_a_gate_and_without() {
        let at = |ms| Some(wire_time(ms));
        let gate = v1::Gate { as_of_time: at(1_000), ..v1::Gate::default() };
        let mut of = v1::Status { next_gate: Some(gate), ..v1::Status::default() };
        assert_eq!(status(&of)["as_of"], "1970-01-01T00:00:01.000Z");
        (of.as_of_time, of.next_gate) = (at(2_000), None);
        assert_eq!(status(&of)["as_of"], "1970-01-01T00:00:02.000Z");
        assert_eq!(status(&v1::Status::default())["as_of"], Value::Null, "nobody said when");
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(time(Some(&wire_time(1_795_352_770_250))), "2026-11-22T13:06:10.250Z");
        assert_eq!(time(Some(&Timestamp { seconds: i64::MAX, nanos: -1 })), Value::Null);
    }
}
