//! Claims about both sides in a line: `success margin 50 outage 1 slo 50`.

use std::time::Duration;

use tidelock_core::plan::{Gauge, Joint, LatencyClaim, Parity, Quantile, Silence, Strength, SuccessClaim};

use super::plans::{number, secs};

const ERROR_RATE: f64 = 0.05;

/// None where the text is a simple claim.
pub(crate) fn joint(text: &str) -> Option<Joint> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let part = |word: &str, usual: f64| {
        rest.split_once(word).map_or(usual, |(_, rest)| f64::from(number::<u32>(rest)))
    };
    let time = |word: &str, usual: f64| secs(part(word, usual) as u64);
    let silence = || Silence { held_for: time("for", 20.0), error_rate: ERROR_RATE, more_than_per_hour: 0.0 };
    Some(match word {
        // The margin is 5 %, outages take 30 s, 95 % must succeed.
        "success" => {
            let margin = part("margin", 5.0) / 100.0;
            Joint::Success(SuccessClaim {
                strength: Strength::Standard,
                margin,
                slo: part("slo", 95.0) / 100.0,
                error_rate: ERROR_RATE,
                incidents_per_second: margin / part("outage", 30.0),
            })
        }
        // `latency p50`: half of the answers, 10 % and 5 ms slower at most.
        "latency" => Joint::Latency(LatencyClaim {
            quantile: Quantile::ALL.into_iter().find(|it| rest.starts_with(it.word())).unwrap(),
            slack: part("slack", 10.0) / 100.0,
            slack_ms: 5.0,
            error_rate: ERROR_RATE,
            at_most: rest.contains("limit").then(|| Duration::from_millis(part("limit", 0.0) as u64)),
        }),
        "gauge" => Joint::Gauge(Gauge {
            measure: rest.split_whitespace().next().unwrap().to_owned(),
            enter: part("enter", 0.0),
            leave: part("leave", 0.0),
            held_for: time("for", 20.0),
            error_rate: ERROR_RATE,
        }),
        "drained" => Joint::Drained(silence()),
        "silent" => Joint::Silent(silence()),
        "owner" => {
            let sides: Vec<&str> = rest.split_whitespace().collect();
            let (until_switch, then) = (sides[0].parse().unwrap(), sides[2].parse().unwrap());
            Joint::Owner { until_switch, then, quiet: silence() }
        }
        "parity" => Joint::Parity(Parity {
            tolerate_lag: time("lag", 5.0),
            matches: part("matches", 2.0) as u32,
            rows_at_least: part("rows", 1.0) as u64,
        }),
        "marks" => Joint::Marks { within: time("within", 10.0), lost: part("lost", 0.0) as u64 },
        "same_response" => {
            Joint::SameResponse { margin: part("margin", 50.0) / 100.0, error_rate: ERROR_RATE }
        }
        "no_dependency_on" => Joint::NoDependencyOn(rest.parse().unwrap()),
        _ => return None,
    })
}
