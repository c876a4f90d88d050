//! What the agent holds: asks the runner, and always gets an answer.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tidelock_model::{Cause, Sha256};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::compiler::{self, CompileBounds};
use super::reach::Reach;
use super::room;
use super::supervisor::{Ask, Reply, Supervisor};
use crate::cache::Cache;
use crate::engine::EngineSettings;
use crate::prepare::MADE_UP_FOR;
use crate::protocol::made_up::{MadeUp, Used};
use crate::protocol::message::{Answer, ToRunner};
use crate::protocol::{Manifest, Refusal, RunRequest, RunResult};
use crate::result;

/// Requests that wait for the runner.
const MAX_WAITING: usize = 256;
/// How long a request waits for a runner that is being started.
const WAIT_FOR_RUNNER: Duration = Duration::from_secs(5);
/// How long preparing or describing may take in the runner.
const ASK_FOR: Duration = Duration::from_secs(15);

/// How runners are started.
#[derive(Debug, Clone)]
pub struct RunnerConfig {
    /// The program that has the two entry points; usually the agent itself.
    pub program: PathBuf,
    /// The arguments that make it call `runner_main`.
    pub runner_args: Vec<String>,
    /// The arguments that make it call `compile_main`.
    pub compile_args: Vec<String>,
    /// The folder of compiled code: the agent's user's alone, made with mode 0700 when it is missing.
    /// Agents of one user may share it: each component is then compiled once.
    pub cache_dir: PathBuf,
    /// The engine's settings.
    pub engine: EngineSettings,
    /// What one compilation may use up.
    pub compile: CompileBounds,
    /// How long after its deadline a run may still answer before the runner is killed.
    pub grace: Duration,
    /// Files that no run may reach, whatever it is granted: a database in a folder that holds one is not opened.
    pub keep_out: Vec<PathBuf>,
}

impl RunnerConfig {
    /// This program with the arguments `runner` and `compile`.
    ///
    /// # Errors
    /// The system does not say which program this is.
    pub fn this_program(cache_dir: impl Into<PathBuf>) -> io::Result<RunnerConfig> {
        Ok(RunnerConfig {
            program: std::env::current_exe()?,
            runner_args: vec!["runner".to_owned()],
            compile_args: vec!["compile".to_owned()],
            cache_dir: cache_dir.into(),
            engine: EngineSettings::default(),
            compile: CompileBounds::default().within(room::limit()),
            grace: Duration::from_secs(2),
            keep_out: Vec::new(),
        })
    }
}

/// A component that can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prepared {
    /// The component.
    pub component: Sha256,
    /// It had to be compiled; otherwise it was in the cache.
    pub compiled: bool,
}

/// The agent's hold on its runner. Clones share one runner; the last one to go ends it.
#[derive(Clone)]
pub struct RunnerClient {
    inner: Arc<Inner>,
}

struct Inner {
    config: RunnerConfig,
    cache: Arc<Cache>,
    asks: mpsc::Sender<Ask>,
    /// One compilation at a time.
    compiling: Mutex<()>,
    supervisor: JoinHandle<()>,
    kept: watch::Receiver<Vec<String>>,
    reach: Reach,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

impl RunnerClient {
    /// Opens the cache and starts keeping a runner. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// The cache folder cannot be made, or others may write in it.
    pub fn start(config: RunnerConfig) -> io::Result<RunnerClient> {
        let cache = Arc::new(Cache::open(&config.cache_dir)?);
        let (asks, waiting) = mpsc::channel(MAX_WAITING);
        let (keep, kept) = watch::channel(Vec::new());
        let (reached, folders) = watch::channel(BTreeSet::new());
        let reach = Reach::new(reached, config.keep_out.clone());
        let supervisor = Supervisor::new(config.clone(), Arc::clone(&cache), waiting, keep, folders);
        let supervisor = tokio::spawn(supervisor.keep());
        let compiling = Mutex::new(());
        let inner = Inner { config, cache, asks, compiling, supervisor, kept, reach };
        Ok(RunnerClient { inner: Arc::new(inner) })
    }

    /// Makes a component ready to run: compiles it unless this agent has done so, and loads it.
    /// `wasm` is read only when it has to be compiled, and must then have this digest.
    ///
    /// # Errors
    /// Says why it cannot be run: `bad_digest`, `interface`, `memory`, `unknown_plugin` or `runner_lost`.
    pub async fn prepare(&self, wasm: &Path, component: Sha256) -> Result<Prepared, Refusal> {
        if self.load(component).await? {
            return Ok(Prepared { component, compiled: false });
        }
        let _one = self.inner.compiling.lock().await;
        let _turn = self.inner.cache.turn(component, self.inner.config.compile.time).await;
        // Another caller, or an agent that shares the folder, may have compiled it while this one waited.
        if self.load(component).await? {
            return Ok(Prepared { component, compiled: false });
        }
        compiler::compile(&self.inner.config, &self.inner.cache, wasm, component).await?;
        if self.load(component).await? {
            return Ok(Prepared { component, compiled: true });
        }
        let why = format!("compiled code of {component} does not fit this runner");
        Err(Refusal::new(Cause::UnknownPlugin, why))
    }

