//! The only place of the agent that reads a clock of the machine.
//!
//! The agent's own time is the wall clock at its start plus what the boot clock has counted since: it
//! goes on over a suspend and never jumps when somebody sets the machine's clock, so that an offset
//! that was measured against it stays true.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use tidelock_model::Timestamp;

/// The agent's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Timestamp,
    boot_at_start: Duration,
}

impl Clock {
    /// Reads the wall clock once.
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
    pub fn start() -> Clock {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let started = Timestamp::from_millis(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX));
        Clock { started, boot_at_start: since_boot() }
    }

    /// Now, in the agent's own time.
    pub fn now(&self) -> Timestamp {
        self.started.plus(since_boot().saturating_sub(self.boot_at_start))
    }
}

/// Time since the machine was booted, suspends included.
pub fn since_boot() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// Names this boot of the machine; empty where the system does not say.
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_default()
        .trim()
        .chars()
        .take(64)
        .collect()
}
