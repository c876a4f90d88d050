//! Claims in plain words: what must be, what is.

use tidelock_model::Outcome;

use crate::board::{Dwell, Lane, Newest};
use crate::evidence::inside;
use crate::plan::{Claim, ClaimKind, Scenario};
use crate::words::{count, span};

/// How much of a plugin's own sentence is repeated.
const NOTE_CHARS: usize = 200;

/// What a claim says must be.
pub(crate) fn must(claim: &Claim) -> String {
    match &claim.kind {
        ClaimKind::Passes { in_a_row } => {
            format!("{} in a row from every agent", count(u64::from(*in_a_row), "pass", "passes"))
        }
        ClaimKind::Measure { measure, held_for, .. } if held_for.is_zero() => {
            format!("{measure} {}", bounds(claim))
        }
        ClaimKind::Measure { measure, held_for, .. } => {
            format!("{measure} {} for {}", bounds(claim), span(*held_for))
        }
        ClaimKind::Joint(joint) => super::joint::must(joint),
    }
}

fn bounds(claim: &Claim) -> String {
    match &claim.kind {
        ClaimKind::Passes { .. } | ClaimKind::Joint(_) => String::new(),
        ClaimKind::Measure { at_most, at_least, .. } => match (at_least, at_most) {
            (Some(low), Some(high)) => format!("between {low} and {high}"),
            (Some(low), None) => format!("at least {low}"),
            (None, Some(high)) => format!("at most {high}"),
            (None, None) => "told".to_owned(),
        },
    }
}

/// What the newest finding says about a claim.
pub(crate) fn is(lane: &Lane, newest: &Newest, index: usize, claim: &Claim) -> String {
    match &claim.kind {
        ClaimKind::Passes { in_a_row } => match newest.outcome {
            Outcome::Pass if newest.empty => "the last run counted 0 of 0, which proves nothing".to_owned(),
            Outcome::Pass => format!("{} of {in_a_row} passes in a row", lane.passes.min(*in_a_row)),
            Outcome::Fail | Outcome::NotRun => last_run(newest),
        },
        ClaimKind::Joint(_) => last_run(newest),
        ClaimKind::Measure { measure, at_most, at_least, held_for } => match newest.measure(measure) {
            Some(found) if !inside(found.value, *at_most, *at_least) => {
                let unit = if found.unit.is_empty() { String::new() } else { format!(" {}", found.unit) };
                format!("{measure} is {}{unit}, must be {}", found.value, bounds(claim))
            }
            _ if newest.outcome != Outcome::Pass => last_run(newest),
            None => format!("the run passed and does not report {measure}"),
            Some(_) if newest.empty => "the last run counted 0 of 0, which proves nothing".to_owned(),
            Some(found) if held_for.is_zero() => {
                format!("{measure} is {}, must be {}", found.value, bounds(claim))
            }
            Some(found) => {
                let held = match lane.dwells.get(&index) {
                    Some(Dwell::Inside(since)) => newest.place.at.since(*since),
                    Some(Dwell::Outside(_)) | None => std::time::Duration::ZERO,
                };
                format!(
                    "{measure} is {}, inside for {} of {}",
                    found.value,
                    span(held.min(*held_for)),
                    span(*held_for)
                )
            }
        },
    }
}

/// How the newest run ended, where it did not pass.
pub(crate) fn last_run(newest: &Newest) -> String {
    let cause = newest.cause.map(|cause| cause.word()).unwrap_or("no cause given");
    let head = match newest.outcome {
        Outcome::Pass => "the last run passed".to_owned(),
        Outcome::Fail => "the last run failed".to_owned(),
        Outcome::NotRun => format!("did not run: {cause}"),
    };
    let step = newest.step.as_ref().map(|step| format!(" at step {step}")).unwrap_or_default();
    let note: String = newest.note.chars().take(NOTE_CHARS).collect();
    let note = if note.is_empty() { note } else { format!(": {note}") };
    format!("{head}{step}{note}")
}

/// One sentence about a lane that is fresh.
pub(crate) fn sentence(lane: &Lane, newest: &Newest, scenario: &Scenario) -> String {
    let worst = (scenario.claims.iter().enumerate())
        .min_by_key(|(index, claim)| super::claim_state(lane, *index, claim).rank());
    match worst {
        Some((index, claim)) => is(lane, newest, index, claim),
        None => "nothing is claimed about it, so nothing proves it".to_owned(),
    }
}

/// How far a claim's proof has come, in percent.
pub(crate) fn progress(lane: &Lane, newest: &Newest, index: usize, claim: &Claim) -> u32 {
    let part = |done: u128, all: u128| {
        u32::try_from((done * 100).checked_div(all).unwrap_or(0).min(99)).unwrap_or(0)
    };
    match &claim.kind {
        ClaimKind::Passes { in_a_row } => part(u128::from(lane.passes), u128::from(*in_a_row)),
        ClaimKind::Joint(_) => 0,
        ClaimKind::Measure { held_for, .. } => match lane.dwells.get(&index) {
            Some(Dwell::Inside(since)) => {
                part(newest.place.at.since(*since).as_millis(), held_for.as_millis())
            }
            Some(Dwell::Outside(_)) | None => 0,
        },
    }
}
