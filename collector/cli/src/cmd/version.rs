//! `tidelock version`: this program's own, and the collector's.
//!
//! A collector that is configured and does not answer is said, and is the exit: whoever compares the two before a
//! night must not take silence for "no collector". The own version stands there all the same.

use std::time::Duration;

use serde_json::json;
use tidelock_model::write_span;
use tidelock_proto::v1;
use tokio::time::timeout;

use super::Call;
use crate::client::{Client, clean, trouble};
use crate::context::{is_named, resolve};
use crate::exit::{Exit, Trouble};
use crate::out;

/// How long the collector may take, where nobody says another time.
const WAIT: Duration = Duration::from_secs(2);

/// What is known of the collector.
#[derive(Debug)]
enum Other {
    /// Nobody named one, so nobody was asked.
    Unnamed,
    /// It answers; without a migration it tells no version.
    Answers(Option<String>),
    /// It does not answer, or does not say.
    Unknown(Trouble),
}

pub(super) async fn run(call: &Call) -> Result<Exit, Trouble> {
    let version = env!("CARGO_PKG_VERSION");
    let other = match is_named(&call.flags) {
        Ok(false) => Other::Unnamed,
        Ok(true) => asked(call).await.map_or_else(Other::Unknown, Other::Answers),
        Err(trouble) => Other::Unknown(trouble),
    };
    let (known, trouble) = match &other {
        Other::Unnamed => (None, None),
        Other::Answers(version) => (version.as_deref(), None),
        Other::Unknown(trouble) => (None, Some(trouble)),
    };
    let exit = trouble.map_or(Exit::Done, |trouble| trouble.exit);
    if call.manner.json() {
        let why = trouble.map(|trouble| clean(&trouble.message));
        let value = json!({
            "schema": "tidelock.version/v1", "client": version, "collector": known, "trouble": why,
            "exit_code": exit.number(),
        });
        out::print_json(call.manner.format, &value)?;
        return Ok(exit);
    }
    out::print(&format!("tidelock {version}"))?;
    match other {
        Other::Unnamed => {}
        Other::Answers(Some(version)) => out::print(&format!("collector {version}"))?,
        Other::Answers(None) => out::print("collector ? (it answers, and has no migration yet)")?,
        Other::Unknown(trouble) => {
            out::print("collector ?")?;
            out::say(&format!("tidelock: the collector's version is not known: {trouble}"));
        }
    }
    Ok(exit)
}

/// The collector's word, if it comes in time.
async fn asked(call: &Call) -> Result<Option<String>, Trouble> {
    let connection = resolve(&call.flags)?;
    let client = Client::new(&connection)?;
    let wait = connection.call_timeout.unwrap_or(WAIT);
    let late = |_| {
        let message = format!("{} did not answer within {}", connection.server, write_span(wait));
        Trouble::new(Exit::Unreachable, message)
    };
    timeout(wait, told(&client, connection.migration.clone())).await.map_err(late)?
}

/// Any migration tells it; which one is meant makes no difference here.
async fn told(client: &Client, named: Option<String>) -> Result<Option<String>, Trouble> {
    let migration = match named {
        Some(name) => Some(name),
        None => {
            let all = client.migrations().list_migrations(v1::ListMigrationsRequest {}).await;
            all.map_err(trouble)?.into_inner().migrations.into_iter().map(|one| one.migration).next()
        }
    };
    let Some(migration) = migration else { return Ok(None) };
    let status = client.migrations().get_status(v1::GetStatusRequest { migration }).await;
    let collector = status.map_err(trouble)?.into_inner().status.and_then(|status| status.collector);
    Ok(collector.map(|collector| clean(&collector.version)).filter(|version| !version.is_empty()))
}
