//! Standing by to go back: whoever carries out what may be decided at any moment is there before it is, and
//! says so.

use std::time::Duration;

use tidelock_proto::v1;
use tokio::time::sleep;
use tokio_stream::StreamExt as _;
use tonic::Status;

use crate::client::{Client, passes, trouble};
use crate::cmd::Call;
use crate::exit::{Exit, Trouble};
use crate::out;

/// How often it is said that somebody stands by.
const PRESENT_EVERY: Duration = Duration::from_secs(5);
/// How soon what was not answered is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Stands by until going back is decided. An exit where it never will be.
pub(super) async fn decided(call: &Call, client: &Client) -> Result<Option<Exit>, Trouble> {
    let migration = client.migration().await?;
    out::say("tidelock: standing by until going back is decided");
    tokio::select! {
        refused = present(client, &migration) => Err(refused),
        decided = followed(call, client, &migration) => decided,
    }
}

/// Says every few seconds that somebody stands by: a plan that goes back by itself holds its cutover without.
/// Ends only where that is refused.
pub(super) async fn present(client: &Client, migration: &str) -> Trouble {
    loop {
        let request = v1::RenewRunRequest { migration: migration.to_owned(), run: 0, lease: 0 };
        match client.runs().renew_run(request).await {
            Ok(_) => sleep(PRESENT_EVERY).await,
            Err(status) if passes(&status) => sleep(AGAIN).await,
            Err(status) => return trouble(status),
        }
    }
}

async fn followed(call: &Call, client: &Client, migration: &str) -> Result<Option<Exit>, Trouble> {
    let mut away = false;
    loop {
        let request = v1::WatchStatusRequest { migration: migration.to_owned() };
        let ended = match client.migrations().watch_status(request).await {
            Ok(answer) => {
                let mut changes = answer.into_inner();
                loop {
                    match changes.next().await {
                        Some(Ok(change)) => {
                            if std::mem::take(&mut away) {
                                out::say("tidelock: the collector is back");
                            }
                            if let Some(end) = change.status.and_then(|status| phase(call, &status)) {
                                return end;
                            }
                        }
                        Some(Err(status)) => break status,
                        None => break Status::unavailable("the collector ended the answer"),
                    }
                }
            }
            Err(status) => status,
        };
        if !passes(&ended) {
            return Err(trouble(ended));
        }
        if !std::mem::replace(&mut away, true) {
            out::say(&format!("tidelock: {}; still standing by", trouble(ended).message));
        }
        sleep(AGAIN).await;
    }
}

/// What a phase means for who stands by; nothing while it may still be decided.
fn phase(call: &Call, status: &v1::Status) -> Option<Result<Option<Exit>, Trouble>> {
    match status.phase.as_str() {
        "rolling-back" => {
            if !call.manner.quiet {
                out::say("tidelock: going back is decided; walking");
            }
            Some(Ok(None))
        }
        "rolled-back" | "aborted" | "committed" | "retired" => {
            out::say(&format!("tidelock: the migration is {}; there is no way back to walk", status.phase));
            Some(Ok(Some(Exit::Rollback)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    #[tokio::test]
    async fn who_stands_by_says_so_at_once_and_goes_where_that_is_refused() {
        let (fake, client) = Fake::serve(v1::Run::default()).await;
        let stands = present(&client, "shop");
        assert!(tokio::time::timeout(Duration::from_millis(500), stands).await.is_err(), "it gave up");
        assert_eq!(fake.log(), ["stands by"]);
        fake.known().refuse_renewal = true;
        let refused = tokio::time::timeout(Duration::from_secs(5), present(&client, "shop")).await;
        assert_eq!(refused.expect("it ends").exit, Exit::Hold);
    }

    #[test]
    fn who_stands_by_walks_when_it_is_decided_and_goes_when_it_never_will_be() {
        let manner = out::Manner { format: out::Format::Text, color: false, ask: false, quiet: true };
        let call = Call { flags: crate::context::Flags::default(), manner, safer: false };
        let said = |word: &str| phase(&call, &v1::Status { phase: word.to_owned(), ..v1::Status::default() });
        assert!(matches!(said("rolling-back"), Some(Ok(None))));
        assert!(matches!(said("committed"), Some(Ok(Some(Exit::Rollback)))));
        assert!(
            ["sync", "ready", "cutover", "watch", "", "splendid"].iter().all(|word| said(word).is_none())
        );
    }
}
