//! Findings of migrations that are over go after their time; what was decided stays for ever.
//!
//! An open migration needs all of its findings: a start folds them, and its evidence is proved from
//! them. So only whole segments go, from before the beginning of everything that is open or was not
//! over for long enough. A migration counts as over only if its decisions alone, folded without one
//! finding, come to the same end, and account for what its findings told: that is how every later start
//! will read it, and what its report will rest on.

use std::collections::BTreeSet;
use std::time::Duration;

use tidelock_model::{Name, Phase, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::driver::Driver;
use crate::fold::replay;
use crate::journal::{Journal, Position, Store as _};

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(3600);

/// Looks once after the start and then every hour, until `stop`.
pub(crate) async fn run(
    journal: Journal,
    driver: Driver,
    clock: Clock,
    keep: Duration,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    tokio::select! {
        ready = driver.wait_ready() => if !ready { return Ok(()) },
        () = stop.cancelled() => return Ok(()),
    }
    loop {
        let ended = |phase: Phase| match phase {
            Phase::Retired | Phase::RolledBack | Phase::Aborted => true,
            Phase::Prepare | Phase::Sync | Phase::Ready | Phase::Cutover => false,
            Phase::Watch | Phase::Committed | Phase::RollingBack => false,
        };
        let now = clock.now();
        let past = driver
            .views()
            .into_iter()
            .filter(|view| ended(view.phase) && now.since(view.phase_since) >= keep);
        let past: Vec<(Name, Phase)> = past.map(|view| (view.migration.clone(), view.phase)).collect();
        if !past.is_empty() {
            drop_past(&journal, past, now).await;
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn drop_past(journal: &Journal, past: Vec<(Name, Phase)>, now: Timestamp) {
    let reading = journal.clone();
    let over = tokio::task::spawn_blocking(move || over(&reading, past, now)).await;
    let over = match over.map_err(|error| error.to_string()).and_then(|over| over) {
        Ok(over) if over.is_empty() => return,
        Ok(over) => over,
        Err(why) => {
            tracing::error!(why, "old findings are kept");
            return;
        }
    };
    let needed = journal.begins().into_iter().filter(|(name, _)| !over.contains(name));
    let before = needed.map(|(_, begin)| begin.next()).min().unwrap_or(journal.heads().findings.next());
    match journal.drop_findings_of(&over, before).await {
        Ok(dropped) if dropped.segments == 0 => {}
        Ok(dropped) => {
            let (segments, bytes, oldest) = (dropped.segments, dropped.bytes, dropped.oldest);
            tracing::info!(segments, bytes, %oldest, "findings of migrations that are over were dropped");
        }
        Err(error) => tracing::error!(%error, "old findings are kept"),
    }
}

/// Those of them that stay at their end when only their decisions are read.
fn over(journal: &Journal, past: Vec<(Name, Phase)>, now: Timestamp) -> Result<BTreeSet<Name>, String> {
    let decisions = journal.read_decisions(Position::new(1));
    let fold = replay(std::iter::empty(), decisions, |_, _, _| {}).map_err(|error| error.to_string())?;
    let oldest = journal.oldest_findings();
    let begins = journal.begins();
    // An earlier release dropped some of it already: there is nothing left to account for.
    let lacks = |name: &Name| begins.get(name).is_some_and(|begin| begin.next() < oldest);
    let stays = |(name, phase): &(Name, Phase)| {
        let core = fold.migrations.get(name).map(|folding| &folding.core);
        core.is_some_and(|core| {
            let same = core.phase() == *phase && core.weigh(now).is_empty();
            same && (core.is_accounted_for() || lacks(name))
        })
    };
    Ok(past.into_iter().filter(stays).map(|(name, _)| name).collect())
}
