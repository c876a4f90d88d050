//! A run as people and the operator's process see it.

use std::time::Duration;

use tidelock_model::{Name, Timestamp};

use super::{NextAction, PartState, PartStatus, Run, RunState, RunStatus};
use crate::migration::Migration;
use crate::plan::Part;
use crate::verdict::Hold;

impl Migration {
    /// The newest run, real or rehearsed.
    pub fn run_status(&self, now: Timestamp) -> Option<RunStatus> {
        let run = self.runs.newest.as_ref()?;
        let parts = run.runbook.parts();
        let parts = parts.iter().enumerate().filter_map(|(at, part)| self.part_status(run, at, *part, now));
        Some(RunStatus {
            run: run.number,
            direction: run.direction,
            rehearsal: run.rehearsal,
            revision: run.revision,
            state: match run.machine.outcome() {
                Some(outcome) => RunState::Ended(outcome),
                None if run.machine.is_turned() => RunState::Undoing,
                None => RunState::Forward,
            },
            why: run.why.clone(),
            operator: run.operator().cloned(),
            lease: run.machine.lease(),
            // Renewals are not kept for ever, and a run that is over has no lease.
            lease_until: run.ended.unwrap_or(run.lease_until),
            begun: run.begun,
            ended: run.ended,
            no_return: run.no_return,
            parts: parts.collect(),
            writes_shut_since: run.shut.open_since().filter(|_| run.under_way() && !run.rehearsal),
            dip: self.dip(),
            writes_shut: run.writes_shut(now).filter(|_| run.shut.until.is_some() || run.ended.is_some()),
            next: run.machine.next(),
        })
    }

    /// How long writes may be shut, and the scenario that says so.
    fn dip(&self) -> Option<(Name, Duration)> {
        self.plan()?.dip_budget().map(|(check, budget)| (check.clone(), budget))
    }

    fn part_status(&self, run: &Run, at: usize, part: Part, now: Timestamp) -> Option<PartStatus> {
        let (step, marks) = (run.step(at)?, run.marks.get(at)?);
        let state = *run.machine.states().get(at)?;
        let here = run.machine.current() == Some(at) && run.under_way();
        Some(PartStatus {
            part: u32::try_from(at).ok()?,
            name: step.name.clone(),
            weight: part.weight,
            kind: step.kind.word(),
            owner: step.owner.clone(),
            planned: step.planned,
            deadline: run.deadline(at),
            state,
            begun: marks.begun,
            acted: marks.acted,
            done: marks.done,
            outcome: marks.outcome,
            durable: marks.durable,
            output: marks.output.clone(),
            holds: match (here, state == PartState::Acted) {
                (true, true) => self.part_status_holds(run, now),
                (true, false) => self.no_return_holds(run, now),
                (false, _) => Vec::new(),
            },
        })
    }

    /// What the postcondition of the part under way waits for.
    pub(crate) fn part_status_holds(&self, run: &Run, now: Timestamp) -> Vec<Hold> {
        let current = run.machine.current().filter(|_| run.under_way() && !run.machine.is_turned());
        let Some(at) = current.filter(|at| run.machine.states().get(*at) == Some(&PartState::Acted)) else {
            return Vec::new();
        };
        let times = run.marks.get(at).and_then(|marks| marks.begun.zip(marks.acted));
        let step = run.step(at).filter(|_| !self.only_recorded(run, at));
        let Some((step, (begun, acted))) = step.zip(times) else { return Vec::new() };
        self.part_holds(run.direction, step, begun, acted, now)
    }

    /// What is next, in words.
    pub(crate) fn next_words(&self, run: &Run) -> String {
        let called = |part: u32| usize::try_from(part).map(|part| run.called(part)).unwrap_or_default();
        match run.machine.next() {
            NextAction::Carry { part, undo: false } => format!("{} is next", called(part)),
            NextAction::Carry { part, undo: true } => format!("{} is taken back next", called(part)),
            NextAction::Confirm { part } => format!("{} waits for its owner's word", called(part)),
            NextAction::PassNoReturn { part } => {
                format!("the point of no return stands at {}, and is next", called(part))
            }
            NextAction::Wait { part } => format!("{} is under way", called(part)),
            NextAction::Settle { part, undo: false } => {
                format!("a person must say whether {} was carried out", called(part))
            }
            NextAction::Settle { part, undo: true } => {
                format!("a person must say whether {} was taken back", called(part))
            }
            NextAction::Over => "it is over".to_owned(),
        }
    }
}
