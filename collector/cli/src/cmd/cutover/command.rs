//! One command of a runbook: run as it is written, without a shell, in an environment that the plan
//! names, for as long as the plan gives it, and never left half known.
//!
//! # Invariants
//! - Ended well with status 0 is `done`; another status is `failed`; killed, by us or anybody, is
//!   `unknown`: nobody can say how far it came.
//! - It changed something for good before it failed only where it says so, by the line
//!   `tidelock: durable`.
//! - It dies with this process: see `keep`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tidelock_proto::v1;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::keep::GRACE;
use super::output::{DURABLE, Lines, Tail};
use crate::words::span;

/// How long the end of the output is waited for, where something else holds it open.
const DRAIN: Duration = Duration::from_millis(200);
/// How often it is looked whether a group has ended.
const LOOK: Duration = Duration::from_millis(20);
/// Lines that may wait between the pipes and their reader.
const WAITING_LINES: usize = 64;
/// How long a command may take where the plan does not say.
const LONGEST: Duration = Duration::from_secs(600);

/// What is to be run.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) argv: Vec<String>,
    /// What is put before it, so that it dies with this process.
    pub(super) keeper: Vec<OsString>,
    pub(super) dir: PathBuf,
    pub(super) env: Vec<(OsString, OsString)>,
    pub(super) timeout: Duration,
}

/// How it ended, in the words of the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    /// `done`, `failed` or `unknown`.
    pub(super) outcome: &'static str,
    pub(super) durable: bool,
    /// The end of what it said.
    pub(super) output: String,
    /// In words; empty where it went well.
    pub(super) why: String,
}

impl Ended {
    /// There was nothing to run.
    pub(super) fn nothing() -> Ended {
        Ended { outcome: "done", durable: false, output: String::new(), why: String::new() }
    }

    /// It was never started.
    pub(super) fn not_started(why: String) -> Ended {
        Ended { outcome: "failed", durable: false, output: format!("tidelock: {why}\n"), why }
    }
}

impl Order {
    /// The command of a part, with the environment that it gets.
    pub(super) fn new(
        run: &v1::Run,
        (part, undo): (&v1::RunPart, bool),
        command: &v1::RunCommand,
        dir: &Path,
    ) -> Result<Order, String> {
        let timeout = match command.timeout_ms {
            0 => LONGEST,
            ms => Duration::from_millis(ms),
        };
        let weight = if undo { weight_before(run, part) } else { part.weight };
        let own = |name: &str| std::env::var_os(name);
        let env = environment(run, (&part.name, weight), &command.env, own);
        let (argv, keeper) = (command.argv.clone(), super::keep::keeper()?);
        Ok(Order { argv, keeper, dir: dir.to_owned(), env, timeout })
    }
}

/// What a weight is taken back to: the one before it, or where the runbook began.
fn weight_before(run: &v1::Run, part: &v1::RunPart) -> Option<u32> {
    part.weight?;
    let earlier = run.parts.iter().take_while(|found| found.part != part.part);
    let start = if run.direction == "rollback" { 100 } else { 0 };
    Some(earlier.filter_map(|found| found.weight).last().unwrap_or(start))
}

/// `PATH`, `HOME`, what the plan names, and what Tidelock says itself, which nothing may take the place of.
fn environment(
    run: &v1::Run,
    (step, weight): (&str, Option<u32>),
    named: &[String],
    own: impl Fn(&str) -> Option<OsString>,
) -> Vec<(OsString, OsString)> {
    let handed = ["PATH", "HOME"].into_iter().chain(named.iter().map(String::as_str));
    let mut env: Vec<(OsString, OsString)> =
        handed.filter_map(|name| Some((name.into(), own(name)?))).collect();
    let mut say = |name: &str, value: String| {
        env.retain(|(found, _)| found != name);
        env.push((name.into(), value.into()));
    };
    say("TIDELOCK_MIGRATION", run.migration.clone());
    say("TIDELOCK_STEP", step.to_owned());
    say("TIDELOCK_WEIGHT", weight.map(|weight| weight.to_string()).unwrap_or_default());
    say("TIDELOCK_DIRECTION", run.direction.clone());
    say("TIDELOCK_RUN", run.run.to_string());
    say("TIDELOCK_REHEARSAL", run.rehearsal.to_string());
    env
}

/// Runs it to its end. Each line goes to `said`, and is left out there while nobody takes it; `kill`
/// ends it before its time.
pub(super) async fn run(order: Order, said: mpsc::Sender<String>, kill: oneshot::Receiver<()>) -> Ended {
    let mut child = match start(&order) {
        Ok(child) => child,
        Err(why) => return Ended::not_started(why),
    };
    let (sender, lines) = mpsc::channel(WAITING_LINES);
    let readers = [
        child.stdout.take().map(|pipe| tokio::spawn(read(pipe, sender.clone()))),
        child.stderr.take().map(|pipe| tokio::spawn(read(pipe, sender.clone()))),
    ];
    drop(sender);
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let ear = Ear { lines, said, tail: Tail::default(), durable: false, unheard: 0, silent: false };
    // Held for as long as this process lives, and never written to.
    let alive = child.stdin.take();
    let mut watched = Watched { child, group, ear, status: None, killed: None, _alive: alive };
    watched.watch(order.timeout, kill).await;
    readers.into_iter().flatten().for_each(|reader| reader.abort());
    watched.ended()
}

