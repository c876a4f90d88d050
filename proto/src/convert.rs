//! Wire to model: the only door.
//!
//! Peers are hostile. What comes through here is checked once, bounded and typed; what does not fit
//! is refused with the place that is wrong, and nothing of it is kept.

use std::collections::BTreeMap;
use std::fmt;

use tidelock_model::{
    AgentKey, Cause, Finding, FindingBatch, Gap, Name, Outcome, RefusedCall, Sha256, Side, SpoolEpoch,
    Timestamp, fit, is_unfit, mutated,
};

use crate::convert_report::{report_from_wire, report_to_wire};
use crate::convert_shown::{pages_from_wire, shown_to_wire};
use crate::{Limits, v1};

/// Why a message does not fit: the place in it, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct BadWire {
    /// The field, with the number of the element where there are several.
    pub place: String,
    /// What is wrong with it, and what it must be.
    pub what: String,
}

/// The result of a conversion.
pub type Conv<T> = Result<T, BadWire>;

pub(crate) fn bad<T>(place: impl Into<String>, what: impl fmt::Display) -> Conv<T> {
    Err(BadWire { place: place.into(), what: what.to_string() })
}

impl BadWire {
    pub(crate) fn within(mut self, outer: &str, index: usize) -> BadWire {
        self.place = format!("{outer}[{index}].{}", self.place);
        self
    }
}

/// A text of at most `max` bytes without control characters but line ends and tabs. What turns a line around
/// or hides is shown as a sign: our own agents send none, and a finding is worth more than such a mark.
pub(crate) fn text(place: &str, value: String, max: usize) -> Conv<String> {
    if value.len() > max {
        return bad(place, format!("has {} bytes, at most {max} are taken", value.len()));
    }
    // Nearly all texts are plain, and are looked at once.
    if value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        return Ok(value);
    }
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if value.chars().any(control) && !mutated("controls-are-refused") {
        return bad(place, "has a control character");
    }
    let hides = value.chars().any(is_unfit) && !mutated("what-hides-is-a-sign");
    Ok(if hides { fit(&value) } else { value })
}

pub(crate) fn at_most<T>(place: &str, items: &[T], max: usize) -> Conv<()> {
    match items.len() {
        n if n > max => bad(place, format!("has {n} entries, at most {max} are taken")),
        _ => Ok(()),
    }
}

fn bytes(place: &str, value: Vec<u8>, max: usize) -> Conv<Vec<u8>> {
    match value.len() {
        n if n > max => bad(place, format!("has {n} bytes, at most {max} are taken")),
        _ => Ok(value),
    }
}

fn time(place: &str, unix_ms: u64) -> Conv<Timestamp> {
    match unix_ms {
        1..=Limits::LAST_UNIX_MS => Ok(Timestamp::from_millis(unix_ms)),
        _ => bad(place, format!("{unix_ms} ms is no time between 1970 and 9999")),
    }
}

fn digest(place: &str, value: &[u8]) -> Conv<Sha256> {
    Sha256::try_from(value).or_else(|error| bad(place, error))
}

fn name(place: &str, value: &str) -> Conv<Name> {
    Name::new(value).or_else(|error| bad(place, error))
}

/// The side of a wire value.
///
/// # Errors
/// Unspecified and unknown values are refused.
pub fn side_from_wire(value: i32) -> Conv<Side> {
    match v1::Side::try_from(value) {
        Ok(v1::Side::Source) => Ok(Side::Source),
        Ok(v1::Side::Target) => Ok(Side::Target),
        Ok(v1::Side::Unspecified) | Err(_) => bad("side", format!("{value} is neither source nor target")),
    }
}

/// The wire value of a side.
pub fn side_to_wire(side: Side) -> v1::Side {
    match side {
        Side::Source => v1::Side::Source,
        Side::Target => v1::Side::Target,
    }
}

