//! Folds the journal anew where somebody else decided, and lives meanwhile.
//!
//! A long journal takes minutes, and whoever watches over the driver waits half a minute for a sign of life. So each
//! piece of the journal that has been folded is one: work that goes on is no reason to begin anew, and work that
//! hangs gives none.

use std::cell::Cell;
use std::pin::pin;

use tidelock_ops::service::Heart;
use tokio::sync::watch;

use super::{Stopped, Task};
use crate::fold::{Fold, ReplayError, replay_heard};
use crate::journal::{Position, ReadError, Store, Stored};

/// So many records are a piece: far less than a second of work.
const A_PIECE: u64 = 1024;

impl Task {
    /// Believes what the journal says, up to the last thing seen that was believed before.
    pub(super) async fn fold_anew(&mut self) -> Result<(), Stopped> {
        let (store, up_to) = (self.store.clone(), self.fold.position);
        let (further, mut pieces) = watch::channel(());
        let folding =
            tokio::task::spawn_blocking(move || folded(&*store, up_to, || further.send_replace(())));
        let folded = alive(&mut self.heart, &mut pieces, folding).await;
        let folded = folded.map_err(|error| Stopped(error.to_string()))?;
        self.fold = folded.map_err(|error| Stopped(error.to_string()))?;
        Ok(())
    }
}

/// Folds what was seen up to here, and all decisions. `further` hears of each piece.
fn folded(store: &dyn Store, up_to: Position, further: impl Fn()) -> Result<Fold, ReplayError> {
    let kept = |next: &Result<Stored, ReadError>| match next {
        Ok(stored) => stored.position <= up_to,
        Err(_) => true,
    };
    let count = Cell::new(0_u64);
    let one_more = || {
        count.set(count.get() + 1);
        if count.get().is_multiple_of(A_PIECE) {
            further();
        }
    };
    let findings = store.read_findings(store.oldest_findings()).take_while(kept);
    let decisions = store.read_decisions(Position::new(1));
    replay_heard(findings, decisions, |_| (), |_, &()| one_more(), |_, _, _| one_more())
}

/// Waits for the work, and gives a sign of life for each piece of it that is done.
async fn alive<T>(heart: &mut Heart, pieces: &mut watch::Receiver<()>, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            // Once nobody counts them any more, the work is about to end.
            Ok(()) = pieces.changed() => heart.came_further(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tidelock_core::record::Observation;
    use tidelock_ops::service;
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;
    use crate::journal::{MemoryJournal, Record};
    use crate::records::{FINDING_KIND, Seen, seen_to_bytes};

    const SOON: Duration = Duration::from_secs(10);
    const NOT_YET: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn work_that_goes_on_gives_signs_of_life_and_work_that_hangs_gives_none() {
        let (pulse, mut heart) = service::pulse();
        let (further, mut pieces) = watch::channel(());
        let (end, ended) = oneshot::channel();
        let working = tokio::spawn(async move { alive(&mut heart, &mut pieces, ended).await });
        for _ in 0..3 {
            let mut felt = pin!(pulse.felt());
            assert!(timeout(NOT_YET, &mut felt).await.is_err(), "a sign without a piece");
            further.send_replace(());
            timeout(SOON, felt).await.expect("a piece is a sign");
        }
        drop(further);
        end.send("done").expect("it waits");
        assert_eq!(working.await.expect("it ends"), Ok("done"));
    }

    #[tokio::test]
    async fn a_fold_tells_of_each_piece_of_the_journal() {
        let journal = MemoryJournal::new([7; 16]);
        let tick = Seen { migration: None, observation: Observation::Tick, boot_id: String::new() };
        let body = seen_to_bytes(&tick);
        for at_unix_ms in 1..=3 * A_PIECE {
            let record = Record { kind: FINDING_KIND, at_unix_ms, body: body.clone() };
            journal.append_findings(record).await.expect("there is room");
        }
        let (up_to, pieces) = (Position::new(2 * A_PIECE + 5), Cell::new(0));
        let fold = folded(&journal, up_to, || pieces.set(pieces.get() + 1)).expect("it is whole");
        assert_eq!((fold.position, pieces.get()), (up_to, 2));
    }
}
