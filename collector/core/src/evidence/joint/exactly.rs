//! Exact claims in one sentence.

use std::time::Duration;

use tidelock_model::{Side, Timestamp};

use crate::joint::{Exact, JointEvidence};
use crate::plan::Joint;
use crate::proof::DigestState;
use crate::verdict::EvidenceState;
use crate::words::{count, span};

/// Partitions that are named.
const NAMED: usize = 3;
/// The sentence of a conflict of data.
const MAY_LOSE: &str = "going back may lose data: a person must decide";

/// What is; and where both sides took writes since the switch, what that means for the way back.
pub(super) fn is(
    evidence: &JointEvidence,
    (index, joint): (usize, &Joint),
    side: Side,
    (state, now): (EvidenceState, Timestamp),
) -> String {
    let is = plainly(evidence, (index, joint), side, (state, now));
    match evidence.conflicts((index, joint), side, now) {
        true => format!("{is}; {MAY_LOSE}"),
        false => is,
    }
}

fn plainly(
    evidence: &JointEvidence,
    (index, joint): (usize, &Joint),
    side: Side,
    (state, now): (EvidenceState, Timestamp),
) -> String {
    match evidence.exact.get(&index) {
        Some(Exact::Quiet(quiet)) if !quiet.is_about(side) => "the jobs belong here".to_owned(),
        Some(Exact::Quiet(_)) => quiet(evidence, (index, joint), side, state),
        Some(Exact::Parity(_) | Exact::Marks(_)) if side != evidence.stage.subject => {
            format!("compared on {}", evidence.stage.subject)
        }
        Some(Exact::Pages(pages)) if side != pages.side() => format!("looked at on {}", pages.side()),
        Some(Exact::Pages(pages)) => pages.told(state),
        Some(Exact::Parity(parity)) => {
            let (rows, least) = parity.rows();
            match (parity.worst(now), state) {
                (None, _) => "no digest was reported yet".to_owned(),
                (Some(_), EvidenceState::Undecided) if rows < least => {
                    format!("{rows} rows were compared, at least {least} must be")
                }
                (Some((worst, names)), _) => {
                    let more = names.len().saturating_sub(NAMED);
                    let named = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
                    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                    format!("{}: {named}{more}", digests(worst))
                }
            }
        }
        Some(Exact::Marks(marks)) => {
            let lost = marks.lost(now.as_millis()).count() as u64;
            let (arrived, late) = marks.arrived();
            match state {
                EvidenceState::Refuted => {
                    format!("{} lost on the way", count(lost, "mark is", "marks are"))
                }
                EvidenceState::Missing => "no mark has arrived yet".to_owned(),
                EvidenceState::Stale => "no mark has arrived for too long".to_owned(),
                EvidenceState::Undecided | EvidenceState::Proved => {
                    format!("{arrived} arrived, {late} of them late, {lost} lost")
                }
            }
        }
        None => "nothing was reported yet".to_owned(),
    }
}

/// Whole seconds, as near as they can be.
fn whole(time: Duration) -> Duration {
    Duration::from_secs((time + Duration::from_millis(500)).as_secs())
}

fn digests(state: DigestState) -> &'static str {
    match state {
        DigestState::Mismatch => "the rows differ",
        DigestState::Unstable => "one side gave two digests of the same rows",
        DigestState::NoData => "not compared yet",
        DigestState::Stale => "not compared for too long",
        DigestState::Lagging => "the target is too far behind",
        DigestState::Dwelling => "the same, not often enough yet",
        DigestState::Pass => "the same rows",
    }
}

fn quiet(
    evidence: &JointEvidence,
    (index, joint): (usize, &Joint),
    side: Side,
    state: EvidenceState,
) -> String {
    let Some(standing) = evidence.quiet(index, side) else {
        return "nothing was reported yet".to_owned();
    };
    let agent = &standing.agent.name;
    let note = if standing.note.is_empty() { String::new() } else { format!(": {}", standing.note) };
    let what = match joint {
        Joint::Gauge(gauge) => format!("{} has not come down to {}", gauge.measure, gauge.enter),
        Joint::Drained(_) => "something waits or is put in".to_owned(),
        Joint::Silent(_) | Joint::Owner { .. } => "somebody writes".to_owned(),
        Joint::Success(_) | Joint::Latency(_) | Joint::Parity(_) => String::new(),
        Joint::Marks { .. } | Joint::SameResponse { .. } | Joint::NoDependencyOn(_) => String::new(),
    };
    match state {
        EvidenceState::Refuted if standing.failed => format!("{agent} could not see it well{note}"),
        EvidenceState::Refuted => format!("{what}{note}"),
        EvidenceState::Stale => format!("{agent} has not reported it for too long"),
        EvidenceState::Missing if matches!(joint, Joint::Drained(_)) => {
            "what is put in is not counted, so an empty queue proves nothing".to_owned()
        }
        EvidenceState::Missing => "nothing was reported yet".to_owned(),
        EvidenceState::Undecided | EvidenceState::Proved => {
            let attempt = match standing.attempt {
                0 | 1 => String::new(),
                many => format!(", attempt {many}: each break makes it longer"),
            };
            let quiet = standing.quiet.min(standing.needed);
            format!("quiet for {} of {}{attempt}", span(whole(quiet)), span(whole(standing.needed)))
        }
    }
}
