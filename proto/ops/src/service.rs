//! The word to systemd: ready, reloading, stopping, and the watchdog's sign of life.
//!
//! Where nobody asked for it (`NOTIFY_SOCKET` is not set) nothing is said. A sign of life is no clock's word: it
//! is given when the loop that a service lives by has come round once more, so a loop that stands still in a
//! process that is otherwise well gives none.
//!
//! Kubernetes does not listen, it asks: the same signs are kept for `/livez`.

use std::future::pending;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// What our units let systemd wait for a sign of life (`WatchdogSec`); it counts where nobody says another.
const WITHIN: Duration = Duration::from_secs(30);
/// `/livez` waits so many times longer than a watchdog, with our units as long as a start may take: a disk that
/// stalls and comes back is no reason to begin anew.
const PATIENCE: u32 = 10;

/// The pulse of the loop that a service lives by. Clones feel the same one.
#[derive(Debug, Clone)]
pub struct Pulse {
    asks: mpsc::Sender<oneshot::Sender<()>>,
}

/// The loop's own end of its pulse.
#[derive(Debug)]
pub struct Heart {
    asked: mpsc::Receiver<oneshot::Sender<()>>,
}

/// A pulse to feel, and the heart for the loop.
pub fn pulse() -> (Pulse, Heart) {
    let (asks, asked) = mpsc::channel(1);
    (Pulse { asks }, Heart { asked })
}

impl Pulse {
    /// Comes back when the loop has come round once more, or further in long work; never where it stands still or
    /// has ended.
    pub async fn felt(&self) {
        let (beat, beaten) = oneshot::channel();
        if self.asks.send(beat).await.is_err() || beaten.await.is_err() {
            pending::<()>().await;
        }
    }
}

impl Heart {
    /// For the loop's `select!`: comes back whenever somebody feels the pulse, and has answered then.
    pub async fn beat(&mut self) {
        match self.asked.recv().await {
            Some(asked) => {
                // Whoever asked may have gone.
                let _ = asked.send(());
            }
            None => pending().await,
        }
    }

    /// For work in the middle of a turn that has just come further: answers whoever feels the pulse at this moment, and
    /// waits for nobody.
    pub fn came_further(&mut self) {
        while let Ok(asked) = self.asked.try_recv() {
            // Whoever asked may have gone.
            let _ = asked.send(());
        }
    }
}

/// The signs of life of one loop, for whoever asks and does not listen. Clones look at the same.
#[derive(Debug, Clone)]
pub struct Signs {
    of: &'static str,
    within: Duration,
    last: watch::Sender<Option<Instant>>,
}

impl Signs {
    /// None yet, of the loop that people call so.
    pub fn new(of: &'static str) -> Signs {
        Signs::within(of, sd_notify::watchdog_enabled().unwrap_or(WITHIN))
    }

    /// The same with what a watchdog waits.
    pub(crate) fn within(of: &'static str, within: Duration) -> Signs {
        Signs { of, within, last: watch::Sender::new(None) }
    }

    /// Whether they come. Before the first one the service begins, which is no reason to begin anew.
    ///
    /// # Errors
    /// What stands still, and for how long, in a sentence.
    pub fn come(&self) -> Result<(), String> {
        let last = *self.last.borrow();
        match last {
            Some(last) => judge(self.of, Instant::now().saturating_duration_since(last), self.within),
            None => Ok(()),
        }
    }

    /// One is given now.
    pub(crate) fn given(&self) {
        self.last.send_replace(Some(Instant::now()));
    }
}

/// What it says of a loop that its last sign came so long ago.
fn judge(of: &str, ago: Duration, within: Duration) -> Result<(), String> {
    let longest = within.saturating_mul(PATIENCE);
    if ago <= longest {
        return Ok(());
    }
    let (ago, longest) = (ago.as_secs(), longest.as_secs());
    Err(format!("{of} has stood still for {ago} s, longer than {longest} s: start the process anew"))
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not told");
    }
}

/// The service does its work.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// It reads its configuration again; [`ready`] ends that.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// It ends in good order.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Gives a sign of life twice as often as systemd asks for one, each once `alive` has come back. Where that
/// stands still none is given, and systemd starts the service anew. Where systemd asks for none they are kept alone.
pub async fn watchdog<F: Future<Output = ()>>(kept: &Signs, alive: impl Fn() -> F) {
    let asked = sd_notify::watchdog_enabled().is_some();
    let sign = || {
        kept.given();
        if asked {
            tell(&[NotifyState::Watchdog]);
        }
    };
    signs(kept.within, alive, sign).await;
}

