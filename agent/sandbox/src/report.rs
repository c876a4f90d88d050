//! The door: a plugin's report becomes model words here, or goes no further.
//!
//! A report is written by code that nobody trusts, and it may open a gate. So a number is finite, a
//! name is a name and stands for one thing, a text cannot paint on a terminal, and a `pass` shows
//! something and hides no step that failed. Both ends of the runner's pipe use this door.

use std::collections::BTreeSet;

use tidelock_model::{
    Cause, Counts, Digest, Mark, MarkKind, Measure, Name, Outcome, Remaining, Report, Step, mutated,
};

use crate::protocol::Refusal;
use crate::protocol::wire::{WireCounts, WireDigest, WireMeasure, WireOutcome, WireReport, WireStep};

// Never more than the collector takes: what it refuses would be a whole batch.
const MAX_STEPS: usize = 256;
const MAX_MEASURES: usize = 256;
const MAX_DIGESTS: usize = 512;
const MAX_MARKS: usize = 256;
const MAX_REMAINING: usize = 64;
const MAX_BUCKETS: usize = 256;
const MAX_COUNTED: u64 = 1 << 40;
const MAX_HASH_BYTES: usize = 64;
const MAX_KEY_BYTES: usize = 128;
const MAX_UNIT_BYTES: usize = 32;
/// The longest note of a step, or words of a remaining count; longer ones are cut.
const MAX_STEP_NOTE_BYTES: usize = 1024;
/// The longest note of a report; longer ones are cut.
const MAX_NOTE_BYTES: usize = 4096;

/// Checks a report as a whole.
///
/// # Errors
/// `output` when it is too large, `bad_report` with what is wrong otherwise.
pub(crate) fn check(report: WireReport, max_bytes: u64) -> Result<(Outcome, Report), Refusal> {
    let size = size(&report);
    if size > max_bytes && !mutated("output-has-a-bound") {
        return Err(Refusal::new(
            Cause::Output,
            format!("the report has {size} bytes, {max_bytes} are allowed"),
        ));
    }
    let outcome = word(report.outcome);
    let report = convert(report).map_err(bad)?;
    if outcome == Outcome::Pass {
        weigh_pass(&report).map_err(bad)?;
    }
    Ok((outcome, report))
}

fn bad(why: String) -> Refusal {
    Refusal::new(Cause::BadReport, why)
}

fn size(report: &WireReport) -> u64 {
    let steps: usize = report.steps.iter().map(|s| s.name.len() + s.note.len() + 16).sum();
    let measures: usize = report.measures.iter().map(|m| m.name.len() + m.unit.len() + 8).sum();
    let digests: usize =
        report.digests.iter().map(|d| d.key.len() + d.hash.len() + d.position.len() + 8).sum();
    let marks: usize = report.marks.iter().map(|m| m.key.len() + 16).sum();
    let remaining: usize = report.remaining.iter().map(|r| r.unit.len() + r.what.len() + 8).sum();
    let buckets = report.counts.as_ref().map_or(0, |c| c.latency_buckets.len() * 16 + 16);
    let all = steps + measures + digests + marks + remaining + buckets + report.note.len();
    u64::try_from(all).unwrap_or(u64::MAX)
}

fn word(outcome: WireOutcome) -> Outcome {
    match outcome {
        WireOutcome::Pass => Outcome::Pass,
        WireOutcome::Fail => Outcome::Fail,
        WireOutcome::NotRun => Outcome::NotRun,
    }
}

fn convert(report: WireReport) -> Result<Report, String> {
    at_most("steps", report.steps.len(), MAX_STEPS)?;
    at_most("measures", report.measures.len(), MAX_MEASURES)?;
    at_most("digests", report.digests.len(), MAX_DIGESTS)?;
    at_most("marks", report.marks.len(), MAX_MARKS)?;
    at_most("remaining counts", report.remaining.len(), MAX_REMAINING)?;
    unique("step", report.steps.iter().map(|s| &s.name))?;
    unique("measure", report.measures.iter().map(|m| &m.name))?;
    unique("digest", report.digests.iter().map(|d| (&d.key, &d.position)))?;
    unique("mark", report.marks.iter().map(|m| (&m.key, m.issued)))?;
    let mark = |mark: crate::protocol::wire::WireMark| {
        let kind = if mark.issued { MarkKind::Issued } else { MarkKind::Seen };
        Ok(Mark { key: key("mark", mark.key)?, kind, unix_ms: mark.unix_ms })
    };
    let remaining = |r: crate::protocol::wire::WireRemaining| {
        Ok(Remaining { count: r.count, unit: unit(r.unit)?, what: clean(&r.what, MAX_STEP_NOTE_BYTES) })
    };
    Ok(Report {
        steps: report.steps.into_iter().map(step).collect::<Result<_, String>>()?,
        measures: report.measures.into_iter().map(measure).collect::<Result<_, String>>()?,
        digests: report.digests.into_iter().map(digest).collect::<Result<_, String>>()?,
        marks: report.marks.into_iter().map(mark).collect::<Result<_, String>>()?,
        remaining: report.remaining.into_iter().map(remaining).collect::<Result<_, String>>()?,
        counts: report.counts.map(counts).transpose()?,
        note: clean(&report.note, MAX_NOTE_BYTES),
    })
}

