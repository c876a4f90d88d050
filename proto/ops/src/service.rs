//! The word to systemd: ready, reloading, stopping, and the watchdog's sign of life.
//!
//! Where nobody asked for it (`NOTIFY_SOCKET` is not set) nothing is said. A sign of life is no clock's word: it
//! is given when the loop that a service lives by has come round once more, so a loop that stands still in a
//! process that is otherwise well gives none.

use std::future::pending;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::{mpsc, oneshot};

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
    /// Comes back when the loop has come round once more; never where it stands still or has ended.
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
/// stands still none is given, and systemd starts the service anew.
pub async fn watchdog<F: Future<Output = ()>>(alive: impl Fn() -> F) {
    let Some(within) = sd_notify::watchdog_enabled() else { return pending().await };
    signs(within, alive, || tell(&[NotifyState::Watchdog])).await;
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

    use tokio::sync::watch;
    use tokio::time::sleep;

    use super::*;

    /// A loop that stands still while it is told to, and the signs that are given for it to a watchdog of 30 s.
    fn watched() -> (watch::Sender<bool>, tokio::task::JoinHandle<()>, Arc<AtomicUsize>) {
        let ((pulse, mut heart), stands) = (pulse(), watch::Sender::new(false));
        let mut still = stands.subscribe();
        let turning = tokio::spawn(async move {
            while still.wait_for(|still| !still).await.is_ok() {
                heart.beat().await;
            }
        });
        let signs_given = Arc::new(AtomicUsize::new(0));
        let given = signs_given.clone();
        tokio::spawn(async move {
            let sign = || {
                given.fetch_add(1, Ordering::Relaxed);
            };
            signs(Duration::from_secs(30), || pulse.felt(), sign).await;
        });
        (stands, turning, signs_given)
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_stands_still_gives_no_sign_of_life_until_it_goes_on() {
        let (stands, _turning, signs) = watched();
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
        let (_stands, turning, signs) = watched();
        sleep(Duration::from_secs(16)).await;
        assert_eq!(signs.load(Ordering::Relaxed), 2);
        turning.abort();
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(signs.load(Ordering::Relaxed), 2);
    }
}
