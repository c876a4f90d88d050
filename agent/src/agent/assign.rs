//! What the collector wants run, and the agent's word on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use tidelock_agent_core::Grid;
use tidelock_model::{Cause, Name, Sha256};
use tidelock_proto::v1;

use super::{Agent, Readiness};
use crate::job::Job;
use crate::runs::Sandbox;

/// More sentences than this are not told of one component.
const MAX_BLIND_SPOTS: usize = 32;
/// More assignments than this are not taken at once.
const MAX_ASSIGNMENTS: usize = 1024;

impl<S: Sandbox> Agent<S> {
    /// Takes a whole new set of assignments. Runs in flight end as they began; their findings carry the
    /// revision that they ran under.
    pub(super) fn take_assignments(&mut self) -> Result<()> {
        let Some(wire) = self.assignments.borrow_and_update().clone() else { return Ok(()) };
        if wire.plan_revision == 0 && wire.assignments.is_empty() && self.newest.revision() == 0 {
            // There is no plan yet.
            return Ok(());
        }
        match self.believe(&wire) {
            Ok(hash) => {
                self.newest.remember(wire.plan_revision, hash)?;
                self.shared.newest_revision.send_replace(wire.plan_revision);
                self.replace(&wire, hash);
            }
            Err(why) => {
                tracing::error!(
                    why,
                    revision = wire.plan_revision,
                    "the plan is refused; the last good one stays"
                );
                self.refused = (wire.assignments.iter())
                    .map(|one| status(&one.id, &one.check, Err((Cause::Denied, &why))))
                    .collect();
            }
        }
        self.tell();
        Ok(())
    }

    fn believe(&self, wire: &v1::Assignments) -> Result<Sha256, String> {
        let hash =
            Sha256::try_from(wire.plan_hash.as_slice()).map_err(|error| format!("plan hash: {error}"))?;
        let told = wire.assignments.len() + wire.later.len();
        if told > MAX_ASSIGNMENTS {
            return Err(format!("{told} assignments, at most {MAX_ASSIGNMENTS} are taken"));
        }
        self.newest.check(wire.plan_revision, hash)?;
        Ok(hash)
    }

    fn replace(&mut self, wire: &v1::Assignments, hash: Sha256) {
        self.jobs.clear();
        self.refused.clear();
        for one in &wire.assignments {
            match Job::from_wire(&self.config, (wire.plan_revision, hash), one) {
                Ok(job) if self.jobs.contains_key(&job.check) => {
                    let why = "there is a second assignment of this check".to_owned();
                    self.refused.push(status(&one.id, &one.check, Err((Cause::Denied, &why))));
                }
                Ok(job) => drop(self.jobs.insert(job.check.clone(), Arc::new(job))),
                Err(why) => self.refused.push(status(&one.id, &one.check, Err((Cause::Denied, &why)))),
            }
        }
        self.later.clear();
        for one in &wire.later {
            match Job::from_wire(&self.config, (wire.plan_revision, hash), one) {
                Ok(job) => drop(self.later.insert(job.check.clone(), Arc::new(job))),
                Err(why) => self.refused.push(status(&one.id, &one.check, Err((Cause::Denied, &why)))),
            }
        }
        tracing::info!(revision = wire.plan_revision, checks = self.jobs.len(), "assignments taken");
        // What was refused before is tried again; what is not needed any more is forgotten.
        // What runs now comes first.
        let all = self.jobs.values().chain(self.later.values());
        let needed: Vec<Sha256> = all.filter(|job| job.work.is_ok()).map(|job| job.component).collect();
        self.ready.retain(|component, readiness| {
            needed.contains(component) && !matches!(readiness, Readiness::Refused(_))
        });
        for component in needed {
            self.prepare(component);
        }
        self.reschedule();
    }

    /// Gives the schedule what can be run now. A component that is still being made ready has no rounds
    /// yet: its check is missing, which holds the gate.
    pub(super) fn reschedule(&mut self) {
        let Some(offset) = *self.offset.borrow() else { return };
        let runs = |job: &Job| {
            job.work.is_err() || !matches!(self.ready.get(&job.component), None | Some(Readiness::Preparing))
        };
        let grids: BTreeMap<Name, Grid> = (self.jobs.iter())
            .filter(|(_, job)| runs(job))
            .map(|(check, job)| (check.clone(), job.grid))
            .collect();
        let now = offset.to_collector(self.clock.now());
        self.schedule.replace(grids, now);
        self.begin_at_once(now);
    }

    /// Tells the collector the state of every assignment.
    pub(super) fn tell(&self) {
        let of_jobs = self.jobs.values().map(|job| self.status_of(job));
        // What is still being made ready for later is nothing to tell.
        let ready = |job: &&Arc<Job>| !matches!(self.ready.get(&job.component), Some(Readiness::Preparing));
        let of_later = self.later.values().filter(ready).map(|job| self.status_of(job));
        let statuses = of_jobs.chain(self.refused.iter().cloned()).chain(of_later).collect();
        self.shared.statuses.send_replace(Arc::new(statuses));
    }

    fn status_of(&self, job: &Job) -> v1::AssignmentStatus {
        let word = match (&job.work, self.ready.get(&job.component)) {
            (Err(refusal), _) | (Ok(_), Some(Readiness::Refused(refusal))) => {
                Err((refusal.cause, refusal.detail.as_str()))
            }
            (Ok(_), Some(Readiness::Ready(blind_spots))) => Ok(blind_spots.as_slice()),
            (Ok(_), Some(Readiness::Preparing) | None) => Ok(&[][..]),
        };
        status(&job.id, job.check.as_str(), word)
    }
}

fn status(id: &str, check: &str, word: Result<&[String], (Cause, &str)>) -> v1::AssignmentStatus {
    let (assignment_id, check) = (id.to_owned(), check.to_owned());
    match word {
        Ok(blind_spots) => v1::AssignmentStatus {
            assignment_id,
            check,
            accepted: true,
            blind_spots: blind_spots.iter().take(MAX_BLIND_SPOTS).cloned().collect(),
            ..v1::AssignmentStatus::default()
        },
        Err((cause, reason)) => v1::AssignmentStatus {
            assignment_id,
            check,
            accepted: false,
            cause: cause.word().to_owned(),
            blind_spots: Vec::new(),
            reason: reason.chars().filter(|c| !c.is_control()).take(1000).collect(),
        },
    }
}
