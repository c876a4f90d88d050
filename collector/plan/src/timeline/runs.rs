//! How long the steps of a runbook take at best, and for how long writes are shut meanwhile.

use std::time::Duration;

use tidelock_core::plan::{Direction, Plan, Step, StepKind};
use tidelock_model::Name;

use super::minutes;
use crate::problem::listed;

/// A step is proved by so many fresh rounds of each agent.
const STEP_ROUNDS: u32 = 3;

/// The best-case times of one runbook. Its steps come one after the other, so all of them count.
#[derive(Debug, Clone, PartialEq)]
pub struct RunTime {
    /// Which way it goes.
    pub direction: Direction,
    /// In their order.
    pub steps: Vec<StepTime>,
    /// All of them.
    pub at_best: Duration,
    /// For how long nobody can write, as planned.
    pub writes_shut: Option<Duration>,
    /// The scenario that may be away for the shortest time, and how long.
    pub may_dip: Option<(Name, Duration)>,
}

impl RunTime {
    /// The step that everything else waits for.
    pub fn longest(&self) -> Option<&StepTime> {
        self.steps.iter().rev().max_by_key(|step| step.at_best).filter(|step| !step.at_best.is_zero())
    }

    /// What people call it.
    pub(super) fn title(&self) -> &'static str {
        match self.direction {
            Direction::Cutover => "the cutover",
            Direction::Rollback => "the way back",
        }
    }
}

/// How long one step takes.
#[derive(Debug, Clone, PartialEq)]
pub struct StepTime {
    /// Its name.
    pub step: Name,
    /// The word for its kind.
    pub kind: &'static str,
    /// Its proofs, its readings and its bake, and no less than what is planned.
    pub at_best: Duration,
    /// What is planned.
    pub planned: Duration,
    /// When it is given up.
    pub deadline: Option<Duration>,
    /// What takes the time, in words.
    pub says: String,
}

impl StepTime {
    /// The name and the kind, where they differ.
    pub(super) fn title(&self) -> String {
        if self.step.as_str() == self.kind {
            self.kind.into()
        } else {
            format!("{} ({})", self.step, self.kind)
        }
    }
}

pub(super) fn run(plan: &Plan, direction: Direction) -> Option<RunTime> {
    let runbook = plan.runbook(direction)?;
    let steps: Vec<StepTime> = runbook.steps.iter().map(|step| step_time(plan, step)).collect();
    Some(RunTime {
        direction,
        at_best: steps.iter().fold(Duration::ZERO, |sum, step| sum.saturating_add(step.at_best)),
        writes_shut: runbook.planned_writes_shut(),
        may_dip: plan.dip_budget().map(|(name, dip)| (name.clone(), dip)),
        steps,
    })
}

fn step_time(plan: &Plan, step: &Step) -> StepTime {
    let parts = match &step.kind {
        StepKind::Route { weights } => u32::try_from(weights.len()).unwrap_or(u32::MAX),
        StepKind::Fence { .. }
        | StepKind::Drain
        | StepKind::CatchUp
        | StepKind::PointOfNoReturn
        | StepKind::Open
        | StepKind::Confirm
        | StepKind::Reverse
        | StepKind::Manual
        | StepKind::Command => 1,
    };
    let proved = part_at_best(plan, step).saturating_mul(parts);
    StepTime {
        step: step.name.clone(),
        kind: step.kind.word(),
        at_best: proved.max(step.planned),
        planned: step.planned,
        deadline: step.deadline,
        says: says(step),
    }
}

/// The shortest time in which one part of a step can be proved: what is run may take no time at all.
pub(crate) fn part_at_best(plan: &Plan, step: &Step) -> Duration {
    let rounds = step.after.iter().filter_map(|name| plan.scenarios.get(name));
    let rounds = rounds.map(|s| s.every.saturating_mul(STEP_ROUNDS - 1)).max().unwrap_or_default();
    let readings = match step.kind {
        StepKind::Fence { two_readings } => two_readings,
        StepKind::Drain
        | StepKind::CatchUp
        | StepKind::PointOfNoReturn
        | StepKind::Open
        | StepKind::Route { .. }
        | StepKind::Confirm
        | StepKind::Reverse
        | StepKind::Manual
        | StepKind::Command => Duration::ZERO,
    };
    rounds.max(readings).max(step.bake)
}

fn says(step: &Step) -> String {
    let mut parts = Vec::new();
    match &step.kind {
        StepKind::Fence { two_readings } => {
            parts.push(format!("two readings {} apart", minutes(*two_readings)))
        }
        StepKind::Route { weights } => {
            parts.push(listed(weights.iter().map(|weight| format!("{weight}%"))) + " on the target");
        }
        StepKind::PointOfNoReturn => parts.push("from here on forward only".into()),
        StepKind::Drain
        | StepKind::CatchUp
        | StepKind::Open
        | StepKind::Confirm
        | StepKind::Reverse
        | StepKind::Manual
        | StepKind::Command => {}
    }
    if step.is_confirmed_by_person() && step.after.is_empty() {
        parts.push(format!("{} says so, and takes as long as people take", step.owner));
    }
    if !step.after.is_empty() {
        parts.push(format!("{STEP_ROUNDS} fresh rounds of {}", listed(&step.after)));
    }
    if !step.bake.is_zero() {
        parts.push(format!("for {} without a break", minutes(step.bake)));
    }
    parts.join(", ")
}
