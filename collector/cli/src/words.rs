//! Times, spans and signs as people read them.

use jiff::tz::TimeZone;
use prost_types::Timestamp;
use tidelock_proto::json;
use tidelock_proto::v1;

use crate::out::Manner;

/// A span in the two largest units that matter: `8 min`, `1 h 48 min`, `6 s`.
pub(crate) fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{} s", seconds),
        (0, 0, minutes) if minutes < 5 && !seconds.is_multiple_of(60) => {
            format!("{minutes} min {} s", seconds % 60)
        }
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// How long before `now` something was; a dash when it never was.
pub(crate) fn ago(then: Option<&Timestamp>, now: Option<&Timestamp>) -> String {
    match then {
        Some(_) => span(json::unix_ms(now).saturating_sub(json::unix_ms(then))),
        None => "–".to_owned(),
    }
}

/// The clock time in the plan's zone, or UTC when the zone is not known.
pub(crate) fn clock(time: Option<&Timestamp>, zone: &str) -> String {
    let at = time.and_then(|t| jiff::Timestamp::new(t.seconds, t.nanos).ok());
    let Some(at) = at else { return "–".to_owned() };
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%H:%M:%S").to_string()
}

/// The clock time with its zone's name.
pub(crate) fn clock_and_zone(time: Option<&Timestamp>, zone: &str) -> String {
    let at = time.and_then(|t| jiff::Timestamp::new(t.seconds, t.nanos).ok());
    let Some(at) = at else { return "–".to_owned() };
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%H:%M:%S %Z").to_string()
}

/// Sign and word of a verdict, in the colour of it.
pub(crate) fn verdict(manner: Manner, verdict: i32) -> String {
    match json::verdict_word(verdict) {
        "open" => manner.paint("1;32", "✔ OPEN"),
        "hold" => manner.paint("1;31", "▲ HOLD"),
        "rollback" => manner.paint("1;35", "◀ ROLLBACK"),
        _ => manner.paint("1;33", "? UNKNOWN"),
    }
}

/// Sign and word of a state of evidence.
pub(crate) fn state(manner: Manner, state: i32) -> String {
    match json::state_word(state) {
        "proved" => manner.paint("32", "✔ proved"),
        "refuted" => manner.paint("31", "✖ refuted"),
        "undecided" => manner.paint("33", "◷ undecided"),
        "stale" => manner.paint("33", "? stale"),
        "missing" => manner.paint("33", "? missing"),
        _ => "· not asked".to_owned(),
    }
}

/// What switching now would lose, summed, as a sentence. Not known is said, never shown as zero.
pub(crate) fn loss(gate: &v1::Gate) -> String {
    if !gate.loss_known {
        return "What switching now would lose: nothing known".to_owned();
    }
    let left: Vec<String> = (gate.remaining.iter())
        .filter(|r| r.count > 0)
        .map(|r| {
            format!(
                "{} {}{}",
                grouped(r.count),
                r.unit,
                if r.what.is_empty() { String::new() } else { format!(" ({})", r.what) }
            )
        })
        .collect();
    match left.is_empty() {
        true => "Switching now loses nothing that the checks can see".to_owned(),
        false => format!("Switching now loses {}", left.join(", ")),
    }
}

/// A number with its thousands apart: `1,204`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Pads by what the eye sees, leaving colour codes out of the count.
pub(crate) fn pad(text: &str, width: usize) -> String {
    let mut seen = 0;
    let mut inside = false;
    for c in text.chars() {
        match (inside, c) {
            (false, '\u{1b}') => inside = true,
            (true, 'm') => inside = false,
            (true, _) => {}
            (false, _) => seen += 1,
        }
    }
    format!("{text}{}", " ".repeat(width.saturating_sub(seen)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_the_units_that_matter() {
        let said: Vec<String> =
            [0, 999, 6_000, 65_000, 480_000, 6_480_000, 7_200_000, 90_000_000].map(span).into();
        assert_eq!(said, ["0 s", "0 s", "6 s", "1 min 5 s", "8 min", "1 h 48 min", "2 h", "1 d 1 h"]);
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!([0, 999, 1204, 1_000_000].map(grouped), ["0", "999", "1,204", "1,000,000"]);
    }

    #[test]
    fn colour_does_not_count_as_width() {
        assert_eq!(pad("\u{1b}[31mab\u{1b}[0m", 4).len(), "\u{1b}[31mab\u{1b}[0m".len() + 2);
    }
}
