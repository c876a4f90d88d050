//! What a request that nobody should make may cost the collector: at most 100 times its sender's work, a bounded
//! piece of memory, and never its life.

use tidelock_tests::{World, cpu_ms, peak_bytes, resident_bytes};

/// The rule: no request costs more than so many times its sender's effort.
const EFFORT: u64 = 100;
/// The clocks of the system count in 10 ms, and nothing is measured with fewer of them.
const TICK_MS: u64 = 10;
/// A case is said again until its sender has worked for so long,
const WORTH_MS: u64 = 2 * TICK_MS;
/// but not more often than this.
const MOST: usize = 40;

/// The rule, for the work of both sides.
fn paid(what: &str, theirs_ms: u64, ours_ms: u64) {
    let allowed = EFFORT * ours_ms.max(TICK_MS);
    assert!(theirs_ms <= allowed, "{what}: {theirs_ms} ms of work for {ours_ms} ms of its sender's");
}

/// What the collector and this process have worked so far.
fn worked_ms(collector: u32) -> (u64, u64) {
    (cpu_ms(collector), cpu_ms(std::process::id()))
}

/// The collector of a world, while it is told what nobody should say.
pub(crate) struct Costs {
    pid: u32,
    before: [u64; 2],
    /// What all of it may add to its memory for good, and for a moment.
    may_grow: [u64; 2],
}

impl Costs {
    /// From now on. The bounds are in bytes: for good, and for a moment.
    pub(crate) fn of(world: &World, may_grow: [u64; 2]) -> Costs {
        let pid = world.collector.as_ref().expect("it runs").pid();
        let before = [resident_bytes(pid), peak_bytes(pid)].map(|bytes| bytes.expect("it runs"));
        Costs { pid, before, may_grow }
    }

    /// Says something so often that its work can be measured, and compares that with the collector's.
    pub(crate) async fn weigh(&self, what: &str, mut say: impl AsyncFnMut()) {
        let before = worked_ms(self.pid);
        let mut ours = 0;
        for _ in 0..MOST {
            say().await;
            ours = worked_ms(self.pid).1.saturating_sub(before.1);
            if ours >= WORTH_MS {
                break;
            }
        }
        paid(what, worked_ms(self.pid).0.saturating_sub(before.0), ours);
    }

    /// The same for something that is said once.
    pub(crate) async fn weigh_once<T>(&self, what: &str, said: impl Future<Output = T>) -> T {
        let before = worked_ms(self.pid);
        let heard = said.await;
        let after = worked_ms(self.pid);
        paid(what, after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
        heard
    }

    /// It lives, nothing in it broke down, it answers an honest client, no gate opened, and its memory is bounded.
    pub(crate) fn is_well(&self, world: &mut World, after: &str) {
        let collector = world.collector.as_mut().expect("it was started");
        assert!(collector.ended().is_none(), "the collector did not survive: {after}");
        let log = collector.log();
        let broken = log.lines().find(|line| line.contains("panicked"));
        assert_eq!(broken, None, "{after}: something in the collector broke down");
        let gate = world.operator.run(&["gate", "check", "ready", "-o", "json"]);
        assert_eq!(gate.json()["open"], false, "{after}: {}{}", gate.out, gate.err);
        let now = [resident_bytes(self.pid), peak_bytes(self.pid)].map(|bytes| bytes.expect("it runs"));
        for (what, at) in [("for good", 0), ("for a moment", 1)] {
            let (grown, may) = (now[at].saturating_sub(self.before[at]), self.may_grow[at]);
            assert!(grown <= may, "{after}: the collector grew {what} by {} KiB", grown / 1024);
        }
    }
}
