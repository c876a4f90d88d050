//! The latest findings of a migration, whole, for whoever asks why.

use std::collections::VecDeque;
use std::sync::Arc;

use tidelock_model::{AgentKey, Finding, FindingBatch, Name, Timestamp};

/// Findings kept.
const KEPT: usize = 20_000;
/// About how many bytes they may take.
const KEPT_BYTES: usize = 16 << 20;

/// A finding, and when and from whom it came.
#[derive(Debug, Clone, PartialEq)]
pub struct RecentFinding {
    /// Who found it.
    pub agent: AgentKey,
    /// When it was received.
    pub received: Timestamp,
    /// What.
    pub finding: Finding,
}

/// The latest findings, in the order of the journal.
#[derive(Debug, Default)]
pub struct Recent {
    findings: VecDeque<(usize, Arc<RecentFinding>)>,
    bytes: usize,
}

impl Recent {
    pub(super) fn take(&mut self, at: Timestamp, batch: &FindingBatch) {
        for finding in &batch.findings {
            let bytes = weight(finding);
            let recent = RecentFinding { agent: batch.agent.clone(), received: at, finding: finding.clone() };
            self.findings.push_back((bytes, Arc::new(recent)));
            self.bytes += bytes;
        }
        while self.findings.len() > KEPT || self.bytes > KEPT_BYTES {
            let Some((bytes, _)) = self.findings.pop_front() else {
                break;
            };
            self.bytes -= bytes;
        }
    }

    /// The latest findings of a check, newest first.
    pub fn of(&self, check: &Name, at_most: usize) -> Vec<Arc<RecentFinding>> {
        let of_check = self.findings.iter().rev().map(|(_, recent)| recent);
        of_check.filter(|recent| recent.finding.check == *check).take(at_most).cloned().collect()
    }
}

/// About what a finding takes in memory.
fn weight(finding: &Finding) -> usize {
    let report = &finding.report;
    let parts = report.steps.len() + report.measures.len() + report.digests.len() + report.marks.len();
    let texts: usize = report.steps.iter().map(|step| step.name.len() + step.note.len()).sum::<usize>()
        + report.remaining.iter().map(|left| left.what.len() + left.unit.len()).sum::<usize>()
        + finding.refused_calls.iter().map(|call| call.target.len() + call.reason.len()).sum::<usize>();
    1024 + parts * 96 + texts + report.note.len() + finding.trace_ids.len() * 64
}
