//! The agent itself: one task that owns the schedule, the assignments and what is ready, with one
//! `select!`.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tidelock_agent_core::{Due, Schedule};
use tidelock_model::{Name, Sha256, Timestamp};
use tidelock_ops::Ops;
use tidelock_ops::service::{self, Heart, Pulse, Signs};
use tidelock_proto::v1;
use tidelock_sandbox::protocol::Refusal;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::broken::Names;
use crate::clock::{self, Clock};
use crate::components::Components;
use crate::config::Config;
use crate::identity;
use crate::job::Job;
use crate::newest::Newest;
use crate::ops::{AgentOps, Tally};
use crate::runs::{Round, Runs, Sandbox, SpoolGone};
use crate::spool::{Spool, SpoolError, SpoolHandle};
use crate::starvation::Starvation;
use crate::trust::{Keys, Trust};
use crate::uplink::{Shared, Uplink};

mod assign;
mod now;
mod prepare;

use prepare::Readiness;

/// How long a round waits for a free place.
const PATIENCE: Duration = Duration::from_secs(1);
/// The schedule is looked at so often even when nothing is due, so that a suspend is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Rounds whose finding is not on disk yet. When there are more, no new ones are begun.
const MAX_UNKEPT: usize = 1024;

/// Runs an agent until `shutdown`, then lets it leave in good order.
///
/// # Errors
/// When it cannot begin, or its spool fails.
pub async fn run<S: Sandbox>(config: Config, sandbox: S, shutdown: impl Future<Output = ()>) -> Result<()> {
    run_beside(config, sandbox, shutdown, |_, _, _| std::future::pending()).await
}

/// The same, with something beside it that lives as long as the agent, is given its health and numbers, says what
/// may be run when that is read anew, and feels whether the agent still goes round.
///
/// # Errors
/// As [`run`], or when what is beside it ends.
pub async fn run_beside<S: Sandbox, B: Future<Output = Result<()>>>(
    config: Config,
    sandbox: S,
    shutdown: impl Future<Output = ()>,
    beside: impl FnOnce(Arc<dyn Ops>, watch::Sender<Keys>, Pulse) -> B,
) -> Result<()> {
    let config = Arc::new(config);
    let (who, _) = identity::load(&config)?;
    tracing::info!(migration = %who.migration, agent = %who.agent, "begins");
    let spool = {
        let config = config.clone();
        let open = move || Spool::open(&config.spool_dir, config.spool_limit_bytes);
        tokio::task::spawn_blocking(open).await.context("open the spool")??
    };
    let (spool, items) = SpoolHandle::new(spool);
    let mut writer = tokio::spawn(spool.clone().write_all(items));
    let newest = Newest::open(&config.cache_dir)?;
    let (shared, clock, starvation) = (Shared::default(), Clock::start(), Starvation::default());
    shared.newest_revision.send_replace(newest.revision());
    let starved = tokio::spawn(starvation.clone().watch(shared.starved_permille.clone()));
    // Before the uplink runs: what it is told in its first moments must not count as seen.
    let (assignments, offset) = (shared.assignments.subscribe(), shared.offset.subscribe());
    let asks = shared.asks.subscribe();
    let uplink = Uplink::new(config.clone(), spool.clone(), clock, shared.clone());
    let mut uplink = tokio::spawn(uplink.run());
    let components = Components::open(config.cache_dir.join("components"))?;
    let side = who.agent.side;
    let boot_id = clock::boot_id();
    let trust = {
        let config = config.clone();
        let open = move || Trust::open(config.plugins.clone(), &config.cache_dir);
        tokio::task::spawn_blocking(open).await.context("read what is trusted")??
    };
    for warning in trust.warnings() {
        tracing::warn!(warning, "this agent is not fit for production");
    }
    let (tally, migration) = (Tally::default(), who.migration.clone());
    let (keys, keys_changed) = (trust.keys(), trust.keys().subscribe());
    let ops = Arc::new(AgentOps {
        migration: migration.clone(),
        agent: who.agent,
        shared: shared.clone(),
        head: spool.head(),
        tally: tally.clone(),
        signs: Signs::new("the loop that runs the checks"),
    });
    let (pulse, heart) = service::pulse();
    let beside = beside(ops, keys, pulse);
    let (config_of_runs, spool_dir) = (config.clone(), config.spool_dir.clone());
    let runs = Arc::new(Runs {
        sandbox,
        spool,
        config: config_of_runs,
        side,
        starvation,
        trust,
        boot_id,
        migration,
        tally,
        names: Names::default(),
    });
    let agent = Agent {
        schedule: Schedule::new(config.runs_in_flight, PATIENCE),
        assignments,
        offset,
        config,
        clock,
        shared: shared.clone(),
        runs,
        components,
        newest,
        jobs: BTreeMap::new(),
        later: BTreeMap::new(),
        begun: BTreeSet::new(),
        refused: Vec::new(),
        ready: BTreeMap::new(),
        keys: keys_changed,
        heart,
        rounds: JoinSet::new(),
        asks,
        asked: BTreeSet::new(),
        answers: JoinSet::new(),
        preparing: JoinSet::new(),
    };
    tokio::select! {
        // First: where no finding can be kept any more, the writer knows why, and the work only that.
        biased;
        ended = &mut writer => bail!("the spool in {} failed: {}", spool_dir.display(), told(ended)),
        // Nothing else ends it before the agent leaves.
        ended = &mut uplink => bail!("the spool in {} failed: {}", spool_dir.display(), told(ended)),
        ended = agent.work(shutdown) => ended?,
        ended = beside => bail!("what goes on beside the agent ended: {:?}", ended.err()),
    }
    tracing::info!("leaves");
    shared.leaving.send_replace(Some("drained".to_owned()));
    uplink.await.context("the uplink")??;
    starved.abort();
    writer.await.context("the spool's writer")??;
    Ok(())
}

