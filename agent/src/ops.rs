//! The agent's health and numbers, as `tidelock-ops` serves them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tidelock_model::{AgentKey, Cause, Name, Sha256};
use tidelock_ops::service::Signs;
use tidelock_ops::{Family, Ops, RunTally, metrics, telemetry};
use tidelock_sandbox::protocol::RunResult;
use tokio::sync::watch;

use crate::spool::Head;
use crate::uplink::Shared;

/// Components that are counted; a plan has far fewer.
const MAX_COMPONENTS: usize = 1_024;

#[derive(Debug, Clone, Copy, Default)]
struct Used {
    traps: u64,
    cpu: Duration,
}

/// What this agent has run. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    runs: RunTally,
    components: Arc<Mutex<BTreeMap<Sha256, Used>>>,
}

impl Tally {
    /// Counts a run.
    pub fn count(
        &self,
        migration: &Name,
        side: &'static str,
        check: &Name,
        component: Sha256,
        run: &RunResult,
    ) {
        let labels = vec![
            ("migration", migration.to_string()),
            ("scenario", check.to_string()),
            ("side", side.to_owned()),
        ];
        let took = run.cause.is_none().then_some(run.duration);
        self.runs.count(&labels, run.outcome.word(), took);
        let mut components = self.components.lock().unwrap_or_else(PoisonError::into_inner);
        if components.len() < MAX_COMPONENTS || components.contains_key(&component) {
            let used = components.entry(component).or_default();
            used.cpu = used.cpu.saturating_add(run.cpu);
            used.traps += u64::from(run.cause == Some(Cause::Trap));
        }
    }

    fn families(&self) -> Vec<Family> {
        let [runs, took] =
            self.runs.families("tidelock_agent_check_runs_total", "tidelock_agent_check_duration_seconds");
        let mut traps = Family::counter("tidelock_plugin_traps_total", "Runs that a plugin ended by a trap.");
        let mut cpu = Family::counter(
            "tidelock_plugin_cpu_seconds_total",
            "Processor time that a plugin used, and the sandbox on its behalf.",
        );
        let components = self.components.lock().unwrap_or_else(PoisonError::into_inner);
        for (component, used) in components.iter() {
            let plugin = component.short().to_string();
            #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53")]
            traps.push(&[("plugin", &plugin)], used.traps as f64);
            cpu.push(&[("plugin", &plugin)], used.cpu.as_secs_f64());
        }
        vec![runs, took, traps, cpu]
    }
}

/// What is looked at.
pub struct AgentOps {
    /// Whose.
    pub migration: Name,
    /// Which agent.
    pub agent: AgentKey,
    /// What the uplink tells.
    pub shared: Shared,
    /// What the spool holds.
    pub head: watch::Receiver<Head>,
    /// What was run.
    pub tally: Tally,
    /// That it still goes round.
    pub signs: Signs,
}

impl Ops for AgentOps {
    fn signs(&self) -> &Signs {
        &self.signs
    }

    fn ready(&self) -> Result<(), String> {
        if self.shared.leaving.borrow().is_some() {
            return Err("it leaves".to_owned());
        }
        match self.shared.channel.borrow().is_some() {
            true => Ok(()),
            false => Err("there is no session with the collector".to_owned()),
        }
    }

    fn families(&self) -> Vec<Family> {
        let head = *self.head.borrow();
        let labels = [
            ("migration", self.migration.as_str()),
            ("side", self.agent.side.word()),
            ("agent", self.agent.name.as_str()),
        ];
        let connected = if self.shared.channel.borrow().is_some() { 1.0 } else { 0.0 };
        #[expect(clippy::cast_precision_loss, reason = "a spool's size is far below 2^53")]
        let (bytes, findings, dropped) = (head.bytes as f64, head.findings as f64, head.dropped as f64);
        let mut families = vec![
            metrics::build_info(env!("CARGO_PKG_VERSION")),
            Family::gauge("tidelock_agent_connected", "1 while there is a session with the collector.")
                .with(&labels, connected),
            Family::gauge("tidelock_agent_spool_bytes", "What waits in the spool.").with(&labels, bytes),
            Family::gauge("tidelock_agent_spool_waiting", "Findings that wait in the spool.")
                .with(&labels, findings),
            Family::counter(
                "tidelock_agent_findings_dropped_total",
                "Findings that this process had to drop; a gap stands for them.",
            )
            .with(&labels, dropped),
        ];
        families.extend(self.tally.families());
        families.push(telemetry::dropped());
        families
    }
}
