//! Durations, rates and numbers as people write them in a plan.
//!
//! A bare number is refused: "every: 5" has been five seconds and five milliseconds in the same
//! team, and a wait that is a thousand times too short looks like a proof.

use std::time::Duration;

/// The longest duration that a plan may name.
const MAX_DURATION: Duration = Duration::from_secs(366 * 86_400);
/// The units, the longest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads `500ms`, `5s`, `10m`, `1h`, `7d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err("write a whole number and a unit: 500ms, 5s, 10m, 1h, 7d".into());
    }
    let Some((_, millis)) = UNITS.iter().find(|(word, _)| *word == unit) else {
        return Err(match unit {
            "" => format!("a bare number has no unit: write {number}s, {number}ms, {number}m or {number}h"),
            _ if unit.starts_with('.') => "write a whole number in a smaller unit: 1500ms, not 1.5s".into(),
            _ => "the units are ms, s, m, h and d, one of them: 90s or 90m, not 1m30s".into(),
        });
    };
    let total = number.parse::<u64>().ok().and_then(|n| n.checked_mul(*millis)).map(Duration::from_millis);
    total.filter(|d| *d <= MAX_DURATION).ok_or_else(|| "a plan knows no duration over 366d".into())
}

/// Writes a duration in its largest unit without a rest.
pub(crate) fn show(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".into();
    }
    let fits = UNITS.iter().find(|(_, unit)| millis.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{millis}ms"), |(word, unit)| format!("{}{word}", millis / unit))
}

/// Reads `10/s`, `600/m`, `6/h` as events a second.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let help = || "write a number, a slash and a unit: 10/s, 600/m, 6/h".to_owned();
    let (number, unit) = text.split_once('/').ok_or_else(help)?;
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(help()),
    };
    let count = number.parse::<u32>().map_err(|_| help())?;
    match f64::from(count) / seconds {
        per_second if per_second > 0.0 && per_second <= 10_000.0 => Ok(per_second),
        _ => Err("a rate is above 0 and at most 10000/s".into()),
    }
}

/// Writes a rate so that it reads back as the same number.
pub(crate) fn show_rate(per_second: f64) -> String {
    for (seconds, unit) in [(1.0, "s"), (60.0, "m"), (3600.0, "h")] {
        let count = per_second * seconds;
        if count.fract() == 0.0 && count >= 1.0 {
            return format!("{count}/{unit}");
        }
    }
    format!("{}/h", (per_second * 3600.0).round())
}

/// The smallest and the largest share that a claim may name: what lies beyond takes weeks to prove.
const SHARES: std::ops::RangeInclusive<f64> = 0.000_1..=0.999_9;

/// Reads `5%`, `0.5%` as a share of one.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    let Some(number) = text.strip_suffix('%') else {
        let bare = text.parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0 && *n < 1.0);
        return Err(match bare {
            Some(share) => format!("a bare number could be read in two ways: write {}", show_percent(share)),
            None => "write a number and a percent sign: 5%, 0.5%, 99.9%".into(),
        });
    };
    let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let share = plain.then(|| format!("{number}e-2").parse::<f64>().ok()).flatten();
    share.ok_or_else(|| "write digits and a percent sign: 5%, 0.5%, 99.9%".into())
}

/// Reads a percentage that is a share of results, of failures or of runs.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let share = percent(text)?;
    if SHARES.contains(&share) { Ok(share) } else { Err("it is from 0.01% to 99.99%".into()) }
}

/// Writes a share so that it reads back as the same number.
pub(crate) fn show_percent(share: f64) -> String {
    let digits = |count: usize| format!("{:.count$}", share * 100.0);
    let same = |text: &String| format!("{text}e-2").parse() == Ok(share);
    format!("{}%", (0..17).map(digits).find(same).unwrap_or_else(|| digits(17)))
}

/// Reads the value of a measure: a number in the measure's own unit. A duration is in seconds, since that
/// is the unit in which times are reported, and a percentage is a share of one.
pub(crate) fn measured(text: &str) -> Result<f64, String> {
    if text.ends_with('%') {
        return percent(text);
    }
    duration(text).map(|time| time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_reads_back_as_it_was_written() {
        for text in ["5%", "0.5%", "0.7%", "99.9%", "0.01%", "33.3333333%", "7.1%"] {
            assert_eq!(show_percent(share(text).unwrap()), text);
        }
        assert!((share("5%").unwrap() - 0.05).abs() < f64::EPSILON);
        for text in ["5", "0.05", "0%", "100%", "-5%", "1e1%", "%", "NaN%", ".%", "5 %", "5%%", "inf%"] {
            assert!(share(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_measure_in_time_is_in_seconds() {
        assert_eq!(measured("500ms"), Ok(0.5));
        assert_eq!(measured("2m"), Ok(120.0));
        assert_eq!(measured("150%"), Ok(1.5));
        assert!(measured("5").is_err() && measured("fast").is_err());
    }

    #[test]
    fn a_duration_reads_back_as_it_was_written() {
        for text in ["500ms", "5s", "10m", "1h", "7d", "1500ms", "0s"] {
            assert_eq!(show(duration(text).unwrap()), text);
        }
    }

    #[test]
    fn durations_without_one_clear_unit_are_refused() {
        for text in
            ["", "5", "-5s", "5 s", "1.5s", "1m30s", "5sec", "s", "99999999999999999999s", "400d", "٣s"]
        {
            assert!(duration(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_rate_reads_back_as_it_was_written() {
        for text in ["10/s", "1/s", "90/m", "7/h"] {
            assert_eq!(show_rate(rate(text).unwrap()), text);
        }
        for text in ["10", "0/s", "-1/s", "1/d", "99999/s", "1.5/s", "/s"] {
            assert!(rate(text).is_err(), "{text:?} was taken");
        }
    }
}
