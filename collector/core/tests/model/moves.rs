//! Everything that can happen next in a state.

use tidelock_core::machine::{Facts, Machine, Move, Want};
use tidelock_core::record::StepOutcome;
use tidelock_core::{NextAction, PartState};

use crate::bug::Bug;
use crate::operator::{At, Told};
use crate::state::{Fixed, State};
use crate::world::{BUDGET, Effect};

/// The states that may follow, each with what happened where that is to be told: words cost more than moves.
pub(crate) fn nexts(state: &State, fixed: &Fixed, told: bool) -> Vec<(String, State)> {
    let all = fixed;
    let fixed = fixed.of(state.setting);
    let mut out = Nexts { state, fixed, told, facts: state.facts(fixed), found: Vec::new() };
    // A command of the cutover that still runs belongs to a lease that is over, and its process is being ended.
    let runs = state.operators.iter().any(|it| matches!(it.at, At::Running { .. }));
    for who in (0..2).filter(|_| state.may_go_back() && !runs) {
        if state.operators[who].at != At::Dead {
            out.push(format_args!("going back is decided, operator {who} begins"), |next| {
                next.goes_back(who, all);
            });
        }
    }
    if state.ended() {
        return out.found;
    }
    out.collector();
    out.time();
    out.people();
    for who in 0..2 {
        out.operator(who);
    }
    out.found
}

struct Nexts<'a> {
    state: &'a State,
    fixed: &'a Fixed,
    told: bool,
    facts: Facts,
    found: Vec<(String, State)>,
}

