//! What was decided about a run becomes its state.

use std::sync::Arc;

use tidelock_model::{Name, Timestamp};

use super::machine::{Machine, Move, Why};
use super::shut::Shut;
use super::{GIVEN_UP, Marks, PartState, RUN_LEASE, Rehearsal, Run, Runs};
use crate::migration::Migration;
use crate::plan::Direction;
use crate::record::{Event, EventKind, RunOutcome, StepOutcome};

impl Migration {
    /// Takes what was decided about a run. Gives back whether it fitted.
    pub(crate) fn run_event(&mut self, at: Timestamp, event: &Event) -> bool {
        if let EventKind::RunBegun { run, direction, rehearsal, lease, until } = &event.kind {
            return self.run_begun(at, event, (*run, *direction, *rehearsal), (*lease, *until));
        }
        self.runs.take(at, event)
    }

    fn run_begun(
        &mut self,
        at: Timestamp,
        event: &Event,
        (number, direction, rehearsal): (u64, Direction, bool),
        (lease, until): (u64, Timestamp),
    ) -> bool {
        let found = self.plan().and_then(|plan| plan.runbook(direction).cloned());
        let last = self.runs.newest.as_ref().map_or(0, |run| run.number);
        let free = self.run_under_way().is_none();
        let Some(runbook) = found.filter(|_| free && number == last + 1 && lease == self.runs.leases + 1)
        else {
            return false;
        };
        let machine = Machine::of(direction, &runbook, rehearsal, lease);
        self.runs.leases = lease;
        self.runs.newest = Some(Run {
            number,
            direction,
            rehearsal,
            revision: self.revision(),
            marks: vec![Marks::default(); machine.states().len()],
            machine,
            runbook: Arc::new(runbook),
            operator: event.by.clone(),
            lease_until: until,
            begun: at,
            ended: None,
            no_return: None,
            why: String::new(),
            given_up: false,
            shut: Shut::default(),
        });
        true
    }

    /// The operator's lease was renewed. One that has ended is not: it must be taken anew. Run 0 is none: there
    /// somebody stands by to go back as soon as that is decided.
    pub(crate) fn run_renewed(&mut self, at: Timestamp, run: u64, lease: u64, until: Timestamp) {
        if run == 0 {
            self.runs.standby = self.runs.standby.max(Some(until.min(at.plus(RUN_LEASE))));
            return;
        }
        let newest = self.runs.newest.as_mut().filter(|newest| newest.number == run && newest.under_way());
        if let Some(run) = newest
            && run.machine.is_held()
            && run.machine.lease() == lease
            && at < run.lease_until
        {
            run.lease_until = run.lease_until.max(until.min(at.plus(RUN_LEASE)));
        }
    }
}

impl Runs {
    /// The number of the next run's first lease.
    pub(crate) fn next_lease(&self) -> u64 {
        self.leases + 1
    }

    fn take(&mut self, at: Timestamp, event: &Event) -> bool {
        let Some((number, moved)) = moved(&event.kind) else { return false };
        let Some(run) = self.newest.as_mut().filter(|run| run.number == number) else { return false };
        // A run that goes back already may still end the migration.
        let gives_up = matches!(&event.kind, EventKind::RunTurned { why, .. } if why == GIVEN_UP);
        let also = gives_up && run.under_way() && run.machine.is_turned();
        if !run.machine.apply(moved) && !also {
            return false;
        }
        run.note(at, event);
        self.failed_undos.take(run, at, event);
        run.given_up |= gives_up;
        run.watch_dip(at);
        self.leases = self.leases.max(run.machine.lease());
        if let (true, EventKind::RunEnded { outcome, writes_shut, .. }) = (run.rehearsal, &event.kind) {
            // The newest one counts, whatever an earlier one showed.
            let succeeded = *outcome == RunOutcome::Completed;
            let (revision, writes_shut) = (run.revision, *writes_shut);
            let rehearsal = Rehearsal { revision, at, writes_shut, succeeded };
            self.rehearsals.insert(run.direction, rehearsal);
            if succeeded {
                self.measured.insert(run.direction, rehearsal);
            }
        }
        true
    }
}

