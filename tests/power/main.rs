//! The power goes away: whatever was acknowledged is there afterwards, in the journal and in the spool.
//!
//! With root and loop devices a file system of its own is lost for real: the writer is killed, and the
//! image is copied at once, without what only the page cache held. Only where nobody is root, or there is no
//! `/dev/loop-control`, that is left out; where both are there, a device that cannot be had is a failure.
//! Both harnesses are checked against themselves: a writer that does not sync must lose something, or the
//! test proves nothing. Everywhere, the writes between two syncs are recorded and lost in every order that a
//! disk may choose, and so are the files that nobody ever synced.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests, outside of a test function")]

mod journal;
mod loss;
mod shadow;
mod spool;

/// How often the power goes away; `make torture` asks for more.
fn losses() -> usize {
    std::env::var("TIDELOCK_POWER_LOSSES").ok().and_then(|count| count.parse().ok()).unwrap_or(20)
}

/// The same numbers again for the same seed, which is printed.
struct Chance(u64);

impl Chance {
    fn new() -> Chance {
        let seed = std::env::var("TIDELOCK_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
        println!("TIDELOCK_SEED={seed}");
        Chance(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}
