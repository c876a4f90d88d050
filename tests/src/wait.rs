//! Waiting for a state, with a limit and the last thing that was seen.

use std::thread::sleep;
use std::time::Duration;

use crate::clock::started;

/// How long a state may take that should come soon.
const SOON: Duration = Duration::from_secs(60);
/// The least and the most time between two looks.
const PAUSE: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(400)];
/// A look is often a process of its own, and the processors belong to what is waited for: the pause after a look is so
/// many times as long as the look was.
const PAUSE_PER_LOOK: u32 = 6;

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
    // Pauses alone count, so that a busy machine gets the time that its looks take on top.
    let mut waited = Duration::ZERO;
    loop {
        let begun = started();
        let pause = match look() {
            Ok(value) => return value,
            Err(seen) if waited >= limit => panic!("expected within {limit:?}: {what}; seen last: {seen}"),
            Err(_) => (begun.elapsed() * PAUSE_PER_LOOK).clamp(PAUSE[0], PAUSE[1]),
        };
        sleep(pause);
        waited += pause;
    }
}
