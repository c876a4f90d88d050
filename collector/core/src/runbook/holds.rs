//! What of the runbooks holds a gate: a run that is not at its end, a rehearsal that is missing, and writes that
//! would be shut for too long.

use tidelock_model::{Phase, Timestamp};

use super::{NextAction, PartState, Run};
use crate::migration::Migration;
use crate::plan::{Direction, Rehearsed};
use crate::record::RunOutcome;
use crate::verdict::{Hold, HoldCode};
use crate::words::span;

impl Migration {
    /// What of the runbooks holds the gate.
    pub(crate) fn run_holds(&self, gate: Phase, now: Timestamp) -> Vec<Hold> {
        let mut holds = Vec::new();
        match gate {
            Phase::Cutover => {
                holds.extend(self.rehearsal_under_way());
                holds.extend(self.dip_hold());
                holds.extend(self.standby_hold(now));
            }
            Phase::Watch if self.phase == Phase::Cutover => {
                holds.extend(self.walked_holds(Direction::Cutover, now));
            }
            Phase::RolledBack if self.phase == Phase::RollingBack => {
                holds.extend(self.walked_holds(Direction::Rollback, now));
                holds.extend(self.fell_hold());
            }
            Phase::Watch | Phase::RolledBack | Phase::Prepare | Phase::Sync | Phase::Ready => {}
            Phase::Committed | Phase::Retired | Phase::RollingBack | Phase::Aborted => {}
        }
        let rule = self.sheet(gate).and_then(|sheet| sheet.rule.rehearsed);
        holds.extend(rule.into_iter().flat_map(|rule| self.rehearsal_holds(rule, now)));
        holds
    }

    /// Somebody stands by to go back as soon as that is decided.
    pub fn stood_by(&self, now: Timestamp) -> bool {
        self.runs.standby.is_some_and(|until| now < until)
    }

    /// What is decided by itself at night must be carried out by somebody who is there.
    fn standby_hold(&self, now: Timestamp) -> Option<Hold> {
        let automatic = self.plan().is_some_and(|plan| plan.rollback.automatic);
        let since = self.runs.standby.unwrap_or(self.phase_since);
        let reason = "the plan goes back by itself, and nobody stands by to carry it out";
        let hold = || Hold::new(HoldCode::Automatic, since, reason, "tidelock rollback run --when-decided");
        (automatic && !self.stood_by(now)).then(hold)
    }

    /// The runbook of this direction was walked to its end.
    pub(crate) fn walked(&self, direction: Direction) -> bool {
        self.real_run(direction).is_some_and(|run| run.machine.outcome() == Some(RunOutcome::Completed))
    }

