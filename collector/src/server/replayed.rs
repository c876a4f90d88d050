//! What the journal makes of a collector that starts: the fold, the index, and what each agent sent already.

use std::cell::RefCell;
use std::sync::Arc;

use anyhow::Context as _;
use tidelock_core::record::Observation;

use crate::fold::{Fold, Heard, replay_heard};
use crate::ingest::Sessions;
use crate::journal::{Entry, Position, Store, Stored};
use crate::lookup::{CatchUp, Lookup};
use crate::records::{Decision, Received, Seen};

/// Folds the journal, and brings the index up to it on the way. Gives back the index where it could be.
pub(super) fn replayed(
    store: &dyn Store,
    sessions: &Sessions,
    index: Option<Lookup>,
) -> anyhow::Result<(Fold, Option<Lookup>)> {
    let first = Position::new(1);
    let up_to = store.heads().findings;
    let kept = |next: &Result<Stored, _>| match next {
        Ok(stored) => stored.position <= up_to,
        Err(_) => true,
    };
    let findings = store.read_findings(store.oldest_findings()).take_while(kept);
    // Two hands on one thing: the fold calls them in turn, never at once.
    let catch_up = RefCell::new(index.as_ref().map(Lookup::catch_up));
    let prepare = |heard: &Heard| index.as_ref().and_then(|index| index.prepare(heard));
    let heard = |heard: &Heard, prepared: &Option<Arc<Vec<Entry>>>| {
        remember(sessions, &heard.seen, heard.received.as_ref());
        if let Some(catch_up) = catch_up.borrow_mut().as_mut() {
            catch_up.seen(heard.position, prepared.as_ref());
        }
    };
    let decided = |_: &Fold, position: Position, decision: &Decision| {
        if let Some(catch_up) = catch_up.borrow_mut().as_mut() {
            catch_up.decided(position, decision);
        }
    };
    let fold = replay_heard(findings, store.read_decisions(first), prepare, heard, decided)
        .context("fold the journal; `tidelock-collector journal verify` says more")?;
    let caught_up = catch_up.into_inner().is_some_and(CatchUp::end);
    if index.is_some() && !caught_up {
        tracing::error!("there is no index; old events are not listed");
    }
    Ok((fold, index.filter(|_| caught_up)))
}

/// What an agent sent before is known again when it comes again.
fn remember(sessions: &Sessions, seen: &Seen, received: Option<&Received>) {
    if let (Some(migration), Observation::Findings(batch)) = (&seen.migration, &seen.observation) {
        let window = sessions.window(migration, &batch.agent);
        let mut window = window.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        window.take(
            batch.spool_epoch,
            batch.first_seq,
            batch.last_seq(),
            received.map_or(&[], Received::hashes),
        );
    }
}
