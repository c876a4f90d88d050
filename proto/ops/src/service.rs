//! The word to systemd: ready, reloading, stopping, and the watchdog's sign of life.
//!
//! Where nobody asked for it (`NOTIFY_SOCKET` is not set) nothing is said.

use std::time::Duration;

use sd_notify::NotifyState;

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

/// Gives a sign of life for as long as it runs, twice as often as systemd asks for one. It is a task like
/// any other: a runtime that stands still gives none, and systemd starts the service anew.
pub async fn watchdog() {
    let Some(within) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    let every = (within / 2).clamp(Duration::from_millis(10), Duration::from_secs(60));
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}
