//! Claims about both sides together, in plain words.

use crate::plan::{Joint, Quantile, Silence, SuccessClaim};
use crate::words::span;

/// What a claim says must be.
pub(crate) fn must(joint: &Joint) -> String {
    match joint {
        Joint::Success(claim) => success(claim),
        Joint::Latency(claim) => {
            let part = part(claim.quantile);
            let slack = format!("at most {} % and {} ms slower", percent(claim.slack), claim.slack_ms);
            let limit = claim.at_most.map(|limit| format!(", within {}", span(limit))).unwrap_or_default();
            format!("{part} of the answers on target {slack} than on source{limit}")
        }
        Joint::Gauge(gauge) => {
            format!("{} at most {} for {}", gauge.measure, gauge.enter, span(gauge.held_for))
        }
        Joint::Drained(silence) => {
            format!("nothing waits, is in flight or is put in for {}", span(silence.held_for))
        }
        Joint::Silent(silence) => format!("nobody writes for {}{}", span(silence.held_for), at_most(silence)),
        Joint::Owner { until_switch, then, quiet } => format!(
            "jobs run on {until_switch} alone, after the switch on {then} alone; the other side quiet for {}",
            span(quiet.held_for)
        ),
        Joint::Parity(parity) => format!(
            "the same rows on both sides, {} times, at most {} behind",
            parity.matches,
            span(parity.tolerate_lag)
        ),
        Joint::Marks { within, lost } => format!(
            "what is written on one side arrives on the other within {}, at most {lost} lost",
            span(*within)
        ),
        Joint::SameResponse { margin, .. } => format!(
            "the same answers on both sides: at most {} % more differing fields than source differs from itself",
            percent(*margin)
        ),
        Joint::NoDependencyOn(side) => format!("nothing on the other side still comes from {side}"),
    }
}

fn success(claim: &SuccessClaim) -> String {
    format!(
        "succeeds more than {} % of the time, less than {} points below source, fewer than {} outages an hour",
        percent(claim.slo),
        percent(claim.margin),
        number(claim.incidents_per_second * 3600.0),
    )
}

fn at_most(silence: &Silence) -> String {
    if silence.more_than_per_hour > 0.0 {
        format!(", which rules out more than {} an hour", number(silence.more_than_per_hour))
    } else {
        String::new()
    }
}

fn part(quantile: Quantile) -> &'static str {
    match quantile {
        Quantile::P50 => "half",
        Quantile::P95 => "95 of 100",
        Quantile::P99 => "99 of 100",
    }
}

/// A share in percent, without needless digits.
fn percent(share: f64) -> String {
    number(share * 100.0)
}

/// At most one digit behind the point.
fn number(value: f64) -> String {
    let rounded = libm::round(value * 10.0) / 10.0;
    if libm::trunc(rounded) == rounded { format!("{rounded:.0}") } else { format!("{rounded:.1}") }
}
