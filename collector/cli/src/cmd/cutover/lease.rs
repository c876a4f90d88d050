//! The operator's lease: renewed by a task of its own, so that neither a slow command nor a question
//! on the screen lets it run out. Once it is lost nothing more is begun.

use std::time::Duration;

use tidelock_proto::{json, v1};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tonic::Status;

use crate::client::{Client, clean, passes};

/// How often it is renewed.
const EVERY: Duration = Duration::from_secs(5);
/// How long one renewal may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long before the collector's end it is called lost here: what runs is killed within that time, so that it
/// cannot come to its effect under the next operator.
const MARGIN: Duration = Duration::from_secs(3);
/// How soon a renewal that was not answered is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// The task that renews it, and what it knows.
pub(super) struct Lease {
    lost: watch::Receiver<Option<Lost>>,
    task: JoinHandle<()>,
}

/// Why it is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) why: String,
    /// The collector did not answer; nobody refused anything.
    pub(super) unanswered: bool,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Lease {
    /// Renews the lease of this run from here on.
    pub(super) fn keep(client: &Client, run: &v1::Run) -> Lease {
        let (tell, lost) = watch::channel(None);
        let request =
            v1::RenewRunRequest { migration: run.migration.clone(), run: run.run, lease: run.lease };
        let client = client.clone();
        let life = life(run);
        let task = tokio::spawn(async move {
            let renew = || {
                let (client, request) = (client.clone(), request.clone());
                async move { client.runs().renew_run(request).await.map(|_| ()) }
            };
            tell.send_replace(Some(renewed_until_lost(life, renew).await));
        });
        Lease { lost, task }
    }

    /// Why it is lost, once it is.
    pub(super) fn lost(&self) -> Option<Lost> {
        self.lost.borrow().clone()
    }

    /// Waits until it is lost.
    pub(super) async fn until_lost(&self) {
        let mut lost = self.lost.clone();
        if lost.wait_for(Option::is_some).await.is_err() {
            // The task ended without a word, which it does only when it is given up.
            std::future::pending::<()>().await;
        }
    }
}

/// How long a renewal is worth, as the collector's two times say.
fn life(run: &v1::Run) -> Duration {
    let ms =
        json::unix_ms(run.lease_until_time.as_ref()).saturating_sub(json::unix_ms(run.as_of_time.as_ref()));
    // Never longer than the collector's own word, whatever the picture's age makes of it.
    Duration::from_millis(ms).clamp(Duration::from_secs(1), tidelock_core::RUN_LEASE)
}

async fn renewed_until_lost<R>(life: Duration, renew: impl Fn() -> R) -> Lost
where
    R: Future<Output = Result<(), Status>>,
{
    let mut ends = Instant::now() + mine(life);
    let mut pause = EVERY.min(life / 3);
    loop {
        sleep(pause.min(left(ends))).await;
        let sent = Instant::now();
        let answer = match left(ends) {
            Duration::ZERO => None,
            // An answer that comes after the end is no answer.
            left => timeout(PATIENCE.min(left), renew()).await.ok(),
        };
        match answer {
            Some(Ok(())) => {
                ends = sent + mine(tidelock_core::RUN_LEASE);
                pause = EVERY;
            }
            Some(Err(status)) if !passes(&status) => {
                return Lost { why: clean(status.message()), unanswered: false };
            }
            Some(Err(_)) | None if left(ends).is_zero() => {
                let why = "the collector did not answer until the lease was all but over".to_owned();
                return Lost { why, unanswered: true };
            }
            Some(Err(_)) | None => pause = AGAIN,
        }
    }
}

/// As much of a lease as is believed in here. Of one that is nearly over most is kept, or it could never be renewed.
fn mine(life: Duration) -> Duration {
    life - MARGIN.min(life / 3)
}

fn left(ends: Instant) -> Duration {
    ends.saturating_duration_since(Instant::now())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_renewed_every_five_seconds_and_a_refusal_ends_it() {
        let asked = AtomicUsize::new(0);
        let begun = Instant::now();
        let lost = renewed_until_lost(tidelock_core::RUN_LEASE, || async {
            match asked.fetch_add(1, Ordering::Relaxed) {
                0..=2 => Ok(()),
                _ => Err(Status::failed_precondition("ben holds it")),
            }
        });
        assert_eq!(lost.await, Lost { why: "ben holds it".to_owned(), unanswered: false });
        assert_eq!(begun.elapsed(), Duration::from_secs(20));
    }

    #[tokio::test(start_paused = true)]
    async fn a_collector_that_is_back_in_time_loses_nothing() {
        let asked = AtomicUsize::new(0);
        let renew = || async {
            match asked.fetch_add(1, Ordering::Relaxed) {
                3..=8 => Err(Status::unavailable("restarting")),
                _ => Ok(()),
            }
        };
        let lost = renewed_until_lost(tidelock_core::RUN_LEASE, renew);
        assert!(timeout(Duration::from_secs(120), lost).await.is_err(), "it was given up");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_it_while_there_is_still_time_to_kill_what_runs() {
        let begun = Instant::now();
        let lost = renewed_until_lost(tidelock_core::RUN_LEASE, || async {
            std::future::pending::<()>().await;
            Ok(())
        });
        assert!(lost.await.unanswered);
        let took = begun.elapsed();
        let wanted = tidelock_core::RUN_LEASE - MARGIN;
        assert!(took >= wanted && took <= wanted + Duration::from_millis(10), "{took:?}");
        assert!(MARGIN > super::super::keep::GRACE, "a killed command may take as long as its grace");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_would_come_too_late_is_not_waited_for() {
        let asked = AtomicUsize::new(0);
        let begun = Instant::now();
        let renew = || async {
            // The last one is answered, but after the end.
            let slow = if asked.fetch_add(1, Ordering::Relaxed) < 1 { 2_900 } else { 60_000 };
            sleep(Duration::from_millis(slow)).await;
            Err(Status::unavailable("restarting"))
        };
        assert!(renewed_until_lost(tidelock_core::RUN_LEASE, renew).await.unanswered);
        assert!(begun.elapsed() <= tidelock_core::RUN_LEASE - MARGIN + Duration::from_millis(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_nearly_over_is_renewed_before_its_end() {
        let asked = AtomicUsize::new(0);
        let renew = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let lost = renewed_until_lost(Duration::from_secs(1), renew);
        assert!(timeout(Duration::from_secs(60), lost).await.is_err(), "it was given up");
        assert!(asked.load(Ordering::Relaxed) >= 11);
    }
}
