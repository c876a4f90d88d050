//! What the host does for one run, and what it remembers of it.
//!
//! Everything here is called by the plugin. Nothing may be believed that comes in, nothing may be
//! kept for the next run but the state, and no wait may be longer than the run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tidelock_model::{Cause, RefusedCall, mutated};
use tokio::time::Instant;

use crate::bindings::tidelock::check::types;
use crate::grants::{Target, Targets};
use crate::limits::{Limiter, Limits};
use crate::meter::Meter;
use crate::protocol::{LogLine, Refusal, Secret};
use crate::secret::Scrubber;

mod basics;
pub(crate) mod http;
mod kv;
mod made_up;
pub(crate) mod net;
pub(crate) mod shared;
mod sql;
pub(crate) mod tls;

pub(crate) use http::{Notes, Revision};
pub(crate) use kv::StateStore;
pub(crate) use made_up::{FakeRows, World};
pub(crate) use shared::Shared;

/// Refused calls that are listed; the rest is counted by the plugin's own trouble.
const MAX_REFUSED_LISTED: usize = 32;

/// The store data of one run.
pub(crate) struct RunState {
    pub(crate) check: String,
    pub(crate) limits: Limits,
    pub(crate) limiter: Limiter,
    pub(crate) meter: Meter,
    pub(crate) started_us: u64,
    /// When the run must have ended.
    pub(crate) deadline: Instant,
    /// When a call to a target is given up, a little earlier, so that the plugin can still say so.
    pub(crate) call_deadline: Instant,
    pub(crate) targets: Targets,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) scrubber: Scrubber,
    pub(crate) shared: Arc<Shared>,
    pub(crate) trace_id: String,
    pub(crate) parent_span_id: Option<String>,
    pub(crate) facts: Facts,
    pub(crate) store: StateStore,
    pub(crate) databases: BTreeMap<String, sql::Database>,
    /// What pages show, where that is asked for.
    pub(crate) notes: Option<Notes>,
    /// What the targets say of their revision, where a header is named for it.
    pub(crate) revision: Option<Revision>,
    /// The made-up world of a case, instead of targets and the clock.
    pub(crate) world: Option<World>,
}

/// What happened in a run that decides what it is worth.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) calls: u32,
    pub(crate) body_bytes: u64,
    pub(crate) refused: Vec<RefusedCall>,
    pub(crate) log: Vec<LogLine>,
    pub(crate) log_bytes: u64,
    pub(crate) log_dropped: u64,
    /// Why the host ended the run.
    pub(crate) stop: Option<Refusal>,
    /// The first limit that a call reached. The run goes on, but it is worth nothing.
    pub(crate) over: Option<Refusal>,
    /// The first call that was not let through.
    pub(crate) denied: Option<Refusal>,
    /// Set while the scenario's own target owes an answer, or when it has not given the last one.
    pub(crate) no_answer: Option<String>,
}

/// Why a call to a target has no result. Each interface spells it in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CallError {
    Denied(String),
    Dns(String),
    Connect(String),
    Tls(String),
    Timeout(String),
    Protocol(String),
    TooLarge(String),
    Budget(String),
    /// A database's own word: SQLSTATE and message.
    Statement(String, String),
}

impl RunState {
    /// Refuses to do anything more for a run whose time is up.
    pub(crate) fn check_time(&mut self) -> wasmtime::Result<()> {
        if !self.is_over() {
            return Ok(());
        }
        Err(self.stop(Cause::Timeout, "the run's time is up"))
    }

    /// The same for calls, which are given up a little earlier. A target that is asked when there is no
    /// time left has not been silent.
    pub(crate) fn check_call_time(&mut self) -> wasmtime::Result<()> {
        let over = self.world.as_ref().is_some_and(World::is_over_for_calls);
        if !over && Instant::now() < self.call_deadline {
            return Ok(());
        }
        Err(self.stop(Cause::Timeout, "the run has no time left for a call"))
    }

    /// Whether the run's time is up.
    pub(crate) fn is_over(&self) -> bool {
        self.world.as_ref().is_some_and(World::is_over) || Instant::now() >= self.deadline
    }

    /// Ends the run: the error traps the plugin, the reason is kept.
    pub(crate) fn stop(&mut self, cause: Cause, detail: &str) -> wasmtime::Error {
        let refusal = self.facts.stop.get_or_insert_with(|| Refusal::new(cause, detail));
        wasmtime::Error::new(refusal.clone())
    }

    /// The target of that name.
    pub(crate) fn target(&self, name: &str) -> Result<Arc<Target>, CallError> {
        let target = self.targets.get(name).cloned();
        target.ok_or_else(|| {
            CallError::Denied(format!("target {:?} is not granted", crate::report::clean(name, 63)))
        })
    }

    /// Counts one call, or refuses it.
    pub(crate) fn count_call(&mut self) -> Result<(), CallError> {
        if self.facts.calls >= self.limits.calls && !mutated("calls-have-a-bound") {
            return Err(CallError::Budget(format!("the run has used up its {} calls", self.limits.calls)));
        }
        self.facts.calls += 1;
        Ok(())
    }

    /// Bytes that the next answer may have.
    pub(crate) fn body_budget(&self) -> u64 {
        self.limits.body_bytes.min(self.limits.total_body_bytes.saturating_sub(self.facts.body_bytes))
    }

    /// Remembers how a call ended: refusals, limits, and whether the target answered.
    pub(crate) fn note_end(&mut self, name: &str, own: bool, ended: &Result<(), CallError>) {
        if own {
            self.facts.no_answer = None;
        }
        let Err(error) = ended else { return };
        match error {
            CallError::Denied(why) => {
                self.refuse(name, why);
                self.facts
                    .denied
                    .get_or_insert_with(|| Refusal::new(Cause::Denied, format!("{name}: {why}")));
            }
            CallError::Budget(why) | CallError::TooLarge(why) => {
                self.refuse(name, why);
                self.facts.over.get_or_insert_with(|| Refusal::new(Cause::Calls, format!("{name}: {why}")));
            }
            CallError::Connect(why)
            | CallError::Tls(why)
            | CallError::Timeout(why)
            | CallError::Protocol(why)
            | CallError::Dns(why) => {
                if own {
                    self.facts.no_answer = Some(format!("no answer from target {name}: {why}"));
                }
            }
            CallError::Statement(..) => {}
        }
    }

    /// Lists a call that was not let through.
    pub(crate) fn refuse(&mut self, target: &str, reason: &str) {
        if self.facts.refused.len() < MAX_REFUSED_LISTED {
            let target = crate::report::clean(target, 63);
            let reason = crate::report::clean(&self.scrubber.text(reason.to_owned()), 256);
            self.facts.refused.push(RefusedCall { target, reason });
        }
    }

    /// Marks that the scenario's own target owes an answer from now on.
    pub(crate) fn await_answer(&mut self, target: &Target) {
        if target.own {
            self.facts.no_answer = Some(format!("no answer from target {} when time was up", target.name));
        }
    }
}

/// How much earlier than the run a call is given up.
pub(crate) fn call_margin(timeout: Duration) -> Duration {
    (timeout / 20).clamp(Duration::from_millis(10), Duration::from_millis(200))
}

impl types::Host for RunState {}
