//! `tidelock gate exec cutover -- ./switch.sh`: waits, confirms, runs, records the outcome.

use std::process::Stdio;

use tidelock_proto::v1;

use super::Call;
use super::gate::{ExecArgs, confirm_with};
use super::gate_wait::wait;
use crate::client::{Client, trouble};
use crate::exit::{Exit, Trouble, While as _};
use crate::files::request_id;
use crate::out;

pub(crate) async fn run(call: &Call, args: ExecArgs) -> Result<Exit, Trouble> {
    let (exit, gate) = wait(call, &args.wait).await?;
    if exit != Exit::Done {
        return Ok(exit);
    }
    let client = call.client()?;
    let cutover = gate.gate == "cutover";
    if cutover {
        if gate.token.is_empty() {
            return Err(Trouble::new(Exit::Auth, "gate cutover is open, but your access may not confirm it")
                .hint("it needs the role pipeline or operator, or a person who decides the cutover"));
        }
        // Confirming is the last thing before the command: what holds in between refuses it.
        let confirmed = confirm_with(&client, gate.token).await?;
        out::say(&format!(
            "tidelock: confirmed, decision {}; running {}",
            confirmed.decision,
            args.command.join(" ")
        ));
    }
    let (program, arguments) =
        args.command.split_first().ok_or_else(|| Trouble::usage("no command to run"))?;
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).stdin(Stdio::null()).env("TIDELOCK_GATE", &gate.gate);
    command.env("TIDELOCK_EVIDENCE", gate.evidence_sequence.to_string());
    let status = command.status().await.while_doing(format_args!("run {program}"))?;
    if !status.success() {
        return Err(failed(&args.command, status, cutover));
    }
    if cutover {
        report(&client).await?;
        out::say("tidelock: the switch is recorded; the rollback window runs");
    }
    Ok(Exit::Done)
}

async fn report(client: &Client) -> Result<(), Trouble> {
    let request = v1::ReportSwitchedRequest {
        migration: client.migration().await?,
        to: v1::Side::Target.into(),
        reason: "the command of gate exec ended well".to_owned(),
        request_id: request_id()?,
    };
    let answer = client.orders().report_switched(request).await;
    answer.map(|_| ()).map_err(|status| {
        trouble(status)
            .hint("the command ended well but the switch is not recorded: run tidelock switched --to target")
    })
}

fn failed(command: &[String], status: std::process::ExitStatus, cutover: bool) -> Trouble {
    let trouble = Trouble::failed(format!("{} ended with {status}", command.join(" ")));
    if !cutover {
        return trouble;
    }
    trouble
        .hint("the migration is in phase cutover and the switch is not recorded")
        .hint("if traffic moved all the same: tidelock switched --to target")
        .hint("if it did not: tidelock decide rollback --go")
}
