//! `tidelock status`: where the migration stands. It only looks, so it ends well whatever it sees,
//! unless `--fail` asks otherwise.

use tidelock_proto::{json, v1};
use tokio_stream::StreamExt as _;

use super::{Call, get_status, status_text};
use crate::client::trouble;
use crate::exit::{Exit, Trouble};
use crate::out::{self, Format};
use crate::words;

#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    /// Print it anew at each change
    #[arg(long)]
    watch: bool,
    /// Show the scenarios that pass as well
    #[arg(long)]
    all: bool,
    /// End with 3, 5 or 6 when the next gate is not open
    #[arg(long)]
    fail: bool,
}

pub(crate) async fn run(call: &Call, args: StatusArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    if !args.watch {
        return show(call, &get_status(&client).await?, &args);
    }
    let request = v1::WatchStatusRequest { migration: client.migration().await? };
    let mut changes = client.migrations().watch_status(request).await.map_err(trouble)?.into_inner();
    let mut exit = Exit::Done;
    while let Some(change) = changes.next().await {
        if let Some(status) = change.map_err(trouble)?.status {
            exit = show(call, &status, &args)?;
        }
    }
    Ok(exit)
}

fn show(call: &Call, status: &v1::Status, args: &StatusArgs) -> Result<Exit, Trouble> {
    match call.manner.format {
        Format::Json | Format::Ndjson => out::print_json(call.manner.format, &json::status(status))?,
        Format::Text => out::print(&status_text::long(call.manner, status, args.all))?,
        Format::Short => out::print(&status_text::short(status))?,
        Format::Nagios => {
            let (line, exit) = status_text::nagios(status);
            out::print(&line)?;
            return Ok(exit);
        }
    }
    let word = status.next_gate.as_ref().map_or("unknown", |gate| json::verdict_word(gate.verdict));
    Ok(if args.fail { Exit::of_verdict(word) } else { Exit::Done })
}

/// `tidelock rollback`: is going back still possible, until when, at what cost.
pub(crate) async fn rollback(call: &Call) -> Result<Exit, Trouble> {
    let status = get_status(&call.client()?).await?;
    let Some(gate) = status.next_gate.clone() else {
        return ended(call, &status.phase);
    };
    let view = gate.rollback.clone().unwrap_or_default();
    if call.manner.json() {
        out::print_json(call.manner.format, &json::gate(&gate)["rollback"])?;
    } else {
        let until = match &view.until_time {
            Some(until) => format!(", until {}", words::clock_and_zone(Some(until), &status.timezone)),
            None => String::new(),
        };
        let line = match (view.applicable, view.possible) {
            (false, _) => "nothing to go back from: traffic was not switched".to_owned(),
            (true, true) => format!("going back is possible{until}"),
            (true, false) => "going back is no longer possible".to_owned(),
        };
        out::print(&format!("{line}{}{}", if view.reason.is_empty() { "" } else { ": " }, view.reason))?;
    }
    Ok(if view.applicable && !view.possible { Exit::Rollback } else { Exit::Done })
}

/// No gate stands before a migration that has ended, so there is no way back either.
fn ended(call: &Call, phase: &str) -> Result<Exit, Trouble> {
    let reason = format!("the migration is {phase}");
    if call.manner.json() {
        let value = serde_json::json!({ "applicable": false, "possible": false, "reason": reason });
        out::print_json(call.manner.format, &value)?;
    } else {
        out::print(&format!("going back is not possible: {reason}"))?;
    }
    Ok(Exit::Rollback)
}
