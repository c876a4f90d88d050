//! A server as a child: its output in a file, and an end whatever the test does.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// How long a server may take to end in good order.
const END_WITHIN: Duration = Duration::from_secs(8);

/// A running server, with everything that it starts, in a process group of its own.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    end: Signal,
}

/// A port of the loopback that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The path of a server's program.
pub(crate) fn installed(candidates: &[&str]) -> PathBuf {
    let found = candidates.iter().map(Path::new).find(|path| path.is_file());
    let found = found.unwrap_or_else(|| panic!("{} is missing: run `make setup`", candidates.join(" or ")));
    found.to_owned()
}

/// A command that ends with the test even when the test is killed, as `user` where this is root.
pub(crate) fn command(program: &Path, user: Option<&str>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some(user) = user.filter(|_| rustix::process::geteuid().is_root()) {
        command.arg(format!("--reuid={user}")).arg(format!("--regid={user}")).arg("--clear-groups");
    }
    command.arg("--").arg(program);
    command
}

impl Server {
    /// Starts the command; `end` is the signal that asks it to end.
    pub(crate) fn start(command: &mut Command, log: PathBuf, end: Signal) -> Server {
        let out = File::options().create(true).append(true).open(&log).unwrap();
        let errors = out.try_clone().unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Server { child, log, end }
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// An error when it has ended, for waits that would otherwise last to their limit.
    pub(crate) fn assert_runs(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the server ended with {status}:\n{}", self.log());
        }
    }

    /// Asks it to end, and kills what is left of it.
    pub(crate) fn stop(&mut self) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        // A group that has gone is what is wanted.
        let _ = kill_process_group(group, self.end);
        for _ in 0..END_WITHIN.as_millis() / 20 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    #[expect(clippy::print_stderr, reason = "a failing test's last words: what the server said before")]
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            eprintln!("--- {} ---\n{}", self.log.display(), tail.join("\n"));
        }
    }
}
