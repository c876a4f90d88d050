//! What the operator of a runbook, and the people around it, ask of a run: who may, and what they are told.

use tidelock_model::{Name, Phase, Timestamp, mutated};

use super::assert::{Made, Rules};
use super::machine::{Move, No, Want};
use super::{RUN_LEASE, Run};
use crate::ask::{Asker, AskerKind, Refusal, RefusalCode, RunAsk};
use crate::gate::{decides, said};
use crate::migration::Migration;
use crate::plan::Direction;
use crate::record::{EventKind, Observation, StepOutcome};
use crate::verdict::{Hold, HoldCode};
use crate::words::span;

/// More of what a command said is not kept.
const MAX_OUTPUT: usize = 4096;

impl Migration {
    /// Answers an ask about a run.
    pub(crate) fn run_ask(&self, now: Timestamp, ask: &RunAsk, by: &Asker) -> Result<EventKind, Refusal> {
        self.must_have_plan()?;
        if let RunAsk::Begin { direction, rehearsal } = ask {
            return self.run_begin(now, *direction, *rehearsal, by);
        }
        let Some(run) = &self.runs.newest else {
            let message = "no runbook is walked: begin one with tidelock cutover run";
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        };
        self.may_ask(run, ask, by)?;
        let want = want(run, ask, by);
        if let Want::Begin { part, undo, .. } = want {
            self.unbroken(run, part, undo)?;
        }
        let facts = self.run_facts(run, now);
        let moved = run.machine.decide(want, &facts).map_err(|no| self.refused(run, want, no, now))?;
        if matches!(moved, Move::NoReturn { .. }) && !run.rehearsal && run.direction == Direction::Cutover {
            self.stands(run, now)?;
        }
        Ok(match (ask, moved) {
            (RunAsk::EndStep { durable, output, .. }, moved) => {
                said_of(run, self.recorded(run, moved, now), *durable, output)
            }
            (RunAsk::ConfirmStep { reason, .. }, moved) => {
                said_of(run, self.recorded(run, moved, now), false, reason)
            }
            (RunAsk::Turn { reason }, Move::Turned(_)) => {
                let why = format!("{} asked for it: {reason}", by.name);
                EventKind::RunTurned { run: run.number, why }
            }
            (_, moved) => self.recorded(run, moved, now),
        })
    }

    /// Nobody passes the point of no return over a fence that may have fallen while nobody looked, nor over anything
    /// else that proved a step and is not so any more.
    fn stands(&self, run: &Run, now: Timestamp) -> Result<(), Refusal> {
        let shut = |holds: Vec<Hold>, what: &str| match holds.first() {
            None => Ok(()),
            Some(first) => {
                let message = format!("{what} any more: {}", first.line());
                Err(Refusal { holds, ..Refusal::new(RefusalCode::GateShut, message) })
            }
        };
        if let Some((part, holds)) = self.fallen(run, now) {
            shut(holds, &format!("{} is not seen to stand", run.called(part)))?;
        }
        shut(self.stood_holds(run, now), "what the steps so far rest on is not so")
    }

    fn run_begin(
        &self,
        now: Timestamp,
        direction: Direction,
        rehearsal: bool,
        by: &Asker,
    ) -> Result<EventKind, Refusal> {
        self.may_switch(by)?;
        let wrong = |message: String| Err(Refusal::new(RefusalCode::WrongPhase, message));
        if !self.walks(direction) {
            let message = format!("the plan has no runbook for the {}", direction.word());
            return Err(Refusal::new(RefusalCode::NoRunbook, message));
        }
        if let Some(run) = self.run_under_way() {
            return Err(leased(run));
        }
        let back = direction == Direction::Rollback;
        let fits = match self.phase {
            Phase::Prepare | Phase::Sync | Phase::Ready => rehearsal,
            Phase::Cutover => !rehearsal && !back,
            Phase::RollingBack => !rehearsal && back,
            Phase::Watch | Phase::Committed | Phase::Retired | Phase::RolledBack | Phase::Aborted => false,
        };
        if !fits {
            let (code, when) = match (rehearsal, direction) {
                (true, _) => (RefusalCode::WrongPhase, "a rehearsal is run before the cutover"),
                (false, Direction::Cutover) => {
                    (RefusalCode::WrongPhase, "a cutover is run once it is confirmed")
                }
                (false, Direction::Rollback) => {
                    (RefusalCode::NotDecided, "the way back is run once it is decided")
                }
            };
            return Err(Refusal::new(code, format!("the migration is in {}; {when}", self.phase)));
        }
        if self.real_run(direction).is_some_and(|run| run.ended_forward().is_some()) {
            return wrong(format!("the runbook of the {} was walked to its end already", direction.word()));
        }
        if !rehearsal && direction == Direction::Cutover {
            if self.real_run(direction).is_some() || self.going_back() {
                return wrong("this cutover is taken back: decide the next one in ready".to_owned());
            }
            if now >= self.confirmed_until() {
                return wrong("it was confirmed too long ago: decide it anew in ready".to_owned());
            }
            let off = |code| matches!(code, HoldCode::Disabled | HoldCode::Operator | HoldCode::Degraded);
            let holds = self.desk_holds(Phase::Cutover, now);
            let hold = holds
                .into_iter()
                .chain(self.operator_holds(Phase::Cutover))
                .chain(self.degraded_hold(Phase::Cutover));
            if let Some(hold) = hold.into_iter().find(|hold| off(hold.code)) {
                let code = match hold.code == HoldCode::Disabled {
                    true => RefusalCode::Disabled,
                    false => RefusalCode::GateShut,
                };
                let message = format!("no cutover begins now: {}", hold.reason);
                return Err(Refusal { holds: vec![hold], ..Refusal::new(code, message) });
            }
        }
        Ok(EventKind::RunBegun {
            run: self.runs.newest.as_ref().map_or(0, |run| run.number) + 1,
            direction,
            rehearsal,
            lease: self.runs.next_lease(),
            until: now.plus(RUN_LEASE),
        })
    }

