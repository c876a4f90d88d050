//! What a claim asks for, and in which direction each number of it gets looser.

use std::time::Duration;

use tidelock_core::plan::{Claim, ClaimKind, Joint, Silence};

use super::{Facts, Way};
use crate::timeline::ruled_out;
use crate::units::{show_percent, show_rate};

/// Puts down one claim.
pub(super) fn claim(claim: &Claim, facts: &mut Facts) {
    let key = |bound: &str| format!("claims.{}.{bound}", claim.name);
    match &claim.kind {
        ClaimKind::Passes { in_a_row } => {
            facts.put(key("in_a_row"), in_a_row, Way::Least(f64::from(*in_a_row)));
        }
        ClaimKind::Measure { at_most, at_least, held_for, .. } => {
            at_most.iter().for_each(|most| facts.put(key("at_most"), most, Way::Most(*most)));
            at_least.iter().for_each(|least| facts.put(key("at_least"), least, Way::Least(*least)));
            facts.time(&key("for"), Some(*held_for), Way::Least);
        }
        ClaimKind::Joint(joint) => self::joint(joint, &key, facts),
    }
}

fn joint(joint: &Joint, key: &dyn Fn(&str) -> String, facts: &mut Facts) {
    let mut most = |word: &str, share: f64| facts.put(key(word), show_percent(share), Way::Most(share));
    match joint {
        Joint::Success(claim) => {
            most("margin", claim.margin);
            most("error_rate", claim.error_rate);
            facts.put(key("slo"), show_percent(claim.slo), Way::Least(claim.slo));
            let proof = format!("{} ({})", claim.strength.word(), ruled_out(claim));
            facts.put(key("proof"), proof, Way::Most(claim.incidents_per_second));
        }
        Joint::Latency(claim) => {
            most("slack", claim.slack);
            most("error_rate", claim.error_rate);
            facts.put(key("slack_ms"), format!("{} ms", claim.slack_ms), Way::Most(claim.slack_ms));
            facts.time(&key("at_most"), claim.at_most, Way::Most);
        }
        Joint::Gauge(gauge) => {
            most("error_rate", gauge.error_rate);
            facts.put(key("enter"), gauge.enter, Way::Most(gauge.enter));
            facts.put(key("leave"), gauge.leave, Way::Most(gauge.leave));
            facts.time(&key("for"), Some(gauge.held_for), Way::Least);
        }
        Joint::Drained(quiet) | Joint::Silent(quiet) => silence(quiet, key, facts),
        Joint::Owner { until_switch, then, quiet } => {
            facts.put(key("until_switch"), until_switch, Way::Must);
            facts.put(key("then"), then, Way::Must);
            silence(quiet, key, facts);
        }
        Joint::Parity(parity) => {
            let rows = parity.rows_at_least;
            facts.put(
                key("tolerate_lag"),
                crate::units::show(parity.tolerate_lag),
                length(parity.tolerate_lag),
            );
            facts.put(key("matches"), parity.matches, Way::Least(f64::from(parity.matches)));
            facts.put(key("rows.at_least"), rows, Way::Least(rows as f64));
        }
        Joint::Marks { within, lost } => {
            facts.time(&key("within"), Some(*within), Way::Most);
            facts.put(key("lost"), lost, Way::Most(*lost as f64));
        }
        Joint::SameResponse { margin, error_rate } => {
            most("margin", *margin);
            most("error_rate", *error_rate);
        }
        Joint::NoDependencyOn(side) => facts.put(key(side.word()), "", Way::Must),
    }
}

/// A longer time is looser, and zero is a time like any other.
fn length(time: Duration) -> Way {
    Way::Most(time.as_secs_f64())
}

fn silence(quiet: &Silence, key: &dyn Fn(&str) -> String, facts: &mut Facts) {
    facts.time(&key("for"), Some(quiet.held_for), Way::Least);
    facts.put(key("error_rate"), show_percent(quiet.error_rate), Way::Most(quiet.error_rate));
    let rate = quiet.more_than_per_hour;
    if rate > 0.0 {
        facts.put(key("more_than"), show_rate(rate / 3600.0), Way::Most(rate));
    }
}
