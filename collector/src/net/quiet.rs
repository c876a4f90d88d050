//! Ends a connection of which nothing is heard.
//!
//! A handshake is cheap for whoever makes it, and a connection holds a place. So one that has not begun
//! to speak soon after its handshake is closed, and so is one that falls silent for longer than the
//! longest wait that this collector offers. Peers on HTTP/2 answer pings, so only dead ones fall silent.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tidelock_model::mutated;
use tokio::time::{Instant, Sleep};

/// What begins every conversation has at least so many bytes: the preface of HTTP/2.
const OPENING_BYTES: usize = 24;
/// They are here so soon after the handshake.
const OPENING: Duration = Duration::from_secs(10);
/// The longest silence; a request over HTTP/1 may wait for 60 s for its answer.
const SILENCE: Duration = Duration::from_secs(120);

/// Watches one connection.
#[derive(Debug)]
pub(super) struct Quiet {
    timer: Pin<Box<Sleep>>,
    heard: usize,
    last: Instant,
}

impl Quiet {
    /// From the end of the handshake on.
    pub(super) fn new() -> Quiet {
        let now = Instant::now();
        Quiet { timer: Box::pin(tokio::time::sleep_until(now + OPENING)), heard: 0, last: now }
    }

    /// Bytes have come.
    pub(super) fn heard(&mut self, bytes: usize) {
        self.heard = self.heard.saturating_add(bytes);
        self.last = Instant::now();
    }

    /// Ready when the connection has been silent for too long.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // The timer is set seldom: every byte that comes would otherwise move it.
        while self.timer.as_mut().poll(cx).is_ready() {
            match self.until(Instant::now()) {
                Some(later) => self.timer.as_mut().reset(later),
                None => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    /// How long it may stay, now that the timer is over; none when it may not.
    fn until(&self, now: Instant) -> Option<Instant> {
        let begun = self.heard >= OPENING_BYTES || mutated("first-words-have-a-limit");
        let last = if mutated("silence-ends-a-connection") { now } else { self.last };
        let ends = last + SILENCE;
        (begun && now < ends).then_some(ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_does_not_begin_to_speak_is_let_go_when_the_timer_is_over() {
        let mut quiet = Quiet::new();
        let begun = quiet.last;
        assert_eq!(quiet.timer.deadline(), begun + OPENING);
        assert_eq!(quiet.until(begun + OPENING), None, "it said nothing");
        quiet.heard(OPENING_BYTES - 1);
        assert_eq!(quiet.until(quiet.last), None, "it says its opening a byte at a time");
    }

    #[tokio::test]
    async fn who_speaks_stays_and_who_falls_silent_does_not() {
        let mut quiet = Quiet::new();
        quiet.heard(OPENING_BYTES);
        assert_eq!(quiet.until(quiet.last + OPENING), Some(quiet.last + SILENCE));
        let later = quiet.last + SILENCE;
        quiet.heard(1);
        assert_eq!(quiet.until(later - Duration::from_millis(1)), Some(quiet.last + SILENCE));
        assert_eq!(quiet.until(quiet.last + SILENCE), None);
    }
}
