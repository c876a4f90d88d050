//! The one place of the end-to-end tests that reads a clock.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Now, for the question how long something took.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn started() -> Instant {
    Instant::now()
}