    fn walked_holds(&self, direction: Direction, now: Timestamp) -> Vec<Hold> {
        if !self.walks(direction) || self.walked(direction) {
            return Vec::new();
        }
        let command = format!("tidelock {} run", direction.word());
        let Some(run) = self.real_run(direction) else {
            let reason = format!("the runbook of the {} is not walked yet", direction.word());
            return vec![Hold::new(HoldCode::Run, self.phase_since, reason, command)];
        };
        let resume = format!("tidelock {} resume", direction.word());
        let (reason, next) = match (run.machine.outcome(), run.machine.next()) {
            (Some(outcome), _) => (format!("run {} is {}: {}", run.number, outcome.word(), run.why), command),
            (None, NextAction::Settle { part, undo }) => {
                let undo = if undo { " --undo" } else { "" };
                let named = usize::try_from(part).map(|part| run.named(part)).unwrap_or_default();
                let way = direction.word();
                let next = format!("tidelock {way} settle {named} --done|--not-done{undo} --reason TEXT");
                (self.stuck(run), next)
            }
            (None, _) if run.machine.is_turned() => {
                (format!("run {} goes back: {}; {}", run.number, run.why, self.next_words(run)), resume)
            }
            (None, _) => (format!("run {} is not at its end: {}", run.number, self.next_words(run)), resume),
        };
        let mut holds = vec![Hold::new(HoldCode::Run, run.begun, reason, next)];
        if !run.under_way() {
            return holds;
        }
        let facts = self.run_facts(run, now);
        if let Some(part) = run.machine.current().filter(|_| facts.overdue && !run.machine.is_turned()) {
            let reason = format!("{} is past its deadline", run.called(part));
            let since = run.deadline(part).unwrap_or(run.begun);
            let next =
                match run.machine.forward_only() && run.is_acted(u32::try_from(part).unwrap_or(u32::MAX)) {
                    true => {
                        let (way, named) = (direction.word(), run.named(part));
                        format!("tidelock {way} settle {named} --unproved|--not-done --reason TEXT")
                    }
                    false => "tidelock status".to_owned(),
                };
            holds.push(Hold::new(HoldCode::Run, since, reason, next));
        }
        if run.machine.forward_only()
            && self.dip_over(run, now)
            && let Some((check, budget)) = self.plan().and_then(|plan| plan.dip_budget())
        {
            let reason = format!("writes are shut for longer than the {} it may be away", span(budget));
            let since = run.shut.open_since().map_or(run.begun, |since| since.plus(budget));
            let mut hold = Hold::new(HoldCode::Dip, since, reason, "tidelock status");
            hold.check = Some(check.clone());
            holds.push(hold);
        }
        holds
    }

    /// On the way back nothing is undone when something moves behind the fence: what was written then stays behind.
    fn fell_hold(&self) -> Option<Hold> {
        let now = || {
            let run =
                self.run_under_way().filter(|run| !run.rehearsal && run.direction == Direction::Rollback)?;
            Some((run.begun, self.fence_moved()?))
        };
        let (since, moved) = self.young.fell.clone().or_else(now)?;
        let (may, over) = self.way_over(HoldCode::Leftovers);
        let reason = format!("{moved}; what was written then may be left behind: whoever has looked {may}");
        let listed = self.leftover_hold(Phase::RolledBack).is_some();
        let next = if listed { "tidelock rollback leftovers".to_owned() } else { over };
        Some(Hold::new(HoldCode::Leftovers, since, reason, next))
    }

    /// Only a person can go on: what happened, in words that stay on the screen.
    fn stuck(&self, run: &Run) -> String {
        let at = match run.machine.is_turned() {
            true => run.machine.to_undo(),
            false => run.machine.current(),
        };
        let state = at.and_then(|at| run.machine.states().get(at));
        let called = at.map(|at| run.called(at)).unwrap_or_default();
        let said = match state {
            Some(PartState::UndoFailed) => format!("{called} COULD NOT BE TAKEN BACK"),
            Some(PartState::UndoAmbiguous) => {
                format!("nobody can know whether {called} was taken back: ownership is ambiguous")
            }
            Some(PartState::Ambiguous) => {
                format!("nobody can know whether {called} was carried out: ownership is ambiguous")
            }
            Some(PartState::Failed) => format!("{called} failed, past the point of no return"),
            Some(
                PartState::Pending
                | PartState::Begun
                | PartState::Acted
                | PartState::Done
                | PartState::Undoing
                | PartState::Undone,
            )
            | None => format!("{called} must be taken back by hand"),
        };
        format!("run {}: {said}; a person must say what happened", run.number)
    }

    /// A switch does not begin while somebody rehearses it.
    fn rehearsal_under_way(&self) -> Option<Hold> {
        let run = self.run_under_way().filter(|run| run.rehearsal)?;
        let by = run.operator().map_or("nobody", |by| by.as_str());
        let reason = format!("the {} is being rehearsed by {by}", run.direction.word());
        Some(Hold::new(HoldCode::Run, run.begun, reason, "tidelock status"))
    }