pub(crate) fn outcome_from_wire(value: i32) -> Conv<Outcome> {
    match v1::Outcome::try_from(value) {
        Ok(v1::Outcome::Pass) => Ok(Outcome::Pass),
        Ok(v1::Outcome::Fail) => Ok(Outcome::Fail),
        Ok(v1::Outcome::NotRun) => Ok(Outcome::NotRun),
        Ok(v1::Outcome::Unspecified) | Err(_) => {
            bad("outcome", format!("{value} is neither pass, fail nor not run"))
        }
    }
}

pub(crate) fn outcome_to_wire(outcome: Outcome) -> i32 {
    let outcome = match outcome {
        Outcome::Pass => v1::Outcome::Pass,
        Outcome::Fail => v1::Outcome::Fail,
        Outcome::NotRun => v1::Outcome::NotRun,
    };
    outcome.into()
}

/// Takes a batch of the agent that the connection's certificate names.
///
/// # Errors
/// Names the first place that does not fit. Nothing of such a batch may be kept.
pub fn batch_from_wire(agent: AgentKey, wire: v1::FindingBatch) -> Conv<FindingBatch> {
    let spool_epoch = match <[u8; 16]>::try_from(wire.spool_epoch.as_slice()) {
        Ok(raw) => SpoolEpoch(u128::from_be_bytes(raw)),
        Err(_) => {
            return bad("spool_epoch", format!("has {} bytes, it must have 16", wire.spool_epoch.len()));
        }
    };
    if wire.first_seq == 0 {
        return bad("first_seq", "is 0, numbers begin at 1");
    }
    at_most("findings", &wire.findings, Limits::BATCH_FINDINGS)?;
    if wire.first_seq.checked_add(Limits::BATCH_FINDINGS as u64).is_none() {
        return bad("first_seq", "is at the end of all numbers");
    }
    let gap = wire.gap.map(|gap| gap_from_wire(gap, wire.first_seq)).transpose()?;
    match (wire.findings.is_empty(), &gap) {
        (true, None) => return bad("findings", "a batch has at least one finding, or a gap"),
        (false, Some(_)) => return bad("gap", "a batch has findings or a gap, not both"),
        (true, Some(_)) | (false, None) => {}
    }
    let findings = (wire.findings.into_iter().enumerate())
        .map(|(i, finding)| finding_from_wire(finding).map_err(|e| e.within("findings", i)))
        .collect::<Conv<Vec<_>>>()?;
    Ok(FindingBatch { agent, spool_epoch, first_seq: wire.first_seq, findings, gap })
}

fn gap_from_wire(wire: v1::Gap, first_seq: u64) -> Conv<Gap> {
    if wire.from_seq != first_seq {
        return bad("gap.from_seq", "is not the batch's first number");
    }
    if wire.to_seq < wire.from_seq || wire.to_seq == u64::MAX {
        return bad("gap.to_seq", format!("{} is not from {} on", wire.to_seq, wire.from_seq));
    }
    at_most("gap.counts", &wire.counts, Limits::PARTS * 16)?;
    let mut counts = BTreeMap::new();
    for (i, entry) in wire.counts.into_iter().enumerate() {
        let place = format!("gap.counts[{i}].check");
        if counts.insert(name(&place, &entry.check)?, entry.count).is_some() {
            return bad(place, "is there twice");
        }
    }
    let reason = text("gap.reason", wire.reason, Limits::TEXT_BYTES)?;
    Ok(Gap { from: wire.from_seq, to: wire.to_seq, counts, reason })
}

