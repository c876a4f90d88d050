//! The collector and the agents as processes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

const START_LIMIT: Duration = Duration::from_secs(30);
/// An agent hands over what it has before it ends.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// One process, tied to the demo's life.
#[derive(Debug)]
pub(crate) struct Actor {
    pub(crate) name: String,
    child: Child,
    log: PathBuf,
}

impl Actor {
    /// Starts it; `keeper` is this binary. What it says goes to `logs/NAME.log`.
    pub(crate) fn start(
        name: &str,
        keeper: &Path,
        program: &Path,
        arguments: &[&str],
        folder: &Path,
    ) -> anyhow::Result<Actor> {
        let log = folder.join("logs").join(format!("{name}.log"));
        let place = || format!("open {}", log.display());
        let file = File::options().create(true).append(true).open(&log).with_context(place)?;
        let child = Command::new(keeper)
            .arg("keep")
            .arg("--")
            .arg(program)
            .args(arguments)
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .stdout(file.try_clone().with_context(place)?)
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {name}"))?;
        Ok(Actor { name: name.to_owned(), child, log })
    }

    /// An error that names it when it has ended.
    pub(crate) fn intact(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            let said = std::fs::read_to_string(&self.log).unwrap_or_default();
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("nothing").to_owned();
            anyhow::bail!("{} ended with {status}: {last} (see {})", self.name, self.log.display());
        }
        Ok(())
    }

    /// Waits until it has written the file; it does so in one rename.
    pub(crate) async fn tells(&mut self, file: &Path) -> anyhow::Result<String> {
        let until = Instant::now() + START_LIMIT;
        loop {
            if let Ok(text) = std::fs::read_to_string(file) {
                return Ok(text);
            }
            self.intact()?;
            let log = self.log.display();
            anyhow::ensure!(
                Instant::now() < until,
                "{} does not listen after {START_LIMIT:?}: see {log}",
                self.name
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Asks it to end, and ends it when it does not.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let pid = self.pid().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It may end between the look and the signal.
            let _ = kill_process(pid, Signal::TERM);
        }
        match timeout(STOP_LIMIT, self.child.wait()).await {
            Ok(ended) => ended.map(drop).with_context(|| format!("wait for {}", self.name)),
            Err(_late) => self.child.kill().await.with_context(|| format!("end {}", self.name)),
        }
    }
}
