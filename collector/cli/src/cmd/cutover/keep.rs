//! Ties a command of a runbook to the life of the operator's process.
//!
//! A command that outlives a killed `tidelock cutover run` comes to its effect after somebody else was told that
//! nobody knows what became of it. So each is run by this program again, as its keeper: the operator's process
//! holds the other end of the keeper's standard input and never writes to it. When that end is gone, the operator
//! is, and the keeper ends the command with everything that it started.
//!
//! # Invariants
//! - Keeper and command are one process group, of which the keeper is the first: what ends it leaves nobody over.
//! - The keeper's exit is the command's.

use std::ffi::OsString;
use std::io::Read as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, getpgrp, getpid, kill_process, kill_process_group};
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::exit::{Exit, Trouble, While as _};
use crate::out;

/// The hidden command under which this program is a keeper.
pub(crate) const WORD: &str = "keep-command";
/// How long a group has to end by itself once it was asked to.
pub(super) const GRACE: Duration = Duration::from_secs(2);
/// The exit of a command that could not be started, as shells have it.
const NOT_STARTED: i32 = 127;

#[derive(Debug, clap::Args)]
pub(crate) struct KeepArgs {
    /// The program and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

/// What is put before a command so that it is kept.
pub(crate) fn keeper() -> Result<Vec<OsString>, String> {
    let own = std::env::current_exe().map_err(|error| format!("find this program: {error}"))?;
    Ok(vec![own.into_os_string(), WORD.into(), "--".into()])
}

/// Runs the command, and is it as far as its end goes.
pub(crate) async fn run(args: KeepArgs) -> Result<Exit, Trouble> {
    let group = getpgrp();
    if group != getpid() {
        return Err(Trouble::usage(format!("{WORD} is what tidelock runs a runbook's command with")));
    }
    // Whoever ends the group means the command; the keeper lives until that has ended.
    let mut asked = Vec::new();
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        asked.push(signal(kind).while_doing("listen to signals")?);
    }
    let alone = alone();
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(Trouble::usage("no command to keep"));
    };
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            out::say(&format!("tidelock: start {}: {error}", program.display()));
            std::process::exit(NOT_STARTED);
        }
    };
    let status = tokio::select! {
        status = child.wait() => status.while_doing("wait for the command")?,
        _ = alone => end(group, child).await,
    };
    drop(asked);
    ended(status)
}

/// Heard once nobody holds the other end of standard input.
fn alone() -> oneshot::Receiver<()> {
    let (tell, alone) = oneshot::channel();
    // A thread of its own: a read that nobody answers ends with the process.
    std::thread::spawn(move || {
        let mut bytes = [0; 64];
        while let Ok(1..) = std::io::stdin().lock().read(&mut bytes) {}
        // Nobody listens once the command has ended.
        let _ = tell.send(());
    });
    alone
}

/// Ends the whole group, this process with it.
async fn end(group: Pid, mut child: Child) -> ExitStatus {
    out::say("tidelock: the operator is gone: the command is ended");
    let _ = kill_process_group(group, Signal::TERM);
    let asked = timeout(GRACE, child.wait()).await;
    // What the command has started may live on after it.
    let _ = kill_process_group(group, Signal::KILL);
    match asked {
        Ok(Ok(status)) => status,
        Ok(Err(_)) | Err(_) => std::process::exit(NOT_STARTED),
    }
}

/// Ends as the command did.
fn ended(status: ExitStatus) -> Result<Exit, Trouble> {
    if let Some(code) = status.code() {
        std::process::exit(code);
    }
    out::say(&format!("tidelock: somebody ended it: {status}"));
    // An end by a signal must not look like an exit that the command chose.
    kill_process(getpid(), Signal::KILL).while_doing("end as the command did")?;
    Err(Trouble::failed("the keeper outlived its command"))
}
