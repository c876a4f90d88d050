//! `tidelock gate`: the question that a pipeline asks, and its answers as exit codes.

use std::collections::BTreeSet;
use std::time::Duration;

use tidelock_proto::{json, v1};

use super::{Call, duration, gate_exec, gate_wait, status_text};
use crate::client::{Client, clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::files::request_id;
use crate::out::{self, Format};
use crate::words::{loss, pad, verdict};
use crate::{shown, shown_switch};

/// The least time between two signs of life.
const SIGN: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Subcommand)]
pub(crate) enum GateCommand {
    /// All gates of the migration
    Ls,
    /// Is it open now? Does not wait
    Check {
        /// The gate, named after the phase behind it
        gate: String,
    },
    /// Wait until it is open
    Wait {
        #[command(flatten)]
        wait: WaitArgs,
        /// End with 0 when the time is over and the gate is on HOLD; never where nothing is known
        #[arg(long)]
        soft: bool,
    },
    /// Wait, confirm, run a command that switches, and record how it ended
    Exec(ExecArgs),
    /// Take the token of an open gate, just before the switch
    Confirm {
        /// The gate whose token is taken; only `cutover` has one
        gate: String,
        /// A token from `gate wait -o json`; asked for without it
        #[arg(long)]
        token: Option<String>,
    },
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct WaitArgs {
    /// The gate, named after the phase behind it
    pub(crate) gate: String,
    /// How long to wait, such as 3h; needed where no terminal is
    #[arg(long, value_parser = duration, value_name = "SPAN")]
    pub(crate) timeout: Option<Duration>,
    /// How long the collector may be away
    #[arg(long, value_parser = duration, default_value = "2m", value_name = "SPAN")]
    pub(crate) connect_patience: Duration,
    /// How often to give a sign of life, such as 1m; not below 1s
    #[arg(long, value_parser = sign_span, default_value = "1m", value_name = "SPAN")]
    pub(crate) quiet_every: Duration,
    /// A gate that is on HOLD at the end is no failure. For `gate wait` alone: no command runs behind a shut gate.
    #[arg(skip)]
    pub(crate) soft: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExecArgs {
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
    /// The command that switches, with its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

/// Signs without a pause between them would bury the changes, and keep a processor busy.
fn sign_span(text: &str) -> Result<Duration, String> {
    let span = duration(text)?;
    if span < SIGN {
        Err("a sign of life comes once a second at most: write 1s or more".to_owned())
    } else {
        Ok(span)
    }
}

pub(crate) async fn run(call: &Call, command: GateCommand) -> Result<Exit, Trouble> {
    match command {
        GateCommand::Ls => list(call).await,
        GateCommand::Check { gate } => check(call, gate).await,
        GateCommand::Wait { wait, soft } => gate_wait::run(call, &WaitArgs { soft, ..wait }).await,
        GateCommand::Exec(args) => gate_exec::run(call, args).await,
        GateCommand::Confirm { gate, token } => confirm(call, gate, token).await,
    }
}

async fn list(call: &Call) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let request = v1::ListGatesRequest { migration: client.migration().await? };
    let gates = client.gates().list_gates(request).await.map_err(trouble)?.into_inner().gates;
    match call.manner.format {
        Format::Json => out::print_json(Format::Json, &gates.iter().map(json::gate).collect())?,
        Format::Ndjson => {
            gates.iter().try_for_each(|gate| out::print_json(Format::Ndjson, &json::gate(gate)))?
        }
        Format::Text | Format::Short | Format::Nagios | Format::Csv | Format::Md | Format::Html => {
            let loud: BTreeSet<String> = gates.iter().flat_map(shown::loud).collect();
            loud.iter().try_for_each(|line| out::print(&call.manner.paint("1;33", line)))?;
            for gate in &gates {
                let word = pad(&verdict(call.manner, gate.verdict), 12);
                out::print(&format!("{word} {} {}", pad(&gate.gate, 12), clean(&gate.summary)))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// The gate as it is now.
pub(crate) async fn get(call: &Call, gate: &str) -> Result<v1::Gate, Trouble> {
    get_with(&call.client()?, gate).await
}

/// The same, with a connection that is there.
pub(crate) async fn get_with(client: &Client, gate: &str) -> Result<v1::Gate, Trouble> {
    let request = v1::GetGateRequest { migration: client.migration().await?, gate: gate.to_owned() };
    let answer = client.gates().get_gate(request).await.map_err(trouble)?.into_inner();
    answer.gate.ok_or_else(|| Trouble::new(Exit::Unknown, "the collector gave no gate"))
}

async fn check(call: &Call, gate: String) -> Result<Exit, Trouble> {
    let gate = get(call, &gate).await?;
    match call.manner.format {
        Format::Json | Format::Ndjson => out::print_json(call.manner.format, &json::gate(&gate))?,
        Format::Nagios => {
            let (line, exit) = status_text::gate_nagios(&gate);
            out::raw(&line)?;
            return Ok(exit);
        }
        Format::Text | Format::Short | Format::Csv | Format::Md | Format::Html => {
            out::print(&format!(
                "{}: gate {}   {}",
                verdict(call.manner, gate.verdict),
                gate.gate,
                clean(&gate.summary)
            ))?;
            for hold in &gate.holds {
                let side = if hold.side.is_empty() { String::new() } else { format!(" on {}", hold.side) };
                let name = if hold.check.is_empty() { &hold.code } else { &hold.check };
                out::print(&format!("  {name}{side}: {}", clean(&hold.reason)))?;
            }
            if !gate.holds.is_empty() {
                out::print(&format!("  {}", loss(&gate)))?;
            }
            for line in beside(&gate) {
                out::print(&format!("  {line}"))?;
            }
        }
    }
    Ok(Exit::of_gate(&gate))
}

/// What stands beside a gate's word wherever it is said: what was opened over, who is asked, the way back.
pub(super) fn beside(gate: &v1::Gate) -> Vec<String> {
    let zone = &zone(gate);
    let mut lines = shown::loud(gate);
    lines.extend(undos(gate, zone));
    lines.extend(gate.overrides.iter().map(|view| shown::overridden(view, zone)));
    lines.extend(gate.decision.as_ref().and_then(|asked| shown::question(asked, zone)));
    if let Some(back) = gate.rollback.as_ref().filter(|back| back.applicable) {
        lines.push(format!("rollback {}", shown::way_back(back, gate.as_of_time.as_ref(), zone)));
    }
    lines
}

/// The plan's zone, as every other screen has it; the caller's own where the collector does not say it.
pub(super) fn zone(gate: &v1::Gate) -> String {
    let own = || jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned();
    if gate.timezone.is_empty() { own() } else { gate.timezone.clone() }
}

/// What could not be taken back stays on every screen.
fn undos(gate: &v1::Gate, zone: &str) -> Vec<String> {
    let undos = gate.switch.iter().flat_map(|switch| &switch.failed_undos);
    undos.map(|undo| shown_switch::failed_undo(undo, zone)).collect()
}

async fn confirm(call: &Call, gate: String, token: Option<String>) -> Result<Exit, Trouble> {
    if gate != "cutover" {
        return Err(Trouble::usage(format!("gate {gate} has nothing to confirm; only the gate cutover has")));
    }
    let client = call.client()?;
    let token = match token {
        Some(token) => token,
        None => get(call, &gate).await?.token,
    };
    if token.is_empty() {
        return Err(Trouble::new(Exit::Hold, "gate cutover is not open, or your access may not confirm it")
            .hint("see why: tidelock why --gate cutover"));
    }
    let answer = confirm_with(&client, token).await?;
    if call.manner.json() {
        let value = serde_json::json!({ "schema": "tidelock.confirmed/v1", "decision": answer.decision });
        out::print_json(call.manner.format, &value)?;
    } else {
        out::print(&format!(
            "✔ confirmed, decision {}: switch now, then run: tidelock switched",
            answer.decision
        ))?;
    }
    Ok(Exit::Done)
}

/// Takes the token, once.
pub(crate) async fn confirm_with(
    client: &Client,
    token: String,
) -> Result<v1::ConfirmCutoverResponse, Trouble> {
    let migration = client.migration().await?;
    let request = v1::ConfirmCutoverRequest { migration, token, request_id: request_id()? };
    taken(client.gates().confirm_cutover(request).await.map_err(trouble)?.into_inner())
}

/// A token is taken by a decision; an answer that names none is no leave to switch.
fn taken(answer: v1::ConfirmCutoverResponse) -> Result<v1::ConfirmCutoverResponse, Trouble> {
    if answer.decision == 0 {
        return Err(Trouble::new(Exit::Unknown, "the collector did not say that it took the token")
            .hint("do not switch; see: tidelock status"));
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_without_a_decision_is_no_leave_to_switch() {
        let answer = |decision| v1::ConfirmCutoverResponse { decision, confirmed_time: None };
        assert_eq!(taken(answer(0)).unwrap_err().exit, Exit::Unknown);
        assert_eq!(taken(answer(9)).unwrap().decision, 9);
    }
}