impl Nexts<'_> {
    fn push(&mut self, what: std::fmt::Arguments<'_>, how: impl FnOnce(&mut State)) {
        let mut next = self.state.clone();
        how(&mut next);
        let what = if self.told { what.to_string() } else { String::new() };
        self.found.push((what, next));
    }

    fn has(&self, bug: Bug) -> bool {
        self.fixed.bug == Some(bug)
    }

    /// What evidence and time decide.
    fn collector(&mut self) {
        if let Some(moved) = self.state.machine.weigh(&self.facts) {
            let fixed = self.fixed;
            self.push(format_args!("the collector: {moved:?}"), |next| commit(next, moved, fixed));
        }
    }

    /// Time goes by only when nothing is left to decide, and no decision is between its asking and its record.
    fn time(&mut self) {
        let state = self.state;
        if state.world.in_flight && !state.world.from_open {
            self.push(format_args!("the last writes arrive"), |next| next.world.in_flight = false);
        }
        if state.mishaps > 0 && !state.against {
            self.push(format_args!("somebody presses hold"), |next| {
                next.mishaps -= 1;
                next.against = true;
            });
        }
        let asked = state.operators.iter().any(|it| matches!(it.at, At::Asked { .. }));
        if asked || state.machine.weigh(&self.facts).is_some() {
            return;
        }
        let shut = !state.world.from_open && !state.world.to_open;
        if shut && state.world.shut <= BUDGET {
            self.push(format_args!("writes stay shut"), |next| next.world.shut += 1);
        }
        let current = state.machine.current().map(|part| state.machine.states()[part]);
        let waits = matches!(current, Some(PartState::Begun | PartState::Acted | PartState::Ambiguous));
        // What is never proved takes too long in the end; what would be may do so as well.
        let never = state.machine.current().is_some_and(|part| {
            current == Some(PartState::Acted) && !state.world.is_done(self.fixed.effects[part])
        });
        if (state.mishaps > 0 || never) && waits && !state.overdue {
            self.push(format_args!("the part takes too long"), |next| {
                next.mishaps -= u8::from(!never);
                next.overdue = true;
            });
        }
        match (state.machine.is_held(), state.lease_valid) {
            (true, true) => self.lease_ends(),
            (false, true) => self.push(format_args!("the lease that was let go ends"), |next| {
                next.lease_valid = false;
            }),
            (_, false) => {}
        }
    }

    /// A lease ends when its process is dead, or when it could not renew it for a while.
    fn lease_ends(&mut self) {
        let state = self.state;
        let holder = state.operators[state.owner];
        let alive = holder.lease == Some(state.machine.lease()) && holder.at != At::Dead;
        if !alive {
            self.push(format_args!("the lease of a dead operator ends"), |next| next.lease_valid = false);
        } else if state.mishaps > 0 {
            let outlives = self.has(Bug::OutlivesItsLease);
            let ends = |next: &mut State| {
                next.mishaps -= 1;
                next.lease_valid = false;
                // A process whose lease ends stops its command.
                if let At::Running { .. } = next.operators[next.owner].at
                    && !outlives
                {
                    next.operators[next.owner].at = At::Idle;
                }
            };
            self.push(format_args!("operator {} cannot renew its lease", state.owner), ends);
            if let At::Running { part, undo } = holder.at
                && !outlives
            {
                let fixed = self.fixed;
                self.push(
                    format_args!("operator {} cannot renew its lease, its command was through", state.owner),
                    |next| {
                        take_effect(next, fixed, part, undo);
                        ends(next);
                    },
                );
            }
        }
    }

    /// People say what they see.
    fn people(&mut self) {
        let (state, fixed) = (self.state, self.fixed);
        match state.machine.next() {
            NextAction::Confirm { part } => {
                let part = place(part);
                let done = state.world.moved == 100;
                self.person(format_args!("the owner confirms {part}: {done}"), Want::Confirm { part, done });
            }
            NextAction::Settle { part, undo } if !self.has(Bug::NobodySettles) => {
                let part = place(part);
                let there = state.world.is_done(fixed.effects[part]);
                let done = there != undo;
                self.person(
                    format_args!("a person settles {part}, undo {undo}: {done}"),
                    Want::Settle { part, undo, done },
                );
            }
            NextAction::Settle { .. } | NextAction::Carry { .. } | NextAction::PassNoReturn { .. } => {}
            NextAction::Wait { part } => {
                // Past the point of no return, a part that was said to be done and is not is carried out again.
                let part = place(part);
                let there = state.world.is_done(fixed.effects[part]);
                // One that is there and cannot be proved passes, as far as people see.
                if state.overdue && there {
                    let want = Want::Settle { part, undo: false, done: true };
                    self.person(format_args!("a person lets {part} pass unproved"), want);
                }
                if state.overdue && !there && fixed.effects[part] != Effect::CatchUp {
                    let want = Want::Settle { part, undo: false, done: false };
                    self.person(format_args!("a person has {part} carried out again"), want);
                }
            }
            NextAction::Over => {}
        }
    }

    fn person(&mut self, what: std::fmt::Arguments<'_>, want: Want) {
        if let Ok(moved) = self.state.machine.decide(want, &self.facts) {
            let fixed = self.fixed;
            self.push(what, |next| commit(next, moved, fixed));
        }
    }

    fn operator(&mut self, who: usize) {
        let operator = self.state.operators[who];
        if operator.crashes > 0 && (operator.lease.is_some() || !matches!(operator.at, At::Dead | At::Idle)) {
            self.crash(who);
        }
        match operator.at {
            At::Dead => self.push(format_args!("operator {who} starts again"), |next| {
                next.operators[who].at = At::Idle;
            }),
            At::Idle => self.looks(who),
            At::Asked { moved, stale, then } => self.answer(who, moved, stale, then),
            At::Running { part, undo } => self.runs(who, part, undo),
            At::Told(told) => self.reports(who, told),
        }
    }

    /// A process dies; its command with it, through or not.
    fn crash(&mut self, who: usize) {
        let dies = |next: &mut State| {
            let operator = &mut next.operators[who];
            (operator.at, operator.lease) = (At::Dead, None);
            operator.crashes -= 1;
        };
        self.push(format_args!("operator {who} crashes"), dies);
        if let At::Running { part, undo } = self.state.operators[who].at {
            let fixed = self.fixed;
            self.push(format_args!("operator {who} crashes, its command was through"), |next| {
                take_effect(next, fixed, part, undo);
                dies(next);
            });
        }
    }

    /// It looks what is next, and asks for it.
    fn looks(&mut self, who: usize) {
        let state = self.state;
        let machine = &state.machine;
        let Some(lease) = state.operators[who].lease else {
            let own = state.owner == who || self.has(Bug::TakesAnyLease);
            return self.ask(who, Want::Take { own }, None);
        };
        let leaves = machine.decide(Want::Leave { lease }, &self.facts);
        if let (Ok(moved), true) = (leaves, state.mishaps > 0) {
            let fixed = self.fixed;
            self.push(format_args!("operator {who} lets its lease go"), |next| {
                commit(next, moved, fixed);
                next.operators[who].lease = None;
                next.mishaps -= 1;
            });
        }
        match machine.next() {
            NextAction::Carry { part, undo } => {
                self.ask(who, Want::Begin { lease, part: place(part), undo }, None)
            }
            NextAction::PassNoReturn { part } => {
                self.ask(who, Want::PassNoReturn { lease, part: place(part) }, None)
            }
            NextAction::Settle { part, undo: false } if self.has(Bug::RepeatsABegunStep) => {
                let want = Want::Settle { part: place(part), undo: false, done: false };
                self.person(format_args!("operator {who} carries {part} out again"), want);
            }
            NextAction::Confirm { .. } | NextAction::Wait { .. } | NextAction::Settle { .. } => {
                // It sees that the lease is not its own any more.
                if lease != machine.lease() || !machine.is_held() {
                    self.push(format_args!("operator {who} sees that its lease is over"), |next| {
                        next.operators[who].lease = None;
                    });
                }
            }
            NextAction::Over => {}
        }
    }

    /// The collector decides. Nothing is recorded yet.
    fn ask(&mut self, who: usize, want: Want, then: Option<Told>) {
        let want = match (want, self.has(Bug::IgnoresOldLease)) {
            (Want::Begin { part, undo, .. }, true) => {
                Want::Begin { lease: self.state.machine.lease(), part, undo }
            }
            (Want::End { part, undo, outcome, .. }, true) => {
                Want::End { lease: self.state.machine.lease(), part, undo, outcome }
            }
            (want, _) => want,
        };
        match self.state.machine.decide(want, &self.facts) {
            Ok(moved) => self.push(format_args!("operator {who} asks: {want:?}"), |next| {
                next.operators[who].at = At::Asked { moved, stale: false, then };
            }),
            Err(no) if self.state.operators[who].lease.is_some() => {
                let gone = self.state.operators[who].lease != Some(self.state.machine.lease())
                    || !self.state.machine.is_held()
                    || !self.state.lease_valid;
                if gone || then.is_some() {
                    self.push(format_args!("operator {who} is refused: {no:?}"), |next| {
                        next.operators[who].at = At::Idle;
                        next.operators[who].lease = None;
                    });
                }
            }
            Err(_) => {}
        }
    }

    /// The collector appends what it decided, if nothing came in between.
    fn answer(&mut self, who: usize, moved: Move, stale: bool, then: Option<Told>) {
        if stale && !self.has(Bug::NoCompareAndSet) {
            return self.push(format_args!("operator {who}: conflict"), |next| {
                next.operators[who].at = then.map_or(At::Idle, At::Told);
            });
        }
        let fixed = self.fixed;
        self.push(format_args!("recorded for operator {who}: {moved:?}"), |next| {
            commit(next, moved, fixed);
            let operator = &mut next.operators[who];
            operator.at = At::Idle;
            match moved {
                Move::Taken { lease } => {
                    operator.lease = Some(lease);
                    next.owner = who;
                    next.lease_valid = true;
                }
                Move::Begun { part, undo, .. } => operator.at = runs_or_says(&next.machine, part, undo),
                Move::NoReturn { .. } => {
                    next.passes += 1;
                    if next.world.shut > BUDGET {
                        next.breaks("the point of no return was passed beyond the budget");
                    }
                }
                Move::Left { .. } | Move::Ended { .. } | Move::Proved { .. } | Move::Settled { .. } => {}
                Move::Turned(_) | Move::Over(_) => {}
            }
        });
    }

    /// A command is through, or fails, with or without an effect, or says that it is through and is not.
    fn runs(&mut self, who: usize, part: usize, undo: bool) {
        let fixed = self.fixed;
        let tells = |next: &mut State, outcome| {
            next.operators[who].at = At::Told(Told { part, undo, outcome });
        };
        if undo && self.has(Bug::SkipsAnUndo) && fixed.effects[part] == Effect::Fence {
            self.push(format_args!("operator {who} skips the undo of {part}"), |next| {
                tells(next, StepOutcome::Done)
            });
            return;
        }
        self.push(format_args!("operator {who} carries {part} out, undo {undo}"), |next| {
            take_effect(next, fixed, part, undo);
            tells(next, StepOutcome::Done);
        });
        if self.state.mishaps == 0 {
            return;
        }
        let unlucky = |next: &mut State| next.mishaps -= 1;
        self.push(format_args!("operator {who} fails at {part}, undo {undo}"), |next| {
            unlucky(next);
            tells(next, StepOutcome::Failed);
        });
        self.push(format_args!("operator {who} fails at {part}, undo {undo}, with effect"), |next| {
            unlucky(next);
            take_effect(next, fixed, part, undo);
            tells(next, StepOutcome::Failed);
        });
        self.push(format_args!("operator {who} cannot know of {part}, undo {undo}"), |next| {
            unlucky(next);
            tells(next, StepOutcome::Unknown);
        });
        if !undo {
            self.push(format_args!("operator {who} says {part} is done, and it is not"), |next| {
                unlucky(next);
                tells(next, StepOutcome::Done);
            });
        }
    }

    fn reports(&mut self, who: usize, told: Told) {
        let Told { part, undo, outcome } = told;
        match self.state.operators[who].lease {
            Some(lease) => self.ask(who, Want::End { lease, part, undo, outcome }, Some(told)),
            None => self.push(format_args!("operator {who} has no lease to report under"), |next| {
                next.operators[who].at = At::Idle;
            }),
        }
    }
}