    /// Whether the runner has the component; an error when it never will.
    async fn load(&self, component: Sha256) -> Result<bool, Refusal> {
        match self.ask(move |id| ToRunner::Prepare { id, component }, ASK_FOR).await {
            Reply::Answer(Answer::Prepared) => Ok(true),
            Reply::Answer(Answer::NotCompiled) => Ok(false),
            other @ (Reply::Answer(_) | Reply::Overdue | Reply::Lost(_)) => Err(unexpected(other)),
        }
    }

    /// Asks a prepared component what it is.
    ///
    /// # Errors
    /// Says why it did not tell.
    pub async fn describe(&self, component: Sha256) -> Result<Manifest, Refusal> {
        match self.ask(move |id| ToRunner::Describe { id, component }, ASK_FOR).await {
            Reply::Answer(Answer::Described(manifest)) => Ok(*manifest),
            other @ (Reply::Answer(_) | Reply::Overdue | Reply::Lost(_)) => Err(unexpected(other)),
        }
    }

    /// Runs a prepared component once. There is always a result: what goes wrong is its outcome.
    pub async fn run(&self, request: RunRequest) -> RunResult {
        if let Err(refusal) = self.inner.reach.open(&request, &self.inner.asks, WAIT_FOR_RUNNER).await {
            return RunResult::not_run(refusal.cause, refusal.detail);
        }
        let time = Duration::from_millis(request.timeout_ms);
        self.run_in(request, None, time).await.0
    }

    /// Runs a prepared component once in a made-up world. What it gives is for its author, and no evidence.
    pub async fn rehearse(&self, request: RunRequest, made_up: MadeUp) -> (RunResult, Used) {
        self.run_in(request, Some(Box::new(made_up)), MADE_UP_FOR).await
    }

    async fn run_in(
        &self,
        request: RunRequest,
        made_up: Option<Box<MadeUp>>,
        time: Duration,
    ) -> (RunResult, Used) {
        let limits = request.limits;
        let time = time.saturating_add(self.inner.config.grace);
        let begun = Instant::now();
        let request = Box::new(request);
        let reply = self.ask(move |id| ToRunner::Run { id, request, made_up }, time).await;
        match reply {
            Reply::Answer(Answer::Done(mut done)) => {
                let used = done.used.take().unwrap_or_default();
                (result::believe(*done, limits.report_bytes), used)
            }
            other @ (Reply::Answer(_) | Reply::Overdue | Reply::Lost(_)) => {
                let Refusal { cause, detail } = unexpected(other);
                let result = RunResult { duration: begun.elapsed(), ..RunResult::not_run(cause, detail) };
                (result, Used::default())
            }
        }
    }

    /// What the kernel did not let the present runner give up, a sentence each; most often nothing.
    #[must_use]
    pub fn kept(&self) -> Vec<String> {
        self.inner.kept.borrow().clone()
    }

    /// Kills the runner as it is, with the runs in it. Another one is started. For tests and drills.
    pub async fn kill_runner(&self) {
        // Where nobody takes it any more, there is no runner left to kill.
        let _ = self.inner.asks.send(Ask::Kill).await;
    }

    async fn ask(&self, request: impl FnOnce(u64) -> ToRunner + Send + 'static, time: Duration) -> Reply {
        let (tell, told) = oneshot::channel();
        let ask = Ask::Request { request: Box::new(request), time, tell };
        let lost = |why: &str| Reply::Lost(why.to_owned());
        match timeout(WAIT_FOR_RUNNER, self.inner.asks.send(ask)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return lost("the runner's supervisor is gone"),
            Err(_) => return lost("too many requests wait for the runner"),
        }
        let whole = time.saturating_add(WAIT_FOR_RUNNER);
        match timeout(whole, told).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => lost("the runner's supervisor is gone"),
            Err(_) => lost("there was no runner in time"),
        }
    }
}

fn unexpected(reply: Reply) -> Refusal {
    match reply {
        Reply::Answer(Answer::Refused(refusal)) => refusal,
        Reply::Answer(Answer::NotCompiled) => {
            Refusal::new(Cause::UnknownPlugin, "the component has not been prepared on this agent")
        }
        Reply::Answer(Answer::Prepared | Answer::Described(_) | Answer::Done(_)) => {
            Refusal::new(Cause::RunnerLost, "the runner answered something else")
        }
        Reply::Overdue => {
            Refusal::new(Cause::Timeout, "the run did not end at its deadline; the runner was killed")
        }
        Reply::Lost(why) => Refusal::new(Cause::RunnerLost, why),
    }
}
