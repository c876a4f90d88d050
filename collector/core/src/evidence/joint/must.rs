//! What a claim about both sides says must be, and the null hypothesis it has to reject, in plain words.

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

/// What must be shown to be false before the claim is believed.
pub(crate) fn null(joint: &Joint, compared: bool) -> String {
    match joint {
        Joint::Success(claim) if compared => format!(
            "the target succeeds less often than the source by {} points or more, or at most {} % of the time, \
             or has {} outages an hour or more",
            percent(claim.margin),
            percent(claim.slo),
            number(claim.incidents_per_second * 3600.0),
        ),
        Joint::Success(claim) => format!(
            "it succeeds at most {} % of the time, or has {} outages an hour or more",
            percent(claim.slo),
            number(claim.incidents_per_second * 3600.0),
        ),
        Joint::Latency(claim) => format!(
            "at the source\u{2019}s {}, at least {} points fewer of the target\u{2019}s answers come in time",
            claim.quantile.word(),
            percent(claim.quantile.margin()),
        ),
        Joint::Gauge(gauge) => format!("{} rises above {} again", gauge.measure, gauge.leave),
        Joint::Drained(_) => "something is still put into the queues".to_owned(),
        Joint::Silent(_) => "somebody still writes".to_owned(),
        Joint::Owner { .. } => "jobs still run on the side that does not own them".to_owned(),
        Joint::Parity(_) => "rows differ".to_owned(),
        Joint::Marks { .. } => "what is written on one side is lost on its way".to_owned(),
        Joint::SameResponse { margin, .. } => format!(
            "the answers differ in at least {} % more fields than the source\u{2019}s own do from time to time",
            percent(*margin)
        ),
        Joint::NoDependencyOn(side) => format!("pages still come from {side}"),
    }
}

/// What a proof of it rules out, and what it leaves open.
pub(crate) fn rules_out(joint: &Joint) -> String {
    match joint {
        Joint::Success(claim) => format!(
            "{}: rules out {} outages an hour or more, wrong in at most {} of 100 migrations",
            claim.strength.word(),
            number(claim.incidents_per_second * 3600.0),
            number(claim.error_rate * 100.0),
        ),
        Joint::Latency(claim) => {
            format!("wrong in at most {} of 100 migrations", number(claim.error_rate * 100.0))
        }
        Joint::Silent(silence) | Joint::Drained(silence) => at_most(silence),
        Joint::Gauge(_) | Joint::Owner { .. } | Joint::Parity(_) | Joint::Marks { .. } => String::new(),
        Joint::SameResponse { .. } | Joint::NoDependencyOn(_) => String::new(),
    }
}
