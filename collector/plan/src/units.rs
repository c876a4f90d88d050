//! Rates and numbers as people write them in a plan. Spans of time are those of the model, as everywhere.

pub(crate) use tidelock_model::{read_span as duration, write_span as show};

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
    fn a_rate_reads_back_as_it_was_written() {
        for text in ["10/s", "1/s", "90/m", "7/h"] {
            assert_eq!(show_rate(rate(text).unwrap()), text);
        }
        for text in ["10", "0/s", "-1/s", "1/d", "99999/s", "1.5/s", "/s"] {
            assert!(rate(text).is_err(), "{text:?} was taken");
        }
    }
}
