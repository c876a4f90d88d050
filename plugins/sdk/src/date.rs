//! Dates of HTTP headers, just enough to see that a cookie has ended.

/// Seconds since 1970 of a date such as `Thu, 01 Jan 1970 00:00:00 GMT` (also with dashes).
pub(crate) fn unix_s(text: &str) -> Option<i64> {
    let text = text.rsplit(", ").next()?.replace('-', " ");
    let mut words = text.split_whitespace();
    let day: i64 = words.next()?.parse().ok()?;
    let month = month(words.next()?)?;
    let year: i64 = words.next()?.parse().ok()?;
    let year = if year < 70 {
        year + 2000
    } else if year < 100 {
        year + 1900
    } else {
        year
    };
    let mut time = words.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let (hours, minutes, seconds) = (time.next()??, time.next()??, time.next()??);
    let fits = (1..=31).contains(&day) && (1601..=9999).contains(&year) && hours < 24 && minutes < 60;
    fits.then(|| days(year, month, day) * 86_400 + hours * 3_600 + minutes * 60 + seconds)
}

fn month(word: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let word = word.to_ascii_lowercase();
    MONTHS.iter().zip(1..).find(|(name, _)| word.starts_with(**name)).map(|(_, number)| number)
}

/// Days since 1970 of a date of the Gregorian calendar; the year is taken to begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_both_spellings_are_read() {
        assert_eq!(unix_s("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(unix_s("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(unix_s("Sunday, 06-Nov-94 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(unix_s("Thu, 29 Feb 2024 12:00:00 GMT"), Some(1_709_208_000));
    }

    #[test]
    fn nonsense_is_no_date() {
        for text in
            ["", "soon", "Thu, 99 Jan 1970 00:00:00 GMT", "Thu, 01 Foo 1970 00:00:00 GMT", "01 Jan 1970"]
        {
            assert_eq!(unix_s(text), None, "{text}");
        }
    }
}