async fn signs<F: Future<Output = ()>>(within: Duration, alive: impl Fn() -> F, sign: impl Fn()) {
    let every = (within / 2).clamp(Duration::from_millis(10), Duration::from_secs(60));
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        alive().await;
        sign();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::sleep;

    use super::*;

    /// A loop that stands still while it is told to, the signs that are given for it to a watchdog of 30 s, and what
    /// is kept of them.
    fn watched() -> (watch::Sender<bool>, tokio::task::JoinHandle<()>, Arc<AtomicUsize>, Signs) {
        let ((pulse, mut heart), stands) = (pulse(), watch::Sender::new(false));
        let mut still = stands.subscribe();
        let turning = tokio::spawn(async move {
            while still.wait_for(|still| !still).await.is_ok() {
                heart.beat().await;
            }
        });
        let (signs_given, kept) = (Arc::new(AtomicUsize::new(0)), Signs::within("the loop", WITHIN));
        let (given, keeps) = (signs_given.clone(), kept.clone());
        tokio::spawn(async move {
            let sign = || {
                given.fetch_add(1, Ordering::Relaxed);
                keeps.given();
            };
            signs(WITHIN, || pulse.felt(), sign).await;
        });
        (stands, turning, signs_given, kept)
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_stands_still_gives_no_sign_of_life_until_it_goes_on() {
        let (stands, _turning, signs, _) = watched();
        sleep(Duration::from_secs(61)).await;
        assert_eq!(signs.load(Ordering::Relaxed), 5, "at once, and then every 15 s");
        stands.send_replace(true);
        sleep(Duration::from_secs(15)).await;
        let last = signs.load(Ordering::Relaxed);
        assert!(last <= 6, "it had begun to come round, once");
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(signs.load(Ordering::Relaxed), last);
        stands.send_replace(false);
        sleep(Duration::from_secs(1)).await;
        let again = signs.load(Ordering::Relaxed);
        assert!(again > last, "it goes on, and so do the signs");
        sleep(Duration::from_secs(60)).await;
        assert_eq!(signs.load(Ordering::Relaxed), again + 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_has_ended_gives_no_sign_of_life() {
        let (_stands, turning, signs, _) = watched();
        sleep(Duration::from_secs(16)).await;
        assert_eq!(signs.load(Ordering::Relaxed), 2);
        turning.abort();
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(signs.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_is_told_of_a_loop_that_stands_still_for_too_long_until_it_goes_on() {
        let (stands, _turning, _, kept) = watched();
        assert_eq!(kept.come(), Ok(()), "it has not begun");
        sleep(Duration::from_secs(61)).await;
        stands.send_replace(true);
        sleep(Duration::from_secs(290)).await;
        assert_eq!(kept.come(), Ok(()), "a disk may stall for that long");
        sleep(Duration::from_secs(60)).await;
        let said = kept.come().expect_err("it stands still");
        assert!(said.starts_with("the loop has stood still for 3"), "{said}");
        stands.send_replace(false);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(kept.come(), Ok(()), "it goes on");
    }

    #[test]
    fn who_asks_waits_ten_times_as_long_as_a_watchdog() {
        let said = |ago_secs| judge("the driver", Duration::from_secs(ago_secs), WITHIN);
        assert_eq!((said(0), said(300)), (Ok(()), Ok(())));
        let why = "the driver has stood still for 301 s, longer than 300 s: start the process anew";
        assert_eq!(said(301), Err(why.to_owned()));
        assert!(judge("the driver", Duration::from_secs(11), Duration::from_secs(1)).is_err());
    }

    #[test]
    fn what_counts_where_nobody_asks_is_what_our_units_ask_for() {
        let line = format!("WatchdogSec={}s", WITHIN.as_secs());
        for unit in [
            include_str!("../../../deploy/systemd/tidelock-agent.service"),
            include_str!("../../../deploy/systemd/tidelock-collector.service"),
        ] {
            assert!(unit.lines().any(|is| is == line), "{line} is not in\n{unit}");
        }
    }
}
