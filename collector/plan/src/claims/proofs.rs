//! Claims that are proved slot by slot: success, latency, the same answers.
//!
//! What is left out has defaults that suit most: a proof should be one word. What is written is read so that
//! it can be proved at all: no margin of nothing, no objective below the margin.

use std::time::Duration;

use tidelock_core::plan::{Claim, ClaimKind, Joint, LatencyClaim, Quantile, Strength, SuccessClaim};

use super::{Place, USUAL_ERROR_RATE, is_mapping, joint, sides};
use crate::fields::Fields;
use crate::keys;
use crate::problem::Sink;
use crate::tree::Entry;
use crate::units::show_percent;

/// How much less often the target may succeed than the source.
const USUAL_MARGIN: f64 = 0.05;
/// How often the target must succeed.
const USUAL_SLO: f64 = 0.95;
/// How long the outages are that a standard proof rules out.
const USUAL_OUTAGE: Duration = Duration::from_secs(30);
/// `quick` rules out this many outages an hour, whatever the margin.
pub(crate) const QUICK_PER_SECOND: f64 = 12.0 / 3600.0;
/// How much slower the target may be.
const USUAL_SLACK: f64 = 0.10;
/// And beside that.
const USUAL_SLACK_MS: f64 = 5.0;
/// How much more the sides may differ than the source does from itself.
const USUAL_DIFFERENCE: f64 = 0.01;

/// A proof of this strength, with everything else as usual.
fn success_of(strength: Strength, outage: Option<Duration>, margin: f64) -> SuccessClaim {
    let outage = outage.unwrap_or(USUAL_OUTAGE);
    let incidents_per_second = match strength {
        Strength::Quick => QUICK_PER_SECOND,
        Strength::Standard => margin / outage.as_secs_f64(),
        Strength::Strict => margin / (outage * 2).as_secs_f64(),
    };
    SuccessClaim { strength, margin, slo: USUAL_SLO, error_rate: USUAL_ERROR_RATE, incidents_per_second }
}

fn strength(word: Option<&str>) -> Strength {
    match word {
        Some("quick") => Strength::Quick,
        Some("strict") => Strength::Strict,
        Some(_) | None => Strength::Standard,
    }
}

fn named(claim: SuccessClaim) -> Claim {
    Claim { name: "success".into(), kind: ClaimKind::Joint(Joint::Success(claim)) }
}

/// What a critical scenario without claims has to prove.
pub(super) fn usual(place: &Place<'_>) -> Claim {
    named(success_of(Strength::Standard, place.outage, USUAL_MARGIN))
}

/// `proof: standard` on the scenario itself.
pub(super) fn shorthand(place: &Place<'_>, sink: &mut Sink) -> Option<Claim> {
    let word = place.fields.word("proof", &keys::PROOFS, sink)?;
    if !place.scenario.sides.contains(&tidelock_model::Side::Target) {
        let span = place.fields.get("proof").map_or(place.fields.span, |n| n.span);
        let text = format!("\"proof\" is about the target, and {} runs on source alone", place.fields.place);
        sink.say("E048", span, text).label("never answered").help("write run_on: both, or run_on: target");
    }
    Some(named(success_of(strength(Some(word)), place.outage, USUAL_MARGIN)))
}

pub(super) fn success(entry: &Entry, place: &Place<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    let fields = place.claim(entry, &keys::SUCCESS, sink)?;
    sides("success", entry, place, false, sink);
    let strength = strength(fields.word("proof", &keys::PROOFS, sink));
    let margin = fields.share("margin", sink).unwrap_or(USUAL_MARGIN);
    let mut claim = success_of(strength, place.outage, margin);
    claim.slo = fields.share("slo", sink).unwrap_or(claim.slo);
    claim.error_rate = error_rate(&fields, sink);
    if let Some(outage) = fields.duration("outage", sink) {
        claim.incidents_per_second = margin / outage.as_secs_f64();
    }
    if claim.slo <= claim.margin {
        let at = fields.get("slo").or_else(|| fields.get("margin")).map_or(entry.key_span, |n| n.span);
        let text = format!(
            "{} may be worse by {} and must succeed in {}",
            fields.place,
            show_percent(claim.margin),
            show_percent(claim.slo)
        );
        sink.say("E036", at, text)
            .label("proves nothing")
            .help("the objective lies above the margin: success: { margin: 5%, slo: 95% }");
    }
    joint(Joint::Success(claim))
}

