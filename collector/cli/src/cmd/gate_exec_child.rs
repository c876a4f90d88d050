//! The command of `gate exec` while it runs.
//!
//! A switch that goes on after its operator was stopped is a switch that nobody sees. So the command gets the
//! signals that this process gets, is ended where they do not end it, and goes with this process when that is
//! killed: see `cutover::keep`.
//!
//! # Invariants
//! - When `run` returns, the command has ended.
//! - The command is a process group of its own; after a stop nothing of the group is left over.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use super::cutover::keep::keeper;
use crate::exit::{Exit, Trouble, While as _};
use crate::out;

/// How long a command that was told to end may take before it is killed: a switch may have to be taken back.
const PATIENCE: Duration = Duration::from_secs(30);

/// The signals by which people and pipelines stop a command.
pub(super) struct Signals {
    interrupt: Stream,
    terminate: Stream,
    hang_up: Stream,
}

/// One that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    signal: Signal,
    pub(super) exit: Exit,
    pub(super) word: &'static str,
}

impl Signals {
    /// Listens from here on; none of them ends this process any more.
    pub(super) fn listen() -> Result<Signals, Trouble> {
        let listen = |kind| signal(kind).while_doing("listen to signals");
        Ok(Signals {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Stop {
        let (signal, exit, word) = tokio::select! {
            _ = self.interrupt.recv() => (Signal::INT, Exit::Interrupted, "SIGINT"),
            _ = self.terminate.recv() => (Signal::TERM, Exit::Terminated, "SIGTERM"),
            _ = self.hang_up.recv() => (Signal::HUP, Exit::Terminated, "SIGHUP"),
        };
        Stop { signal, exit, word }
    }

    /// One that came while nobody looked.
    pub(super) async fn came(&mut self) -> Option<Stop> {
        tokio::select! {
            biased;
            stop = self.next() => Some(stop),
            () = std::future::ready(()) => None,
        }
    }
}

/// How it ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// What it was told before.
    pub(super) stopped: Option<Stop>,
}

/// Runs the command to its end.
pub(super) async fn run(
    (program, arguments): (&str, &[String]),
    env: [(&str, String); 2],
    signals: &mut Signals,
) -> io::Result<Ended> {
    let keeper = keeper().map_err(io::Error::other)?;
    let (first, words) = keeper.split_first().ok_or_else(|| io::Error::other("there is no keeper"))?;
    let mut command = Command::new(first);
    command.args(words).arg(program).args(arguments).envs(env);
    let mut child = command.stdin(Stdio::piped()).process_group(0).spawn()?;
    // Held for as long as this process lives, and never written to.
    let alive = child.stdin.take();
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let tell = |signal| {
        // A group that is gone already needs no signal.
        let _ = group.map(|group| kill_process_group(group, signal));
    };
    let (mut stopped, mut until): (Option<Stop>, _) = (None, Instant::now());
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            stop = signals.next() => match stopped {
                None => {
                    let seconds = PATIENCE.as_secs();
                    out::say(&format!(
                        "tidelock: {} goes on to the command, which has {seconds} s to end; a second one kills it",
                        stop.word
                    ));
                    (stopped, until) = (Some(stop), Instant::now() + PATIENCE);
                    tell(stop.signal);
                }
                Some(_) => tell(Signal::KILL),
            },
            () = sleep_until(until), if stopped.is_some() => {
                out::say("tidelock: the command did not end; it is killed");
                tell(Signal::KILL);
                until += PATIENCE;
            }
        }
    };
    drop(alive);
    // Killed, or stopped: what it had started must not go on unseen.
    if stopped.is_some() || status.code().is_none() {
        tell(Signal::KILL);
    }
    Ok(Ended { status, stopped })
}
