//! The only place of the demo that reads the clock.

use std::time::SystemTime;

/// Milliseconds since 1970, the form in which the shops keep every time.
#[expect(clippy::disallowed_methods, reason = "this is the clock of the demo's processes")]
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
