//! One process of the world: started on a free port, told by a file, ended with its parent.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

const START_LIMIT: Duration = Duration::from_secs(20);
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// What to start.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) token: String,
}

/// A process that listens.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    pub(crate) url: String,
    pub(crate) pid: u32,
}

impl Process {
    /// Starts it and waits until it listens; what it says goes to `logs/NAME.log`.
    pub(crate) async fn start(folder: &Path, job: &Job) -> anyhow::Result<Process> {
        let port_file = folder.join(format!("{}.address", job.name));
        if port_file.exists() {
            std::fs::remove_file(&port_file)?;
        }
        let log_path = folder.join("logs").join(format!("{}.log", job.name));
        let log = File::options()
            .create(true)
            .append(true)
            .open(&log_path)
            .with_context(|| format!("open {}", log_path.display()))?;
        let mut child = Command::new(&job.program)
            .args(&job.arguments)
            .arg("--with-parent")
            .arg("--port-file")
            .arg(&port_file)
            .env(crate::TOKEN_VARIABLE, &job.token)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {} for {}", job.program.display(), job.name))?;
        let pid = child.id().with_context(|| format!("{} ended at once", job.name))?;
        let until = Instant::now() + START_LIMIT;
        loop {
            if let Ok(address) = std::fs::read_to_string(&port_file) {
                let url = format!("http://{}", address.trim());
                return Ok(Process { name: job.name, child, url, pid });
            }
            if let Some(status) = child.try_wait()? {
                anyhow::bail!(
                    "{} ended with {status} before it listened: see {}",
                    job.name,
                    log_path.display()
                );
            }
            anyhow::ensure!(
                Instant::now() < until,
                "{} does not listen after {START_LIMIT:?}: see {}",
                job.name,
                log_path.display()
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether it still runs.
    pub(crate) fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Asks it to end, and ends it when it does not.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        if !self.alive() {
            return Ok(());
        }
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            // It may end between the look and the signal.
            let _ = kill_process(pid, Signal::TERM);
        }
        match timeout(STOP_LIMIT, self.child.wait()).await {
            Ok(ended) => {
                ended?;
            }
            Err(_late) => self.child.kill().await?,
        }
        Ok(())
    }
}
