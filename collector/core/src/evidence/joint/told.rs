//! What is known of a claim, in one sentence that a tired person understands.
//!
//! Nothing in it changes by the second: times are told in whole minutes.

use std::time::Duration;

use tidelock_model::{Name, Side};

use crate::joint::{JointEvidence, Point, SidePoint, SlotClaim, SlotEvidence};
use crate::proof::ScenarioVerdict;
use crate::proof::slots::{Lack, Void};
use crate::verdict::EvidenceState;
use crate::words::{count, span};

/// Slots over which the pace of a proof is taken.
const PACE: usize = 10;
/// Fields that are named.
const FIELDS: usize = 3;

pub(crate) fn is(evidence: &JointEvidence, index: usize, side: Side, state: EvidenceState) -> String {
    let Some(slots) = &evidence.slots else {
        return "nothing has been counted yet".to_owned();
    };
    if !evidence.stage.asks(side) {
        return format!("not asked for since traffic is on {}", evidence.stage.subject);
    }
    if side != evidence.stage.subject {
        return heard(evidence, slots, (side, state));
    }
    let Some(gate) = slots.claims.get(&index) else {
        return "nothing has been counted yet".to_owned();
    };
    let alone = gate.rests_on_nothing();
    match state {
        EvidenceState::Missing => waiting(evidence, slots),
        EvidenceState::Stale => stale(evidence, slots),
        EvidenceState::Refuted => refuted(slots, gate, side),
        EvidenceState::Undecided if alone => {
            "nothing to compare with since the switch, and the last slots were not good".to_owned()
        }
        EvidenceState::Proved if alone => {
            "nothing to compare with since the switch; the last slots were good".to_owned()
        }
        EvidenceState::Undecided => undecided(slots, gate),
        EvidenceState::Proved => proved(gate),
    }
}

/// The side that the other is compared with: it is enough that it is heard.
fn heard(evidence: &JointEvidence, slots: &SlotEvidence, (side, state): (Side, EvidenceState)) -> String {
    match state {
        EvidenceState::Proved => "reported well enough to compare with".to_owned(),
        EvidenceState::Stale => {
            format!("too little was heard of {side} in the last slots: {}", last_void(evidence, slots))
        }
        EvidenceState::Missing | EvidenceState::Undecided | EvidenceState::Refuted => {
            waiting(evidence, slots)
        }
    }
}

fn waiting(evidence: &JointEvidence, slots: &SlotEvidence) -> String {
    match slots.points.iter().next_back() {
        None => "the first slot has not closed yet".to_owned(),
        Some(_) => format!("no slot was evidence yet: {}", last_void(evidence, slots)),
    }
}

fn stale(evidence: &JointEvidence, slots: &SlotEvidence) -> String {
    format!("the last slots prove nothing: {}", last_void(evidence, slots))
}

fn last_void(evidence: &JointEvidence, slots: &SlotEvidence) -> String {
    let Some(why) = slots.points.iter().next_back().and_then(|point| point.void) else {
        return match slots.mostly_late() {
            true => "more than 5 % of the results of the last ten minutes came too late".to_owned(),
            false => "nothing in them could be compared".to_owned(),
        };
    };
    match why {
        // The source is named first, and the other side may be no better.
        Void::Lacks(Side::Source, Lack::Silent) if silent(slots, Side::Target) => {
            "nothing was heard of source and target".to_owned()
        }
        Void::Lacks(side, Lack::Agents) => {
            let (reported, needed) = slots.reported(side);
            format!("{}: {reported} of at least {needed}{}", void(why), clocks(evidence, side))
        }
        Void::Lacks(side, _) => format!("{}{}", void(why), clocks(evidence, side)),
        Void::Away | Void::Gap | Void::Version | Void::Flooded => void(why),
    }
}

/// Nothing of the side is in the newest slot.
fn silent(slots: &SlotEvidence, side: Side) -> bool {
    let newest = slots.points.iter().next_back().map(|point| of(&point, side));
    newest.is_some_and(|newest| newest == SidePoint::default())
}

fn of(point: &Point, side: Side) -> SidePoint {
    match side {
        Side::Source => point.source,
        Side::Target => point.target,
    }
}

/// Agents that are there, and count as missing because nobody knows when they looked.
fn clocks(evidence: &JointEvidence, side: Side) -> String {
    let doubted: Vec<&str> = evidence.doubted(side).into_iter().map(Name::as_str).collect();
    match doubted.is_empty() {
        true => String::new(),
        false => format!(", and the clock of {} is not believed", doubted.join(", ")),
    }
}

/// Why a slot is no evidence.
pub(crate) fn void(why: Void) -> String {
    match why {
        Void::Away => "the collector was away".to_owned(),
        Void::Gap => "findings were lost".to_owned(),
        Void::Version => "different components ran".to_owned(),
        Void::Flooded => "an agent sent more results than can be".to_owned(),
        Void::Lacks(side, Lack::Silent) => format!("nothing was heard of {side}"),
        Void::Lacks(side, Lack::Agents) => format!("too few agents reported on {side}"),
        Void::Lacks(side, Lack::Results) => format!("too few results came from {side}"),
    }
}