fn told(ended: Result<Result<(), SpoolError>, tokio::task::JoinError>) -> String {
    match ended {
        Ok(Ok(())) => "its task ended too early".to_owned(),
        // With what the system said.
        Ok(Err(error)) => format!("{:#}", anyhow::Error::new(error)),
        Err(error) => error.to_string(),
    }
}

/// What a task that ran a round gives back: what was scheduled, if it has a place to give back.
type Ended = (Option<(Name, u64)>, Result<(), SpoolGone>);

struct Agent<S> {
    config: Arc<Config>,
    clock: Clock,
    shared: Shared,
    assignments: watch::Receiver<Option<Arc<v1::Assignments>>>,
    offset: watch::Receiver<Option<tidelock_agent_core::Offset>>,
    runs: Arc<Runs<S>>,
    components: Components,
    newest: Newest,
    schedule: Schedule,
    /// What is carried out, or refused with rounds that say so.
    jobs: BTreeMap<Name, Arc<Job>>,
    /// What other phases carry out: judged and made ready ahead.
    later: BTreeMap<Name, Arc<Job>>,
    /// What was run at once, and need not be again.
    begun: BTreeSet<(Name, Sha256)>,
    /// Assignments that have not even rounds.
    refused: Vec<v1::AssignmentStatus>,
    ready: BTreeMap<Sha256, Readiness>,
    /// What the operator of this machine says of plugins.
    keys: watch::Receiver<Keys>,
    /// What the watchdog feels.
    heart: Heart,
    rounds: JoinSet<Ended>,
    /// Runs that people ask for; they are no rounds.
    asks: broadcast::Receiver<Arc<v1::RunNow>>,
    /// The checks of those that are in flight.
    asked: BTreeSet<Name>,
    answers: JoinSet<(Name, v1::RunAnswer)>,
    preparing: JoinSet<(Sha256, Result<Vec<String>, Refusal>, bool)>,
}