    /// The operator asks about what the operator does, a step's owner and deciders about what people do.
    fn may_ask(&self, run: &Run, ask: &RunAsk, by: &Asker) -> Result<(), Refusal> {
        let mine = || match run.operator() {
            Some(holder) if *holder == by.name || mutated("a-run-has-one-operator") => Ok(()),
            Some(_) | None => Err(old_lease(run)),
        };
        match ask {
            RunAsk::Begin { .. } | RunAsk::Take => self.may_switch(by),
            RunAsk::Leave { .. } | RunAsk::BeginStep { .. } => mine(),
            RunAsk::EndStep { .. } | RunAsk::PassNoReturn { .. } => mine(),
            RunAsk::ConfirmStep { part, reason, .. } => {
                said(reason, "a confirmation")?;
                let part = usize::try_from(*part).unwrap_or(usize::MAX);
                let owner = run.step(part).map(|step| &step.owner);
                let plan = self.must_have_plan()?;
                let rule = plan.decisions.get(run.direction.word());
                let may = owner == Some(&by.name) || rule.is_some_and(|rule| decides(rule, &by.name));
                if by.kind == AskerKind::Pipeline || !may {
                    let owner = owner.map_or("nobody", Name::as_str);
                    let message = format!(
                        "{} is confirmed by {owner}, or whoever decides {}, not by {}",
                        run.called(part),
                        run.direction.word(),
                        by.name
                    );
                    return Err(Refusal::new(RefusalCode::NotYours, message));
                }
                Ok(())
            }
            RunAsk::SettleStep { part, undo: false, done: true, reason } if run.is_acted(*part) => {
                said(reason, "a step that passes unproved")?;
                let plan = self.must_have_plan()?;
                let rule = plan.decisions.get(run.direction.word());
                if by.kind != AskerKind::Pipeline && rule.is_some_and(|rule| decides(rule, &by.name)) {
                    return Ok(());
                }
                let called = run.called(usize::try_from(*part).unwrap_or(usize::MAX));
                let decision = run.direction.word();
                let message =
                    format!("only whoever decides {decision} lets {called} pass unproved, not {}", by.name);
                Err(Refusal::new(RefusalCode::NotYours, message))
            }
            RunAsk::SettleStep { reason, .. } | RunAsk::Turn { reason } => {
                let holder = run.operator() == Some(&by.name) && matches!(ask, RunAsk::Turn { .. });
                if !self.is_of_plan(by) && !holder {
                    let message = format!(
                        "{} is not in the plan; a person of the plan or an operator says what happened",
                        by.name
                    );
                    return Err(Refusal::new(RefusalCode::NotYours, message));
                }
                said(reason, "what is said of a run")
            }
        }
    }

    /// The part would break nothing that must always hold.
    fn unbroken(&self, run: &Run, part: usize, undo: bool) -> Result<(), Refusal> {
        let assertions = self.plan().map(|plan| plan.switch.assertions.as_slice()).unwrap_or_default();
        let rules = Rules { direction: run.direction, runbook: &run.runbook, assertions };
        let made: Vec<Made> = run.machine.states().iter().copied().map(Made::from).collect();
        match rules.breach(&made, part, undo).filter(|_| !run.rehearsal) {
            Some(why) => Err(Refusal::new(RefusalCode::Assertion, why)),
            None => Ok(()),
        }
    }

