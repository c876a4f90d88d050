//! Claims, their proofs, and the course of the evidence slot by slot.
//!
//! A part that has no number is left out or null, never zero: absent must not read as proved.

use serde_json::{Map, Value, json};

use super::{side_word, state_word, time};
use crate::v1;

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// One claim; `proof` is there only where its proof was asked for and it has one.
pub fn claim(claim: &v1::ClaimView) -> Value {
    let mut value = json!({
        "name": claim.name, "must": claim.must, "is": claim.is, "state": state_word(claim.state),
        "progress_percent": claim.progress_percent, "since": time(claim.since_time.as_ref()),
    });
    if let Some(found) = &claim.proof {
        value["proof"] = proof(found);
    }
    value
}

/// How a proof came about. The words for people never name ln E; programs find it here.
pub fn proof(proof: &v1::ProofView) -> Value {
    let ln_e: Map<String, Value> =
        proof.parts.iter().map(|part| (part.name.clone(), json!(part.ln_e))).collect();
    let not_counted = proof.not_counted.iter();
    json!({
        "null_hypothesis": proof.null_hypothesis, "rules_out": proof.rules_out,
        "ln_e": ln_e, "threshold": (!proof.parts.is_empty()).then_some(proof.threshold),
        "eta_seconds": proof.eta_ms.map(seconds), "getting_closer": proof.eta_ms.is_some(),
        "results": proof.results, "slots": proof.slots, "slot_seconds": seconds(proof.slot_ms),
        "not_counted": not_counted.map(|left| json!({ "why": left.why, "count": left.count })).collect::<Value>(),
        "incidents": proof.incidents,
        "last_incidents": proof.last_incident_times.iter().map(|at| time(Some(at))).collect::<Value>(),
        "attempt": proof.attempt,
        "agents": proof.agents.iter()
            .map(|agent| json!({ "side": side_word(agent.side), "name": agent.name })).collect::<Value>(),
        "begun": time(proof.begun_time.as_ref()), "notes": proof.notes,
    })
}

/// The course of a check's statistical claims: schema `tidelock.evidence/v1`.
pub fn evidence(evidence: &v1::Evidence) -> Value {
    json!({
        "schema": "tidelock.evidence/v1",
        "migration": evidence.migration, "check": evidence.check, "timezone": evidence.timezone,
        "as_of": time(evidence.as_of_time.as_ref()), "begun": time(evidence.begun_time.as_ref()),
        "slot_seconds": seconds(evidence.slot_ms),
        "observe_at_least_seconds": seconds(evidence.observe_at_least_ms),
        "subject": side_word(evidence.subject), "compared": evidence.compared,
        "claims": evidence.claims.iter().map(evidence_claim).collect::<Value>(),
        "slots": evidence.slots.iter().map(slot).collect::<Value>(),
    })
}

fn evidence_claim(weighed: &v1::EvidenceClaim) -> Value {
    let mut value = claim(weighed.claim.as_ref().unwrap_or(&v1::ClaimView::default()));
    if let Some(success) = &weighed.success {
        value["success"] = json!({
            "proof": success.proof, "margin": success.margin, "slo": success.slo,
            "error_rate": success.error_rate, "incidents_per_second": success.incidents_per_second,
        });
    }
    value
}

fn slot(slot: &v1::EvidenceSlot) -> Value {
    json!({
        "slot": slot.slot, "end": time(slot.end_time.as_ref()),
        "source": slot_side(slot.source.as_ref()), "target": slot_side(slot.target.as_ref()),
        "void": if slot.void_reason.is_empty() { Value::Null } else { Value::from(slot.void_reason.as_str()) },
        "progress_percent": slot.progress_percent,
    })
}

fn slot_side(side: Option<&v1::SlotSide>) -> Value {
    side.map_or(Value::Null, |side| {
        json!({ "ok": side.ok, "failed": side.failed, "not_run": side.not_run, "missing": side.missing })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_without_a_proof_has_no_word_about_one() {
        let plain = claim(&v1::ClaimView::default());
        assert!(plain.get("proof").is_none(), "{plain}");
        let view = v1::ClaimView { proof: Some(v1::ProofView::default()), ..v1::ClaimView::default() };
        let proved = claim(&view);
        assert_eq!(proved["proof"]["eta_seconds"], Value::Null);
        assert_eq!(proved["proof"]["getting_closer"], false);
    }

    #[test]
    fn a_slot_that_is_no_evidence_says_why_and_others_say_null() {
        let void = v1::EvidenceSlot { void_reason: "findings were lost".into(), ..Default::default() };
        let slots = vec![v1::EvidenceSlot::default(), void];
        let value = evidence(&v1::Evidence { slots, ..v1::Evidence::default() });
        assert_eq!(value["slots"][0]["void"], Value::Null);
        assert_eq!(value["slots"][1]["void"], "findings were lost");
        assert_eq!(value["slots"][0]["target"], Value::Null, "no count is no zero");
    }
}
