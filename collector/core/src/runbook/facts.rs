//! What is true at a moment, as the machine of a run asks it, and what evidence and time alone decide of it.

use tidelock_model::{Name, Phase, Side, Timestamp};

use super::machine::{Facts, Move, Why};
use super::{GIVEN_UP, PartState, Run};
use crate::migration::Migration;
use crate::plan::{Direction, Step, StepKind};
use crate::proof::Blame;
use crate::record::{EventKind, RunOutcome};
use crate::words::span;

impl Run {
    /// It came to an end other than its beginning.
    pub(crate) fn ended_forward(&self) -> Option<RunOutcome> {
        self.machine.outcome().filter(|outcome| *outcome != RunOutcome::Undone)
    }

    /// The last weight is proved: traffic is where it goes.
    fn has_moved_traffic(&self) -> bool {
        let whole = match self.direction {
            Direction::Cutover => 100,
            Direction::Rollback => 0,
        };
        let parts = self.runbook.parts();
        let routed = parts.iter().zip(self.machine.states());
        let mut routed = routed.filter(|(part, _)| part.weight == Some(whole));
        routed.any(|(_, state)| *state == PartState::Done)
            || self.machine.outcome() == Some(RunOutcome::Completed)
    }
}

impl Migration {
    /// What the machine of this run must know now.
    pub(crate) fn run_facts(&self, run: &Run, now: Timestamp) -> Facts {
        let current = run.machine.current().filter(|_| !run.machine.is_turned());
        let deadline = current.and_then(|part| run.deadline(part));
        Facts {
            lease_valid: now < run.lease_until,
            overdue: deadline.is_some_and(|limit| now > limit),
            proved: current.is_some_and(|part| self.part_proved(run, part, now)),
            against: self.against(run, now),
            gone: self.gone(run),
        }
    }

    /// In a rehearsal nothing is waited for that was not run, nor a fence: a rehearsal shuts nobody's writes.
    pub(crate) fn only_recorded(&self, run: &Run, part: usize) -> bool {
        let recorded = |step: &Step| step.rehearsal.is_none() || matches!(step.kind, StepKind::Fence { .. });
        run.rehearsal && run.step(part).is_none_or(recorded)
    }

    /// The postcondition of a part holds.
    fn part_proved(&self, run: &Run, part: usize, now: Timestamp) -> bool {
        let state = run.machine.states().get(part);
        let Some(step) = run.step(part).filter(|_| state == Some(&PartState::Acted)) else { return false };
        if self.only_recorded(run, part) {
            return true;
        }
        let Some((begun, acted)) = run.marks.get(part).and_then(|marks| marks.begun.zip(marks.acted)) else {
            return false;
        };
        self.part_holds(run.direction, step, begun, acted, now).is_empty()
    }

    /// What outside the run says that it must go back.
    fn against(&self, run: &Run, now: Timestamp) -> Option<Why> {
        if run.rehearsal {
            return (run.revision != self.revision()).then_some(Why::PlanChanged);
        }
        let forth = run.direction == Direction::Cutover;
        if forth && self.going_back() {
            return Some(Why::Decided);
        }
        if forth && !self.gates.operator.is_empty() {
            return Some(Why::Hold);
        }
        if forth && self.alarm().is_some_and(|alarm| alarm.blame == Blame::Rollback) {
            return Some(Why::Alarm);
        }
        if self.fence_moved().is_some() {
            return Some(Why::FenceMoved);
        }
        self.dip_over(run, now).then_some(Why::Dip)
    }

    /// Writes are shut for longer than the shortest time that a scenario may be away.
    pub(crate) fn dip_over(&self, run: &Run, now: Timestamp) -> bool {
        let budget = self.plan().and_then(|plan| plan.dip_budget()).filter(|_| !run.rehearsal);
        let since = run.shut.open_since();
        budget.zip(since).is_some_and(|((_, budget), since)| now.since(since) > budget)
    }

