//! One round of one check, from the moment it is due to the finding on disk.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tidelock_model::{Cause, Name, Sha256, Side, Timestamp};
use tidelock_sandbox::RunnerClient;
use tidelock_sandbox::protocol::{Manifest, Refusal, RunRequest, RunResult, Secret, SecretText};
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::broken::Names;
use crate::clock;
use crate::config::{Config, SecretFile};
use crate::finding::{self, Seen};
use crate::job::{Job, Work};
use crate::ops::Tally;
use crate::spool::{SpoolHandle, StateChange};
use crate::starvation::Starvation;
use crate::telemetry::{self, RunTrace};
use crate::trust::Trust;

/// How long after its own bounds the sandbox may take to say what became of a run.
const SANDBOX_GRACE: Duration = Duration::from_secs(15);
/// The largest secret.
const MAX_SECRET_BYTES: u64 = 16 << 10;

/// What runs components. The agent uses the runner; tests use something that answers at once.
pub trait Sandbox: Send + Sync + 'static {
    /// Makes a component ready, and gives what it says of itself.
    fn prepare(
        &self,
        wasm: &Path,
        component: Sha256,
    ) -> impl Future<Output = Result<Described, Refusal>> + Send;
    /// Runs it once.
    fn run(&self, request: RunRequest) -> impl Future<Output = RunResult> + Send;
    /// What people must know of it, a sentence each.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What a component says of itself, as far as an agent needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it cannot see.
    pub blind_spots: Vec<String>,
}

impl Sandbox for RunnerClient {
    async fn prepare(&self, wasm: &Path, component: Sha256) -> Result<Described, Refusal> {
        RunnerClient::prepare(self, wasm, component).await?;
        // A component that cannot say what it is cannot be trusted with a run either.
        let manifest = RunnerClient::describe(self, component).await?;
        let Manifest { name, version, blind_spots, .. } = manifest;
        Ok(Described { name, version, blind_spots })
    }

    async fn run(&self, request: RunRequest) -> RunResult {
        RunnerClient::run(self, request).await
    }

    fn warnings(&self) -> Vec<String> {
        let told = |kept: String| format!("the runner is not confined as it should be: {kept}");
        self.kept().into_iter().map(told).collect()
    }
}

/// What every run of this agent shares.
#[derive(Debug)]
pub struct Runs<S> {
    /// What runs components.
    pub sandbox: S,
    /// Where findings go.
    pub spool: SpoolHandle,
    /// Where secrets lie.
    pub config: Arc<Config>,
    /// This agent's side.
    pub side: Side,
    /// Whether the agent stood still.
    pub starvation: Starvation,
    /// Which components are run.
    pub trust: Trust,
    /// This boot of the machine.
    pub boot_id: String,
    /// The migration that it serves.
    pub migration: Name,
    /// What was run.
    pub tally: Tally,
    /// How the components are called.
    pub names: Names,
}

/// A round that is due.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// Its number.
    pub round: u64,
    /// When it was due, in collector time.
    pub due: Timestamp,
    /// How much later it begins.
    pub lateness: Duration,
}

/// The spool takes nothing any more; the agent must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolGone;

impl<S: Sandbox> Runs<S> {
    /// Runs a round and keeps what was found. When this returns, the finding and the check's state are
    /// on disk.
    ///
    /// # Errors
    /// When they cannot be kept.
    pub async fn run(
        &self,
        job: &Job,
        round: Round,
        readiness: Result<(), Refusal>,
    ) -> Result<(), SpoolGone> {
        let span = telemetry::run_span(&job.check, self.side, round.round);
        let trace = telemetry::run_trace(&span);
        async {
            let (seen, mut result) = self.look(job, round, readiness, &trace).await;
            let states = std::mem::take(&mut result.state_changes);
            let states = (states.into_iter())
                .map(|(key, value)| StateChange { check: job.check.clone(), key, value })
                .collect();
            telemetry::record(&result);
            self.tally.count(&self.migration, self.side.word(), &job.check, job.component, &result);
            self.keep(finding::of_run(job, seen, result, &self.names.get(job.component)), states).await
        }
        .instrument(span)
        .await
    }

    /// Runs a check for whoever wants to see what it finds. Nothing of it is kept or counted.
    pub async fn look_once(
        &self,
        job: &Job,
        at: Round,
        readiness: Result<(), Refusal>,
    ) -> tidelock_proto::v1::Finding {
        let span = telemetry::run_span(&job.check, self.side, at.round);
        let trace = telemetry::run_trace(&span);
        async {
            let (seen, result) = self.look(job, at, readiness, &trace).await;
            telemetry::record(&result);
            finding::of_run(job, seen, result, &self.names.get(job.component))
        }
        .instrument(span)
        .await
    }

    async fn look(
        &self,
        job: &Job,
        round: Round,
        readiness: Result<(), Refusal>,
        trace: &RunTrace,
    ) -> (Seen, RunResult) {
        let started = clock::since_boot();
        let going = self.starvation.begin(started);
        let result = self.attempt(job, round, readiness, trace).await;
        let ended = clock::since_boot();
        let seen = Seen {
            round: round.round,
            due: round.due,
            started,
            duration: ended.saturating_sub(started),
            lateness: round.lateness,
            starved: self.starvation.starved(started, ended, job.timeout),
            trace_id: trace.trace_id.clone(),
            span_id: trace.span_id.clone(),
            boot_id: self.boot_id.clone(),
        };
        drop(going);
        (seen, result)
    }

