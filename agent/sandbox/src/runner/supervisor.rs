//! Keeps one runner alive, and gives every request an answer.
//!
//! One task owns the process and what it owes. A request that is overdue costs the runner its life,
//! because nothing else is sure to end what it is doing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

use super::backoff::Backoff;
use super::client::RunnerConfig;
use super::process::{self, Process};
use super::session::{End, Session};
use crate::cache::Cache;
use crate::protocol::frame;
use crate::protocol::message::{Answer, FromRunner, Start, ToRunner};

/// How long a runner may take to build its engine.
const START_FOR: Duration = Duration::from_secs(20);

/// From here on nothing that comes in waits for another runner.
const LONG_WAIT: Duration = Duration::from_secs(1);

/// What the client wants.
pub(super) enum Ask {
    Request {
        request: Box<dyn FnOnce(u64) -> ToRunner + Send>,
        /// After this the runner is killed.
        time: Duration,
        tell: oneshot::Sender<Reply>,
    },
    Kill,
    /// Another runner, which reaches what is granted by now; the runs in flight are waited for.
    Renew,
}

/// A request that no runner has taken: its runner was gone before it could be sent.
pub(super) struct Unsent {
    pub(super) id: u64,
    pub(super) request: ToRunner,
    pub(super) time: Duration,
    pub(super) tell: oneshot::Sender<Reply>,
}

impl Unsent {
    /// Nobody will take it any more.
    pub(super) fn lost(self, why: &str) {
        // A caller that has gone needs no answer.
        let _ = self.tell.send(Reply::Lost(why.to_owned()));
    }
}

/// What the client gets.
pub(super) enum Reply {
    Answer(Answer),
    /// This request was overdue.
    Overdue,
    /// The runner went, for another reason.
    Lost(String),
}

pub(super) struct Supervisor {
    config: RunnerConfig,
    cache: Arc<Cache>,
    asks: mpsc::Receiver<Ask>,
    backoff: Backoff,
    kept: watch::Sender<Vec<String>>,
    /// What runs are granted by now.
    folders: watch::Receiver<BTreeSet<PathBuf>>,
}

impl Supervisor {
    pub(super) fn new(
        config: RunnerConfig,
        cache: Arc<Cache>,
        asks: mpsc::Receiver<Ask>,
        kept: watch::Sender<Vec<String>>,
        folders: watch::Receiver<BTreeSet<PathBuf>>,
    ) -> Supervisor {
        Supervisor { config, cache, asks, backoff: Backoff::default(), kept, folders }
    }

    /// Keeps a runner until the last client is gone.
    pub(super) async fn keep(mut self) {
        let mut unsent: Option<Unsent> = None;
        loop {
            let begun = Instant::now();
            let end = match self.start().await {
                Ok((process, warning)) => {
                    if let Some(warning) = warning {
                        tracing::warn!(warning, "the runner's engine is not as it was asked for");
                    }
                    Session::new(process).serve(&mut self.asks, &mut unsent).await
                }
                Err(why) => End::Lost(why),
            };
            let why = match end {
                End::Done => return,
                End::Renewed => continue,
                End::Lost(why) => why,
            };
            let wait = self.backoff.after(begun.elapsed());
            tracing::warn!(why, wait_ms = wait.as_millis(), "the runner is gone, another one is started");
            if wait >= LONG_WAIT
                && let Some(unsent) = unsent.take()
            {
                unsent.lost(&why);
            }
            self.wait(wait, &why).await;
        }
    }

    /// Waits; a long wait answers what comes in meanwhile, a short one lets it queue.
    async fn wait(&mut self, wait: Duration, why: &str) {
        let until = sleep(wait);
        if wait < LONG_WAIT {
            return until.await;
        }
        tokio::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => return,
                ask = self.asks.recv() => match ask {
                    None => return,
                    // The next one is told of everything.
                    Some(Ask::Kill | Ask::Renew) => {}
                    Some(Ask::Request { tell, .. }) => {
                        // A caller that has gone needs no answer.
                        let _ = tell.send(Reply::Lost(format!("there is no runner at the moment: {why}")));
                    }
                },
            }
        }
    }

    async fn start(&self) -> Result<(Process, Option<String>), String> {
        let started = process::start(self.config.program.clone(), self.config.runner_args.clone()).await;
        let mut process =
            started.map_err(|error| format!("start {}: {error}", self.config.program.display()))?;
        let hello = ToRunner::Start(Start {
            engine: self.config.engine,
            cache_dir: self.cache.dir().to_owned(),
            cache_key: self.cache.secret().to_vec(),
            parent_pid: i32::try_from(std::process::id()).map_err(|error| error.to_string())?,
            folders: self.folders.borrow().clone(),
        });
        let greet = async {
            frame::write_async(&mut process.socket, &hello).await?;
            frame::read_async::<FromRunner>(&mut process.socket).await
        };
        match timeout(START_FOR, greet).await {
            Ok(Ok(Some(FromRunner::Ready { warning, kept }))) => {
                if !kept.is_empty() {
                    let kept = kept.join("; ");
                    tracing::warn!(kept, "the kernel does not let the runner give up all that it should");
                }
                self.kept.send_replace(kept);
                Ok((process, warning))
            }
            Ok(Ok(Some(FromRunner::Unable { reason }))) => Err(format!("the runner has no engine: {reason}")),
            Ok(Ok(Some(FromRunner::Answer { .. }))) => {
                Err("the runner answers what was not asked".to_owned())
            }
            Ok(Ok(None)) => Err("the runner ended before it was ready".to_owned()),
            Ok(Err(error)) => Err(format!("the runner does not speak: {error}")),
            Err(_) => Err(format!("the runner was not ready within {} s", START_FOR.as_secs())),
        }
    }
}