    /// The migration went on without the run: back, by another runbook.
    fn gone(&self, run: &Run) -> bool {
        let phase = match run.direction {
            _ if run.rehearsal => {
                return !matches!(self.phase, Phase::Prepare | Phase::Sync | Phase::Ready);
            }
            Direction::Cutover => Phase::Cutover,
            Direction::Rollback => Phase::RollingBack,
        };
        self.phase != phase
    }

    /// What evidence and time alone decide about a run.
    pub(crate) fn run_next(&self, now: Timestamp) -> Option<(EventKind, Option<Name>)> {
        let run = self.runs.newest.as_ref()?;
        let (to, fits) = match run.direction {
            Direction::Cutover => {
                (Side::Target, self.phase == Phase::Cutover && self.traffic.switched.is_none())
            }
            Direction::Rollback => {
                (Side::Source, self.phase == Phase::RollingBack && self.traffic.back.is_none())
            }
        };
        let moved = fits && !run.rehearsal && !run.machine.is_turned() && run.has_moved_traffic();
        if moved {
            return Some((EventKind::Switched { to }, run.operator.clone()));
        }
        let moved = run.machine.weigh(&self.run_facts(run, now))?;
        Some((self.recorded(run, moved, now), None))
    }

    /// A move of the machine, as the journal words it.
    pub(crate) fn recorded(&self, run: &Run, moved: Move, now: Timestamp) -> EventKind {
        let number = |part: usize| u32::try_from(part).unwrap_or(u32::MAX);
        let (at, until) = (run.number, now.plus(super::RUN_LEASE));
        match moved {
            Move::Taken { lease } => EventKind::RunTaken { run: at, lease, until },
            Move::Left { lease } => EventKind::RunLeft { run: at, lease },
            Move::Begun { lease, part, undo } => {
                EventKind::StepBegun { run: at, lease, part: number(part), undo }
            }
            Move::Ended { lease, part, undo, outcome } => EventKind::StepEnded {
                run: at,
                lease,
                part: number(part),
                undo,
                outcome,
                durable: false,
                output: String::new(),
            },
            Move::Proved { part } => EventKind::StepProved { run: at, part: number(part) },
            Move::Settled { part, undo, done } => {
                EventKind::StepSettled { run: at, part: number(part), undo, done }
            }
            Move::Turned(why) => EventKind::RunTurned { run: at, why: self.why(run, why) },
            Move::NoReturn { lease, part } => {
                EventKind::NoReturnPassed { run: at, lease, part: number(part) }
            }
            Move::Over(outcome) => {
                let measured = !run.rehearsal || outcome == RunOutcome::Completed;
                let writes_shut = run.writes_shut(now).filter(|_| measured);
                EventKind::RunEnded { run: at, outcome, writes_shut }
            }
        }
    }

    /// Why it goes back, in words.
    fn why(&self, run: &Run, why: Why) -> String {
        match why {
            Why::Asked => "somebody asked for it".to_owned(),
            Why::GivenUp => GIVEN_UP.to_owned(),
            Why::Failed(part) => format!("{} failed", run.called(part)),
            Why::Overdue(part) => {
                let limit = run.step(part).and_then(|step| step.deadline).unwrap_or(super::WAIT_AT_MOST);
                format!("{} was not done and proved within {}", run.called(part), span(limit))
            }
            Why::LeaseEnded => "the operator's lease ended".to_owned(),
            Why::Hold => match self.gates.operator.values().min_by_key(|hold| hold.at) {
                Some(hold) => hold.line(),
                None => "somebody pressed hold".to_owned(),
            },
            Why::Dip => match self.plan().and_then(|plan| plan.dip_budget()) {
                Some((check, budget)) => {
                    format!("writes are shut for longer than the {} that {check} may be away", span(budget))
                }
                None => "writes are shut for too long".to_owned(),
            },
            Why::Decided => "going back was decided".to_owned(),
            Why::Alarm => match self.alarm() {
                Some(alarm) => format!("the watch after the switch calls: {}", alarm.check),
                None => "the watch after the switch calls".to_owned(),
            },
            Why::FenceMoved => match self.fence_moved() {
                Some(moved) => moved,
                None => "something moved behind the fence".to_owned(),
            },
            Why::PlanChanged => format!("the plan is at revision {}", self.revision()),
        }
    }
}
