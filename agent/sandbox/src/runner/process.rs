//! A child process that can be killed without a doubt about which one it is.
//!
//! The thread that starts a child stays with it until it ends: the system ties the child's
//! death signal to that thread, and somebody must collect the child anyway. A process descriptor is
//! what is killed, so that a number that was given to another process in the meantime is not hit.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::sync::oneshot;

/// A running child with a socket to it. Dropping it kills it.
pub(super) struct Process {
    pub(super) socket: tokio::net::UnixStream,
    /// Resolves when the child has ended.
    pub(super) ended: oneshot::Receiver<io::Result<ExitStatus>>,
    pub(super) killer: Killer,
}

/// Kills the child when told to, or when dropped.
pub(super) struct Killer(OwnedFd);

impl Killer {
    /// Kills the child. One that has ended already stays as it is.
    pub(super) fn kill(&self) {
        let _ = pidfd_send_signal(&self.0, Signal::KILL);
    }
}

impl Drop for Killer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts `program` with an empty environment, one end of a socket pair as its standard input, and
/// nothing else that is open here.
pub(super) async fn start(program: PathBuf, args: Vec<String>) -> io::Result<Process> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let socket = tokio::net::UnixStream::from_std(ours)?;
    let (tell_started, started) = oneshot::channel();
    let (tell_ended, ended) = oneshot::channel();
    thread::Builder::new().name("child".to_owned()).spawn(move || {
        let mut command = Command::new(program);
        command.args(args).env_clear().stdin(OwnedFd::from(theirs)).stdout(Stdio::null());
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
        // When nobody waits any more the killer is dropped, and the child with it.
        let _ = tell_started.send(Ok(killer));
        let _ = tell_ended.send(child.wait());
    })?;
    let killer = started.await.map_err(|_| io::Error::other("the thread that starts children is gone"))??;
    Ok(Process { socket, ended, killer })
}

fn killer(mut child: Child) -> io::Result<(Killer, Child)> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let opened = pid.ok_or(rustix::io::Errno::SRCH).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()));
    match opened {
        Ok(descriptor) => Ok((Killer(descriptor), child)),
        Err(error) => {
            child.kill()?;
            child.wait()?;
            Err(error.into())
        }
    }
}
