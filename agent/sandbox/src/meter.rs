//! Counts the processor time of one run exactly, by the thread that polls it.
//!
//! Counting epochs alone would charge a run for time that it spent waiting or that others used: the
//! epoch says when to look, this says what was used.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock;

/// The processor time of one run.
#[derive(Debug, Default, Clone)]
pub(crate) struct Meter(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    used_ns: AtomicU64,
    entered_ns: AtomicU64,
}

impl Meter {
    /// Nanoseconds used, counting the poll that is going on. Call it from the polling thread.
    pub(crate) fn now_ns(&self) -> u64 {
        let entered = self.0.entered_ns.load(Ordering::Relaxed);
        self.used_ns().saturating_add(clock::thread_cpu_ns().saturating_sub(entered))
    }

    /// Nanoseconds used by the polls that are over.
    pub(crate) fn used_ns(&self) -> u64 {
        self.0.used_ns.load(Ordering::Relaxed)
    }

    /// Drives `work` and counts what it uses.
    pub(crate) async fn drive<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| {
            let before = clock::thread_cpu_ns();
            self.0.entered_ns.store(before, Ordering::Relaxed);
            let polled = work.as_mut().poll(context);
            let spent = clock::thread_cpu_ns().saturating_sub(before);
            self.0.used_ns.fetch_add(spent, Ordering::Relaxed);
            polled
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn waiting_is_free_and_working_is_not() {
        let meter = Meter::default();
        meter.drive(tokio::time::sleep(Duration::from_millis(60))).await;
        assert!(meter.used_ns() < 50_000_000, "waiting cost {} ns", meter.used_ns());
        let before = meter.used_ns();
        meter
            .drive(async {
                while meter.now_ns() < before + 5_000_000 {
                    std::hint::spin_loop();
                }
            })
            .await;
        assert!(meter.used_ns() >= before + 5_000_000);
    }
}
