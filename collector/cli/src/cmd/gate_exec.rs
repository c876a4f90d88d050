//! `tidelock gate exec cutover -- ./switch.sh`: waits, confirms, runs, records the outcome.
//!
//! Whoever stops this process stops the command with it; how it ended is told either way.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tidelock_proto::v1;

use super::Call;
use super::gate::{ExecArgs, confirm_with};
use super::gate_exec_child::{self, Ended, Signals, Stop};
use super::gate_wait::{stopped, wait};
use crate::client::{Client, trouble};
use crate::exit::{Exit, Trouble};
use crate::files::request_id;
use crate::out;

pub(crate) async fn run(call: &Call, args: ExecArgs) -> Result<Exit, Trouble> {
    let (program, arguments) =
        args.command.split_first().ok_or_else(|| Trouble::usage("no command to run"))?;
    // A GO is given once: what cannot start must not spend it.
    can_start(program, std::env::var_os("PATH").as_deref())?;
    let mut signals = Signals::listen()?;
    let (exit, gate) = tokio::select! {
        waited = wait(call, &args.wait) => waited?,
        stop = signals.next() => return Err(stopped(&args.wait, stop.exit)),
    };
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
        somebody_reads()?;
        // The wait may have been long.
        can_start(program, std::env::var_os("PATH").as_deref())?;
        // Whoever was stopped meanwhile spends no GO, and begins no switch that would be ended at once.
        if let Some(stop) = signals.came().await {
            return Err(stopped(&args.wait, stop.exit));
        }
        // Confirming is the last thing before the command: what holds in between refuses it.
        let confirmed = confirm_with(&client, gate.token).await?;
        out::say(&format!(
            "tidelock: confirmed, decision {}; running {}",
            confirmed.decision,
            args.command.join(" ")
        ));
    }
    if let Some(stop) = signals.came().await {
        return Err(failed(stop.exit, format!("{}: {program} was not started", stop.word), cutover));
    }
    let env =
        [("TIDELOCK_GATE", gate.gate.clone()), ("TIDELOCK_EVIDENCE", gate.evidence_sequence.to_string())];
    let ended = gate_exec_child::run((program, arguments), env, &mut signals).await;
    judged(ended, program, &args.command.join(" "), cutover)?;
    if cutover {
        report(&client).await?;
        out::say("tidelock: the switch is recorded; the rollback window runs");
    }
    Ok(Exit::Done)
}

/// Only an exit of 0 is a switch that went well, also where it was told to stop and went on to its end.
fn judged(ended: io::Result<Ended>, program: &str, command: &str, cutover: bool) -> Result<(), Trouble> {
    match ended {
        Ok(Ended { status, .. }) if status.success() => Ok(()),
        Ok(Ended { status, stopped: None }) => {
            Err(failed(Exit::Failed, format!("{command} ended with {status}"), cutover))
        }
        Ok(Ended { status, stopped: Some(Stop { exit, word, .. }) }) => {
            Err(failed(exit, format!("{word}: {command} was stopped, and ended with {status}"), cutover))
        }
        Err(error) => Err(failed(Exit::Failed, format!("{program} did not start: {error}"), cutover)),
    }
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

/// Nobody begins a switch whose screen is gone; a GO is given once.
pub(super) fn somebody_reads() -> Result<(), Trouble> {
    if !out::reader_left() {
        return Ok(());
    }
    Err(Trouble::failed("nobody reads any more what this says, so the switch was not begun")
        .hint("nothing was confirmed and no decision was used; run it where what it says is read"))
}

/// The program is there and may be run, as far as can be told without running it.
fn can_start(program: &str, path: Option<&OsStr>) -> Result<(), Trouble> {
    let hint = "nothing was confirmed and no decision was used";
    let bad = |what: String| Err(Trouble::usage(format!("cannot run {program:?}: {what}")).hint(hint));
    let may_run = |file: &Path| {
        file.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
    };
    if program.is_empty() {
        return bad("it is empty; name a program after --".to_owned());
    }
    if !program.contains('/') {
        let found =
            path.is_some_and(|path| std::env::split_paths(path).any(|dir| may_run(&dir.join(program))));
        let what = format!("no folder of PATH has it as a program; for one in this folder: ./{program}");
        return if found { Ok(()) } else { bad(what) };
    }
    match Path::new(program).metadata() {
        Err(error) => bad(format!("{error}; give the path from this folder, or a whole one")),
        Ok(about) if !about.is_file() => bad("it is no file".to_owned()),
        Ok(_) if !may_run(Path::new(program)) => bad(format!("it may not be run: chmod +x {program}")),
        Ok(_) => Ok(()),
    }
}

fn failed(exit: Exit, what: String, cutover: bool) -> Trouble {
    let trouble = Trouble::new(exit, what);
    if !cutover {
        return trouble;
    }
    trouble
        .hint("the migration is in phase cutover and the switch is not recorded")
        .hint("if traffic moved all the same: tidelock switched --to target")
        .hint("if it did not: tidelock decide rollback --go")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_cannot_start_is_told_before_anything_is_confirmed() {
        let dir = std::env::temp_dir().join(format!("tidelock-exec-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let script = dir.join("switch.sh");
        std::fs::write(&script, "#!/bin/sh\n").unwrap();
        let name = script.display().to_string();
        let path = Some(dir.as_os_str());
        let said = |program: &str| can_start(program, path).unwrap_err();
        for (program, word) in [
            ("", "is empty"),
            ("./no-such-switch.sh", "No such file"),
            (&dir.display().to_string(), "no file"),
            (&name, "chmod +x"),
            ("switch.sh", "no folder of PATH"),
        ] {
            let trouble = said(program);
            assert_eq!(trouble.exit, Exit::Usage, "{trouble}");
            assert!(trouble.message.contains(word), "{trouble}");
            assert!(trouble.to_string().contains("nothing was confirmed"), "{trouble}");
        }
        assert!(can_start("sh", None).is_err(), "there is no PATH");
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
        let taken = [can_start(&name, None).is_ok(), can_start("switch.sh", path).is_ok()];
        std::fs::remove_dir_all(&dir).unwrap();
        assert_eq!(taken, [true, true]);
    }

    #[test]
    fn a_command_that_failed_after_the_confirmation_says_the_two_ways_on() {
        let said = failed(Exit::Failed, "./switch.sh did not start: bad interpreter".to_owned(), true);
        let said = said.to_string();
        for word in ["tidelock switched --to target", "tidelock decide rollback --go", "did not start"] {
            assert!(said.contains(word), "{said}");
        }
        assert!(failed(Exit::Failed, "false ended with exit status: 1".to_owned(), false).hints.is_empty());
    }
}
