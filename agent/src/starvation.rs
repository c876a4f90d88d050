//! Whether the agent itself gets its processor time.
//!
//! An observer that stands still measures itself and not the shop. A ticking task notices how late its
//! own timer was; the system says how long the agent's threads waited for a processor. It ticks fast
//! only while a run is going on, because each tick costs what it is to find: processor time.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::clock;

/// How often the timer ticks while a run is going on,
const TICK: Duration = Duration::from_millis(100);
/// and while none is.
const QUIET_TICK: Duration = Duration::from_secs(1);
/// Over how much time the share is told.
const WINDOW: Duration = Duration::from_secs(3);
/// A stall shorter than this is ordinary.
const ORDINARY_STALL: Duration = Duration::from_millis(250);
/// Stalls are remembered for runs that began so many slots ago.
const SLOTS: usize = 64;
/// How much time one slot holds.
const SLOT: Duration = Duration::from_secs(5);

/// The worst stalls of the last minutes. Clones share them.
#[derive(Debug, Clone)]
pub struct Starvation {
    /// The worst stall of each slot in microseconds, with the slot's number above it.
    slots: Arc<[AtomicU64; SLOTS]>,
    /// Runs that are going on.
    runs: watch::Sender<usize>,
    /// When the timer ticks next, in microseconds since boot. A tick that is overdue is a stall, also
    /// before the ticking task has had its turn.
    due_us: Arc<AtomicU64>,
}

/// A run that is going on, until this is dropped.
#[derive(Debug)]
pub struct Going(watch::Sender<usize>);

impl Drop for Going {
    fn drop(&mut self) {
        self.0.send_modify(|runs| *runs = runs.saturating_sub(1));
    }
}

impl Default for Starvation {
    fn default() -> Starvation {
        Starvation {
            slots: Arc::new(std::array::from_fn(|_| AtomicU64::new(0))),
            runs: watch::Sender::new(0),
            due_us: Arc::new(AtomicU64::new(u64::MAX)),
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The microseconds take the lower 32 bits.
const STALL_BITS: u32 = 32;

impl Starvation {
    /// A run begins: from now on the timer ticks fast.
    pub fn begin(&self, now: Duration) -> Going {
        self.due_us.fetch_min(micros(now.saturating_add(TICK)), Ordering::Relaxed);
        self.runs.send_modify(|runs| *runs += 1);
        Going(self.runs.clone())
    }

    fn note(&self, at: Duration, stall: Duration) {
        let number = slot_of(at);
        let stall = u64::from(u32::try_from(stall.as_micros()).unwrap_or(u32::MAX));
        let slot = &self.slots[usize::try_from(number).unwrap_or(0) % SLOTS];
        let number = number & u64::from(u32::MAX);
        let worst = |known: u64| {
            let new = number << STALL_BITS | stall;
            (known >> STALL_BITS != number || known < new).then_some(new)
        };
        let _ = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, worst);
    }

    /// The worst stall between two moments, in times since boot.
    pub fn worst(&self, from: Duration, to: Duration) -> Duration {
        let (first, last) = (slot_of(from), slot_of(to));
        let first = first.max(last.saturating_sub(SLOTS as u64 - 1));
        let stall = |number: u64| {
            let known = self.slots[usize::try_from(number).unwrap_or(0) % SLOTS].load(Ordering::Relaxed);
            match known >> STALL_BITS == number & u64::from(u32::MAX) {
                true => known & u64::from(u32::MAX),
                false => 0,
            }
        };
        let overdue = micros(to).saturating_sub(self.due_us.load(Ordering::Relaxed));
        Duration::from_micros((first..=last).map(stall).max().unwrap_or(0).max(overdue))
    }

    /// Whether a run between two moments means nothing: the agent stood still for a good part of the
    /// time that the target had to answer in.
    pub fn starved(&self, from: Duration, to: Duration, timeout: Duration) -> bool {
        self.worst(from, to) > (timeout / 4).max(ORDINARY_STALL)
    }

    /// Ticks for ever, and tells the share of time lost in permille.
    pub async fn watch(self, permille: watch::Sender<u32>) {
        let mut runs = self.runs.subscribe();
        let (mut began, mut waited, mut late) = (clock::since_boot(), waited_for_processor(), Duration::ZERO);
        let mut before = began;
        loop {
            let tick = if *runs.borrow_and_update() > 0 { TICK } else { QUIET_TICK };
            self.due_us.store(micros(before.saturating_add(tick)), Ordering::Relaxed);
            tokio::select! {
                () = sleep(tick) => {}
                // The first run begins or the last one ends; what comes between changes no tick.
                _ = runs.wait_for(|runs| (*runs > 0) != (tick == TICK)) => {}
            }
            let now = clock::since_boot();
            let stall = now.saturating_sub(before).saturating_sub(tick);
            self.note(now, stall);
            late += stall.saturating_sub(Duration::from_millis(2));
            before = now;
            let all = now.saturating_sub(began);
            if all >= WINDOW {
                let more = waited_for_processor();
                permille.send_replace(share(late.max(more.saturating_sub(waited)), all));
                (late, began, waited) = (Duration::ZERO, now, more);
            }
        }
    }
}

fn slot_of(at: Duration) -> u64 {
    at.as_secs() / SLOT.as_secs()
}

fn share(part: Duration, whole: Duration) -> u32 {
    let permille = part.as_micros() * 1000 / whole.as_micros().max(1);
    u32::try_from(permille.min(1000)).unwrap_or(1000)
}

/// How long the agent's threads have been runnable without running, as the system counts it; zero
/// where it does not.
fn waited_for_processor() -> Duration {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let waited = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_ascii_whitespace().nth(1)?.parse().ok()
    });
    Duration::from_nanos(waited.fold(0, u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_counts_for_the_runs_that_it_fell_into() {
        let (starvation, at) = (Starvation::default(), Duration::from_secs);
        starvation.note(at(1000), Duration::from_millis(900));
        starvation.note(at(1001), Duration::from_millis(3));
        assert!(starvation.starved(at(999), at(1002), Duration::from_secs(3)));
        assert!(!starvation.starved(at(999), at(1002), Duration::from_secs(5)));
        assert!(!starvation.starved(at(1010), at(1012), Duration::from_secs(1)));
        let long_ago = at(1000 - 5 * 64);
        assert_eq!(starvation.worst(long_ago, long_ago), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_stall_counts_before_the_ticking_task_has_had_its_turn() {
        let starvation = Starvation::default();
        let ticking = tokio::spawn(starvation.clone().watch(watch::Sender::new(0)));
        tokio::task::yield_now().await;
        let began = clock::since_boot();
        let going = starvation.begin(began);
        // The whole runtime stands still: nobody else has a turn before the run looks.
        std::thread::sleep(Duration::from_millis(450));
        let ended = clock::since_boot();
        assert!(starvation.starved(began, ended, Duration::from_secs(1)));
        drop(going);
        sleep(Duration::from_millis(20)).await;
        let later = clock::since_boot();
        assert!(starvation.starved(began, later, Duration::from_secs(1)), "and it is remembered");
        ticking.abort();
    }

    #[test]
    fn the_share_is_bounded() {
        let secs = Duration::from_secs;
        assert_eq!(
            (share(secs(1), secs(2)), share(secs(3), secs(2)), share(secs(0), secs(0))),
            (500, 1000, 0)
        );
    }
}
