//! Spans of time as people write and read them, the same in plans, on command lines and on screens.
//!
//! A bare number is refused: "every: 5" has been five seconds and five milliseconds in the same team, and a wait that
//! is a thousand times too short looks like a proof.

use std::time::Duration;

/// The longest span that may be written.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// The units, the longest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads `500ms`, `5s`, `10m`, `1h`, `7d`.
///
/// # Errors
/// Says how to write it.
pub fn read_span(text: &str) -> Result<Duration, String> {
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
    total.filter(|d| *d <= LONGEST).ok_or_else(|| "no duration may be over 366d".into())
}

/// Writes a span in its largest unit without a rest, so that it reads back as the same.
pub fn write_span(span: Duration) -> String {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".into();
    }
    let fits = UNITS.iter().find(|(_, unit)| millis.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{millis}ms"), |(word, unit)| format!("{}{word}", millis / unit))
}

/// A span in words, in at most two units: `500 ms`, `95 s`, `8 min`, `1 h 48 min`, `3 d`.
pub fn span_in_words(span: Duration) -> String {
    let (ms, seconds) = (span.as_millis(), span.as_secs());
    match seconds {
        _ if ms % 1000 != 0 && seconds < 10 => format!("{ms} ms"),
        0..=119 => format!("{seconds} s"),
        120..=3599 if seconds % 60 == 0 => format!("{} min", seconds / 60),
        120..=3599 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..=172_799 if seconds % 3600 < 60 => format!("{} h", seconds / 3600),
        3600..=172_799 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for text in ["500ms", "5s", "10m", "1h", "7d", "1500ms", "0s"] {
            assert_eq!(write_span(read_span(text).unwrap()), text);
        }
    }

    #[test]
    fn without_one_clear_unit_it_is_refused() {
        for text in
            ["", "5", "-5s", "5 s", "1.5s", "1m30s", "5sec", "s", "99999999999999999999s", "400d", "٣s"]
        {
            assert!(read_span(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn in_words_it_has_at_most_two_units() {
        let said = [500, 1_000, 95_000, 480_000, 500_000, 3_600_000, 6_480_000, 604_800_000]
            .map(|ms| span_in_words(Duration::from_millis(ms)));
        assert_eq!(said, ["500 ms", "1 s", "95 s", "8 min", "8 min 20 s", "1 h", "1 h 48 min", "7 d"]);
    }
}
