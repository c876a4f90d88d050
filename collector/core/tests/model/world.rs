//! The world that the commands change, and what can be known of it by looking.

use std::time::Duration;

use tidelock_core::plan::{Command, Runbook, Step, StepKind};

/// What a part does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Effect {
    /// Takes the position from which the feed back begins.
    Feed,
    /// Shuts writes on the side that is left.
    Fence,
    /// Nothing: waits until all that was written has arrived.
    CatchUp,
    /// Nothing.
    NoReturn,
    /// Opens writes on the other side.
    Open,
    /// Moves this share of traffic.
    Route(u8),
    /// Nothing: a person looks.
    Confirm,
}

/// Both sides, and what lies between them. `from` is the side that is left.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct World {
    pub(crate) from_open: bool,
    pub(crate) to_open: bool,
    /// The share of traffic on the other side.
    pub(crate) moved: u8,
    /// Writes that were let in before the fence, and have not arrived on the other side.
    pub(crate) in_flight: bool,
    /// The feed's position is taken; true where it was before the other side could write.
    pub(crate) feed: Option<bool>,
    /// Somebody believed that all had arrived when it had not.
    pub(crate) lost: bool,
    /// How often each part was carried out since it was taken back last.
    pub(crate) done: Vec<u8>,
    /// For how long nobody could write, up to a little more than the budget.
    pub(crate) shut: u8,
}

/// Writes may be shut for so many ticks.
pub(crate) const BUDGET: u8 = 1;

impl World {
    pub(crate) fn begin(parts: usize) -> World {
        World {
            from_open: true,
            to_open: false,
            moved: 0,
            in_flight: true,
            feed: None,
            lost: false,
            done: vec![0; parts],
            shut: 0,
        }
    }

    /// Everything is as it was.
    pub(crate) fn is_old(&self) -> bool {
        self.from_open && !self.to_open && self.moved == 0 && self.feed.is_none()
    }

    /// A command is carried out.
    pub(crate) fn carry(&mut self, effect: Effect, part: usize) {
        match effect {
            Effect::Feed => self.feed = Some(!self.to_open),
            Effect::Fence => self.from_open = false,
            Effect::Open => self.to_open = true,
            Effect::Route(share) => self.moved = share,
            Effect::CatchUp | Effect::NoReturn | Effect::Confirm => {}
        }
        self.done[part] = self.done[part].saturating_add(1);
        if self.from_open || self.to_open {
            self.shut = 0;
        }
    }

    /// A command is taken back, with all parts of its step.
    pub(crate) fn take_back(&mut self, effect: Effect, parts: &[usize]) {
        match effect {
            Effect::Feed => self.feed = None,
            Effect::Fence => (self.from_open, self.in_flight) = (true, true),
            Effect::Open => self.to_open = false,
            Effect::Route(_) => self.moved = 0,
            Effect::CatchUp | Effect::NoReturn | Effect::Confirm => {}
        }
        parts.iter().for_each(|part| self.done[*part] = 0);
        if self.from_open || self.to_open {
            self.shut = 0;
        }
    }

    /// Whoever looks sees that the part is there.
    pub(crate) fn is_done(&self, effect: Effect) -> bool {
        match effect {
            Effect::Feed => self.feed.is_some(),
            Effect::Fence => !self.from_open,
            Effect::CatchUp => !self.from_open && !self.in_flight,
            Effect::Open => self.to_open,
            Effect::Route(share) => self.moved == share,
            Effect::NoReturn | Effect::Confirm => true,
        }
    }
}

/// A runbook of these effects, as a plan would declare it.
pub(crate) fn runbook(effects: &[Effect]) -> Runbook {
    let mut steps: Vec<Step> = Vec::new();
    for effect in effects {
        let (kind, run, undo) = match effect {
            Effect::Feed => (StepKind::Reverse, true, true),
            Effect::Fence => (StepKind::Fence { two_readings: Duration::ZERO }, true, true),
            Effect::CatchUp => (StepKind::CatchUp, false, false),
            Effect::NoReturn => (StepKind::PointOfNoReturn, false, false),
            Effect::Open => (StepKind::Open, true, true),
            Effect::Route(share) => {
                let share = u32::from(*share);
                if let Some(Step { kind: StepKind::Route { weights }, .. }) = steps.last_mut() {
                    weights.push(share);
                    continue;
                }
                (StepKind::Route { weights: vec![share] }, true, true)
            }
            Effect::Confirm => (StepKind::Confirm, false, false),
        };
        let command =
            || Command { argv: vec!["./it".into()], env: Vec::new(), timeout: Duration::from_secs(5) };
        steps.push(Step {
            name: format!("step-{}", steps.len()).parse().unwrap(),
            kind,
            owner: "ben".parse().unwrap(),
            planned: Duration::ZERO,
            deadline: None,
            run: run.then(command),
            undo: undo.then(command),
            rehearsal: None,
            after: Default::default(),
            bake: Duration::ZERO,
        });
    }
    Runbook { steps }
}
