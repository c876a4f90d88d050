//! The JSON of a gate, `tidelock.gate/v1`: words in lower case, times in RFC 3339, lengths in seconds.

use serde_json::{Value, json};
use tidelock_model::{Sha256, Timestamp};
use tidelock_proto::v1;

/// The word of a verdict; one that is not known is `unknown`.
pub(super) fn word(verdict: i32) -> &'static str {
    match v1::Verdict::try_from(verdict) {
        Ok(v1::Verdict::Open) => "open",
        Ok(v1::Verdict::Hold) => "hold",
        Ok(v1::Verdict::Rollback) => "rollback",
        Ok(v1::Verdict::Unknown | v1::Verdict::Unspecified) | Err(_) => "unknown",
    }
}

/// A hold's state in the words of a scheme that knows three answers.
fn state(state: i32) -> &'static str {
    match v1::EvidenceState::try_from(state) {
        Ok(v1::EvidenceState::Proved) => "pass",
        Ok(v1::EvidenceState::Refuted) => "fail",
        Ok(
            v1::EvidenceState::Undecided
            | v1::EvidenceState::Stale
            | v1::EvidenceState::Missing
            | v1::EvidenceState::Unspecified,
        )
        | Err(_) => "unknown",
    }
}

fn stamp(time: Option<&prost_types::Timestamp>) -> Value {
    time.map_or(Value::Null, |time| Value::String(time.to_string()))
}

fn seconds_ago(time: Option<&prost_types::Timestamp>, now: Timestamp) -> Value {
    let Some(time) = time else { return Value::Null };
    let then = u64::try_from(time.seconds).unwrap_or(0).saturating_mul(1000);
    json!(now.since(Timestamp::from_millis(then)).as_secs())
}

fn word_or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::String(text.to_owned()) }
}

fn hex(bytes: &[u8]) -> Value {
    Sha256::try_from(bytes).map_or(Value::Null, |digest| Value::String(format!("sha256:{digest}")))
}

fn hold(hold: &v1::Hold, now: Timestamp) -> Value {
    json!({
        "code": hold.code,
        "check": word_or_null(&hold.check),
        "level": word_or_null(&hold.level),
        "side": word_or_null(&hold.side),
        "state": state(hold.state),
        "reason": hold.reason,
        "since": stamp(hold.since_time.as_ref()),
        "seen_seconds_ago": seconds_ago(hold.seen_time.as_ref(), now),
        "agent": word_or_null(&hold.agent),
        "next": hold.next,
        "remaining": remaining(&hold.remaining),
    })
}

fn remaining(left: &[v1::Remaining]) -> Value {
    left.iter().map(|left| json!({ "count": left.count, "unit": left.unit, "what": left.what })).collect()
}

fn decision(decision: &v1::DecisionView) -> Value {
    json!({
        "name": decision.name,
        "state": decision.state,
        "given": decision.given,
        "needed": decision.needed,
        "who": decision.who,
        "deputies": decision.deputies,
        "valid_until": stamp(decision.valid_until_time.as_ref()),
    })
}

fn rollback(rollback: &v1::RollbackView, now: Timestamp) -> Value {
    let left = rollback.until_time.as_ref().map(|until| {
        let until = Timestamp::from_millis(u64::try_from(until.seconds).unwrap_or(0).saturating_mul(1000));
        until.since(now).as_secs()
    });
    json!({
        "applicable": rollback.applicable,
        "possible": rollback.possible,
        "recommended": rollback.recommended,
        "remaining_seconds": left,
        "reason": rollback.reason,
    })
}

/// The object.
pub(super) fn gate_json(gate: &v1::Gate, now: Timestamp) -> Value {
    let verdict = word(gate.verdict);
    json!({
        "schema": "tidelock.gate/v1",
        "migration": gate.migration,
        "gate": gate.gate,
        "phase": gate.phase,
        "verdict": verdict,
        "open": verdict == "open",
        "summary": gate.summary,
        "since": stamp(gate.since_time.as_ref()),
        "valid_until": stamp(gate.valid_until_time.as_ref()),
        "stable": { "for_seconds": gate.stable_for_ms / 1000, "needed_seconds": gate.stable_needed_ms / 1000 },
        "deadline": stamp(gate.deadline_time.as_ref()),
        "holds": gate.holds.iter().map(|one| hold(one, now)).collect::<Vec<_>>(),
        "decision": gate.decision.as_ref().map(decision),
        "rollback": gate.rollback.as_ref().map(|one| rollback(one, now)),
        "remaining": if gate.loss_known { remaining(&gate.remaining) } else { Value::Null },
        "unreachable": gate.unreachable,
        "plan": gate.plan.as_ref().map(|plan| json!({ "revision": plan.revision, "digest": hex(&plan.hash) })),
        "evidence": {
            "sequence": gate.evidence_sequence,
            "hash": hex(&gate.evidence_hash),
            "as_of": stamp(gate.as_of_time.as_ref()),
        },
        "rehearsal_scale": gate.rehearsal_scale,
        "token": word_or_null(&gate.token),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_never_good() {
        let json = gate_json(&v1::Gate::default(), Timestamp::ZERO);
        assert_eq!(json["verdict"], "unknown");
        assert_eq!(json["open"], false);
        assert_eq!(json["remaining"], Value::Null);
    }

    #[test]
    fn times_are_rfc_3339() {
        let since_time = Some(prost_types::Timestamp { seconds: 1_795_352_770, nanos: 0 });
        let json = gate_json(&v1::Gate { since_time, ..v1::Gate::default() }, Timestamp::ZERO);
        assert_eq!(json["since"], "2026-11-22T13:06:10Z");
    }
}
