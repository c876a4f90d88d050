//! The short orders: hold, release, abort, switched, manual checks, revisions.

use std::path::PathBuf;

use tidelock_proto::{json, v1};

use super::{Call, get_status};
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::files::{self, request_id};
use crate::out;
use crate::words::clock;

#[derive(Debug, clap::Args)]
pub(crate) struct ReasonArgs {
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The same id again is the same ask
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReleaseArgs {
    /// Whose hold; your own or the only one where nobody is named
    #[arg(long, value_name = "PERSON")]
    of: Option<String>,
    #[command(flatten)]
    reason: ReasonArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SwitchedArgs {
    /// The side that traffic is on now
    #[arg(long, value_enum, default_value = "target")]
    to: SideArg,
    /// Why or how, for the record
    #[arg(long, default_value = "", value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum SideArg {
    Source,
    Target,
}

impl SideArg {
    pub(crate) fn wire(self) -> i32 {
        match self {
            SideArg::Source => v1::Side::Source.into(),
            SideArg::Target => v1::Side::Target.into(),
        }
    }
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum ManualCommand {
    /// All checks that a person makes
    Ls,
    /// Say that one was made
    Done {
        /// Which
        check: String,
        /// What shows it: a text or a URL
        #[arg(long, default_value = "", value_name = "TEXT")]
        evidence: String,
        /// A file that shows it: its SHA-256 and its name are recorded, the file stays with you
        #[arg(long, value_name = "FILE", conflicts_with = "evidence")]
        evidence_file: Option<PathBuf>,
        /// It was not as it must be
        #[arg(long)]
        failed: bool,
    },
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum RevisionCommand {
    /// Say that an environment is on another revision: its evidence starts anew
    Set {
        /// Which
        #[arg(value_enum)]
        side: SideArg,
        /// The revision
        revision: String,
    },
}

/// What was recorded: an answer without it is no proof that anything was.
pub(super) fn recorded(event: Option<v1::Event>) -> Result<v1::Event, Trouble> {
    event.ok_or_else(|| Trouble::new(Exit::Unknown, "the collector did not say what it recorded"))
}

pub(super) fn done(call: &Call, event: Option<v1::Event>) -> Result<Exit, Trouble> {
    let event = recorded(event)?;
    if call.manner.json() {
        out::print_json(call.manner.format, &told(json::event(&event), false))?;
    } else {
        out::print(&format!("✔ {}, decision {}", clean(&event.text), event.sequence))?;
    }
    Ok(Exit::Done)
}

/// It is so already: nothing was recorded, and what made it so stands.
pub(super) fn already(call: &Call, what: &str, event: Option<&v1::Event>) -> Result<Exit, Trouble> {
    if call.manner.json() {
        let event = event.map_or_else(|| serde_json::json!({ "text": what }), json::event);
        out::print_json(call.manner.format, &told(event, true))?;
        return Ok(Exit::Done);
    }
    let since = event.map(|event| {
        let by = if event.by.is_empty() { String::new() } else { format!(" by {}", clean(&event.by)) };
        format!(": {}, decision {}{by}", clean(&event.text), event.sequence)
    });
    out::print(&format!("= {what} already{}", since.unwrap_or_default()))?;
    Ok(Exit::Done)
}

/// What an order came to, for programs.
fn told(mut event: serde_json::Value, already: bool) -> serde_json::Value {
    event["schema"] = "tidelock.recorded/v1".into();
    event["already"] = already.into();
    event
}

fn id_or_new(id: Option<String>) -> Result<String, Trouble> {
    id.map_or_else(request_id, Ok)
}

pub(crate) async fn hold(call: &Call, args: ReasonArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let migration = client.migration().await?;
    let request = v1::HoldRequest { migration, reason: args.reason, request_id: id_or_new(args.request_id)? };
    done(call, client.orders().hold(request).await.map_err(trouble)?.into_inner().event)
}

pub(crate) async fn release(call: &Call, args: ReleaseArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let migration = client.migration().await?;
    let ReasonArgs { reason, request_id } = args.reason;
    let (of, request_id) = (args.of.unwrap_or_default(), id_or_new(request_id)?);
    let request = v1::ReleaseRequest { migration, reason, request_id, of };
    done(call, client.orders().release(request).await.map_err(trouble)?.into_inner().event)
}

pub(crate) async fn abort(call: &Call, args: ReasonArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let migration = client.migration().await?;
    let request =
        v1::AbortRequest { migration, reason: args.reason, request_id: id_or_new(args.request_id)? };
    done(call, client.orders().abort(request).await.map_err(trouble)?.into_inner().event)
}

pub(crate) async fn switched(call: &Call, args: SwitchedArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let migration = client.migration().await?;
    let (to, reason) = (args.to.wire(), args.reason);
    let request = v1::ReportSwitchedRequest { migration, to, reason, request_id: request_id()? };
    done(call, client.orders().report_switched(request).await.map_err(trouble)?.into_inner().event)
}

pub(crate) async fn manual(call: &Call, command: ManualCommand) -> Result<Exit, Trouble> {
    match command {
        ManualCommand::Ls => list(call, &get_status(&call.client()?).await?),
        ManualCommand::Done { check, evidence, evidence_file, failed } => {
            let evidence = evidence_file.map_or(Ok(evidence), |file| files::evidence(&file))?;
            let client = call.client()?;
            let (migration, request_id) = (client.migration().await?, request_id()?);
            let request = v1::CompleteManualCheckRequest { migration, check, evidence, failed, request_id };
            let answer = client.orders().complete_manual_check(request).await.map_err(|status| {
                let refused = trouble(status);
                match refused.code.as_deref() {
                    Some("NEEDS_EVIDENCE") => {
                        refused.hint("give it: --evidence TEXT-OR-URL, or --evidence-file FILE")
                    }
                    Some(_) | None => refused,
                }
            })?;
            done(call, answer.into_inner().event)
        }
    }
}

fn list(call: &Call, status: &v1::Status) -> Result<Exit, Trouble> {
    if call.manner.json() {
        out::print_json(call.manner.format, &status.manual_checks.iter().map(json::manual_check).collect())?;
        return Ok(Exit::Done);
    }
    call.loud(status)?;
    for check in &status.manual_checks {
        let by = match check.state.as_str() {
            "done" | "failed" => {
                format!("{} at {}", check.done_by, clock(check.done_time.as_ref(), &status.timezone))
            }
            _ => format!("owner {}", check.owner),
        };
        out::print(&format!("{:<8} {:<20} {} ({by})", check.state, check.name, clean(&check.title)))?;
    }
    Ok(Exit::Done)
}

pub(crate) async fn revision(call: &Call, command: RevisionCommand) -> Result<Exit, Trouble> {
    let RevisionCommand::Set { side, revision } = command;
    let client = call.client()?;
    let (migration, side, request_id) = (client.migration().await?, side.wire(), request_id()?);
    let request = v1::SetRevisionRequest { migration, side, revision, request_id };
    done(call, client.orders().set_revision(request).await.map_err(trouble)?.into_inner().event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Flags;
    use crate::out::{Format, Manner};

    /// Hold, release, abort, switched, manual and revision all end here.
    #[test]
    fn an_order_without_a_recorded_event_is_never_done() {
        for format in [Format::Text, Format::Json, Format::Ndjson, Format::Short, Format::Nagios] {
            let manner = Manner { format, color: false, ask: false, quiet: false };
            let call = Call { flags: Flags::default(), manner, safer: false };
            let nothing = done(&call, None).unwrap_err();
            assert_eq!((nothing.exit, nothing.exit.number()), (Exit::Unknown, 6), "{format:?}");
            assert!(nothing.to_string().contains("did not say what it recorded"), "{nothing}");
            let event = v1::Event { sequence: 7, text: "held".to_owned(), ..v1::Event::default() };
            assert_eq!(already(&call, "it is held", Some(&event)).unwrap(), Exit::Done, "{format:?}");
            assert_eq!(already(&call, "it is held", None).unwrap(), Exit::Done, "{format:?}");
            assert_eq!(done(&call, Some(event)).unwrap(), Exit::Done, "{format:?}");
        }
    }
}
