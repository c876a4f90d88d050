//! The part of a finding that the plugin wrote, in both directions.

use std::collections::BTreeSet;

use tidelock_model::{Counts, Digest, Mark, MarkKind, Measure, Remaining, Report, Step};

use crate::convert::{at_most, bad, outcome_from_wire, outcome_to_wire, text};
use crate::{Conv, Limits, v1};

/// So many names are compared each with each: that allocates nothing, and nearly every finding has fewer.
const FEW: usize = 16;

fn unique<T>(place: &str, named: &[T], name: impl Fn(&T) -> &str) -> Conv<()> {
    let mut seen = BTreeSet::new();
    for (index, one) in named.iter().map(&name).enumerate() {
        if one.is_empty() {
            return bad(place, "a name is empty");
        }
        let twice = match named.len() > FEW {
            true => !seen.insert(one),
            false => named[..index].iter().any(|before| name(before) == one),
        };
        if twice {
            return bad(place, format!("{one:?} is there twice"));
        }
    }
    Ok(())
}

pub(crate) fn report_from_wire(wire: v1::Finding) -> Conv<Report> {
    at_most("steps", &wire.steps, Limits::PARTS)?;
    at_most("measures", &wire.measures, Limits::PARTS)?;
    at_most("digests", &wire.digests, Limits::DIGESTS)?;
    at_most("marks", &wire.marks, Limits::PARTS)?;
    at_most("remaining", &wire.remaining, Limits::PARTS)?;
    unique("steps", &wire.steps, |step| &step.name)?;
    unique("measures", &wire.measures, |measure| &measure.name)?;
    Ok(Report {
        steps: indexed("steps", wire.steps, step)?,
        measures: indexed("measures", wire.measures, measure)?,
        digests: indexed("digests", wire.digests, digest)?,
        marks: indexed("marks", wire.marks, mark)?,
        remaining: indexed("remaining", wire.remaining, remaining)?,
        counts: wire.counts.map(counts).transpose()?,
        note: text("note", wire.note, Limits::TEXT_BYTES)?,
    })
}

fn indexed<W, M>(place: &str, items: Vec<W>, convert: impl Fn(W) -> Conv<M>) -> Conv<Vec<M>> {
    (items.into_iter().enumerate()).map(|(i, item)| convert(item).map_err(|e| e.within(place, i))).collect()
}

fn step(wire: v1::Step) -> Conv<Step> {
    Ok(Step {
        name: text("name", wire.name, Limits::NAME_BYTES)?,
        outcome: outcome_from_wire(wire.outcome)?,
        duration_us: wire.duration_us,
        note: text("note", wire.note, Limits::TEXT_BYTES)?,
    })
}

fn measure(wire: v1::Measure) -> Conv<Measure> {
    if !wire.value.is_finite() {
        return bad("value", format!("{} is no number to judge by", wire.value));
    }
    Ok(Measure {
        name: text("name", wire.name, Limits::NAME_BYTES)?,
        value: wire.value,
        unit: text("unit", wire.unit, Limits::NAME_BYTES)?,
    })
}

fn digest(wire: v1::Digest) -> Conv<Digest> {
    if wire.hash.is_empty() || wire.hash.len() > Limits::HASH_BYTES {
        return bad("hash", format!("has {} bytes, 1 to {} are taken", wire.hash.len(), Limits::HASH_BYTES));
    }
    Ok(Digest {
        key: text("key", wire.key, Limits::NAME_BYTES)?,
        hash: wire.hash,
        rows: wire.rows,
        position: text("position", wire.position, Limits::NAME_BYTES)?,
    })
}

fn mark(wire: v1::Mark) -> Conv<Mark> {
    let kind = match v1::MarkKind::try_from(wire.kind) {
        Ok(v1::MarkKind::Issued) => MarkKind::Issued,
        Ok(v1::MarkKind::Seen) => MarkKind::Seen,
        Ok(v1::MarkKind::Unspecified) | Err(_) => return bad("kind", "is neither issued nor seen"),
    };
    Ok(Mark { key: text("key", wire.key, Limits::NAME_BYTES)?, kind, unix_ms: wire.unix_ms })
}

fn remaining(wire: v1::Remaining) -> Conv<Remaining> {
    Ok(Remaining {
        count: wire.count,
        unit: text("unit", wire.unit, Limits::NAME_BYTES)?,
        what: text("what", wire.what, Limits::TEXT_BYTES)?,
    })
}

fn counts(wire: v1::Counts) -> Conv<Counts> {
    at_most("counts.latency_buckets", &wire.latency_buckets, Limits::BUCKETS)?;
    if wire.ok > wire.total {
        return bad("counts.ok", format!("{} of {} is more than all", wire.ok, wire.total));
    }
    let filled = wire.latency_buckets.iter().fold(0_u64, |sum, bucket| sum.saturating_add(bucket.count));
    if wire.total.max(filled) > Limits::COUNTED {
        return bad("counts.total", format!("more than {} requests in one run", Limits::COUNTED));
    }
    let latency_buckets =
        wire.latency_buckets.into_iter().map(|bucket| (bucket.upper_us, bucket.count)).collect();
    Ok(Counts { ok: wire.ok, total: wire.total, latency_buckets })
}

pub(crate) fn report_to_wire(report: Report) -> v1::Finding {
    v1::Finding {
        steps: (report.steps.into_iter())
            .map(|step| v1::Step {
                name: step.name,
                outcome: outcome_to_wire(step.outcome),
                duration_us: step.duration_us,
                note: step.note,
            })
            .collect(),
        measures: (report.measures.into_iter())
            .map(|measure| v1::Measure { name: measure.name, value: measure.value, unit: measure.unit })
            .collect(),
        digests: (report.digests.into_iter())
            .map(|digest| v1::Digest {
                key: digest.key,
                hash: digest.hash,
                rows: digest.rows,
                position: digest.position,
            })
            .collect(),
        marks: (report.marks.into_iter())
            .map(|mark| v1::Mark {
                key: mark.key,
                kind: match mark.kind {
                    MarkKind::Issued => v1::MarkKind::Issued.into(),
                    MarkKind::Seen => v1::MarkKind::Seen.into(),
                },
                unix_ms: mark.unix_ms,
            })
            .collect(),
        remaining: (report.remaining.into_iter())
            .map(|left| v1::Remaining { count: left.count, unit: left.unit, what: left.what })
            .collect(),
        counts: report.counts.map(|counts| v1::Counts {
            ok: counts.ok,
            total: counts.total,
            latency_buckets: (counts.latency_buckets.into_iter())
                .map(|(upper_us, count)| v1::LatencyBucket { upper_us, count })
                .collect(),
        }),
        note: report.note,
        ..v1::Finding::default()
    }
}
