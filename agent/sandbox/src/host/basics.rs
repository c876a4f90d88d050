//! Clocks, chance and talk.

use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use tidelock_model::{Cause, mutated};
use tokio::time::{Instant, sleep_until};

use super::{RunState, World};
use crate::bindings::tidelock::check::host::{Host, Level};
use crate::clock;
use crate::protocol::{LogLevel, LogLine};
use crate::report::clean;

/// The most random bytes in one call.
const MAX_RANDOM_BYTES: u32 = 1024;
/// Log calls after which a run is ended: what is dropped costs time, and nobody means so many.
const MAX_LOG_CALLS: u64 = 16_384;
/// The longest log line; longer ones are cut.
const MAX_LINE_BYTES: usize = 1024;

impl Host for RunState {
    async fn now_unix_ms(&mut self) -> wasmtime::Result<u64> {
        Ok(self.world.as_ref().map_or_else(clock::unix_ms, World::now_unix_ms))
    }

    async fn monotonic_us(&mut self) -> wasmtime::Result<u64> {
        let real = || clock::monotonic_us().saturating_sub(self.started_us);
        Ok(self.world.as_ref().map_or_else(real, World::passed_us))
    }

    async fn random(&mut self, bytes: u32) -> wasmtime::Result<Vec<u8>> {
        if bytes > MAX_RANDOM_BYTES {
            let detail =
                format!("random: {bytes} bytes were asked for, {MAX_RANDOM_BYTES} are allowed in a call");
            return Err(self.stop(Cause::Trap, &detail));
        }
        let mut random = vec![0; usize::try_from(bytes)?];
        match SystemRandom::new().fill(&mut random) {
            Ok(()) => Ok(random),
            Err(_) => Err(self.stop(Cause::Trap, "random: the system gives no random bytes")),
        }
    }

    async fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let message = clean(&self.scrubber.text(message), MAX_LINE_BYTES);
        let length = u64::try_from(message.len())?;
        let lines = u32::try_from(self.facts.log.len())?;
        let many = lines >= self.limits.log_lines && !mutated("a-log-has-its-lines");
        if many || self.facts.log_bytes + length > self.limits.log_bytes {
            self.facts.log_dropped += 1;
            if self.facts.log_dropped > MAX_LOG_CALLS {
                return Err(
                    self.stop(Cause::Output, &format!("more than {MAX_LOG_CALLS} log lines were dropped"))
                );
            }
            return Ok(());
        }
        let level = match level {
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        self.facts.log_bytes += length;
        self.facts.log.push(LogLine { level, message });
        Ok(())
    }

    async fn sleep_ms(&mut self, ms: u32) -> wasmtime::Result<()> {
        self.check_time()?;
        if let Some(world) = &mut self.world {
            world.sleep(ms);
            return self.check_time();
        }
        let wake = Instant::now() + Duration::from_millis(u64::from(ms));
        sleep_until(wake.min(self.deadline)).await;
        // Nothing that is done after the deadline counts, a report least of all.
        self.check_time()
    }
}
