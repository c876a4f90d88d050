//! What a claim asks for, and in which direction each number of it gets looser.

use std::time::Duration;

use tidelock_core::plan::{Claim, ClaimKind, Gauge, Joint, LatencyClaim, Parity, Silence, SuccessClaim};

use super::{Facts, Way};
use crate::timeline::ruled_out;
use crate::units::{show, show_percent, show_rate};

/// Puts down one claim.
pub(super) fn claim(claim: &Claim, facts: &mut Facts) {
    let Claim { name, kind } = claim;
    let at = place(name, kind);
    let key = |bound: &str| format!("claims.{at}.{bound}");
    match kind {
        ClaimKind::Passes { in_a_row } => {
            facts.put(key("in_a_row"), in_a_row, Way::Least(f64::from(*in_a_row)));
        }
        // Its measure is where its lines stand.
        ClaimKind::Measure { measure: _, at_most, at_least, held_for } => {
            at_most.iter().for_each(|most| facts.put(key("at_most"), most, Way::Most(*most)));
            at_least.iter().for_each(|least| facts.put(key("at_least"), least, Way::Least(*least)));
            facts.time(&key("for"), Some(*held_for), Way::Least);
        }
        ClaimKind::Joint(joint) => self::joint(joint, &key, facts),
    }
}

/// Where the lines of a claim stand: at its name, and at what it is about where its name does not say that.
fn place(name: &str, kind: &ClaimKind) -> String {
    let about = match kind {
        ClaimKind::Measure { measure, .. } | ClaimKind::Joint(Joint::Gauge(Gauge { measure, .. })) => {
            measure.as_str()
        }
        ClaimKind::Joint(Joint::Latency(LatencyClaim { quantile, .. })) => quantile.word(),
        ClaimKind::Joint(_) | ClaimKind::Passes { .. } => return name.to_owned(),
    };
    let said = name == about || name.ends_with(&format!(" {about}"));
    if said { name.to_owned() } else { format!("{name} of {about}") }
}

fn joint(joint: &Joint, key: &dyn Fn(&str) -> String, facts: &mut Facts) {
    let mut most = |word: &str, share: f64| facts.put(key(word), show_percent(share), Way::Most(share));
    match joint {
        Joint::Success(claim) => {
            let SuccessClaim { strength, margin, slo, error_rate, incidents_per_second } = claim;
            most("margin", *margin);
            most("error_rate", *error_rate);
            facts.put(key("slo"), show_percent(*slo), Way::Least(*slo));
            let proof = format!("{} ({})", strength.word(), ruled_out(claim));
            facts.put(key("proof"), proof, Way::Most(*incidents_per_second));
        }
        // Its quantile is where its lines stand.
        Joint::Latency(LatencyClaim { quantile: _, slack, slack_ms, error_rate, at_most }) => {
            most("slack", *slack);
            most("error_rate", *error_rate);
            facts.put(key("slack_ms"), format!("{slack_ms} ms"), Way::Most(*slack_ms));
            facts.time(&key("at_most"), *at_most, Way::Most);
        }
        // So is its measure.
        Joint::Gauge(Gauge { measure: _, enter, leave, held_for, error_rate }) => {
            most("error_rate", *error_rate);
            facts.put(key("enter"), enter, Way::Most(*enter));
            facts.put(key("leave"), leave, Way::Most(*leave));
            facts.time(&key("for"), Some(*held_for), Way::Least);
        }
        Joint::Drained(quiet) | Joint::Silent(quiet) => silence(quiet, key, facts),
        Joint::Owner { until_switch, then, quiet } => {
            facts.put(key("until_switch"), until_switch, Way::Must);
            facts.put(key("then"), then, Way::Must);
            silence(quiet, key, facts);
        }
        Joint::Parity(Parity { tolerate_lag, matches, rows_at_least }) => {
            facts.put(key("tolerate_lag"), show(*tolerate_lag), length(*tolerate_lag));
            facts.put(key("matches"), matches, Way::Least(f64::from(*matches)));
            facts.put(key("rows.at_least"), rows_at_least, Way::Least(*rows_at_least as f64));
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
    let Silence { held_for, error_rate, more_than_per_hour } = quiet;
    facts.time(&key("for"), Some(*held_for), Way::Least);
    facts.put(key("error_rate"), show_percent(*error_rate), Way::Most(*error_rate));
    let rate = *more_than_per_hour;
    if rate > 0.0 {
        facts.put(key("more_than"), show_rate(rate / 3600.0), Way::Most(rate));
    }
}
