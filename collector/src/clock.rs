//! The only reader of clocks.
//!
//! Collector time is the wall clock at the start, carried on by the boot clock: it goes on during a
//! suspend, never runs back, and a wall clock that jumps cannot make old evidence fresh again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use tidelock_core::ONLINE_FOR;
use tidelock_model::Timestamp;

/// How long the collector was away, where its wall clock cannot tell.
const AWAY: Duration = ONLINE_FOR.saturating_mul(2);

/// Collector time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    base: Timestamp,
    boot_at_base: Duration,
}

impl Clock {
    /// Starts at the wall clock, but not before `floor`: what the journal has seen is not undone. A wall
    /// clock that is behind it does not know how long nobody looked: long enough that no lease is left
    /// and every agent must be heard again.
    pub fn start(floor: Timestamp) -> Clock {
        let wall = wall();
        let base = if wall < floor { floor.plus(AWAY) } else { wall };
        Clock { base, boot_at_base: boot() }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.base.plus(boot().saturating_sub(self.boot_at_base))
    }
}

/// The wall clock, for certificates and tokens: others judge those by theirs.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn boot() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_fall_behind_what_was_journaled() {
        let ahead = wall().plus(Duration::from_secs(3600));
        assert!(Clock::start(ahead).now() >= ahead);
    }

    #[test]
    fn a_wall_clock_that_was_set_back_lets_nothing_seem_fresh() {
        let journaled = wall().plus(Duration::from_secs(3600));
        assert!(Clock::start(journaled).now().since(journaled) > ONLINE_FOR);
    }
}
