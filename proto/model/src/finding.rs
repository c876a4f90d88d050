//! One finding: what a run of a check found, and under which plan, by which component, when.

use crate::{AgentKey, Cause, Gap, Name, Outcome, Pages, Report, Sha256, SpoolEpoch, Timestamp};

/// A call that the sandbox did not let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedCall {
    /// The target that the plugin named.
    pub target: String,
    /// Which rule refused it.
    pub reason: String,
}

/// What one run of a check found. Side, agent and migration are not in it: they come from the
/// certificate of the connection that brought it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The check's name in the plan.
    pub check: Name,
    /// The plan revision that the assignment belongs to.
    pub plan_revision: u64,
    /// The hash of that revision.
    pub plan_hash: Sha256,
    /// The assignment that asked for the run.
    pub assignment_id: String,
    /// The component that ran.
    pub component: Sha256,
    /// Names the boot of the agent's machine; for counters and clocks only.
    pub boot_id: String,
    /// The round of the migration's grid.
    pub round: u64,
    /// When the run was due, in collector time as the agent knows it.
    pub due: Timestamp,
    /// The agent's monotonic clock at the start, in nanoseconds.
    pub started_mono_ns: u64,
    /// How long the run took, in nanoseconds.
    pub duration_ns: u64,
    /// How much later than due it began, in nanoseconds.
    pub lateness_ns: u64,
    /// The agent had too little processor time for the run to mean anything.
    pub starved: bool,
    /// The challenge of the round.
    pub nonce: Vec<u8>,
    /// The revision of the environment, where the plan asks for it; empty otherwise.
    pub target_revision: String,
    /// What was found.
    pub outcome: Outcome,
    /// Why it did not look; always there when `outcome` is `not run`, never otherwise.
    pub cause: Option<Cause>,
    /// What the plugin reported; empty parts where it reported nothing.
    pub report: Report,
    /// Calls that were not let through.
    pub refused_calls: Vec<RefusedCall>,
    /// Trace ids of the calls made, for people.
    pub trace_ids: Vec<String>,
    /// What the pages showed, where the assignment asked for it.
    pub pages: Pages,
}

/// Findings of one agent as they came: consecutive numbers from `first_seq` in one spool epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingBatch {
    /// Who sent them, as its certificate says.
    pub agent: AgentKey,
    /// The spool they are numbered in.
    pub spool_epoch: SpoolEpoch,
    /// The number of the first; the next ones follow without a hole.
    pub first_seq: u64,
    /// The findings; none when `gap` is there.
    pub findings: Vec<Finding>,
    /// Stands in the place of findings that the agent dropped.
    pub gap: Option<Gap>,
}

impl FindingBatch {
    /// The number of the last finding, or of the last one dropped.
    pub fn last_seq(&self) -> u64 {
        match &self.gap {
            Some(gap) => gap.to,
            None => (self.first_seq + self.findings.len() as u64).saturating_sub(1),
        }
    }
}