fn refuted(slots: &SlotEvidence, gate: &SlotClaim, side: Side) -> String {
    let failing = failing(slots, side);
    match gate.verdict() {
        ScenarioVerdict::Regressed if matches!(gate, SlotClaim::Latency(_)) => {
            let attempt = gate.attempt();
            format!("{side} answers more slowly than it may; the proof begins again (attempt {attempt})")
        }
        ScenarioVerdict::Regressed => {
            let attempt = gate.attempt();
            format!(
                "{side} failed more often than it may{failing}; the proof begins again (attempt {attempt})"
            )
        }
        ScenarioVerdict::HostDown => {
            format!("on an agent of {side} more than half of the runs fail{failing}")
        }
        ScenarioVerdict::Veto => {
            let too = if source_too(slots, side) { ", and so was source" } else { "" };
            format!("{side} was down in one of the last 3 slots{too}{failing}")
        }
        ScenarioVerdict::Worse => format!("proved to be worse than the source by the margin{failing}"),
        ScenarioVerdict::NoData | ScenarioVerdict::Pass | ScenarioVerdict::Undecided => failing,
    }
}

/// The newest slot in which something failed.
fn failing(slots: &SlotEvidence, side: Side) -> String {
    failing_in(slots.points.iter().rev(), side)
}

fn failing_in(newest_first: impl Iterator<Item = Point>, side: Side) -> String {
    let newest = newest_first.map(|point| of(&point, side)).find(|point| not_passed(point) > 0);
    newest.map_or_else(String::new, |point| format!(": {}", in_a_slot(&point)))
}

/// In the newest slot in which the target failed, half of the source's runs or more failed as well.
fn source_too(slots: &SlotEvidence, side: Side) -> bool {
    let newest = slots.points.iter().rev().find(|point| not_passed(&point.target) > 0);
    let down = |point: Point| point.source.failed > 0 && point.source.failed >= point.source.ok;
    side == Side::Target && newest.is_some_and(down)
}

fn not_passed(point: &SidePoint) -> u64 {
    point.failed + point.not_run + point.missing
}

/// Such as `2 of 4 runs in a slot failed`, or `3 of 4 runs in a slot did not pass: 1 failed, 2 did not come`.
fn in_a_slot(point: &SidePoint) -> String {
    let kinds =
        [(point.failed, "failed"), (point.not_run, "could not look"), (point.missing, "did not come")];
    let head = format!("{} of {} runs in a slot", not_passed(point), not_passed(point) + point.ok);
    let kinds: Vec<_> = kinds.into_iter().filter(|(number, _)| *number > 0).collect();
    match kinds.as_slice() {
        [(_, what)] => format!("{head} {what}"),
        many => {
            let parts: Vec<String> = many.iter().map(|(number, what)| format!("{number} {what}")).collect();
            format!("{head} did not pass: {}", parts.join(", "))
        }
    }
}

fn undecided(slots: &SlotEvidence, gate: &SlotClaim) -> String {
    if gate.verdict() == ScenarioVerdict::Pass {
        let left = slots.observe_at_least().saturating_sub(slots.observed());
        return format!("the numbers suffice; {} of observation are left", minutes(left));
    }
    let percent = gate.percent();
    let differ =
        differing(gate).map(|fields| format!("the answers differ in {fields}; ")).unwrap_or_default();
    let (incidents, slot) = (slots.incidents().len() as u64, slots.slot());
    let had = match incidents {
        0 => String::new(),
        some => format!("; {} so far", count(some, "incident", "incidents")),
    };
    match gate.eta_slots() {
        Some(eta) => {
            let left = slot
                .mul_f64(eta.clamp(0.0, 1e6))
                .max(slots.observe_at_least().saturating_sub(slots.observed()));
            format!("{differ}{percent} % of the way, {} left if nothing fails{had}", minutes(left))
        }
        None if slots.points.iter().len() < 3 => format!("{percent} % of the way, just begun"),
        // The pace is that of ten slots: shortly after a failure it says less than the last two do.
        None if rising(slots) => {
            format!("{differ}{percent} % of the way and rising again, too early to say how long{had}")
        }
        None => {
            let failing = failing_in(slots.points.iter().rev().take(PACE), slots.stage.subject);
            format!("{differ}{percent} % of the way and not getting closer{failing}{had}")
        }
    }
}

/// The last slot brought the proof further.
fn rising(slots: &SlotEvidence) -> bool {
    let mut newest = slots.points.iter().rev().map(|point| point.percent);
    newest.next().zip(newest.next()).is_some_and(|(last, before)| last > before)
}

/// The fields that differed last, and are not volatile.
fn differing(gate: &SlotClaim) -> Option<String> {
    let SlotClaim::Same(same) = gate else { return None };
    let fields: Vec<&str> = same.engine.differing().collect();
    let more = fields.len().saturating_sub(FIELDS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = fields.iter().take(FIELDS).copied().collect::<Vec<_>>().join(", ");
    (!fields.is_empty()).then(|| format!("{named}{more}"))
}

fn proved(gate: &SlotClaim) -> String {
    match gate {
        SlotClaim::Success(gate) => {
            format!("proved by {}", count(gate.course().results, "result", "results"))
        }
        SlotClaim::Latency(latency) if latency.below_load() => {
            "proved, but not under load: the target bore less than half of the source\u{2019}s".to_owned()
        }
        SlotClaim::Same(same) => {
            let slots = count(same.engine.slots(), "slot", "slots");
            format!("the same answers over {slots}")
        }
        SlotClaim::Latency(latency) => {
            format!("proved by {}", count(latency.gate.course().results, "result", "results"))
        }
    }
}

/// Rounded up, so that it is never promised too early.
fn minutes(left: Duration) -> String {
    match left.as_secs() {
        0..60 => "less than a minute".to_owned(),
        seconds => format!("about {}", span(Duration::from_secs(seconds.div_ceil(60) * 60))),
    }
}
