//! Durations, numbers and counts as people read them.

use tidelock_model::Timestamp;

pub(crate) use tidelock_model::span_in_words as span;

/// `1 agent`, `2 agents`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A number with its thousands apart: `1,204`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// The time of day, such as `14:07 UTC`.
pub(crate) fn clock(at: Timestamp) -> String {
    let minutes = at.as_millis() / 60_000 % 1_440;
    format!("{:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// The day and the time of day, such as `2026-11-22 14:07 UTC`.
pub(crate) fn date(at: Timestamp) -> String {
    // Days are counted from the first of March of year 0, so that the leap day is the last of its year.
    let days = at.as_millis() / 86_400_000 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02} {}", year + era * 400 + next, clock(at))
}

/// The same to the second, such as `2026-11-22 14:07:03 UTC`, for what lasted less than a minute.
pub(crate) fn second(at: Timestamp) -> String {
    date(at).replace(" UTC", &format!(":{:02} UTC", at.as_millis() / 1000 % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_with_its_day() {
        let cases = [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_800_000_000, "2027-01-15 08:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59 UTC"),
        ];
        for (seconds, words) in cases {
            assert_eq!(date(Timestamp::from_millis(seconds * 1_000)), words);
            let to_the_second = second(Timestamp::from_millis(seconds * 1_000));
            assert_eq!(to_the_second, words.replace(" UTC", &format!(":{:02} UTC", seconds % 60)));
        }
        assert_eq!(
            (grouped(7), grouped(1_204), grouped(1_000_000)),
            ("7".into(), "1,204".into(), "1,000,000".into())
        );
    }
}
