//! Proofs and their course as the wire has them: what somebody who doubts a claim asks for.

use tidelock_core::plan::{Claim, ClaimKind, Joint, SuccessClaim};
use tidelock_core::{ClaimStatus, Point, ProofStatus, SidePoint, SlotCourse};
use tidelock_model::{AgentKey, Side};
use tidelock_proto::v1;

use super::views::{Depth, side};
use super::views_gate::{evidence_now, millis, time};
use crate::driver::CourseSeen;

/// Slots in one answer.
const MAX_SLOTS: usize = 2048;

pub(super) fn claim(claim: &ClaimStatus, asked: bool, depth: Depth) -> v1::ClaimView {
    v1::ClaimView {
        name: claim.name.clone(),
        must: claim.must.clone(),
        is: claim.is.clone(),
        state: evidence_now(claim.state, asked),
        progress_percent: claim.progress_percent,
        since_time: time(claim.since),
        proof: match depth {
            Depth::Claims => None,
            Depth::Proofs => claim.proof.as_ref().map(proof),
        },
    }
}

fn proof(proof: &ProofStatus) -> v1::ProofView {
    let part = |(name, ln_e): &(&'static str, f64)| v1::ProofPart { name: (*name).to_owned(), ln_e: *ln_e };
    let excluded = proof.excluded.iter();
    v1::ProofView {
        null_hypothesis: proof.null.clone(),
        rules_out: proof.rules_out.clone(),
        parts: proof.ln_e.iter().map(part).collect(),
        threshold: proof.threshold,
        eta_ms: proof.eta.map(millis),
        results: proof.results,
        slots: proof.slots,
        slot_ms: millis(proof.slot),
        not_counted: excluded
            .map(|(why, count)| v1::NotCounted { why: why.clone(), count: *count })
            .collect(),
        incidents: proof.incidents,
        last_incident_times: proof.last_incidents.iter().filter_map(|at| time(*at)).collect(),
        attempt: proof.attempt,
        agents: proof.agents.iter().map(agent).collect(),
        begun_time: time(proof.begun),
        notes: proof.notes.clone(),
    }
}

fn agent(agent: &AgentKey) -> v1::AgentRef {
    v1::AgentRef { side: side(agent.side), name: agent.name.to_string() }
}

/// The course, without the names that the caller asked by.
pub(super) fn evidence(seen: &CourseSeen, course: &SlotCourse, last_ms: Option<u64>) -> v1::Evidence {
    let from = last_ms.map(|last| seen.as_of.as_millis().saturating_sub(last));
    let wanted = |point: &&Point| from.is_none_or(|from| point.ends.as_millis() > from);
    let spare = course.points.len().saturating_sub(MAX_SLOTS);
    v1::Evidence {
        as_of_time: time(seen.as_of),
        begun_time: time(course.begun),
        slot_ms: millis(course.slot),
        observe_at_least_ms: millis(course.observe_at_least),
        subject: side(course.subject),
        compared: course.compared,
        claims: course.claims.iter().map(|claim| weighed(seen, course.subject, claim)).collect(),
        slots: course.points.iter().skip(spare).filter(wanted).map(slot).collect(),
        ..v1::Evidence::default()
    }
}

/// A claim as it stands on the side that must be good, and what it has to prove.
fn weighed(seen: &CourseSeen, subject: Side, of: &Claim) -> v1::EvidenceClaim {
    let scenario = &seen.explanation.scenario;
    let sides = scenario.sides.iter().filter(|status| status.side == subject);
    let status = sides.flat_map(|status| &status.claims).find(|status| status.name == of.name);
    v1::EvidenceClaim {
        claim: status.map(|status| claim(status, scenario.asked, Depth::Proofs)),
        success: match &of.kind {
            ClaimKind::Joint(Joint::Success(success)) => Some(settings(success)),
            ClaimKind::Joint(_) | ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => None,
        },
    }
}

fn settings(claim: &SuccessClaim) -> v1::SuccessSettings {
    v1::SuccessSettings {
        proof: claim.strength.word().to_owned(),
        margin: claim.margin,
        slo: claim.slo,
        error_rate: claim.error_rate,
        incidents_per_second: claim.incidents_per_second,
    }
}

fn slot(point: &Point) -> v1::EvidenceSlot {
    let counts = |of: &SidePoint| {
        Some(v1::SlotSide { ok: of.ok, failed: of.failed, not_run: of.not_run, missing: of.missing })
    };
    v1::EvidenceSlot {
        slot: point.slot,
        end_time: time(point.ends),
        source: counts(&point.source),
        target: counts(&point.target),
        void_reason: point.void_reason().unwrap_or_default(),
        progress_percent: u32::from(point.percent),
    }
}
