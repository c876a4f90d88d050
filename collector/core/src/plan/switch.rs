//! The switch as checked: the runbooks, who owns what in which phase, and what is watched right after.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidelock_model::{Name, Side};

/// Everything that the plan says about the switch itself. Empty for a plan that says nothing of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Switch {
    /// The steps of the cutover; none means that somebody's own script switches.
    pub runbook: Option<Runbook>,
    /// What each job, worker, scheduler and consumer belongs to.
    pub owners: BTreeMap<Name, OwnedThing>,
    /// What no step may break.
    pub assertions: Vec<Assertion>,
    /// What is watched right after the switch, and how much turbulence is normal.
    pub first_minutes: Option<FirstMinutes>,
    /// Where messages go.
    pub notify: Vec<Receiver>,
    /// Traffic of both sides writes to the target, so a weighted route may follow a fence.
    pub writes_go_to_target: bool,
}

/// Which way a runbook goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the source to the target.
    Cutover,
    /// Back to the source.
    Rollback,
}

impl Direction {
    /// The word on every screen and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Direction::Cutover => "cutover",
            Direction::Rollback => "rollback",
        }
    }

    /// The side that is left: a fence shuts it.
    pub fn from(self) -> Side {
        match self {
            Direction::Cutover => Side::Source,
            Direction::Rollback => Side::Target,
        }
    }

    /// The side that traffic goes to.
    pub fn to(self) -> Side {
        match self {
            Direction::Cutover => Side::Target,
            Direction::Rollback => Side::Source,
        }
    }
}

/// The ordered steps of a cutover or of the way back. Never empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Runbook {
    /// In their order. Names are different.
    pub steps: Vec<Step>,
}

impl Runbook {
    /// What is carried out one by one: a route counts once for each of its weights.
    pub fn parts(&self) -> Vec<Part> {
        let parts = self.steps.iter().enumerate().flat_map(|(step, found)| match &found.kind {
            StepKind::Route { weights } => {
                weights.iter().map(|weight| Part { step, weight: Some(*weight) }).collect()
            }
            StepKind::Fence { .. }
            | StepKind::Drain
            | StepKind::CatchUp
            | StepKind::PointOfNoReturn
            | StepKind::Open
            | StepKind::Confirm
            | StepKind::Reverse
            | StepKind::Manual
            | StepKind::Command => vec![Part { step, weight: None }],
        });
        parts.collect()
    }

    /// The time in which nobody can write, as planned: from the fence to the opening of the other side.
    pub fn planned_writes_shut(&self) -> Option<Duration> {
        let fence = self.steps.iter().position(|step| matches!(step.kind, StepKind::Fence { .. }))?;
        let open = self.steps.iter().position(|step| step.kind == StepKind::Open)?;
        let between = self.steps.get(fence..=open)?;
        Some(between.iter().map(|step| step.planned).sum())
    }

    /// The share of traffic on the target before a route's step began: what its one undo puts back for all of
    /// its weights. None where the part is no route.
    pub fn weight_before(&self, direction: Direction, part: usize) -> Option<u32> {
        let parts = self.parts();
        let of = parts.get(part).filter(|part| part.weight.is_some())?;
        let earlier = parts.iter().filter(|other| other.step < of.step).filter_map(|other| other.weight);
        let begin = match direction {
            Direction::Cutover => 0,
            Direction::Rollback => 100,
        };
        Some(earlier.fold(begin, |_, weight| weight))
    }
}

/// One step, or one weight of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The step's place in the runbook.
    pub step: usize,
    /// The share of traffic on the target, in percent, where it is a route.
    pub weight: Option<u32>,
}

/// One step of a runbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its name, different from all others of the runbook.
    pub name: Name,
    /// What it is for.
    pub kind: StepKind,
    /// Who answers for it.
    pub owner: Name,
    /// How long it should take.
    pub planned: Duration,
    /// After this it is not waited for any longer.
    pub deadline: Option<Duration>,
    /// What is run; none where a person confirms, or where there is nothing to run.
    pub run: Option<Command>,
    /// What takes it back.
    pub undo: Option<Command>,
    /// What is run in a rehearsal; none means that the step is only recorded there.
    pub rehearsal: Option<Command>,
    /// Scenarios that must be proved, on evidence younger than the step's beginning.
    pub after: BTreeSet<Name>,
    /// For how long, without a break.
    pub bake: Duration,
}

impl Step {
    /// What is run to carry it out or to take it back; none means that there is nothing to run. A rehearsal
    /// runs what the plan says for it alone, and takes nothing back.
    pub fn command(&self, rehearsal: bool, undo: bool) -> Option<&Command> {
        match (rehearsal, undo) {
            (true, true) => None,
            (true, false) => self.rehearsal.as_ref(),
            (false, true) => self.undo.as_ref(),
            (false, false) => self.run.as_ref(),
        }
    }

