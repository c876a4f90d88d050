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

/// Says so in the journal of each migration that the grant is for. `ends` is none where it is taken back.
///
/// # Errors
/// It is not in the journal of each of them; what is there already is not said again.
pub(crate) async fn tell(
    driver: &Driver,
    made: &Grant,
    ends: Option<Timestamp>,
    (by, reason): (impl Fn(&View) -> Option<Asker>, &str),
) -> Result<(), AskError> {
    let ready = tokio::time::timeout(REPLAYED_WITHIN, driver.wait_ready()).await;
    if !ready.unwrap_or(false) {
        return Err(AskError::Unavailable("it replays its journal".to_owned()));
    }
    let change = AccessChange {
        grant: made.id.clone(),
        subject: made.subject.clone(),
        role: Name::new(made.role.word()).expect("the words of the roles are names"),
        gate: made.gate,
        everywhere: made.migration.is_none(),
        ends,
    };
    let concerned = |view: &Arc<View>| made.migration.as_ref().is_none_or(|name| *name == view.migration);
    for view in driver.views().into_iter().filter(concerned) {
        let ask = Ask::Access { change: change.clone(), by: by(&view), reason: reason.to_owned() };
        driver.ask(&view.migration, ask).await?;
    }
    Ok(())
}

/// Says what somebody changed in the file, until the end; what cannot be recorded is tried again.
pub(crate) async fn by_hand(driver: Driver, untold: Untold, stop: CancellationToken) -> anyhow::Result<()> {
    while let Some(Change { grant, given }) = stop.run_until_cancelled(untold.oldest()).await {
        let ends = given.then_some(grant.expires);
        let why = "somebody changed the collector's access file by hand";
        tracing::warn!(subject = %grant.subject, role = grant.role.word(), id = %grant.id, given, "{why}");
        while let Err(error) = tell(&driver, &grant, ends, (|_: &View| None, why)).await {
            tracing::error!(%error, id = %grant.id, "a change of the access file is not in the journal yet");
            if stop.run_until_cancelled(tokio::time::sleep(AGAIN)).await.is_none() {
                return Ok(());
            }
        }
        untold.said();
    }
    Ok(())
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