    /// Keeps a round that is not run.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub async fn skip(&self, job: &Job, round: Round, cause: Cause) -> Result<(), SpoolGone> {
        let detail = if cause == Cause::Overrun {
            "the run of an earlier round is still going"
        } else {
            "as many runs are in flight as this agent may have"
        };
        let seen = Seen {
            round: round.round,
            due: round.due,
            started: clock::since_boot(),
            lateness: round.lateness,
            boot_id: self.boot_id.clone(),
            ..Seen::default()
        };
        self.keep(finding::not_run(job, seen, cause, detail), Vec::new()).await
    }

    async fn keep(
        &self,
        finding: tidelock_proto::v1::Finding,
        states: Vec<StateChange>,
    ) -> Result<(), SpoolGone> {
        if self.spool.keep(finding, states).await { Ok(()) } else { Err(SpoolGone) }
    }

    async fn attempt(
        &self,
        job: &Job,
        round: Round,
        readiness: Result<(), Refusal>,
        trace: &RunTrace,
    ) -> RunResult {
        let work = match (&job.work, readiness) {
            (Ok(work), Ok(())) => work,
            (Err(refusal), _) => return RunResult::not_run(refusal.cause, refusal.detail.clone()),
            (Ok(_), Err(refusal)) => return RunResult::not_run(refusal.cause, refusal.detail),
        };
        let span = telemetry::runner_span();
        let below = tidelock_ops::trace::ids(&span).map(|ids| ids.span).unwrap_or_default();
        let calls = RunTrace { span_id: below, ..trace.clone() };
        let request = match self.request(job, work, round, calls).await {
            Ok(request) => request,
            Err(refusal) => return RunResult::not_run(refusal.cause, refusal.detail),
        };
        // The sandbox bounds a run by itself; this is for a sandbox that does not.
        let run = self.sandbox.run(request).instrument(span.clone());
        let result = match timeout(job.timeout + SANDBOX_GRACE, run).await {
            Ok(result) => result,
            Err(_) => RunResult::not_run(Cause::RunnerLost, "the sandbox did not answer"),
        };
        telemetry::record_runner(&span, &result);
        result
    }

    async fn request(
        &self,
        job: &Job,
        work: &Work,
        round: Round,
        calls: RunTrace,
    ) -> Result<RunRequest, Refusal> {
        let state = self.spool.state_of(job.check.clone()).await.map_err(|error| Refusal {
            cause: Cause::RunnerLost,
            detail: format!("the check's state: {error}"),
        })?;
        let secrets = secrets(&self.config.secrets, &work.secrets).await?;
        Ok(RunRequest {
            component: job.component,
            check: job.check.to_string(),
            side: self.side,
            round: round.round,
            nonce: job.nonce(round.round),
            settings: work.settings.clone(),
            timeout_ms: u64::try_from(job.timeout.as_millis()).unwrap_or(u64::MAX),
            limits: work.limits,
            targets: work.targets.clone(),
            secrets,
            state,
            trace_id: Some(calls.trace_id),
            parent_span_id: Some(calls.span_id).filter(|id| !id.is_empty()),
            notes_shown: work.notes_shown,
            revision_header: work.revision_header.clone(),
        })
    }
}

/// Reads the secrets of one run. They are read anew for every run, so that one that is replaced on disk
/// is used at once, and none lies in the agent's memory between runs.
async fn secrets(files: &BTreeMap<Name, SecretFile>, names: &[Name]) -> Result<Vec<Secret>, Refusal> {
    let wanted: Vec<(Name, Option<SecretFile>)> =
        names.iter().map(|name| (name.clone(), files.get(name).cloned())).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let read = tokio::task::spawn_blocking(move || {
        let one = |(name, file): (Name, Option<SecretFile>)| {
            let file = file.ok_or_else(|| missing(&name, "agent.toml does not name it".to_owned()))?;
            let value = read_secret(&file.file)
                .map_err(|error| missing(&name, format!("read {}: {error}", file.file.display())))?;
            Ok(Secret { name: name.to_string(), value, hosts: file.hosts })
        };
        wanted.into_iter().map(one).collect()
    });
    read.await.unwrap_or_else(|_| {
        Err(Refusal { cause: Cause::SecretMissing, detail: "the secrets cannot be read".to_owned() })
    })
}

fn missing(name: &Name, why: String) -> Refusal {
    Refusal { cause: Cause::SecretMissing, detail: format!("secret {name}: {why}") }
}

/// Reads a secret's file; one line end at its end is not part of it.
///
/// # Errors
/// When it cannot be read, is empty or too large, or is no text.
pub fn read_secret(path: &Path) -> io::Result<SecretText> {
    if fs::metadata(path)?.len() > MAX_SECRET_BYTES {
        return Err(io::Error::other(format!("it has more than {MAX_SECRET_BYTES} bytes")));
    }
    let mut text = fs::read_to_string(path)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(io::Error::other("it is empty"));
    }
    Ok(SecretText::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_secret_is_read_for_each_run_without_its_line_end() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("psp");
        let name = Name::new("psp").unwrap();
        let hosts = vec!["shop.example".to_owned()];
        let files = BTreeMap::from([(name.clone(), SecretFile { file: file.clone(), hosts })]);
        let names = [name];
        let refusal = secrets(&files, &names).await.unwrap_err();
        assert_eq!(refusal.cause, Cause::SecretMissing);
        for (content, value) in [("hunter22\n", "hunter22"), ("a\nb\r\n", "a\nb"), ("x", "x")] {
            fs::write(&file, content).unwrap();
            let read = secrets(&files, &names).await.unwrap();
            assert_eq!((read[0].name.as_str(), read[0].value.expose()), ("psp", value));
        }
        for bad in ["", "\n"] {
            fs::write(&file, bad).unwrap();
            assert!(secrets(&files, &names).await.is_err(), "{bad:?}");
        }
        assert!(secrets(&files, &[Name::new("other").unwrap()]).await.is_err());
    }
}
