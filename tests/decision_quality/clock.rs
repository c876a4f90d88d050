//! The clock of the benchmark itself. The worlds have none.

use std::time::{Duration, Instant};

/// A watch that was started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch(Instant);

impl Watch {
    /// Starts it.
    #[expect(clippy::disallowed_methods, reason = "a benchmark says how long it took; this is its clock.rs")]
    pub(crate) fn start() -> Watch {
        Watch(Instant::now())
    }

    /// How long ago that was.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