fn step(step: WireStep) -> Result<Step, String> {
    Ok(Step {
        name: name("step", step.name)?,
        outcome: word(step.outcome),
        duration_us: step.duration_us,
        note: clean(&step.note, MAX_STEP_NOTE_BYTES),
    })
}

fn measure(measure: WireMeasure) -> Result<Measure, String> {
    let value = f64::from_bits(measure.value_bits);
    let name = name("measure", measure.name)?;
    if !value.is_finite() {
        return Err(format!("measure {name} is {value}, which is no number to compare with"));
    }
    Ok(Measure { name, value, unit: unit(measure.unit)? })
}

fn digest(digest: WireDigest) -> Result<Digest, String> {
    let key = key("digest", digest.key)?;
    if digest.hash.is_empty() || digest.hash.len() > MAX_HASH_BYTES {
        return Err(format!("the hash of digest {key} must have 1 to {MAX_HASH_BYTES} bytes"));
    }
    if !is_key(&digest.position) && !digest.position.is_empty() {
        return Err(format!("the position of digest {key} is no plain text of {MAX_KEY_BYTES} bytes"));
    }
    Ok(Digest { key, hash: digest.hash, rows: digest.rows, position: digest.position })
}

fn counts(counts: WireCounts) -> Result<Counts, String> {
    at_most("latency buckets", counts.latency_buckets.len(), MAX_BUCKETS)?;
    if counts.ok > counts.total {
        return Err(format!("{} of {} requests were successful", counts.ok, counts.total));
    }
    if counts.total > MAX_COUNTED {
        return Err(format!("{} requests are more than one run can count", counts.total));
    }
    if !counts.latency_buckets.is_sorted_by(|a, b| a.0 < b.0) {
        return Err("the edges of the latency buckets do not rise".to_owned());
    }
    let filled = counts.latency_buckets.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    if filled > counts.total {
        return Err(format!("the latency buckets hold {filled} of {} requests", counts.total));
    }
    Ok(Counts { ok: counts.ok, total: counts.total, latency_buckets: counts.latency_buckets })
}

/// A pass that shows nothing proves nothing, and one that hides a step that did not pass is a lie.
fn weigh_pass(report: &Report) -> Result<(), String> {
    if let Some(step) = report.steps.iter().find(|step| step.outcome != Outcome::Pass)
        && !mutated("a-pass-hides-no-failure")
    {
        return Err(format!("the report says pass, and its step {} says {}", step.name, step.outcome));
    }
    if report.steps.is_empty() && report.measures.is_empty() && report.digests.is_empty() {
        return Err("a pass without a step, a measure or a digest shows nothing".to_owned());
    }
    Ok(())
}

fn at_most(what: &str, found: usize, most: usize) -> Result<(), String> {
    if found > most {
        Err(format!("a report has at most {most} {what}, this one has {found}"))
    } else {
        Ok(())
    }
}

fn unique<T: Ord + std::fmt::Debug>(what: &str, keys: impl Iterator<Item = T>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for key in keys {
        if seen.contains(&key) {
            return Err(format!("the report has two of {what} {key:?}"));
        }
        seen.insert(key);
    }
    Ok(())
}

fn name(what: &str, text: String) -> Result<String, String> {
    match Name::new(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("{what} {:?}: {error}", clean(&text, 80))),
    }
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_KEY_BYTES && !text.chars().any(is_unfit)
}

fn key(what: &str, text: String) -> Result<String, String> {
    if is_key(&text) {
        Ok(text)
    } else {
        Err(format!("a {what} has a key that is no plain text of 1 to {MAX_KEY_BYTES} bytes"))
    }
}

fn unit(text: String) -> Result<String, String> {
    if text.len() <= MAX_UNIT_BYTES && !text.chars().any(is_unfit) {
        return Ok(text);
    }
    Err(format!("a unit is plain text of at most {MAX_UNIT_BYTES} bytes"))
}

/// Characters that could paint on a terminal or turn a line around.
fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Text for people: one line, without what could paint on a terminal, cut at `most` bytes.
pub(crate) fn clean(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most));
    for c in text.chars() {
        let c = match c {
            '\n' | '\r' | '\t' => ' ',
            c if is_unfit(c) => continue,
            c => c,
        };
        if out.len() + c.len_utf8() > most {
            return out;
        }
        out.push(c);
    }
    out
}

/// A short text that is compared and shown: printable ASCII, with `?` for everything else, cut at `most`.
pub(crate) fn printable(text: &str, most: usize) -> String {
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let cut: String = text.trim().chars().map(plain).take(most).collect();
    cut.trim_end().to_owned()
}

#[cfg(test)]
mod tests;
