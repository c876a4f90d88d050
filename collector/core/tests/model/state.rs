//! One state of the model: everything that may differ between two moments.

use std::sync::Arc;

use tidelock_core::PartState;
use tidelock_core::machine::{Facts, Machine, Turns, Why};
use tidelock_core::plan::Direction;

use crate::bug::Bug;
use crate::operator::Operator;
use crate::world::{BUDGET, Effect, World, runbook};

/// Which way the runbook goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Setting {
    Cutover,
    Rollback,
}

/// What never changes in a search.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fixed {
    pub(crate) setting: Setting,
    pub(crate) bug: Option<Bug>,
    pub(crate) effects: Vec<Effect>,
    /// The step that each part belongs to.
    pub(crate) steps: Vec<usize>,
}

/// One state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct State {
    pub(crate) machine: Machine,
    pub(crate) world: World,
    pub(crate) operators: [Operator; 2],
    /// How much may still go wrong beside crashes: a command or an undo that fails or lies, a lease that ends
    /// though its operator is there, a part that takes too long, a hold. A bound makes the search finite.
    pub(crate) mishaps: u8,
    /// Whose the newest lease is.
    pub(crate) owner: usize,
    pub(crate) lease_valid: bool,
    pub(crate) overdue: bool,
    pub(crate) against: bool,
    /// How often somebody was told that the point of no return is passed.
    pub(crate) passes: u8,
    /// A promise was broken on the way here.
    pub(crate) broken: Option<&'static str>,
}

impl State {
    /// The first operator has just begun the run.
    pub(crate) fn begin(setting: Setting, bug: Option<Bug>) -> (State, Arc<Fixed>) {
        use Effect::{CatchUp, Confirm, Feed, Fence, NoReturn, Open, Route};
        let effects = match (setting, bug) {
            (Setting::Rollback, _) => vec![Fence, CatchUp, Open, Route(100)],
            (Setting::Cutover, Some(Bug::ReadsPositionLate)) => {
                vec![Fence, CatchUp, NoReturn, Open, Feed, Route(10), Route(100), Confirm]
            }
            (Setting::Cutover, Some(Bug::OpensBeforeTheFence)) => {
                vec![Feed, Open, Fence, CatchUp, NoReturn, Route(10), Route(100), Confirm]
            }
            (Setting::Cutover, _) => {
                vec![Feed, Fence, CatchUp, NoReturn, Open, Route(10), Route(100), Confirm]
            }
        };
        let book = runbook(&effects);
        let steps = book.parts().iter().map(|part| part.step).collect();
        let direction = match setting {
            Setting::Cutover => Direction::Cutover,
            Setting::Rollback => Direction::Rollback,
        };
        let machine = match bug {
            Some(Bug::TurnsAfterNoReturn) => always_turning(&book, direction),
            Some(_) | None => Machine::of(direction, &book, false, 1),
        };
        let world = World::begin(effects.len());
        let state = State {
            machine,
            world,
            operators: [Operator::first(), Operator::second()],
            mishaps: 2,
            owner: 0,
            lease_valid: true,
            overdue: false,
            against: false,
            passes: 0,
            broken: None,
        };
        (state, Arc::new(Fixed { setting, bug, effects, steps }))
    }

    /// What the collector says is true.
    pub(crate) fn facts(&self, fixed: &Fixed) -> Facts {
        let current = self.machine.current().filter(|_| !self.machine.is_turned());
        let acted = current.filter(|part| self.machine.states()[*part] == PartState::Acted);
        let believes = fixed.bug == Some(Bug::BelievesTheCommand);
        let early = fixed.bug == Some(Bug::ReadsWhileWritesArrive);
        let proved = |part: usize| {
            let effect = fixed.effects[part];
            believes || early && effect == Effect::CatchUp || self.world.is_done(effect)
        };
        let dip = self.world.shut > BUDGET && fixed.bug != Some(Bug::IgnoresTheBudget);
        let against = match (self.against, dip) {
            (true, _) => Some(Why::Hold),
            (false, true) => Some(Why::Dip),
            (false, false) => None,
        };
        Facts {
            lease_valid: self.lease_valid,
            overdue: self.overdue,
            proved: acted.is_some_and(proved),
            against,
            gone: false,
        }
    }

    /// It is over, and nothing is on its way any more.
    pub(crate) fn ended(&self) -> bool {
        self.machine.outcome().is_some()
    }

    pub(crate) fn breaks(&mut self, what: &'static str) {
        self.broken.get_or_insert(what);
    }
}

/// The same run, with the mistake that it can always turn.
fn always_turning(book: &tidelock_core::plan::Runbook, direction: Direction) -> Machine {
    let right = Machine::of(direction, book, false, 1);
    let no_return = right.no_return_at();
    Machine::begin(right.pieces().to_vec(), no_return, Turns::Always, 1)
}
