//! `tidelock journal`: the journal, read without the collector, by the collector's own program; and what this
//! machine remembers of it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::json;

use super::Call;
use super::local::become_program;
use crate::client::clean;
use crate::exit::{Exit, Trouble, While as _};
use crate::files::beside;
use crate::out;

/// The program that reads journals.
const COLLECTOR: &str = "tidelock-collector";
/// Lines of it that are told in JSON; it prints fewer by itself.
const MOST_LINES: usize = 1000;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum JournalCommand {
    /// Reads every record and its chain; any damage is named
    Verify {
        /// The collector's data folder
        dir: PathBuf,
        /// Signed heads that were kept elsewhere: a copy of the collector's pki/heads.json
        #[arg(long)]
        heads: Option<PathBuf>,
    },
    /// Folds the journal anew and compares each decision's evidence and holds with what was recorded
    Replay {
        /// The collector's data folder
        dir: PathBuf,
    },
    /// Writes every record as a line of JSON to stdout
    Export {
        /// The collector's data folder
        dir: PathBuf,
        /// One set alone: findings or decisions
        #[arg(long, value_parser = ["findings", "decisions"])]
        only: Option<String>,
    },
    /// Says whether two journals are the same, one goes on from the other, or they took different courses
    Compare {
        /// A collector's data folder
        one: PathBuf,
        /// Another
        other: PathBuf,
    },
    /// Believes the collector's journal as it is now, after it was refused here
    Accept,
}

pub(crate) async fn run(call: &Call, command: JournalCommand) -> Result<Exit, Trouble> {
    let mut arguments: Vec<OsString> = vec!["journal".into()];
    // Its lines are JSON as they are.
    let lines = matches!(command, JournalCommand::Export { .. });
    match command {
        JournalCommand::Verify { dir, heads } => {
            arguments.extend(["verify".into(), dir.into_os_string()]);
            if let Some(heads) = heads {
                arguments.extend(["--heads".into(), heads.into_os_string()]);
            }
        }
        JournalCommand::Replay { dir } => arguments.extend(["replay".into(), dir.into_os_string()]),
        JournalCommand::Export { dir, only } => {
            arguments.extend(["export".into(), dir.into_os_string()]);
            if let Some(only) = only {
                arguments.extend(["--only".into(), only.into()]);
            }
        }
        JournalCommand::Compare { one, other } => {
            arguments.extend(["compare".into(), one.into_os_string(), other.into_os_string()]);
        }
        JournalCommand::Accept => return accept(call).await,
    }
    if call.manner.json() && !lines { told(call, arguments) } else { become_program(COLLECTOR, arguments) }
}

/// What the collector's program says, and whether all is well: its exit alone is the verdict.
fn told(call: &Call, arguments: Vec<OsString>) -> Result<Exit, Trouble> {
    let program = beside(COLLECTOR);
    let what = arguments.get(1).map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    let done = Command::new(&program).args(arguments).stdin(Stdio::null()).output();
    let done = done.while_doing(format_args!("start {}", program.display()))?;
    let said = |bytes: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(bytes);
        text.lines().take(MOST_LINES).map(clean).collect()
    };
    let (ok, lines, errors) = (done.status.success(), said(&done.stdout), said(&done.stderr));
    if lines.is_empty() && !ok {
        let why = errors.join("; ");
        return Err(Trouble::failed(if why.is_empty() {
            format!("it ended with {}", done.status)
        } else {
            why
        }));
    }
    let value = json!({
        "schema": "tidelock.journal/v1", "command": what, "ok": ok, "lines": lines, "errors": errors,
    });
    out::print_json(call.manner.format, &value)?;
    Ok(if ok { Exit::Done } else { Exit::Failed })
}

async fn accept(call: &Call) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let migration = client.meant().await?;
    let migration = migration.ok_or_else(|| Trouble::usage("the collector has no migration"))?;
    let (before, now) = client.accept(&migration).await?;
    let (decision, before) = (now.map(|head| head.decision()), before.map(|head| head.decision()));
    if call.manner.json() {
        let value = serde_json::json!({
            "schema": "tidelock.head/v1", "migration": migration, "decision": decision, "before": before,
        });
        out::print_json(call.manner.format, &value)?;
        return Ok(Exit::Done);
    }
    let before = before.map_or_else(|| "nothing".to_owned(), |decision| format!("decision {decision}"));
    let Some(decision) = decision else {
        out::print(&format!("✔ {migration} is not there, and remembered no more; remembered was {before}"))?;
        return Ok(Exit::Done);
    };
    out::print(&format!(
        "✔ {migration} is believed as it is now, at decision {decision}; remembered was {before}"
    ))?;
    out::say("what holds it there is released by itself alone: tidelock why, then tidelock release");
    Ok(Exit::Done)
}
