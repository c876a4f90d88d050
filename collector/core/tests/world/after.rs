//! What a plan says of the time after the switch, in a line each.

use tidelock_core::plan::{BackLimit, FirstMinutes, OneWay, Plan, Turbulence};

use super::name;
use super::plans::{number, secs};

/// Takes the line; false where it is another's.
pub(crate) fn line(plan: &mut Plan, word: &str, rest: &str) -> bool {
    match word {
        "limit" => plan.rollback.possible_while.push(limit(rest)),
        "one" => plan.rollback.one_way.push(one_way(rest)),
        "first" => plan.switch.first_minutes = Some(first_minutes(rest)),
        _ => return false,
    }
    true
}

/// `db-back.lag, from db-back, lag at most 30, counts loss, unit s`; without a measure, what remains.
fn limit(text: &str) -> BackLimit {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let measure = parts[2].split("at most").next().unwrap().trim();
    BackLimit {
        name: parts[0].into(),
        from: name(parts[1].trim_start_matches("from ")),
        measure: measure.into(),
        at_most: f64::from(number::<u32>(parts[2])),
        unit: parts.iter().find_map(|part| part.strip_prefix("unit ")).unwrap_or_default().into(),
        counts_loss: parts.contains(&"counts loss"),
    }
}

/// `way mails sent, from mail, sent`
fn one_way(text: &str) -> OneWay {
    let parts: Vec<&str> = text.trim_start_matches("way ").split(',').map(str::trim).collect();
    let (what, from) = (parts[0].into(), name(parts[1].trim_start_matches("from ")));
    OneWay { what, from, measure: parts[2].into() }
}

/// `minutes 60 s: checkout within 150 %, login at least 98 %`
fn first_minutes(text: &str) -> FirstMinutes {
    let (settling, metrics) = text.split_once(':').unwrap();
    let metric = |text: &str| {
        let share = f64::from(number::<u32>(text)) / 100.0;
        let turbulence =
            if text.contains(" within ") { Turbulence::Within(share) } else { Turbulence::AtLeast(share) };
        (name(text.split_whitespace().next().unwrap()), turbulence)
    };
    FirstMinutes {
        settling: secs(number(settling)),
        metrics: metrics.split(',').map(str::trim).map(metric).collect(),
    }
}