/// A part without a command is said to be done at once.
fn runs_or_says(machine: &Machine, part: usize, undo: bool) -> At {
    use tidelock_core::machine::Work;
    match machine.pieces()[part].work {
        Work::Command => At::Running { part, undo },
        Work::Nothing | Work::Person | Work::NoReturn => {
            At::Told(Told { part, undo, outcome: StepOutcome::Done })
        }
    }
}

/// What was decided is appended: every decision that was made before it is stale.
fn commit(next: &mut State, moved: Move, fixed: &Fixed) {
    let before = next.machine.current();
    next.machine.apply(moved);
    if let Move::Proved { part } = moved
        && fixed.effects[part] == Effect::CatchUp
        && next.world.in_flight
    {
        next.world.lost = true;
    }
    let again =
        matches!(moved, Move::Settled { undo: false, done: false, .. } | Move::Begun { undo: false, .. });
    if next.machine.current() != before || again || next.machine.is_turned() {
        next.overdue = false;
    }
    for operator in &mut next.operators {
        if let At::Asked { stale, .. } = &mut operator.at {
            *stale = true;
        }
    }
}

/// A command changes the world.
fn take_effect(next: &mut State, fixed: &Fixed, part: usize, undo: bool) {
    if !undo {
        return next.world.carry(fixed.effects[part], part);
    }
    let first = (0..fixed.effects.len()).find(|part| {
        let piece = next.machine.pieces()[*part].undo != tidelock_core::machine::Undo::Nothing;
        piece && next.world.done[*part] > 0
    });
    let part = first.filter(|_| fixed.bug == Some(Bug::UndoesForward)).unwrap_or(part);
    let parts: Vec<usize> =
        (0..fixed.steps.len()).filter(|other| fixed.steps[*other] == fixed.steps[part]).collect();
    let last = parts.last().copied().unwrap_or(part);
    if next.world.done.iter().enumerate().any(|(other, done)| {
        let command = next.machine.pieces()[other].undo != tidelock_core::machine::Undo::Nothing;
        other > last && *done > 0 && command
    }) {
        next.breaks("something was taken back before what rests on it");
    }
    next.world.take_back(fixed.effects[part], &parts);
}

fn place(part: u32) -> usize {
    usize::try_from(part).unwrap()
}
