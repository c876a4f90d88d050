//! The runs of a migration for people: what the newest one walks, and how those before it ended.
//!
//! The core keeps the newest run alone. A plan may be revised while a run is walked; what its operator
//! carries out are the steps of the revision that it began with.

use std::collections::VecDeque;
use std::sync::Arc;

use tidelock_core::plan::Plan;
use tidelock_core::record::EventKind;
use tidelock_core::{Migration, RunStatus};
use tidelock_model::Timestamp;

/// Runs that are over and kept for the report.
const KEPT: usize = 64;

/// The runs of a migration.
#[derive(Debug, Default)]
pub struct Runs {
    /// The plan in force.
    plan: Option<Arc<Plan>>,
    /// The plan that the newest run walks.
    walked: Option<Arc<Plan>>,
    over: VecDeque<(RunStatus, Option<Arc<Plan>>)>,
}

impl Runs {
    /// Takes what is about to be believed, while the core still knows what was before it.
    pub(super) fn before(&mut self, core: &Migration, at: Timestamp, kind: &EventKind) {
        if let EventKind::PlanApplied { plan, .. } = kind {
            self.plan = Some(Arc::new(Plan::clone(plan)));
        }
        if let EventKind::RunBegun { .. } = kind {
            if let Some(last) = core.run_status(at) {
                if self.over.len() == KEPT {
                    self.over.pop_front();
                }
                self.over.push_back((last, self.walked.take()));
            }
            self.walked = self.plan.clone();
        }
    }

    /// The plan that the newest run walks.
    pub fn walked(&self) -> Option<&Arc<Plan>> {
        self.walked.as_ref()
    }

    /// The runs before the newest one, oldest first, each with the plan that it walked.
    pub fn over(&self) -> impl Iterator<Item = &(RunStatus, Option<Arc<Plan>>)> {
        self.over.iter()
    }
}
