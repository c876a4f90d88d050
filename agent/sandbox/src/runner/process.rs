//! A child process that can be killed without a doubt about which one it is.
//!
//! The thread that starts a child stays with it until it ends: the system ties the child's
//! death signal to that thread, and somebody must collect the child anyway. A process descriptor is
//! what is killed, so that a number that was given to another process in the meantime is not hit. The
//! child leads a group of its own, and what is left of the group is killed before the child is collected.

use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, pidfd_send_signal, waitid,
};
use tidelock_model::{mutated, told_to_children};
use tokio::sync::oneshot;

use crate::report::clean;

/// The highest of what a process may be marked with for the day when memory ends.
const FIRST_TO_GO: &str = "1000";
/// What is kept of a child's complaints.
const MAX_WORDS_BYTES: usize = 2048;

/// A running child with a socket to it. Dropping it kills it.
pub(super) struct Process {
    pub(super) socket: tokio::net::UnixStream,
    /// Resolves when the child has ended.
    pub(super) ended: oneshot::Receiver<io::Result<ExitStatus>>,
    pub(super) killer: Killer,
}

/// Kills the child when told to, or when dropped.
pub(super) struct Killer(OwnedFd, Pid);

impl Killer {
    /// Kills the child with its group. One that has ended already stays as it is.
    pub(super) fn kill(&self) {
        if pidfd_send_signal(&self.0, Signal::KILL).is_ok() {
            // It is there, so the number is its own.
            kill_group(self.1);
        }
    }
}

impl Drop for Killer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Kills what is in a child's group; most often nobody is left. The number must still be the child's.
fn kill_group(leader: Pid) {
    if !mutated("a-group-ends-with-its-runner") {
        let _ = kill_process_group(leader, Signal::KILL);
    }
}

/// Starts `program` with an empty environment and one end of a socket pair as its standard input. What else
/// it inherits, it closes itself.
pub(super) async fn start(program: PathBuf, args: Vec<String>) -> io::Result<Process> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let socket = tokio::net::UnixStream::from_std(ours)?;
    let (tell_started, started) = oneshot::channel();
    let (tell_ended, ended) = oneshot::channel();
    thread::Builder::new().name("child".to_owned()).spawn(move || {
        let mut command = Command::new(program);
        command.args(args).env_clear().envs(told_to_children());
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null());
        command.stderr(Stdio::piped()).process_group(0);
        let child = command.spawn();
        // The command keeps the child's end of the socket open, and with it the child's hope.
        drop(command);
        let (killer, mut child) = match child.and_then(killer) {
            Ok(made) => made,
            Err(error) => {
                let _ = tell_started.send(Err(error));
                return;
            }
        };
        // Where memory ends, a child goes and not the agent. Where the system does not let us say so, it chooses.
        let _ = std::fs::write(format!("/proc/{}/oom_score_adj", child.id()), FIRST_TO_GO);
        // When nobody waits any more the killer is dropped, and the child with it.
        let _ = tell_started.send(Ok(killer));
        let _ = tell_ended.send(collect(&mut child));
    })?;
    let killer = started.await.map_err(|_| io::Error::other("the thread that starts children is gone"))??;
    Ok(Process { socket, ended, killer })
}

/// Waits for the child's end, and ends with it what it has left in its group. What is left may hold the child's
/// pipe open, so that is read beside.
fn collect(child: &mut Child) -> io::Result<ExitStatus> {
    if let Some(stderr) = child.stderr.take() {
        thread::Builder::new().name("last-words".to_owned()).spawn(move || last_words(stderr))?;
    }
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // The number stays the child's until it is collected.
        let waited = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        if waited.is_ok() {
            kill_group(pid);
        }
    }
    child.wait()
}

/// Reads what a child complains of until it ends; only the last of it is kept, and told as its own word.
fn last_words(mut stderr: ChildStderr) {
    let (mut words, mut buffer) = (Vec::new(), [0; 1024]);
    while let Ok(read @ 1..) = stderr.read(&mut buffer) {
        words.extend_from_slice(&buffer[..read]);
        let over = words.len().saturating_sub(MAX_WORDS_BYTES);
        words.drain(..over);
    }
    if !words.is_empty() {
        let said = clean(&String::from_utf8_lossy(&words), MAX_WORDS_BYTES);
        tracing::warn!(said, "a child of the sandbox had something to say");
    }
}

fn killer(mut child: Child) -> io::Result<(Killer, Child)> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let opened = pid.ok_or(rustix::io::Errno::SRCH);
    match opened.and_then(|pid| Ok((pidfd_open(pid, PidfdFlags::empty())?, pid))) {
        Ok((descriptor, pid)) => Ok((Killer(descriptor, pid), child)),
        Err(error) => {
            child.kill()?;
            child.wait()?;
            Err(error.into())
        }
    }
}
