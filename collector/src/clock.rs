//! The only reader of clocks.
//!
//! Collector time is the wall clock at the start, carried on by the boot clock: it goes on during a
//! suspend, never runs back, and a wall clock that jumps cannot make old evidence fresh again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use tidelock_core::ONLINE_FOR;
use tidelock_model::{Timestamp, mutated};

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
        Clock::begin(wall(), boot(), floor)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.at(boot())
    }

    /// How far collector time is ahead of this machine's wall clock now, in milliseconds; negative where it is behind.
    /// What the journal has seen once is not undone, so a wall clock that was wrong at a start is felt until real time
    /// has caught up.
    pub fn ahead_ms(&self) -> i64 {
        ahead(self.now(), wall())
    }

    fn begin(wall: Timestamp, boot: Duration, floor: Timestamp) -> Clock {
        let behind = wall < floor && !mutated("time-outlives-a-restart");
        let base = if behind { floor.plus(AWAY) } else { wall };
        Clock { base, boot_at_base: boot }
    }

    /// The moment at which the boot clock shows this. The wall clock has no say any more.
    fn at(&self, boot: Duration) -> Timestamp {
        self.base.plus(boot.saturating_sub(self.boot_at_base))
    }
}

/// The wall clock, for certificates and tokens: others judge those by theirs.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn ahead(now: Timestamp, wall: Timestamp) -> i64 {
    let ms = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    if now >= wall { ms(now.since(wall)) } else { -ms(wall.since(now)) }
}

fn boot() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const NOON: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    #[test]
    fn time_does_not_fall_behind_what_was_journaled() {
        let ahead = wall().plus(HOUR);
        assert!(Clock::start(ahead).now() >= ahead);
    }

    #[test]
    fn a_wall_clock_that_was_set_back_lets_nothing_seem_fresh() {
        let journaled = wall().plus(HOUR);
        assert!(Clock::start(journaled).now().since(journaled) > ONLINE_FOR);
        for back in [Duration::from_millis(1), HOUR, 1_000_000 * HOUR] {
            let began = Clock::begin(NOON.minus(back), Duration::ZERO, NOON).at(Duration::ZERO);
            assert!(began.since(NOON) > ONLINE_FOR, "{back:?}");
        }
    }

    #[test]
    fn what_the_clock_is_ahead_is_known() {
        let clock = Clock::begin(NOON, Duration::ZERO, NOON.plus(2 * HOUR));
        let away = i64::try_from(AWAY.as_millis()).unwrap();
        assert_eq!(ahead(clock.at(Duration::ZERO), NOON), 2 * 3_600_000 + away);
        assert_eq!(ahead(NOON, NOON.plus(HOUR)), -3_600_000);
        assert!(Clock::start(Timestamp::ZERO).ahead_ms().abs() < 1_000);
    }

    #[test]
    fn a_wall_clock_that_was_set_forward_ages_everything() {
        let clock = Clock::begin(NOON.plus(6 * HOUR), HOUR, NOON);
        assert_eq!(clock.at(HOUR).since(NOON), 6 * HOUR);
        assert_eq!(clock.at(HOUR + Duration::from_secs(1)).since(NOON), 6 * HOUR + Duration::from_secs(1));
    }

    #[test]
    fn a_suspend_counts_and_a_boot_clock_that_stands_or_falls_never_turns_time_back() {
        let clock = Clock::begin(NOON, 3 * HOUR, Timestamp::ZERO);
        // What the boot clock shows, and what time it is: a suspend is a gap in it and no more.
        let shown = [
            (3 * HOUR, Duration::ZERO),
            (3 * HOUR + Duration::from_secs(5), Duration::from_secs(5)),
            (11 * HOUR, 8 * HOUR),
            (2 * HOUR, Duration::ZERO),
            (Duration::ZERO, Duration::ZERO),
        ];
        for (boot, passed) in shown {
            assert_eq!(clock.at(boot), NOON.plus(passed), "boot clock at {boot:?}");
        }
    }

    #[test]
    fn the_boot_clock_is_the_one_that_counts_suspends() {
        // Linux: it is never behind the clock that stands still meanwhile.
        let monotonic = clock_gettime(ClockId::Monotonic);
        assert!(boot() >= Duration::from_secs(u64::try_from(monotonic.tv_sec).unwrap()));
    }
}
