//! `tidelock agent`: who observes, and how one more is let in or put out.

use std::time::Duration;

use clap::ValueEnum as _;
use tidelock_proto::{json, v1};

use super::orders::SideArg;
use super::{Call, agent_token, get_status};
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::out;
use crate::words::{ago, pad, when};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum AgentCommand {
    /// All agents
    Ls,
    /// A token that lets an agent join
    Token(agent_token::TokenArgs),
    /// Put an agent out: its findings no longer count
    Revoke {
        /// Its name, or side/name as agent ls has it
        name: String,
        /// The side it speaks for, where its name does not say it
        #[arg(long, value_enum)]
        side: Option<SideArg>,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

pub(crate) async fn run(call: &Call, command: AgentCommand) -> Result<Exit, Trouble> {
    match command {
        AgentCommand::Ls => list(call, &get_status(&call.client()?).await?),
        AgentCommand::Token(args) => agent_token::run(call, args).await,
        AgentCommand::Revoke { name, side, reason } => {
            let (side, name) = named(&name, side)?;
            let client = call.client()?;
            let migration = client.migration().await?;
            let request = v1::RevokeAgentRequest { migration, side: side.wire(), name, reason };
            let answer = client.access().revoke_agent(request).await.map_err(trouble)?.into_inner();
            match answer.event {
                event if call.manner.json() => {
                    let value = serde_json::json!({
                        "schema": "tidelock.agent/v1", "revoked": true, "already": event.is_none(),
                        "event": event.as_ref().map(json::event),
                    });
                    out::print_json(call.manner.format, &value)?;
                }
                Some(event) => out::print(&format!("✔ {}", clean(&event.text)))?,
                None => out::print("= this agent was revoked already")?,
            }
            Ok(Exit::Done)
        }
    }
}

/// An agent as people type it: `hz-1` with `--side target`, or `target/hz-1` as every screen shows it.
fn named(text: &str, side: Option<SideArg>) -> Result<(SideArg, String), Trouble> {
    let (said, name) = match text.split_once('/') {
        Some((said, name)) => match SideArg::from_str(said, false) {
            Ok(said) => (Some(said), name),
            Err(_) => return Err(Trouble::usage(format!("{said:?} is no side: source or target"))),
        },
        None => (None, text),
    };
    match (said, side) {
        (Some(said), Some(side)) if said.wire() != side.wire() => {
            Err(Trouble::usage(format!("{text} is not on the side that --side names; nothing was revoked")))
        }
        (Some(side), _) | (None, Some(side)) => Ok((side, name.to_owned())),
        (None, None) => {
            let hint = format!("tidelock agent revoke source/{name}, or target/{name}: tidelock agent ls");
            Err(Trouble::usage(format!("{name} may be on either side")).hint(hint))
        }
    }
}

/// A span for the wire.
pub(crate) fn span(span: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(span.subsec_nanos()).unwrap_or(0),
    }
}

fn list(call: &Call, status: &v1::Status) -> Result<Exit, Trouble> {
    if call.manner.json() {
        out::print_json(call.manner.format, &status.agents.iter().map(json::agent).collect())?;
        return Ok(Exit::Done);
    }
    call.loud(status)?;
    let now = json::as_of(status);
    for agent in &status.agents {
        let name = format!("{}/{}", json::side_word(agent.side), agent.name);
        let seen = match agent.seen_time {
            Some(_) => format!("seen {}", when(agent.seen_time.as_ref(), now, &status.timezone)),
            None => "not seen yet".to_owned(),
        };
        let clock = format!("clock {:+} ms ± {} ms", agent.clock_offset_ms, agent.clock_error_ms);
        out::print(&format!(
            "{} {} {} {clock}  {}",
            pad(&name, 24),
            pad(&agent.state, 11),
            pad(&seen, 17),
            agent.version
        ))?;
        if agent.renewal_overdue {
            let (ends, zone) = (agent.certificate_ends_time.as_ref(), &status.timezone);
            let ends =
                now.map_or_else(|| when(ends, None, zone), |now| format!("in {}", ago(Some(now), ends)));
            out::print(&format!("    its certificate is not renewed and ends {ends}: look at its log"))?;
        }
        for refused in &agent.refused {
            out::print(&format!(
                "    does not run {}: {} ({})",
                refused.check,
                clean(&refused.reason),
                refused.cause
            ))?;
        }
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_named_as_every_screen_shows_it_and_never_guessed() {
        let of = |text: &str, side| named(text, side).map(|(side, name)| (side.wire(), name));
        let target = (v1::Side::Target.into(), "hz-1".to_owned());
        assert_eq!(of("target/hz-1", None).unwrap(), target);
        assert_eq!(of("hz-1", Some(SideArg::Target)).unwrap(), target);
        assert_eq!(of("target/hz-1", Some(SideArg::Target)).unwrap(), target);
        for (text, side) in [("hz-1", None), ("target/hz-1", Some(SideArg::Source)), ("left/hz-1", None)] {
            assert_eq!(of(text, side).unwrap_err().exit, Exit::Usage, "{text}");
        }
    }
}
