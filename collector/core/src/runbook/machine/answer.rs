//! What a run answers: to those who ask, and to evidence and time. Nothing changes here.

use super::{Facts, Machine, Move, No, Undo, Want, Why, Work, number};
use crate::record::{RunOutcome, StepOutcome};
use crate::runbook::{NextAction, PartState};

impl Machine {
    /// Answers an ask.
    ///
    /// # Errors
    /// Says why it is refused; nothing is to be recorded then.
    pub fn decide(&self, want: Want, facts: &Facts) -> Result<Move, No> {
        if self.outcome().is_some() {
            return Err(No::Over);
        }
        match want {
            Want::Take { own } if self.held && facts.lease_valid && !own => Err(No::Leased),
            Want::Take { .. } => Ok(Move::Taken { lease: self.lease + 1 }),
            Want::Leave { lease } => self.holds(lease).map(|()| Move::Left { lease }),
            Want::Begin { lease, part, undo } => {
                self.acts(lease, facts)?;
                if self.next() != (NextAction::Carry { part: number(part), undo }) {
                    return Err(if undo == self.turned { No::NotNext } else { No::GoesBack });
                }
                self.goes_on(undo, facts)?;
                Ok(Move::Begun { lease, part, undo })
            }
            Want::End { lease, part, undo, outcome } => {
                self.holds(lease)?;
                let carried = match self.states.get(part) {
                    Some(PartState::Begun) => !undo && self.pieces[part].work != Work::Person,
                    Some(PartState::Undoing) => undo,
                    Some(_) | None => false,
                };
                if !carried {
                    return Err(No::NotNext);
                }
                Ok(Move::Ended { lease, part, undo, outcome })
            }
            Want::Confirm { part, done } => {
                if self.turned {
                    return Err(No::GoesBack);
                }
                if !self.asks_person(part) {
                    return Err(No::NotNext);
                }
                let outcome = if done { StepOutcome::Done } else { StepOutcome::Failed };
                Ok(Move::Ended { lease: 0, part, undo: false, outcome })
            }
            Want::Settle { part, undo, done } => {
                if !self.may_settle(part, undo, done, facts.overdue) {
                    return Err(No::NotNext);
                }
                Ok(Move::Settled { part, undo, done })
            }
            Want::PassNoReturn { lease, part } => {
                if self.passed {
                    return Err(No::Passed);
                }
                self.acts(lease, facts)?;
                if self.next() != (NextAction::PassNoReturn { part: number(part) }) {
                    return Err(if self.turned { No::GoesBack } else { No::NotNext });
                }
                self.goes_on(false, facts)?;
                Ok(Move::NoReturn { lease, part })
            }
            Want::Turn if self.turned => Err(No::GoesBack),
            Want::Turn if self.forward_only() => Err(No::Passed),
            Want::Turn => Ok(Move::Turned(Why::Asked)),
        }
    }

    /// What evidence and time alone decide.
    pub fn weigh(&self, facts: &Facts) -> Option<Move> {
        if self.outcome().is_some() {
            return None;
        }
        if self.held && !facts.lease_valid {
            return Some(Move::Left { lease: self.lease });
        }
        if facts.gone && self.running().is_none() {
            return Some(Move::Over(RunOutcome::Abandoned));
        }
        if self.turned {
            let undone = self.to_undo().is_none() && self.running().is_none();
            return undone.then_some(Move::Over(RunOutcome::Undone));
        }
        if let Some(why) = self.turns_for(facts) {
            return Some(Move::Turned(why));
        }
        let Some(part) = self.current() else {
            return Some(Move::Over(RunOutcome::Completed));
        };
        match self.states[part] {
            PartState::Acted if facts.proved => Some(Move::Proved { part }),
            // Nobody carries it out but its owner, who is asked from here on.
            PartState::Pending
                if self.pieces[part].work == Work::Person
                    && self.held
                    && (self.no_return_at != Some(part) || self.passed) =>
            {
                Some(Move::Begun { lease: self.lease, part, undo: false })
            }
            PartState::Pending
            | PartState::Begun
            | PartState::Acted
            | PartState::Done
            | PartState::Failed
            | PartState::Ambiguous
            | PartState::Undoing
            | PartState::Undone
            | PartState::UndoFailed
            | PartState::UndoAmbiguous => None,
        }
    }

    /// Why it must go back now, where it still can.
    fn turns_for(&self, facts: &Facts) -> Option<Why> {
        if self.forward_only() || self.turned {
            return None;
        }
        let failed = self.states.iter().position(|state| *state == PartState::Failed).map(Why::Failed);
        let overdue = || self.current().filter(|_| facts.overdue).map(Why::Overdue);
        let left = || (!self.held && !facts.lease_valid).then_some(Why::LeaseEnded);
        failed.or(facts.against).or_else(overdue).or_else(left)
    }

    /// The way forward is not barred. The way back never is.
    fn goes_on(&self, undo: bool, facts: &Facts) -> Result<(), No> {
        let barred = !undo && (facts.gone || self.turns_for(facts).is_some());
        if barred { Err(No::GoesBack) } else { Ok(()) }
    }

    /// The lease is the present one.
    fn holds(&self, lease: u64) -> Result<(), No> {
        if self.held && lease == self.lease { Ok(()) } else { Err(No::OldLease) }
    }

    /// The same, and it lasts: nothing is begun under a lease that somebody else may have taken by now.
    fn acts(&self, lease: u64, facts: &Facts) -> Result<(), No> {
        self.holds(lease)?;
        if facts.lease_valid { Ok(()) } else { Err(No::OldLease) }
    }

    /// The part waits for its owner's word.
    pub(super) fn asks_person(&self, part: usize) -> bool {
        self.states.get(part) == Some(&PartState::Begun) && self.pieces[part].work == Work::Person
    }

    /// Only a person can say what became of it.
    pub(super) fn may_settle(&self, part: usize, undo: bool, done: bool, overdue: bool) -> bool {
        let Some(state) = self.states.get(part) else { return false };
        if undo {
            let by_hand = self.pieces[part].undo == Undo::Person && done;
            let open = matches!(state, PartState::UndoFailed | PartState::UndoAmbiguous) || by_hand;
            return self.turned && self.to_undo() == Some(part) && open && self.running().is_none();
        }
        if self.turned || self.current() != Some(part) {
            return false;
        }
        match state {
            PartState::Ambiguous => true,
            PartState::Failed => self.forward_only(),
            // Carried out, and there is no way but forward. A person may have it carried out again once it is past
            // its time; and may let it pass unproved, since nobody can prove anything on a side that is dead.
            PartState::Acted => self.forward_only() && (overdue || done),
            PartState::Pending
            | PartState::Begun
            | PartState::Done
            | PartState::Undoing
            | PartState::Undone
            | PartState::UndoFailed
            | PartState::UndoAmbiguous => false,
        }
    }
}
