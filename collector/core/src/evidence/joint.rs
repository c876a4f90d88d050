//! Claims about both sides together: what is, in plain words, and how the proof came about.

mod course;
mod exactly;
mod must;
mod told;

use tidelock_model::{Phase, Side, Timestamp};

pub(crate) use must::must;
pub(crate) use told::void;

use crate::board::Board;
use crate::joint::{JointEvidence, Joints};
use crate::plan::{Claim, ClaimKind, Joint, Scenario};
use crate::roster::Roster;
use crate::status::ClaimStatus;
use crate::verdict::{EvidenceState, HoldCode};

/// Everything that findings were folded into.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) roster: &'a Roster,
    pub(crate) board: &'a Board,
    pub(crate) joints: &'a Joints,
    /// How many agents of each side the plan asks for, the source's first.
    pub(crate) least: [u32; 2],
}

/// What is known of one joint claim on one side.
pub(crate) struct JointWord {
    pub(crate) code: HoldCode,
    pub(crate) status: ClaimStatus,
}

/// Weighs a scenario's joint claims on a side, for the gate before `gate`.
pub(crate) fn joint_words(
    evidence: Option<&JointEvidence>,
    scenario: &Scenario,
    (side, gate): (Side, Phase),
    now: Timestamp,
) -> Vec<JointWord> {
    let joint = |(index, claim): (usize, &Claim)| match &claim.kind {
        ClaimKind::Joint(joint) => Some(word(evidence, (index, claim, joint), (side, gate), now)),
        ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => None,
    };
    scenario.claims.iter().enumerate().filter_map(joint).collect()
}

/// Weighs one claim that is counted or compared exactly, on evidence of its own.
pub(crate) fn exact_word(
    evidence: &JointEvidence,
    claim: (usize, &Claim, &Joint),
    (side, gate): (Side, Phase),
    now: Timestamp,
) -> JointWord {
    word(Some(evidence), claim, (side, gate), now)
}

fn word(
    evidence: Option<&JointEvidence>,
    (index, claim, joint): (usize, &Claim, &Joint),
    (side, gate): (Side, Phase),
    now: Timestamp,
) -> JointWord {
    let must = must(joint);
    let Some(evidence) = evidence else {
        let (name, is) = (claim.name.clone(), "nothing was reported".to_owned());
        let state = EvidenceState::Missing;
        let status = ClaimStatus { name, must, is, state, progress_percent: 0, since: now, proof: None };
        return JointWord { code: HoldCode::Missing, status };
    };
    let (state, _) = evidence.state((index, side), gate, now);
    let subject = side == evidence.stage.subject;
    let status = ClaimStatus {
        name: claim.name.clone(),
        must,
        is: match evidence.exact.contains_key(&index) {
            true => exactly::is(evidence, (index, joint), side, (state, now)),
            false => told::is(evidence, index, side, state),
        },
        state,
        progress_percent: match state {
            EvidenceState::Proved => 100,
            EvidenceState::Refuted
            | EvidenceState::Undecided
            | EvidenceState::Stale
            | EvidenceState::Missing => {
                let told = subject || evidence.quiet(index, side).is_some();
                if told { evidence.percent(index, side).min(99) } else { 0 }
            }
        },
        since: evidence.state_since((index, side), now),
        proof: subject.then(|| course::proof(evidence, (index, joint))).flatten(),
    };
    JointWord { code: code(state), status }
}

fn code(state: EvidenceState) -> HoldCode {
    match state {
        EvidenceState::Refuted => HoldCode::ClaimRefuted,
        EvidenceState::Undecided | EvidenceState::Proved => HoldCode::ClaimUndecided,
        EvidenceState::Stale => HoldCode::Stale,
        EvidenceState::Missing => HoldCode::Missing,
    }
}