impl<S: Sandbox> Agent<S> {
    /// Works until `shutdown`, and then until the runs in flight have ended. All bounds of a run are
    /// its own, so that this ends.
    async fn work(mut self, shutdown: impl Future<Output = ()>) -> Result<()> {
        tokio::pin!(shutdown);
        let mut draining = false;
        loop {
            if draining && self.rounds.is_empty() {
                return Ok(());
            }
            self.warn();
            let wait = self.until_next();
            tokio::select! {
                () = &mut shutdown, if !draining => {
                    draining = true;
                    self.schedule.drain();
                }
                Some(ended) = self.rounds.join_next() => self.ended(ended.context("a round")?)?,
                Some(prepared) = self.preparing.join_next() => {
                    let (component, result, again) = prepared.context("preparing a component")?;
                    self.prepared(component, result, again);
                }
                Ok(ask) = self.asks.recv(), if !draining => self.run_now(&ask),
                Some(answered) = self.answers.join_next() => self.answered(answered.context("a run that was asked for")?),
                Ok(()) = self.assignments.changed() => self.take_assignments()?,
                Ok(()) = self.keys.changed() => self.judge_again(),
                Ok(()) = self.offset.changed() => {
                    // The first one lets the schedule begin; later ones only move the sleep.
                    self.offset.borrow_and_update();
                    self.reschedule();
                }
                () = self.heart.beat() => {}
                () = sleep(wait) => self.begin_due(),
            }
        }
    }

    fn until_next(&self) -> Duration {
        let Some(offset) = *self.offset.borrow() else { return LONGEST_SLEEP };
        let now = offset.to_collector(self.clock.now());
        if self.rounds.len() > MAX_UNKEPT {
            return LONGEST_SLEEP;
        }
        let Some(wake) = self.schedule.wake_at() else { return LONGEST_SLEEP };
        wake.since(now).min(LONGEST_SLEEP)
    }

    /// Tells what people must know of this agent; it goes with every heartbeat.
    fn warn(&self) {
        let mut warnings = self.runs.trust.warnings();
        warnings.extend(self.runs.sandbox.warnings());
        self.shared.warnings.send_if_modified(|told| {
            let news = *told != warnings;
            *told = warnings;
            news
        });
    }

    fn begin_due(&mut self) {
        let Some(offset) = *self.offset.borrow() else { return };
        let now = offset.to_collector(self.clock.now());
        if self.rounds.len() > MAX_UNKEPT {
            tracing::error!("the disk is too slow: no rounds are begun");
            return;
        }
        for due in self.schedule.take_due(now) {
            match due {
                Due::Run { check, round, due } => {
                    let Some(job) = self.jobs.get(&check).cloned() else {
                        self.schedule.finished(&check, round);
                        continue;
                    };
                    let readiness = match self.ready.get(&job.component) {
                        Some(Readiness::Refused(refusal)) => Err(refusal.clone()),
                        Some(Readiness::Ready(_) | Readiness::Preparing) | None => Ok(()),
                    };
                    let at = Round { round, due, lateness: now.since(due) };
                    let runs = self.runs.clone();
                    self.rounds.spawn(async move {
                        let kept = runs.run(&job, at, readiness).await;
                        (Some((check, round)), kept)
                    });
                }
                Due::Skip { check, round, due, cause } => {
                    let Some(job) = self.jobs.get(&check).cloned() else { continue };
                    let at = Round { round, due, lateness: now.since(due) };
                    let runs = self.runs.clone();
                    self.rounds.spawn(async move { (None, runs.skip(&job, at, cause).await) });
                }
            }
        }
    }

    /// Runs what is not to wait for its first round, where it can be run by now.
    fn begin_at_once(&mut self, now: Timestamp) {
        for (check, job) in &self.jobs {
            let ready = matches!(self.ready.get(&job.component), Some(Readiness::Ready(_)));
            if !job.at_once || !ready || !self.begun.insert((check.clone(), job.component)) {
                continue;
            }
            let round = job.grid.newest_at(now).unwrap_or(0);
            let at = Round { round, due: now, lateness: Duration::ZERO };
            let (runs, job) = (self.runs.clone(), job.clone());
            self.rounds.spawn(async move { (None, runs.run(&job, at, Ok(())).await) });
        }
    }

    fn ended(&mut self, (place, kept): Ended) -> Result<()> {
        if let Some((check, round)) = place {
            self.schedule.finished(&check, round);
            // A round may wait for this place.
            self.begin_due();
        }
        match kept {
            Ok(()) => Ok(()),
            Err(SpoolGone) => bail!("findings cannot be kept any more"),
        }
    }
}

#[cfg(test)]
mod tests;