impl Run {
    /// Keeps the words and times of what happened.
    fn note(&mut self, at: Timestamp, event: &Event) {
        match &event.kind {
            EventKind::RunTaken { until, .. } => {
                (self.operator, self.lease_until) = (event.by.clone(), *until);
            }
            EventKind::StepBegun { part, undo: false, .. } => {
                self.mark(*part, |marks| *marks = Marks { begun: Some(at), ..Marks::default() });
            }
            EventKind::StepEnded { part, undo, outcome, durable, output, .. } => {
                let acted = !undo && *outcome == StepOutcome::Done;
                self.mark(*part, |marks| {
                    marks.acted = if acted { Some(at) } else { marks.acted };
                    marks.outcome = Some(*outcome);
                    marks.durable |= *durable;
                    marks.output.clone_from(output);
                });
            }
            EventKind::StepProved { part, .. } => self.mark(*part, |marks| marks.done = Some(at)),
            EventKind::StepSettled { part, undo: false, done, .. } => {
                let (done, by) = (*done, event.by.as_ref().map_or("somebody", Name::as_str));
                self.mark(*part, |marks| match done {
                    true if marks.acted.is_some() => {
                        marks.done = Some(at);
                        marks.output = format!("passed unproved, by {by}: {}", event.reason);
                    }
                    true => marks.acted = Some(at),
                    false => *marks = Marks { durable: marks.durable, ..Marks::default() },
                });
            }
            EventKind::NoReturnPassed { part, .. } => {
                self.no_return = Some(at);
                let done = usize::try_from(*part).ok().and_then(|part| self.machine.states().get(part))
                    == Some(&PartState::Done);
                let all = Marks { begun: Some(at), acted: Some(at), done: Some(at), ..Marks::default() };
                self.mark(*part, |marks| *marks = if done { all } else { Marks::default() });
            }
            EventKind::RunTurned { why, .. } => self.why.clone_from(why),
            EventKind::RunEnded { .. } => self.ended = Some(at),
            EventKind::StepBegun { undo: true, .. } | EventKind::StepSettled { undo: true, .. } => {}
            EventKind::RunLeft { .. } | EventKind::RunBegun { .. } | EventKind::PlanApplied { .. } => {}
            EventKind::PhaseChanged { .. } | EventKind::Decided { .. } | EventKind::HoldSet => {}
            EventKind::HoldReleased { .. }
            | EventKind::ManualCheckDone { .. }
            | EventKind::Degraded { .. } => {}
            EventKind::LeaseGranted { .. } | EventKind::LeaseRevoked { .. } => {}
            EventKind::CutoverConfirmed { .. } | EventKind::Switched { .. } => {}
            EventKind::AgentEnrolled { .. } | EventKind::AgentRevoked { .. } => {}
            EventKind::ConflictFound { .. } | EventKind::RevisionSet { .. } => {}
            EventKind::CutoversSet { .. } | EventKind::FactSet { .. } | EventKind::Overridden { .. } => {}
            EventKind::PlanProposed { .. } | EventKind::AccessChanged(_) | EventKind::CheckRun { .. } => {}
            EventKind::LeftoverSettled { .. } | EventKind::Noticed(_) | EventKind::Filed(_) => {}
        }
    }

    fn mark(&mut self, part: u32, how: impl FnOnce(&mut Marks)) {
        let marks = usize::try_from(part).ok().and_then(|part| self.marks.get_mut(part));
        if let Some(marks) = marks {
            how(marks);
        }
    }
}

/// The run that an event is about, and what happened to it.
fn moved(kind: &EventKind) -> Option<(u64, Move)> {
    let place = |part: &u32| usize::try_from(*part).ok();
    Some(match kind {
        EventKind::RunTaken { run, lease, .. } => (*run, Move::Taken { lease: *lease }),
        EventKind::RunLeft { run, lease } => (*run, Move::Left { lease: *lease }),
        EventKind::StepBegun { run, lease, part, undo } => {
            (*run, Move::Begun { lease: *lease, part: place(part)?, undo: *undo })
        }
        EventKind::StepEnded { run, lease, part, undo, outcome, .. } => {
            (*run, Move::Ended { lease: *lease, part: place(part)?, undo: *undo, outcome: *outcome })
        }
        EventKind::StepProved { run, part } => (*run, Move::Proved { part: place(part)? }),
        EventKind::StepSettled { run, part, undo, done } => {
            (*run, Move::Settled { part: place(part)?, undo: *undo, done: *done })
        }
        EventKind::RunTurned { run, .. } => (*run, Move::Turned(Why::Asked)),
        EventKind::NoReturnPassed { run, lease, part } => {
            (*run, Move::NoReturn { lease: *lease, part: place(part)? })
        }
        EventKind::RunEnded { run, outcome, .. } => (*run, Move::Over(*outcome)),
        EventKind::RunBegun { .. } | EventKind::PlanApplied { .. } | EventKind::PhaseChanged { .. } => {
            return None;
        }
        EventKind::Decided { .. } | EventKind::HoldSet | EventKind::HoldReleased { .. } => return None,
        EventKind::ManualCheckDone { .. } | EventKind::LeaseGranted { .. } => return None,
        EventKind::Degraded { .. } => return None,
        EventKind::LeaseRevoked { .. } | EventKind::CutoverConfirmed { .. } => return None,
        EventKind::Switched { .. } | EventKind::AgentEnrolled { .. } => return None,
        EventKind::AgentRevoked { .. } | EventKind::ConflictFound { .. } => return None,
        EventKind::RevisionSet { .. } | EventKind::CutoversSet { .. } | EventKind::FactSet { .. } => {
            return None;
        }
        EventKind::PlanProposed { .. } | EventKind::AccessChanged(_) => return None,
        EventKind::CheckRun { .. } | EventKind::Filed(_) => return None,
        EventKind::Overridden { .. } | EventKind::LeftoverSettled { .. } | EventKind::Noticed(_) => {
            return None;
        }
    })
}