    /// Nothing is run: a person says that it is done.
    pub fn is_confirmed_by_person(&self) -> bool {
        matches!(self.kind, StepKind::Manual | StepKind::Confirm) && self.run.is_none()
    }
}

/// What a step is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepKind {
    /// Shuts writes on the side that is left, and proves it.
    Fence {
        /// The time between the two readings of every writer and position.
        two_readings: Duration,
    },
    /// Queues run empty.
    Drain,
    /// The other side has everything.
    CatchUp,
    /// From here on forward only.
    PointOfNoReturn,
    /// Opens writes on the side that traffic goes to.
    Open,
    /// Moves traffic.
    Route {
        /// The shares of traffic on the target, in percent, one after the other.
        weights: Vec<u32>,
    },
    /// Somebody, or a postcondition, confirms that traffic has moved.
    Confirm,
    /// Makes the feed that goes the other way.
    Reverse,
    /// A person does something.
    Manual,
    /// Anything else.
    Command,
}

impl StepKind {
    /// The word in the plan.
    pub fn word(&self) -> &'static str {
        match self {
            StepKind::Fence { .. } => "fence",
            StepKind::Drain => "drain",
            StepKind::CatchUp => "catch-up",
            StepKind::PointOfNoReturn => "point-of-no-return",
            StepKind::Open => "open",
            StepKind::Route { .. } => "route",
            StepKind::Confirm => "confirm",
            StepKind::Reverse => "reverse",
            StepKind::Manual => "manual",
            StepKind::Command => "command",
        }
    }
}

/// A command that the operator's machine runs. The collector never does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments, each as it is; `{weight}` stands for a route's weight.
    pub argv: Vec<String>,
    /// Variables that are handed on from the operator's environment, beside `PATH`.
    pub env: Vec<String>,
    /// It is killed after this.
    pub timeout: Duration,
}

/// A job, worker, scheduler or consumer that must run on one side alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedThing {
    /// `job`, `worker`, `scheduler` or `consumer`.
    pub kind: String,
    /// Who owns it before traffic is switched.
    pub until_switch: Side,
    /// Who owns it after that.
    pub then: Side,
    /// The scenario that sees it run.
    pub seen_by: Name,
    /// The measure that counts its runs on a side, as that scenario reports it.
    pub measure: String,
}

/// What no step may break, over the declared state of both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// For people: what it is about.
    pub about: String,
    /// What must hold.
    pub rule: AssertionRule,
}

/// What must hold at every moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionRule {
    /// Never both sides accept writes; none does only between a fence and an opening.
    ExactlyOneSideAcceptsWrites,
    /// Some side serves traffic, and its writes are not shut for longer than the budget.
    AtLeastOneSideServes,
}

/// The first minutes after the switch.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstMinutes {
    /// How long turbulence is normal.
    pub settling: Duration,
    /// By scenario.
    pub metrics: BTreeMap<Name, Turbulence>,
}

/// How much turbulence is normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Turbulence {
    /// The median duration of runs stays within this share of what it was before the switch: 1.5 is half more.
    Within(f64),
    /// The share of runs that pass stays at least this.
    AtLeast(f64),
}

/// Somewhere that messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// How.
    pub kind: ReceiverKind,
    /// Which words: `phase`, `verdict`, `decision`, `window`, `run`; `all` for every one.
    pub events: BTreeSet<String>,
}

/// How messages go there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiverKind {
    /// An incoming webhook of Slack; its address is this secret of the collector.
    Slack {
        /// The secret's name.
        url: Name,
    },
    /// A CloudEvents receiver, signed as Standard Webhooks.
    CloudEvents {
        /// Where it listens.
        url: String,
        /// The secret that signs; none sends unsigned.
        secret: Option<Name>,
    },
}

/// A gate's wish for a rehearsal of the plan as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rehearsed {
    /// Not longer ago than this.
    pub within: Duration,
    /// The way back must have been rehearsed as well.
    pub rollback: bool,
}

/// What happens when nobody answers a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfSilent {
    /// The gate stays shut, and that is told.
    #[default]
    Shut,
    /// The deputies are asked.
    AskDeputies,
}

/// Something that limits the way back, beside time.
#[derive(Debug, Clone, PartialEq)]
pub struct BackLimit {
    /// For people, such as `db-back.lag` or `target_only_orders`.
    pub name: String,
    /// The scenario that measures it.
    pub from: Name,
    /// The measure, as its newest findings tell it; the remaining count where it is empty.
    pub measure: String,
    /// It must not be above this.
    pub at_most: f64,
    /// The unit, for people.
    pub unit: String,
    /// What exceeds it is lost, not merely late: the way back becomes lossy by so many.
    pub counts_loss: bool,
}

/// An effect that going back does not take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneWay {
    /// What, for people: `mails sent`.
    pub what: String,
    /// The scenario that counts it.
    pub from: Name,
    /// The measure that counts it since the switch.
    pub measure: String,
}
