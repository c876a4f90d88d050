//! Claims written out in full, and how evidence is gathered.

use std::time::Duration;

use tidelock_core::plan::{
    Claim, ClaimKind, Gauge, Joint, LatencyClaim, Plan, Scenario, Silence, SuccessClaim,
};

use super::{Doc, Page, word};
use crate::claims::QUICK_PER_SECOND;
use crate::evidence::{USUAL_GRACE, auto_slot};
use crate::units::{show, show_percent, show_rate};

/// The claims of a scenario, in their order.
pub(super) fn claims(scenario: &Scenario) -> Doc {
    let mut page = Page::default();
    let mut latencies = Vec::new();
    for claim in &scenario.claims {
        if let ClaimKind::Joint(Joint::Latency(latency)) = &claim.kind {
            if latencies.is_empty() {
                page.put("latency", Doc::Map(Vec::new()));
            }
            latencies.push((latency.quantile.word().to_owned(), self::latency(latency, scenario)));
        } else {
            let doc = claim_doc(claim);
            page.put(&claim.name, doc);
        }
    }
    if let Some((_, doc)) = page.0.iter_mut().find(|(key, _)| key == "latency") {
        *doc = Doc::Map(latencies);
    }
    page.doc()
}

fn claim_doc(claim: &Claim) -> Doc {
    let mut page = Page::default();
    match &claim.kind {
        ClaimKind::Passes { in_a_row } => page.put("in_a_row", Doc::Line(in_a_row.to_string())),
        ClaimKind::Measure { at_most, at_least, held_for, .. } => {
            for (key, bound) in [("at_most", at_most), ("at_least", at_least)] {
                if let Some(bound) = bound {
                    page.put(key, Doc::Line(bound.to_string()));
                }
            }
            page.time("for", Some(*held_for).filter(|d| !d.is_zero()));
        }
        ClaimKind::Joint(joint) => return self::joint(joint),
    }
    page.doc()
}

fn joint(joint: &Joint) -> Doc {
    let mut page = Page::default();
    match joint {
        Joint::Success(claim) => success(claim, &mut page),
        // Latencies are written together.
        Joint::Latency(_) => {}
        Joint::Gauge(gauge) => page.put("gauge", self::gauge(gauge)),
        Joint::Drained(quiet) | Joint::Silent(quiet) => silence(quiet, &mut page),
        Joint::Owner { until_switch, then, quiet } => {
            page.put("until_switch", word(until_switch));
            page.put("then", word(then));
            silence(quiet, &mut page);
        }
        Joint::Parity(parity) => {
            page.time("tolerate_lag", Some(parity.tolerate_lag));
            page.put("matches", Doc::Line(parity.matches.to_string()));
            let rows = Doc::Line(parity.rows_at_least.to_string());
            page.put("rows", Doc::Map(vec![("at_least".into(), rows)]));
        }
        Joint::Marks { within, lost } => {
            page.time("within", Some(*within));
            page.put("lost", Doc::Line(lost.to_string()));
        }
        Joint::SameResponse { margin, error_rate } => {
            percent("margin", *margin, &mut page);
            percent("error_rate", *error_rate, &mut page);
        }
        Joint::NoDependencyOn(side) => return word(side),
    }
    page.doc()
}

fn percent(key: &str, share: f64, page: &mut Page) {
    page.put(key, Doc::Line(show_percent(share)));
}

fn success(claim: &SuccessClaim, page: &mut Page) {
    page.put("proof", word(claim.strength.word()));
    percent("margin", claim.margin, page);
    percent("slo", claim.slo, page);
    percent("error_rate", claim.error_rate, page);
    // `quick` alone has a rate that no outage of whole milliseconds may stand for.
    let quick = claim.strength == tidelock_core::plan::Strength::Quick;
    if !quick || claim.incidents_per_second.to_bits() != QUICK_PER_SECOND.to_bits() {
        let millis = (claim.margin / claim.incidents_per_second * 1000.0).round();
        page.time("outage", Some(Duration::from_millis(millis as u64)));
    }
}

fn latency(claim: &LatencyClaim, scenario: &Scenario) -> Doc {
    let mut page = Page::default();
    // On one side alone there is nothing to be slower than.
    if scenario.sides.len() > 1 {
        percent("slack", claim.slack, &mut page);
        page.time("slack_ms", Some(Duration::from_secs_f64(claim.slack_ms / 1000.0)));
    }
    page.time("at_most", claim.at_most);
    percent("error_rate", claim.error_rate, &mut page);
    page.doc()
}

fn gauge(gauge: &Gauge) -> Doc {
    let mut page = Page::default();
    page.put("enter", Doc::Line(gauge.enter.to_string()));
    page.put("leave", Doc::Line(gauge.leave.to_string()));
    page.time("for", Some(gauge.held_for));
    percent("error_rate", gauge.error_rate, &mut page);
    page.doc()
}

fn silence(quiet: &Silence, page: &mut Page) {
    if quiet.more_than_per_hour > 0.0 {
        page.put("more_than", Doc::Line(show_rate(quiet.more_than_per_hour / 3600.0)));
    }
    page.time("for", Some(quiet.held_for));
    percent("error_rate", quiet.error_rate, page);
}

/// How evidence is gathered; each proof carries the outages that it rules out.
pub(super) fn evidence(plan: &Plan) -> Doc {
    let mut page = Page::default();
    let slots: Vec<_> = plan.scenarios.values().filter_map(|s| Some((s, s.slot?))).collect();
    let auto = slots.iter().all(|(scenario, slot)| auto_slot(plan, scenario) == Some(*slot));
    let written = slots.first().filter(|_| !auto).map(|(_, slot)| show(*slot));
    page.put("slot", Doc::Line(written.unwrap_or_else(|| "auto".into())));
    page.put("grace", Doc::Line(plan.evidence.grace.map_or_else(|| USUAL_GRACE.into(), show)));
    page.time("observe_at_least", Some(plan.evidence.observe_at_least));
    page.doc()
}