    fn refused(&self, run: &Run, want: Want, no: No, now: Timestamp) -> Refusal {
        let code = match no {
            No::Over => RefusalCode::WrongPhase,
            No::Leased => return leased(run),
            No::OldLease => return old_lease(run),
            No::NotNext => RefusalCode::NotNext,
            No::GoesBack | No::Passed if matches!(want, Want::PassNoReturn { .. } | Want::Turn) => {
                RefusalCode::TooLate
            }
            No::GoesBack | No::Passed => RefusalCode::NotNext,
        };
        let message = match no {
            No::Over => format!("run {} is over", run.number),
            No::GoesBack if run.machine.is_turned() => {
                format!("run {} goes back: {}", run.number, run.why)
            }
            No::GoesBack => format!("run {} is about to go back; {}", run.number, self.next_words(run)),
            No::Passed => format!(
                "run {} is past its point of no return: it goes on, or people decide rollback",
                run.number
            ),
            No::NotNext | No::Leased | No::OldLease => format!("not now: {}", self.next_words(run)),
        };
        let holds = self.part_status_holds(run, now);
        Refusal { holds, ..Refusal::new(code, message) }
    }

    /// A renewal of the operator's lease, to be appended as it is.
    ///
    /// # Errors
    /// Says who walks the runbook where the lease is another's, or over.
    pub fn run_renewal(
        &self,
        now: Timestamp,
        run: u64,
        lease: u64,
        by: &Asker,
    ) -> Result<Observation, Refusal> {
        let Some(newest) = self.runs.newest.as_ref().filter(|newest| newest.number == run) else {
            return Err(Refusal::new(RefusalCode::OldLease, format!("there is no run {run}")));
        };
        let mine = newest.operator() == Some(&by.name) && newest.machine.lease() == lease;
        if !mine || now >= newest.lease_until {
            return Err(old_lease(newest));
        }
        Ok(Observation::RunRenewed { run, lease, until: now.plus(RUN_LEASE) })
    }
}

fn want(run: &Run, ask: &RunAsk, by: &Asker) -> Want {
    let place = |part: u32| usize::try_from(part).unwrap_or(usize::MAX);
    match ask {
        RunAsk::Begin { .. } | RunAsk::Take => Want::Take { own: run.operator() == Some(&by.name) },
        RunAsk::Leave { lease } => Want::Leave { lease: *lease },
        RunAsk::BeginStep { lease, part, undo } => {
            Want::Begin { lease: *lease, part: place(*part), undo: *undo }
        }
        RunAsk::EndStep { lease, part, undo, outcome, .. } => {
            Want::End { lease: *lease, part: place(*part), undo: *undo, outcome: *outcome }
        }
        RunAsk::ConfirmStep { part, done, .. } => Want::Confirm { part: place(*part), done: *done },
        RunAsk::SettleStep { part, undo, done, .. } => {
            Want::Settle { part: place(*part), undo: *undo, done: *done }
        }
        RunAsk::PassNoReturn { lease, part } => Want::PassNoReturn { lease: *lease, part: place(*part) },
        RunAsk::Turn { .. } => Want::Turn,
    }
}

/// What the operator or a person said of a part's end. A command that is done has done something.
fn said_of(run: &Run, kind: EventKind, durable: bool, output: &str) -> EventKind {
    let EventKind::StepEnded { run: number, lease, part, undo, outcome, .. } = kind else { return kind };
    let step = usize::try_from(part).ok().and_then(|part| run.step(part));
    let ran = step.is_some_and(|step| step.command(run.rehearsal, undo).is_some());
    let durable = durable || outcome == StepOutcome::Done && ran;
    let output = end_of(output).to_owned();
    EventKind::StepEnded { run: number, lease, part, undo, outcome, durable, output }
}

/// The end is what tells why.
fn end_of(output: &str) -> &str {
    let mut from = output.len().saturating_sub(MAX_OUTPUT);
    while !output.is_char_boundary(from) {
        from += 1;
    }
    &output[from..]
}

fn leased(run: &Run) -> Refusal {
    let what = if run.rehearsal { "the rehearsal" } else { "the runbook" };
    let message = match run.operator() {
        Some(holder) => format!(
            "{holder} walks {what} of the {}, run {}, and is there until the lease ends, {} after it was renewed last",
            run.direction.word(),
            run.number,
            span(RUN_LEASE)
        ),
        None => format!(
            "run {} of the {} is not over: take it with tidelock {} resume",
            run.number,
            run.direction.word(),
            run.direction.word()
        ),
    };
    Refusal::new(RefusalCode::Leased, message)
}

fn old_lease(run: &Run) -> Refusal {
    let message = match run.operator() {
        Some(holder) => {
            format!("the lease of run {} is number {}, of {holder}", run.number, run.machine.lease())
        }
        None => format!("nobody holds the lease of run {} any more: take it anew", run.number),
    };
    Refusal::new(RefusalCode::OldLease, message)
}