    /// Writes would be shut for longer than a scenario may be away: as the last rehearsal that came to its end
    /// measured it, whatever was changed or only begun since, else as the plan says.
    fn dip_hold(&self) -> Option<Hold> {
        let plan = self.plan()?;
        let rehearsed = self.runs.measured.get(&Direction::Cutover);
        let measured = rehearsed.and_then(|it| it.writes_shut);
        let of = rehearsed.filter(|it| it.revision != self.revision());
        let of = of.map_or(String::new(), |it| format!(" of plan revision {}", it.revision));
        let planned = || plan.runbook(Direction::Cutover)?.planned_writes_shut();
        // A rehearsal leaves out what it only records; so it never makes the plan's own time shorter.
        let (shut, how) = match (measured, planned()) {
            (Some(shut), planned) if planned.is_none_or(|planned| planned < shut) => {
                (shut, format!("as the last rehearsal{of} measured"))
            }
            (_, planned) => (planned?, "as the runbook plans it".to_owned()),
        };
        let (check, budget) = plan.dip_budget()?;
        if shut <= budget {
            return None;
        }
        let reason =
            format!("writes would be shut for {}, {how}; it may be away for {}", span(shut), span(budget));
        let mut hold = Hold::new(HoldCode::Dip, self.phase_since, reason, "tidelock plan show");
        hold.check = Some(check.clone());
        Some(hold)
    }

    fn rehearsal_holds(&self, rule: Rehearsed, now: Timestamp) -> Vec<Hold> {
        let ways = [(Direction::Cutover, true), (Direction::Rollback, rule.rollback)];
        let missing = ways.into_iter().filter(|(_, needed)| *needed).filter_map(|(direction, _)| {
            let found = self.runs.rehearsals.get(&direction);
            let (since, what) = match found {
                None => (self.phase_since, "was never rehearsed".to_owned()),
                Some(found) if !found.succeeded => {
                    (found.at, "was rehearsed last without success".to_owned())
                }
                Some(found) if found.revision != self.revision() => (
                    found.at,
                    format!("was rehearsed at revision {} of the plan, not as it is", found.revision),
                ),
                Some(found) if now > found.at.plus(rule.within) => (
                    found.at.plus(rule.within),
                    format!("was rehearsed longer ago than {}", span(rule.within)),
                ),
                Some(_) => return None,
            };
            let reason = format!("the {} {what}", direction.word());
            let next = format!("tidelock {} run --rehearse", direction.word());
            Some(Hold::new(HoldCode::Rehearsal, since, reason, next))
        });
        missing.collect()
    }

    /// The moments at which time alone may change what a run does or holds.
    pub(crate) fn run_moments(&self, now: Timestamp) -> Vec<Timestamp> {
        let step = std::time::Duration::from_millis(1);
        let mut moments = Vec::new();
        let rules = Phase::ALL.iter().filter_map(|gate| self.sheet(*gate)?.rule.rehearsed);
        let longest = rules.map(|rule| rule.within);
        for within in longest {
            moments.extend(self.runs.rehearsals.values().map(|found| found.at.plus(within)));
        }
        moments.extend(self.runs.standby.map(|until| until.minus(step)));
        moments.extend(Some(self.confirmed_until()).filter(|_| self.phase == Phase::Cutover));
        let Some(run) = self.run_under_way() else { return moments };
        moments.push(run.lease_until.minus(step));
        if let Some(part) = run.machine.current() {
            moments.extend(run.deadline(part));
            let marks = run.marks.get(part).and_then(|marks| marks.acted);
            let waits = run.machine.states().get(part) == Some(&PartState::Acted);
            moments.extend(
                marks.filter(|_| waits).zip(run.step(part)).map(|(acted, step)| acted.plus(step.bake)),
            );
            // A postcondition may turn true by time alone, in ways that are its own: it is looked at each second.
            moments.extend(Some(now.plus(std::time::Duration::from_secs(1))).filter(|_| waits));
        }
        let budget = self.plan().and_then(|plan| plan.dip_budget());
        moments.extend(run.shut.open_since().zip(budget).map(|(since, (_, budget))| since.plus(budget)));
        moments
    }
}
