//! How long writes are shut, and who is sent to a side that takes none.

use std::time::Duration;

use tidelock_core::plan::{Direction, Step, StepKind};
use tidelock_model::Side;

use super::order::Order;
use super::weights;
use crate::problem::Sink;
use crate::units::show;

/// Every step that takes part of the time in which nobody can write says how long it should take.
pub(super) fn times(order: &Order<'_>, sink: &mut Sink) {
    let (Some((fence, _)), Some((open, _))) = (order.fence(), order.open()) else { return };
    if order.direction == Direction::Rollback {
        return;
    }
    for step in order.runbook.steps.get(fence..=open).unwrap_or_default() {
        let named = order.places.key(step.name.as_str(), "planned") != order.places.step(step.name.as_str());
        if !named && step.kind != StepKind::PointOfNoReturn {
            let text =
                format!("step {:?} stands between fence and open and has no \"planned\"", step.name.as_str());
            sink.say("E008", order.places.step(step.name.as_str()), text)
                .label("how long?")
                .help("writes are shut meanwhile: how long a scenario is away is predicted from it");
        }
    }
}

/// After a fence no share of the traffic may stay on the side whose writes are shut.
pub(super) fn weighted(order: &Order<'_>, sink: &mut Sink) {
    let both = order.direction == Direction::Cutover && order.plan.switch.writes_go_to_target;
    let Some((fence, fence_step)) = order.fence().filter(|_| !both) else { return };
    let parts = |step: &Step| match &step.kind {
        StepKind::Route { weights } => weights.len(),
        StepKind::Fence { .. }
        | StepKind::Drain
        | StepKind::CatchUp
        | StepKind::PointOfNoReturn
        | StepKind::Open
        | StepKind::Confirm
        | StepKind::Reverse
        | StepKind::Manual
        | StepKind::Command => 0,
    };
    let after: Vec<&Step> = order.routes().iter().filter(|(at, _)| *at > fence).map(|(_, s)| *s).collect();
    let Some(step) = after.first().filter(|_| after.iter().map(|step| parts(step)).sum::<usize>() > 1) else {
        return;
    };
    let from = order.direction.from();
    let text = format!(
        "step {:?} moves traffic by weights after {:?} has shut the writes of the {from}",
        step.name.as_str(),
        fence_step.name.as_str()
    );
    let help = match order.direction {
        Direction::Cutover => {
            "the share that stays could not write: move all of it at once, weights: [100%], or write writes_from_both_sides_go_to: target where that is so"
        }
        Direction::Rollback => "the share that stays could not write: move all of it at once, weights: [0%]",
    };
    sink.say("E054", order.places.key(step.name.as_str(), "weights"), text)
        .label("a share that can't write")
        .help(help);
}

/// The planned times against the shortest time that a scenario which writes may be away.
pub(super) fn budgets(order: &Order<'_>, sink: &mut Sink) {
    let Some((_, fence)) = order.fence() else { return };
    let span = order.places.step(fence.name.as_str());
    let Some((name, budget)) = order.plan.dip_budget() else {
        if order.direction == Direction::Cutover {
            sink.say(
                "W012",
                span,
                format!("step {:?} shuts writes, and nothing says for how long", fence.name.as_str()),
            )
            .label("without a limit")
            .help("write how long a scenario that writes may be away: may_dip: 45s");
        }
        return;
    };
    let shut = order.runbook.planned_writes_shut().unwrap_or_default();
    if shut > budget {
        let text = format!(
            "writes are shut for {} as planned, but {name} may be away for {}",
            show(shut),
            show(budget)
        );
        sink.say("E061", span, text)
            .label("the gate could never open")
            .help("shorten the steps from fence to open, or agree on a longer may_dip");
        return;
    }
    let limit = at_most(order);
    if order.direction == Direction::Cutover && limit > budget {
        let text = format!(
            "the deadlines from fence to open add up to {}, but {name} may be away for {}",
            show(limit),
            show(budget)
        );
        sink.say("W013", span, text)
            .label("undone before the deadlines come")
            .help("the fence is undone when that time is up: shorten the deadlines, so that the step that is late is named first");
    }
}

/// No side has traffic for longer than agreed while its writes are shut.
pub(super) fn away_in_time(order: &Order<'_>, sink: &mut Sink) {
    let (Some((_, fence)), Some((name, budget))) = (order.fence(), order.plan.dip_budget()) else { return };
    if order.runbook.planned_writes_shut().is_some_and(|shut| shut > budget) {
        // The same steps are too long already.
        return;
    }
    let (side, away) = away(order);
    if away > budget {
        let text = format!(
            "the {side} has traffic for {} while its writes are shut, but {name} may be away for {}",
            show(away),
            show(budget)
        );
        sink.say("E055", order.places.step(fence.name.as_str()), text)
            .label("too long")
            .help("move what takes long before the fence or after the route, or agree on a longer may_dip");
    }
}

/// The time from fence to open if every step takes until its deadline.
fn at_most(order: &Order<'_>) -> Duration {
    let (Some((fence, _)), Some((open, _))) = (order.fence(), order.open()) else {
        return Duration::ZERO;
    };
    let between = order.runbook.steps.get(fence..=open).unwrap_or_default();
    between.iter().map(|step| step.deadline.unwrap_or(step.planned)).sum()
}

/// The side that has traffic for longest while its writes are shut, as planned.
fn away(order: &Order<'_>) -> (Side, Duration) {
    let from = order.direction.from();
    let mut weight = weights::start(order.direction);
    // The side that traffic goes to takes writes from its opening on.
    let mut shut = [order.direction == Direction::Rollback, order.direction == Direction::Cutover];
    let mut away = [Duration::ZERO; 2];
    let mut pass = |shut: [bool; 2], weight: u32, time: Duration| {
        for (at, traffic) in [weight < 100, weight > 0].into_iter().enumerate() {
            if shut[at] && traffic {
                away[at] = away[at].saturating_add(time);
            }
        }
    };
    for step in &order.runbook.steps {
        if let StepKind::Fence { .. } = step.kind {
            shut[index(from)] = true;
        }
        pass(shut, weight, step.planned);
        match &step.kind {
            StepKind::Open => {
                shut[index(order.direction.to())] = false;
                if order.plan.switch.writes_go_to_target && order.direction == Direction::Cutover {
                    shut[index(from)] = false;
                }
            }
            StepKind::Route { weights } => {
                for next in weights {
                    weight = *next;
                    pass(shut, weight, step.bake);
                }
            }
            StepKind::Fence { .. }
            | StepKind::Drain
            | StepKind::CatchUp
            | StepKind::PointOfNoReturn
            | StepKind::Confirm
            | StepKind::Reverse
            | StepKind::Manual
            | StepKind::Command => {}
        }
    }
    let longest = Side::BOTH.into_iter().max_by_key(|side| away[index(*side)]).unwrap_or(from);
    (longest, away[index(longest)])
}

fn index(side: Side) -> usize {
    match side {
        Side::Source => 0,
        Side::Target => 1,
    }
}
