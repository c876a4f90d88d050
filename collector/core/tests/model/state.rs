//! One state of the model: everything that may differ between two moments.

use std::sync::Arc;

use tidelock_core::PartState;
use tidelock_core::machine::{Facts, Machine, Turns, Why};
use tidelock_core::plan::Direction;
use tidelock_core::record::RunOutcome;

use crate::bug::Bug;
use crate::operator::{At, Operator};
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
    /// The way back that may follow.
    back: Option<Arc<Fixed>>,
}

impl Fixed {
    fn new(setting: Setting, bug: Option<Bug>, back: Option<Arc<Fixed>>) -> Fixed {
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
        let steps = runbook(&effects).parts().iter().map(|part| part.step).collect();
        Fixed { setting, bug, effects, steps, back }
    }

    /// What is fixed for the way that a state goes.
    pub(crate) fn of(&self, setting: Setting) -> &Fixed {
        if self.setting == setting { self } else { self.back.as_deref().unwrap() }
    }

    /// The run of this way, under its first lease.
    fn machine(&self, lease: u64) -> Machine {
        let book = runbook(&self.effects);
        let direction = match self.setting {
            Setting::Cutover => Direction::Cutover,
            Setting::Rollback => Direction::Rollback,
        };
        match self.bug {
            Some(Bug::TurnsAfterNoReturn) => always_turning(&book, direction, lease),
            Some(_) | None => Machine::of(direction, &book, false, lease),
        }
    }
}

/// One state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct State {
    /// Which way it goes now.
    pub(crate) setting: Setting,
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
    /// The first operator has just begun the cutover.
    pub(crate) fn begin(bug: Option<Bug>) -> (State, Arc<Fixed>) {
        let back = Fixed::new(Setting::Rollback, bug, None);
        let fixed = Fixed::new(Setting::Cutover, bug, Some(Arc::new(back)));
        let state = State {
            setting: Setting::Cutover,
            machine: fixed.machine(1),
            world: World::begin(fixed.effects.len()),
            operators: [Operator::first(), Operator::second()],
            mishaps: 2,
            owner: 0,
            lease_valid: true,
            overdue: false,
            against: false,
            passes: 0,
            broken: None,
        };
        (state, Arc::new(fixed))
    }

    /// A cutover that is complete may still be gone back from.
    pub(crate) fn may_go_back(&self) -> bool {
        let arrived = self.machine.outcome() == Some(RunOutcome::Completed);
        self.setting == Setting::Cutover && arrived && self.broken.is_none()
    }

    /// Going back is decided, and this operator begins the way back. What is left of mishaps and crashes stays;
    /// whatever the others still want is of a run that is over.
    pub(crate) fn goes_back(&mut self, who: usize, fixed: &Fixed) {
        let lease = self.machine.lease() + 1;
        let fixed = fixed.of(Setting::Rollback);
        self.setting = Setting::Rollback;
        self.machine = fixed.machine(lease);
        self.world = World::begin(fixed.effects.len());
        for operator in &mut self.operators {
            if let At::Asked { stale, .. } = &mut operator.at {
                *stale = true;
            }
        }
        (self.operators[who].at, self.operators[who].lease) = (At::Idle, Some(lease));
        (self.owner, self.lease_valid) = (who, true);
        (self.overdue, self.against, self.passes) = (false, false, 0);
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
fn always_turning(book: &tidelock_core::plan::Runbook, direction: Direction, lease: u64) -> Machine {
    let right = Machine::of(direction, book, false, lease);
    let no_return = right.no_return_at();
    Machine::begin(right.pieces().to_vec(), no_return, Turns::Always, lease)
}
