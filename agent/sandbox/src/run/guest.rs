//! From the contract's generated types to ours, with the secrets taken out on the way.

use tidelock_model::{Cause, Name};

use crate::bindings::tidelock::check::types as guest;
use crate::protocol::wire::{
    WireCounts, WireDigest, WireMark, WireMeasure, WireOutcome, WireRemaining, WireReport, WireStep,
};
use crate::protocol::{Manifest, Need, NeedKind, Refusal};
use crate::report::clean;
use crate::secret::Scrubber;

const MAX_SENTENCE_BYTES: usize = 1024;
const MAX_SENTENCES: usize = 32;
const MAX_NAMES: usize = 256;
const MAX_SCHEMA_BYTES: usize = 64 << 10;

fn outcome(outcome: guest::Outcome) -> WireOutcome {
    match outcome {
        guest::Outcome::Pass => WireOutcome::Pass,
        guest::Outcome::Fail => WireOutcome::Fail,
        guest::Outcome::NotRun => WireOutcome::NotRun,
    }
}

/// A report without secrets, still unchecked.
pub(super) fn report(report: guest::Report, scrubber: &Scrubber) -> WireReport {
    let text = |text: String| scrubber.text(text);
    let step = |step: guest::Step| WireStep {
        name: text(step.name),
        outcome: outcome(step.outcome),
        duration_us: step.duration_us,
        note: text(step.note),
    };
    let measure = |measure: guest::Measure| WireMeasure {
        name: text(measure.name),
        value_bits: measure.value.to_bits(),
        unit: text(measure.unit),
    };
    let digest = |digest: guest::Digest| WireDigest {
        key: text(digest.key),
        hash: scrubber.bytes(digest.hash),
        rows: digest.rows,
        position: text(digest.position),
    };
    let mark = |mark: guest::Mark| WireMark {
        key: text(mark.key),
        issued: mark.kind == guest::MarkKind::Issued,
        unix_ms: mark.unix_ms,
    };
    let remaining = |remaining: guest::Remaining| WireRemaining {
        count: remaining.count,
        unit: text(remaining.unit),
        what: text(remaining.what),
    };
    let counts = |counts: guest::Counts| WireCounts {
        ok: counts.ok,
        total: counts.total,
        latency_buckets: counts.latency_buckets,
    };
    WireReport {
        outcome: outcome(report.outcome),
        steps: report.steps.into_iter().map(step).collect(),
        measures: report.measures.into_iter().map(measure).collect(),
        digests: report.digests.into_iter().map(digest).collect(),
        marks: report.marks.into_iter().map(mark).collect(),
        remaining: report.remaining.into_iter().map(remaining).collect(),
        counts: report.counts.map(counts),
        note: text(report.note),
    }
}

/// What a component says of itself, checked.
pub(super) fn manifest(manifest: guest::Manifest) -> Result<Manifest, Refusal> {
    let bad = |why: String| Refusal::new(Cause::BadReport, format!("the manifest {why}"));
    Name::new(&manifest.name).map_err(|error| bad(format!("has a name that is none: {error}")))?;
    if manifest.blind_spots.len() > MAX_SENTENCES || manifest.needs.len() > MAX_SENTENCES {
        return Err(bad(format!("has more than {MAX_SENTENCES} blind spots or needs")));
    }
    if manifest.measures.len() > MAX_NAMES || manifest.settings_schema.len() > MAX_SCHEMA_BYTES {
        return Err(bad(format!(
            "has more than {MAX_NAMES} measures or a schema above {MAX_SCHEMA_BYTES} bytes"
        )));
    }
    if let Some(name) = manifest.measures.iter().find(|name| Name::new(name).is_err()) {
        return Err(bad(format!("names a measure {:?}", clean(name, 64))));
    }
    let schema = &manifest.settings_schema;
    if !schema.is_empty() && serde_json::from_str::<serde_json::Value>(schema).is_err() {
        return Err(bad("has a settings schema that is no JSON".to_owned()));
    }
    let sentence = |text: &String| clean(text, MAX_SENTENCE_BYTES);
    let need = |need: &guest::Need| Need {
        setting: clean(&need.setting, 64),
        kind: match need.kind {
            guest::NeedKind::Http => NeedKind::Http,
            guest::NeedKind::Sql => NeedKind::Sql,
        },
        required: need.required,
    };
    Ok(Manifest {
        version: clean(&manifest.version, 64),
        proves: sentence(&manifest.proves),
        blind_spots: manifest.blind_spots.iter().map(sentence).collect(),
        needs: manifest.needs.iter().map(need).collect(),
        name: manifest.name,
        measures: manifest.measures,
        settings_schema: manifest.settings_schema,
    })
}
