//! What proves a step: checks that exist, that run when the step does, and that there is time for.

use std::time::Duration;

use tidelock_core::plan::{Direction, Step, StepKind};
use tidelock_model::{Name, Phase};

use super::order::Order;
use crate::problem::{Sink, listed, meant};
use crate::timeline;
use crate::units::show;

/// The phase in which a runbook is walked.
pub(crate) fn phase(direction: Direction) -> Phase {
    match direction {
        Direction::Cutover => Phase::Cutover,
        Direction::Rollback => Phase::RollingBack,
    }
}

/// Looks at each step by itself.
pub(super) fn check(order: &Order<'_>, sink: &mut Sink) {
    for step in &order.runbook.steps {
        step.after.iter().for_each(|name| postcondition(order, step, name, sink));
        in_time(order, step, sink);
    }
}

fn postcondition(order: &Order<'_>, step: &Step, name: &Name, sink: &mut Sink) {
    let span = order.places.after(step.name.as_str(), name.as_str());
    let phase = phase(order.direction);
    let Some(scenario) = order.plan.scenarios.get(name) else {
        let near = meant(name.as_str(), order.plan.scenarios.keys().map(Name::as_str));
        let near = near.map(|n| format!("did you mean {n:?}? ")).unwrap_or_default();
        let manual = order.plan.manual_checks.contains_key(name);
        let what = if manual { "a manual check" } else { "no scenario" };
        let text = format!("step {:?} is proved by {:?}, which is {what}", step.name.as_str(), name.as_str());
        sink.say("E059", span, text).label(if manual { "not a scenario" } else { "unknown" }).help(format!(
            "{near}a step waits for scenarios: what a person must see is a step of the kind manual"
        ));
        return;
    };
    if !scenario.phases.contains(&phase) {
        let text = format!(
            "step {:?} is proved by {:?}, which does not run in {phase}",
            step.name.as_str(),
            name.as_str()
        );
        sink.say("E059", span, text)
            .label(format!("runs in {}", listed(&scenario.phases)))
            .help(format!("nothing younger than the step would ever come: add {phase} to its phases"));
    }
}

fn in_time(order: &Order<'_>, step: &Step, sink: &mut Sink) {
    let name = step.name.as_str();
    if let StepKind::Fence { two_readings } = step.kind
        && !step.planned.is_zero()
        && step.planned < two_readings
    {
        let text = format!(
            "step {name:?} is planned to take {}, but its two readings are {} apart",
            show(step.planned),
            show(two_readings)
        );
        sink.say("E065", order.places.key(name, "planned"), text)
            .label("too short")
            .help("plan the time that it takes: the dip of every scenario that writes is predicted from it");
    }
    let Some(deadline) = step.deadline else { return };
    // What is planned for a route is for all of its weights together.
    let route = matches!(step.kind, StepKind::Route { .. });
    let planned = if route { Duration::ZERO } else { step.planned };
    let least = timeline::part_at_best(order.plan, step).max(planned);
    if deadline < least {
        let text =
            format!("step {name:?} has {}, but takes at least {}", show(deadline), timeline::minutes(least));
        sink.say("E065", order.places.key(name, "deadline"), text)
            .label("never in time")
            .help("three fresh rounds of each check in `after`, `bake`, `two_readings` and `planned` all fit into it: raise the deadline, or have the checks run more often");
    }
}

/// Somebody or something says that traffic is where it was sent.
pub(super) fn confirmed(order: &Order<'_>, sink: &mut Sink) {
    let routes = order.routes();
    let Some((last, route)) = routes.last().copied() else { return };
    let later = order.runbook.steps.get(last..).unwrap_or_default();
    let confirmed = later.iter().any(|step| match step.kind {
        StepKind::Confirm => true,
        StepKind::Route { .. }
        | StepKind::Fence { .. }
        | StepKind::Drain
        | StepKind::CatchUp
        | StepKind::PointOfNoReturn
        | StepKind::Open
        | StepKind::Reverse
        | StepKind::Manual
        | StepKind::Command => !step.after.is_empty(),
    });
    if !confirmed {
        let text = format!("nothing confirms that step {:?} has moved traffic", route.name.as_str());
        sink.say("E060", order.places.step(route.name.as_str()), text)
            .label("a command that ended is no proof")
            .help("write what must be seen afterwards, after: [checkout], or a step of the kind confirm");
    }
}
