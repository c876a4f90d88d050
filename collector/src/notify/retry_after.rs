//! When a receiver wants to be asked again: seconds, or a date.

use std::time::Duration;

use tidelock_model::Timestamp;

/// Reads a `Retry-After`. What makes no sense is none.
pub(super) fn read(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?;
    let ms = u64::try_from(at.timestamp().as_millisecond()).ok()?;
    Some(Timestamp::from_millis(ms).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_the_rest_is_none() {
        let now = Timestamp::from_millis(784_111_767_000);
        assert_eq!(read(" 120 ", now), Some(Duration::from_secs(120)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!((read("-1", now), read("soon", now), read("", now)), (None, None, None));
    }
}