fn finding_from_wire(wire: v1::Finding) -> Conv<Finding> {
    let outcome = outcome_from_wire(wire.outcome)?;
    let cause = match (outcome, wire.cause.as_str()) {
        (Outcome::NotRun, word) => Some(word.parse::<Cause>().or_else(|error| bad("cause", error))?),
        (Outcome::Pass | Outcome::Fail, "") => None,
        (Outcome::Pass | Outcome::Fail, _) => {
            return bad("cause", "only a run that did not look has a cause");
        }
    };
    at_most("refused_calls", &wire.refused_calls, Limits::CALLS)?;
    at_most("trace_ids", &wire.trace_ids, Limits::CALLS)?;
    let refused_calls = (wire.refused_calls.into_iter())
        .map(|call| {
            let target = text("refused_calls.target", call.target, Limits::NAME_BYTES)?;
            Ok(RefusedCall { target, reason: text("refused_calls.reason", call.reason, Limits::TEXT_BYTES)? })
        })
        .collect::<Conv<Vec<_>>>()?;
    let trace_ids = (wire.trace_ids.into_iter())
        .map(|id| text("trace_ids", id, Limits::NAME_BYTES))
        .collect::<Conv<Vec<_>>>()?;
    Ok(Finding {
        check: name("check", &wire.check)?,
        plan_revision: wire.plan_revision,
        plan_hash: digest("plan_hash", &wire.plan_hash)?,
        assignment_id: text("assignment_id", wire.assignment_id, Limits::NAME_BYTES)?,
        component: digest("component_sha256", &wire.component_sha256)?,
        boot_id: text("boot_id", wire.boot_id, Limits::NAME_BYTES)?,
        round: wire.round,
        due: time("due_unix_ms", wire.due_unix_ms)?,
        started_mono_ns: wire.started_mono_ns,
        duration_ns: wire.duration_ns,
        lateness_ns: wire.lateness_ns,
        starved: wire.starved,
        nonce: bytes("nonce", wire.nonce, Limits::HASH_BYTES)?,
        target_revision: text("target_revision", wire.target_revision, Limits::NAME_BYTES)?,
        outcome,
        cause,
        report: report_from_wire(v1::Finding {
            steps: wire.steps,
            measures: wire.measures,
            digests: wire.digests,
            marks: wire.marks,
            remaining: wire.remaining,
            counts: wire.counts,
            note: wire.note,
            ..v1::Finding::default()
        })?,
        refused_calls,
        trace_ids,
        pages: pages_from_wire(wire.pages, wire.shown, wire.shown_cut)?,
    })
}

/// Puts a batch into its wire form. The agent is not in it: the certificate says who sends it.
pub fn batch_to_wire(batch: FindingBatch) -> v1::FindingBatch {
    v1::FindingBatch {
        spool_epoch: batch.spool_epoch.0.to_be_bytes().to_vec(),
        first_seq: batch.first_seq,
        findings: batch.findings.into_iter().map(finding_to_wire).collect(),
        gap: batch.gap.map(|gap| v1::Gap {
            from_seq: gap.from,
            to_seq: gap.to,
            counts: (gap.counts.into_iter())
                .map(|(check, count)| v1::CheckCount { check: check.to_string(), count })
                .collect(),
            reason: gap.reason,
        }),
    }
}

fn finding_to_wire(finding: Finding) -> v1::Finding {
    v1::Finding {
        check: finding.check.to_string(),
        plan_revision: finding.plan_revision,
        plan_hash: finding.plan_hash.as_bytes().to_vec(),
        assignment_id: finding.assignment_id,
        component_sha256: finding.component.as_bytes().to_vec(),
        boot_id: finding.boot_id,
        round: finding.round,
        due_unix_ms: finding.due.as_millis(),
        started_mono_ns: finding.started_mono_ns,
        duration_ns: finding.duration_ns,
        lateness_ns: finding.lateness_ns,
        starved: finding.starved,
        nonce: finding.nonce,
        target_revision: finding.target_revision,
        outcome: outcome_to_wire(finding.outcome),
        cause: finding.cause.map(|cause| cause.word().to_owned()).unwrap_or_default(),
        refused_calls: (finding.refused_calls.into_iter())
            .map(|call| v1::RefusedCall { target: call.target, reason: call.reason })
            .collect(),
        trace_ids: finding.trace_ids,
        pages: finding.pages.seen,
        shown: finding.pages.shown.into_iter().map(shown_to_wire).collect(),
        shown_cut: finding.pages.cut,
        span_id: String::new(),
        ..report_to_wire(finding.report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_a_line_around_or_hides_comes_in_as_a_sign() {
        let said = text("note", "a\u{202e}b\u{200b}c\n\tłódź".to_owned(), 99);
        assert_eq!(said.as_deref(), Ok("a\u{fffd}b\u{fffd}c\n\tłódź"));
    }
}
