//! Waiting for a state, with a limit and the last thing that was seen.

use std::thread::sleep;
use std::time::Duration;

/// How long a state may take that should come soon.
const SOON: Duration = Duration::from_secs(60);
/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(100);

/// Waits until `look` gives a value. `Err` carries what was seen instead.
///
/// # Panics
/// When the state has not come within a minute: with `what` and the last thing seen.
pub fn eventually<T>(what: &str, look: impl FnMut() -> Result<T, String>) -> T {
    eventually_for(SOON, what, look)
}

/// The same with another limit.
///
/// # Panics
/// When the state has not come in time.
pub fn eventually_for<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let mut looks = limit.as_millis() / LOOK.as_millis();
    loop {
        match look() {
            Ok(value) => return value,
            Err(seen) if looks == 0 => panic!("expected within {limit:?}: {what}; seen last: {seen}"),
            Err(_) => looks -= 1,
        }
        sleep(LOOK);
    }
}
