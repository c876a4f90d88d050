//! What happened to a run becomes its state. Nothing here can fail: what does not fit changes nothing.

use super::{Machine, Move, Undo, Work};
use crate::record::{RunOutcome, StepOutcome};
use crate::runbook::PartState;

impl Machine {
    /// Takes what was journaled. Gives back whether it fitted.
    pub fn apply(&mut self, moved: Move) -> bool {
        if self.outcome.is_some() {
            return false;
        }
        match moved {
            Move::Taken { lease } => {
                let fits = lease == self.lease + 1;
                if fits {
                    self.interrupt();
                    (self.lease, self.held) = (lease, true);
                }
                fits
            }
            Move::Left { lease } => {
                let fits = self.held && lease == self.lease;
                if fits {
                    self.interrupt();
                    self.held = false;
                }
                fits
            }
            Move::Begun { lease, part, undo } => self.mine(lease) && self.begun(part, undo),
            Move::Ended { lease, part, undo, outcome } => {
                let person = lease == 0 && self.asks_person(part) && !undo;
                (person || self.mine(lease)) && self.ended(part, undo, outcome)
            }
            Move::Proved { part } => {
                let fits = !self.turned
                    && self.current() == Some(part)
                    && self.states.get(part) == Some(&PartState::Acted);
                fits && self.set(part, PartState::Done)
            }
            Move::Settled { part, undo, done } => {
                self.may_settle(part, undo, done, true) && self.settled(part, undo, done)
            }
            Move::Turned(_) => {
                let fits = !self.turned && !self.forward_only();
                self.turned |= fits;
                fits
            }
            Move::NoReturn { lease, part } => self.mine(lease) && self.pass(part),
            Move::Over(outcome) => self.over(outcome),
        }
    }

    fn mine(&self, lease: u64) -> bool {
        self.held && lease == self.lease
    }

    fn set(&mut self, part: usize, state: PartState) -> bool {
        self.states.get_mut(part).map(|old| *old = state).is_some()
    }

    /// Whoever carried something out is gone: what became of it nobody knows.
    fn interrupt(&mut self) {
        for (piece, state) in self.pieces.iter().zip(&mut self.states) {
            *state = match (*state, piece.work) {
                (PartState::Begun, Work::Command) => PartState::Ambiguous,
                (PartState::Begun, Work::Nothing) => PartState::Pending,
                (PartState::Undoing, _) => PartState::UndoAmbiguous,
                (same, _) => same,
            };
        }
    }

    fn begun(&mut self, part: usize, undo: bool) -> bool {
        if self.running().is_some() {
            return false;
        }
        if undo {
            let fits = self.turned
                && self.to_undo() == Some(part)
                && self.pieces[part].undo == Undo::Command
                && !matches!(self.states[part], PartState::UndoFailed | PartState::UndoAmbiguous);
            return fits && self.set(part, PartState::Undoing);
        }
        let passed = self.no_return_at != Some(part) || self.passed;
        let fits = !self.turned
            && passed
            && self.current() == Some(part)
            && self.states.get(part) == Some(&PartState::Pending);
        fits && self.set(part, PartState::Begun)
    }

    fn ended(&mut self, part: usize, undo: bool, outcome: StepOutcome) -> bool {
        match (self.states.get(part), undo, outcome) {
            (Some(PartState::Begun), false, StepOutcome::Done) => self.set(part, PartState::Acted),
            (Some(PartState::Begun), false, StepOutcome::Failed) => self.set(part, PartState::Failed),
            (Some(PartState::Begun), false, StepOutcome::Unknown) => self.set(part, PartState::Ambiguous),
            (Some(PartState::Undoing), true, StepOutcome::Done) => self.undone(part),
            (Some(PartState::Undoing), true, StepOutcome::Failed) => self.set(part, PartState::UndoFailed),
            (Some(PartState::Undoing), true, StepOutcome::Unknown) => {
                self.set(part, PartState::UndoAmbiguous)
            }
            (Some(_) | None, _, _) => false,
        }
    }

    /// One undo takes the whole step back, with all of its weights.
    fn undone(&mut self, part: usize) -> bool {
        let Some(step) = self.pieces.get(part).map(|piece| piece.step) else { return false };
        for (piece, state) in self.pieces.iter().zip(&mut self.states) {
            if piece.step == step && *state != PartState::Pending {
                *state = PartState::Undone;
            }
        }
        true
    }

    fn settled(&mut self, part: usize, undo: bool, done: bool) -> bool {
        match (undo, done) {
            (true, true) => self.undone(part),
            // A person lets it pass unproved.
            (false, true) if self.states.get(part) == Some(&PartState::Acted) => {
                self.set(part, PartState::Done)
            }
            // Carried out as before: it is taken back once more.
            (true, false) | (false, true) => self.set(part, PartState::Acted),
            (false, false) => self.set(part, PartState::Pending),
        }
    }

    fn pass(&mut self, part: usize) -> bool {
        let fits = !self.passed
            && !self.turned
            && self.no_return_at == Some(part)
            && self.current() == Some(part)
            && self.states.get(part) == Some(&PartState::Pending);
        if fits {
            self.passed = true;
            if self.pieces[part].work == Work::NoReturn {
                self.set(part, PartState::Done);
            }
        }
        fits
    }

    fn over(&mut self, outcome: RunOutcome) -> bool {
        let fits = match outcome {
            RunOutcome::Completed => !self.turned && self.current().is_none(),
            RunOutcome::Undone => self.turned && self.to_undo().is_none() && self.running().is_none(),
            RunOutcome::Abandoned => self.running().is_none(),
        };
        if fits {
            self.outcome = Some(outcome);
            self.held = false;
        }
        fits
    }
}
