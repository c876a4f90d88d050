//! Who has access is in the journal: given by an operator, taken back, or written into the file by hand.

use std::sync::Arc;
use std::time::Duration;

use tidelock_core::{AccessChange, Ask, Asker};
use tidelock_model::{Name, Timestamp};
use tokio_util::sync::CancellationToken;

use super::Grant;
use super::untold::{Change, Untold};
use crate::driver::{AskError, Driver, View};

/// How long somebody waits for the journal to be replayed.
const REPLAYED_WITHIN: Duration = Duration::from_secs(10);
/// After this, what could not be recorded is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Says so in the journal of each migration that the grant is for, behind whatever somebody did to the same grant by
/// hand before. `ends` is none where it is taken back.
///
/// # Errors
/// It is not in the journal of each of them; what is there already is not said again.
pub(crate) async fn tell(
    (driver, untold): (&Driver, &Untold),
    made: &Grant,
    ends: Option<Timestamp>,
    by: impl Fn(&View) -> Option<Asker>,
) -> Result<(), AskError> {
    replayed(driver).await?;
    let _turn = untold.turn().await;
    while let Some(change) = untold.oldest(Some(&made.id)) {
        say_by_hand(driver, &change).await?;
        untold.said(&change);
    }
    say(driver, made, ends, (by, "")).await?;
    untold.said(&Change { grant: made.clone(), given: ends.is_some() });
    untold.wake();
    Ok(())
}

/// Says what somebody changed in the file, until the end; what cannot be recorded is tried again. What the journal was
/// told by whomever is kept.
pub(crate) async fn by_hand(driver: Driver, untold: Untold, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        let said = stop.run_until_cancelled(async {
            untold.woken().await;
            say_all(&driver, &untold).await;
        });
        let stopped = said.await.is_none();
        let keeps = untold.clone();
        tokio::task::spawn_blocking(move || keeps.keep()).await?;
        if stopped {
            return Ok(());
        }
    }
}

async fn say_all(driver: &Driver, untold: &Untold) {
    while let Some(waits) = untold.oldest(None) {
        if let Err(error) = say_oldest(driver, untold).await {
            tracing::error!(%error, id = %waits.grant.id, "a change of the access file is not in the journal yet");
            tokio::time::sleep(AGAIN).await;
        }
    }
}

async fn say_oldest(driver: &Driver, untold: &Untold) -> Result<(), AskError> {
    replayed(driver).await?;
    let _turn = untold.turn().await;
    // Whoever changed the same grant meanwhile has said it.
    let Some(change) = untold.oldest(None) else { return Ok(()) };
    say_by_hand(driver, &change).await?;
    untold.said(&change);
    Ok(())
}

async fn say_by_hand(driver: &Driver, Change { grant, given }: &Change) -> Result<(), AskError> {
    let ends = given.then_some(grant.expires);
    let why = "somebody changed the collector's access file by hand";
    if say(driver, grant, ends, (|_: &View| None, why)).await? {
        tracing::warn!(subject = %grant.subject, role = grant.role.word(), id = %grant.id, given, "{why}");
    }
    Ok(())
}

async fn replayed(driver: &Driver) -> Result<(), AskError> {
    let ready = tokio::time::timeout(REPLAYED_WITHIN, driver.wait_ready()).await;
    match ready {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(AskError::Unavailable("it replays its journal".to_owned())),
    }
}

/// Whether it is news: some journal did not say so yet, or there is none.
async fn say(
    driver: &Driver,
    made: &Grant,
    ends: Option<Timestamp>,
    (by, reason): (impl Fn(&View) -> Option<Asker>, &str),
) -> Result<bool, AskError> {
    let change = AccessChange {
        grant: made.id.clone(),
        subject: made.subject.clone(),
        role: Name::new(made.role.word()).expect("the words of the roles are names"),
        gate: made.gate,
        everywhere: made.migration.is_none(),
        ends,
        joins: None,
    };
    let concerned = |view: &Arc<View>| made.migration.as_ref().is_none_or(|name| *name == view.migration);
    let views: Vec<Arc<View>> = driver.views().into_iter().filter(concerned).collect();
    let mut news = views.is_empty();
    for view in views {
        let ask = Ask::Access { change: change.clone(), by: by(&view), reason: reason.to_owned() };
        news |= driver.ask(&view.migration, ask).await?.recorded;
    }
    Ok(news)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Access, Role};

    #[test]
    fn what_somebody_writes_into_the_file_is_a_change_and_what_is_issued_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("access.toml");
        let access = Access::open(&file).unwrap();
        let now = Timestamp::from_millis(1_000);
        let issue =
            |name: &str| access.issue(Name::new(name).unwrap(), Role::Viewer, (None, None), None, now);
        let (ana, _) = issue("ana").unwrap();
        let (ben, _) = issue("ben").unwrap();
        assert!(access.reload(|_| true).unwrap().nothing(), "the file is what was issued");
        let text = std::fs::read_to_string(&file).unwrap();
        let at = text.find(&ben.id).unwrap();
        let written = [&text[..at], &text[at..].replace("\"viewer\"", "\"person\"")].concat();
        std::fs::write(&file, &written).unwrap();
        let changed = access.reload(|_| true).unwrap();
        assert_eq!(changed.taken, std::slice::from_ref(&ben));
        let roles: Vec<_> = changed.given.iter().map(|grant| (grant.id.clone(), grant.role)).collect();
        assert_eq!(roles, [(ben.id, Role::Person)]);
        std::fs::write(&file, &written[..written.find("[[grant]]").unwrap()]).unwrap();
        let changed = access.reload(|_| true).unwrap();
        assert_eq!((changed.taken[0].id.as_str(), changed.taken.len()), (ana.id.as_str(), 2));
        assert!(changed.given.is_empty());
    }

    #[test]
    fn grants_that_have_ended_make_room() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("access.toml");
        let row = "[[grant]]\nid = \"ID\"\nsubject = \"ana\"\nrole = \"viewer\"\nissued_unix_ms = 1\n\
                   expires_unix_ms = 2000\nrevoked = false\ntoken_sha256 = \"HASH\"\n";
        let hash = "0".repeat(64);
        let rows: String =
            (0..10_000).map(|n| row.replace("ID", &n.to_string()).replace("HASH", &hash)).collect();
        std::fs::write(&file, rows).unwrap();
        let access = Access::open(&file).unwrap();
        let issue = |ms| {
            let now = Timestamp::from_millis(ms);
            access.issue(Name::new("ben").unwrap(), Role::Viewer, (None, None), None, now)
        };
        assert!(issue(1_000).is_err(), "all of them let in");
        assert!(issue(2_000).is_ok());
        assert_eq!(access.list().len(), 1);
    }
}
