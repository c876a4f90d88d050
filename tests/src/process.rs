//! One real process: started with its output in a file, stopped whatever the test does.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::eventually_for;

/// The folder that holds the binaries of this build.
///
/// # Panics
/// When this program does not lie in a target folder.
pub fn target_folder() -> PathBuf {
    let exe = std::env::current_exe().expect("a program knows its own path");
    let folder = exe.parent().expect("a program lies in a folder");
    // Tests lie one deeper than the binaries.
    let deeper = folder.ends_with("deps").then(|| folder.parent()).flatten();
    deeper.unwrap_or(folder).to_owned()
}

/// The path of one of our binaries.
///
/// # Panics
/// When it was not built.
pub fn program(name: &str) -> PathBuf {
    let path = target_folder().join(name);
    assert!(path.is_file(), "{} is not built: run make build", path.display());
    path
}

/// A running process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Process {
    /// Starts one of our binaries; its output goes to `<folder>/<label>.log`.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(folder: &Path, label: &str, name: &str, arguments: &[&OsStr]) -> Process {
        Process::start_in(folder, label, name, arguments, &[])
    }

    /// The same with variables of its own.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_in(
        folder: &Path,
        label: &str,
        name: &str,
        arguments: &[&OsStr],
        env: &[(String, String)],
    ) -> Process {
        let mut command = Command::new(program(name));
        command
            .args(arguments)
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned()))
            .envs(env.iter().map(|(name, value)| (name, value)));
        Process::start_command(folder, label, command)
    }

    /// Starts a command that becomes one of our binaries; its output goes to `<folder>/<label>.log`.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_command(folder: &Path, label: &str, mut command: Command) -> Process {
        let log = folder.join(format!("{label}.log"));
        let out = File::options().create(true).append(true).open(&log).expect("a log file can be made");
        let errors = out.try_clone().expect("a file handle can be copied");
        let child = command.stdin(Stdio::null()).stdout(out).stderr(errors).spawn();
        let child = child.unwrap_or_else(|error| panic!("{label} does not start: {error}"));
        Process { child, name: label.to_owned(), log }
    }

    /// The process's number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// `kill -9`, and waits for its end.
    ///
    /// # Panics
    /// When the system cannot end it.
    pub fn kill9(&mut self) {
        self.child.kill().expect("a process of ours can be killed");
        self.child.wait().expect("a process of ours can be waited for");
    }

    /// SIGTERM, and waits for its end in good order.
    ///
    /// # Panics
    /// When it has not ended within `limit`.
    pub fn terminate(&mut self, limit: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        let name = self.name.clone();
        eventually_for(limit, &format!("{name} ends after SIGTERM"), || {
            self.ended().ok_or("still running".to_owned())
        })
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When the process is gone.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a child has a number");
        kill_process(pid, signal).expect("a process of ours takes a signal");
    }

    /// How it ended, when it has.
    ///
    /// # Panics
    /// When the system cannot tell.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a process of ours can be waited for")
    }
}

#[expect(clippy::print_stderr, reason = "a failing test shows what its processes said")]
impl Drop for Process {
    fn drop(&mut self) {
        // Best effort: the test has its result already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            // A failing test's last words: what the process said before.
            eprintln!("--- {} ---\n{}", self.name, tail.join("\n"));
        }
    }
}
