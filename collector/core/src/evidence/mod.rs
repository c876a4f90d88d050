//! What findings prove about the claims of the plan.
//!
//! Simple claims only: deterministic, judged per side on every agent that owes findings. Statistical
//! proofs join here as further kinds of claims; the order of the states is theirs too.
//! Evidence gets no better by waiting: rows and dwells are counted from finding to finding, so time
//! alone can only make it stale.

mod joint;
mod side;
mod tell;
mod voices;

use tidelock_model::{Outcome, Timestamp, mutated};

pub(crate) use joint::{Seen, exact_word, void};
pub(crate) use side::{SideEvidence, remaining, side_evidence};
pub(crate) use voices::{too_few, voices};

use crate::board::{Dwell, Lane};
use crate::plan::{Claim, ClaimKind, Scenario};
use crate::verdict::EvidenceState;

/// The value is inside the bounds; what is no number is not.
pub(crate) fn inside(value: f64, at_most: Option<f64>, at_least: Option<f64>) -> bool {
    value.is_finite()
        && at_most.is_none_or(|limit| value <= limit)
        && at_least.is_none_or(|limit| value >= limit)
}

/// What one agent's findings prove about a scenario: the worst of its claims.
pub(crate) fn lane_state(lane: Option<&Lane>, scenario: &Scenario, now: Timestamp) -> EvidenceState {
    let Some(lane) = lane else {
        return EvidenceState::Missing;
    };
    if lane.wrong.is_some() {
        return EvidenceState::Undecided;
    }
    let Some(newest) = &lane.newest else {
        return EvidenceState::Missing;
    };
    if now > newest.fresh_until && !mutated("stale-evidence-holds") {
        return EvidenceState::Stale;
    }
    // A scenario of which nothing is claimed is not proved by anything: zero of zero.
    let claims = scenario.claims.iter().enumerate();
    claims
        .filter(|(_, claim)| !matches!(claim.kind, ClaimKind::Joint(_)))
        .map(|(index, claim)| claim_state(lane, index, claim))
        .reduce(EvidenceState::worse)
        .unwrap_or(EvidenceState::Undecided)
}

/// What a lane proves about one claim, were it fresh.
pub(crate) fn claim_state(lane: &Lane, index: usize, claim: &Claim) -> EvidenceState {
    let Some(newest) = &lane.newest else {
        return EvidenceState::Missing;
    };
    match newest.outcome {
        Outcome::Fail => return EvidenceState::Refuted,
        Outcome::NotRun => return EvidenceState::Undecided,
        Outcome::Pass if newest.empty => return EvidenceState::Undecided,
        Outcome::Pass => {}
    }
    match &claim.kind {
        ClaimKind::Passes { in_a_row } if lane.passes >= (*in_a_row).max(1) => EvidenceState::Proved,
        ClaimKind::Passes { .. } => EvidenceState::Undecided,
        // One agent's word alone proves nothing of both sides.
        ClaimKind::Joint(_) => EvidenceState::Undecided,
        ClaimKind::Measure { measure, at_most, at_least, held_for } => {
            let Some(measure) = newest.measure(measure) else {
                return EvidenceState::Undecided;
            };
            if !inside(measure.value, *at_most, *at_least) {
                return EvidenceState::Refuted;
            }
            match lane.dwells.get(&index) {
                Some(Dwell::Inside(since)) if newest.place.at.since(*since) >= *held_for => {
                    EvidenceState::Proved
                }
                Some(Dwell::Inside(_) | Dwell::Outside(_)) | None => EvidenceState::Undecided,
            }
        }
    }
}

/// Since when the claim is in that state.
pub(crate) fn claim_since(lane: &Lane, index: usize, claim: &Claim, state: EvidenceState) -> Timestamp {
    let dwell = lane.dwells.get(&index);
    match (&claim.kind, state) {
        (ClaimKind::Measure { .. }, EvidenceState::Refuted | EvidenceState::Undecided) => match dwell {
            Some(Dwell::Inside(since) | Dwell::Outside(since)) => *since,
            None => lane.bad_since.unwrap_or(lane.since),
        },
        (ClaimKind::Measure { held_for, .. }, EvidenceState::Proved) => match dwell {
            Some(Dwell::Inside(since)) => since.plus(*held_for),
            Some(Dwell::Outside(_)) | None => lane.since,
        },
        (ClaimKind::Passes { .. }, EvidenceState::Refuted | EvidenceState::Undecided) => {
            lane.bad_since.unwrap_or(lane.row_since)
        }
        (ClaimKind::Passes { .. } | ClaimKind::Measure { .. }, _) => lane.row_since,
        (ClaimKind::Joint(_), _) => lane.since,
    }
}
