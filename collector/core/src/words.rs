//! Durations, numbers and counts as people read them.

use std::time::Duration;

/// Such as `500 ms`, `95 s`, `8 min`, `1 h 48 min`, `3 d`.
pub(crate) fn span(duration: Duration) -> String {
    let (ms, seconds) = (duration.as_millis(), duration.as_secs());
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

/// `1 agent`, `2 agents`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_at_most_two_units() {
        let cases = [
            (500, "500 ms"),
            (1_000, "1 s"),
            (95_000, "95 s"),
            (480_000, "8 min"),
            (500_000, "8 min 20 s"),
            (3_600_000, "1 h"),
            (6_480_000, "1 h 48 min"),
            (604_800_000, "7 d"),
        ];
        for (ms, words) in cases {
            assert_eq!(span(Duration::from_millis(ms)), words);
        }
    }
}