/// How often a proof may be wrong; one that is wrong every other time is none.
pub(super) fn error_rate(fields: &Fields<'_>, sink: &mut Sink) -> f64 {
    const MOST: f64 = 0.5;
    let rate = fields.share("error_rate", sink).unwrap_or(USUAL_ERROR_RATE);
    if rate > MOST {
        let span = fields.get("error_rate").map(|n| n.span);
        sink.say("E045", span, format!("{} is {}", fields.what("error_rate"), show_percent(rate)))
            .help("a proof that may be wrong more often than not is none: write at most 50%, usually 5%");
    }
    rate
}

/// `latency: { p95: {…} }`, or `performance: {…}` for all three.
pub(super) fn latencies(word: &str, entry: &Entry, place: &Place<'_>, sink: &mut Sink) -> Vec<Claim> {
    let mut claims = Vec::new();
    let claim = |quantile: Quantile, read: LatencyClaim| Claim {
        name: format!("latency {}", quantile.word()),
        kind: ClaimKind::Joint(Joint::Latency(read)),
    };
    if word == "performance" {
        if let Some(fields) = place.claim(entry, &keys::LATENCY, sink)
            && let Some(read) = latency(&fields, entry, place, sink)
        {
            claims.extend(Quantile::ALL.map(|q| claim(q, LatencyClaim { quantile: q, ..read })));
        }
        return claims;
    }
    let Some(fields) = place.claim(entry, &keys::LATENCIES, sink) else {
        return claims;
    };
    if is_mapping(entry) && entry.value.entries().is_empty() {
        sink.say("E036", entry.key_span, format!("{} names no quantile", fields.place))
            .help("write latency: { p95: { slack: 10% } }");
    }
    for quantile in Quantile::ALL {
        let Some(inner) = entry.value.entry(quantile.word()).filter(|e| !e.value.is_null()) else { continue };
        let what = format!("{:?} of {}", quantile.word(), fields.place);
        if let Some(fields) = Fields::of(&inner.value, &keys::LATENCY, &what, inner.key_span, sink)
            && let Some(read) = latency(&fields, inner, place, sink)
        {
            claims.push(claim(quantile, LatencyClaim { quantile, ..read }));
        }
    }
    claims
}

fn latency(fields: &Fields<'_>, entry: &Entry, place: &Place<'_>, sink: &mut Sink) -> Option<LatencyClaim> {
    let slack = fields.slack("slack", sink).unwrap_or(USUAL_SLACK);
    let slack_ms = fields.duration_or_zero("slack_ms", sink).map(|d| d.as_secs_f64() * 1000.0);
    let slack_ms = slack_ms.unwrap_or(USUAL_SLACK_MS);
    let at_most = fields.duration("at_most", sink);
    if slack <= 0.0 && slack_ms <= 0.0 {
        sink.say("E036", entry.key_span, format!("{} leaves no slack at all", fields.place))
            .help("two equal sides would fail it half of the time: write slack: 10%");
    }
    if place.scenario.sides.len() < 2 {
        let compared = fields.has("slack") || fields.has("slack_ms") || !fields.has("at_most");
        sides("latency", entry, place, compared, sink);
        if compared && let Some(problem) = sink.last() {
            problem.help(
                "write run_on: both; on the target alone only at_most can be proved: { at_most: 800ms }",
            );
        }
    }
    if let (Some(at_most), Some(node)) = (at_most, fields.get("at_most"))
        && at_most > place.scenario.timeout
    {
        let timeout = crate::units::show(place.scenario.timeout);
        sink.say(
            "E036",
            node.span,
            format!("{} is longer than the timeout of {timeout}", fields.what("at_most")),
        )
        .label("always true")
        .help("a run that takes longer has failed before: lower at_most, or raise the scenario's timeout");
    }
    let error_rate = error_rate(fields, sink);
    Some(LatencyClaim { quantile: Quantile::P50, slack, slack_ms, error_rate, at_most })
}

pub(super) fn same_response(entry: &Entry, place: &Place<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    let fields = place.claim(entry, &keys::SAME_RESPONSE, sink)?;
    sides("same_response", entry, place, true, sink);
    let margin = fields.share("margin", sink).unwrap_or(USUAL_DIFFERENCE);
    joint(Joint::SameResponse { margin, error_rate: error_rate(&fields, sink) })
}