fn start(order: &Order) -> Result<Child, String> {
    let (program, arguments) = order.argv.split_first().ok_or("the command is empty")?;
    // A path is one of the folder that the operator stands in, a bare name one of PATH.
    let path = if program.contains('/') { order.dir.join(program) } else { PathBuf::from(program) };
    let mut command = match order.keeper.split_first() {
        Some((keeper, words)) => {
            let mut command = Command::new(keeper);
            command.args(words).arg(path).stdin(Stdio::piped());
            command
        }
        None => {
            let mut command = Command::new(path);
            command.stdin(Stdio::null());
            command
        }
    };
    command.args(arguments).current_dir(&order.dir).env_clear().envs(order.env.iter().cloned());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command.spawn().map_err(|error| format!("start {program}: {error}"))
}

async fn read(mut pipe: impl AsyncRead + Unpin, lines: mpsc::Sender<String>) {
    let mut cut = Lines::default();
    let mut bytes = [0; 4096];
    while let Ok(length @ 1..) = pipe.read(&mut bytes).await {
        for line in cut.push(&bytes[..length]) {
            if lines.send(line).await.is_err() {
                return;
            }
        }
    }
    if let Some(line) = cut.end() {
        // Nobody is left to be told when the command was given up.
        let _ = lines.send(line).await;
    }
}

/// Takes the lines in.
struct Ear {
    lines: mpsc::Receiver<String>,
    said: mpsc::Sender<String>,
    tail: Tail,
    durable: bool,
    unheard: u64,
    silent: bool,
}

impl Ear {
    fn take(&mut self, line: Option<String>) {
        let Some(line) = line else {
            self.silent = true;
            return;
        };
        self.durable |= line.trim() == DURABLE;
        self.tail.push(&line);
        // A screen that stands still must not hold the command up.
        if self.said.try_send(line).is_err() {
            self.unheard += 1;
        }
    }

    fn say(&mut self, line: String) {
        self.tail.push(&line);
        let _ = self.said.try_send(line);
    }
}

struct Watched {
    child: Child,
    group: Option<Pid>,
    ear: Ear,
    status: Option<ExitStatus>,
    killed: Option<String>,
    _alive: Option<ChildStdin>,
}

impl Watched {
    async fn watch(&mut self, timeout: Duration, mut kill: oneshot::Receiver<()>) {
        let mut until = Instant::now() + timeout;
        let mut hurry = true;
        loop {
            tokio::select! {
                line = self.ear.lines.recv(), if !self.ear.silent => self.ear.take(line),
                status = self.child.wait(), if self.status.is_none() => {
                    self.status = status.ok();
                    if self.status.is_none() {
                        self.killed = Some("its end could not be seen".to_owned());
                        return;
                    }
                    until = Instant::now() + DRAIN;
                }
                () = sleep_until(until) => {
                    if self.status.is_none() {
                        self.stop(format!("it took longer than {}", span(millis(timeout)))).await;
                    }
                    return;
                }
                asked = &mut kill, if hurry => {
                    hurry = false;
                    if asked.is_ok() && self.status.is_none() {
                        self.stop("the operator killed it".to_owned()).await;
                        return;
                    }
                }
            }
            if self.status.is_some() && self.ear.silent {
                return;
            }
        }
    }

    /// Asks the whole group to end, and ends what is left of it after the grace.
    async fn stop(&mut self, why: String) {
        // One that ended by itself a moment before is known, and nobody killed it.
        if let Ok(Some(status)) = self.child.try_wait() {
            self.status = Some(status);
            return;
        }
        self.killed = Some(why);
        let Some(group) = self.group else { return };
        let end = Instant::now() + GRACE;
        // A group that is gone already needs no signal.
        let _ = kill_process_group(group, Signal::TERM);
        while Instant::now() < end && (self.status.is_none() || test_kill_process_group(group).is_ok()) {
            let look = (Instant::now() + LOOK).min(end);
            tokio::select! {
                line = self.ear.lines.recv(), if !self.ear.silent => self.ear.take(line),
                status = self.child.wait(), if self.status.is_none() => self.status = status.ok(),
                () = sleep_until(look) => {}
            }
        }
        let _ = kill_process_group(group, Signal::KILL);
        let last = Instant::now() + DRAIN;
        if self.status.is_none()
            && let Ok(status) = timeout_at(Instant::now() + GRACE, self.child.wait()).await
        {
            self.status = status.ok();
        }
        while !self.ear.silent
            && let Ok(line) = timeout_at(last, self.ear.lines.recv()).await
        {
            self.ear.take(line);
        }
    }

    fn ended(mut self) -> Ended {
        if self.ear.unheard > 0 {
            let line = format!("tidelock: {} lines were not shown", self.ear.unheard);
            let _ = self.ear.said.try_send(line);
        }
        let (outcome, why) = match (self.killed, self.status) {
            (Some(why), _) => ("unknown", format!("killed: {why}")),
            (None, Some(status)) => judged(status),
            (None, None) => ("unknown", "its end was not seen".to_owned()),
        };
        if !why.is_empty() {
            self.ear.say(format!("tidelock: {why}"));
        }
        Ended { outcome, durable: self.ear.durable, output: self.ear.tail.into_text(), why }
    }
}

fn judged(status: ExitStatus) -> (&'static str, String) {
    match status.code() {
        Some(0) => ("done", String::new()),
        Some(code) => ("failed", format!("it ended with {code}")),
        None => ("unknown", format!("somebody ended it: {status}")),
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
