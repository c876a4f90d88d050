//! The switch beside the rest of the plan: what a gate asks of it, and who sees what it promises.

use std::collections::BTreeSet;

use tidelock_core::plan::{Direction, GateRule, Plan};
use tidelock_model::{Name, Phase, Side};

use super::{key, value};
use crate::problem::{Sink, listed, meant};
use crate::runbook::{Places, order};
use crate::tree::Node;
use crate::{owners, rollback};

/// Lays the switch beside gates and scenarios.
pub(super) fn check(plan: &Plan, root: &Node, sink: &mut Sink) {
    for direction in [Direction::Cutover, Direction::Rollback] {
        if let Some(runbook) = plan.runbook(direction) {
            order::check(plan, runbook, direction, &Places::of(root, direction), sink);
        }
    }
    for (phase, gate) in &plan.gates {
        rehearsed(*phase, gate, root, sink);
    }
    first_minutes(plan, root, sink);
    owners::check(plan, root, sink);
    rollback::measured(plan, root, sink);
    overriding(plan, root, sink);
}

/// The scenarios that steps wait for.
pub(super) fn proving(plan: &Plan) -> impl Iterator<Item = &Name> {
    let runbooks = [Direction::Cutover, Direction::Rollback].into_iter().filter_map(|d| plan.runbook(d));
    runbooks.flat_map(|runbook| &runbook.steps).flat_map(|step| &step.after)
}

/// The scenarios that something about the switch is measured by.
pub(super) fn used(plan: &Plan) -> BTreeSet<&Name> {
    let first = plan.switch.first_minutes.iter().flat_map(|first| first.metrics.keys());
    let owners = plan.switch.owners.values().map(|thing| &thing.seen_by);
    let limits = plan.rollback.possible_while.iter().map(|limit| &limit.from);
    let effects = plan.rollback.one_way.iter().map(|effect| &effect.from);
    first.chain(owners).chain(limits).chain(effects).collect()
}

/// A rehearsal needs something to rehearse.
fn rehearsed(phase: Phase, gate: &GateRule, root: &Node, sink: &mut Sink) {
    let Some(rehearsed) = gate.rehearsed else { return };
    let path = ["gates", phase.word(), "rehearsed"];
    let mut say = |missing: &str| {
        let text =
            format!("gate {:?} needs a rehearsal of {missing}, which the plan does not have", phase.word());
        sink.say("E067", value(root, &path), text)
            .label("never rehearsed")
            .help("a gate that waits for what nobody can do would never open: write the steps, or take the line out");
    };
    if !is_written(root, Direction::Cutover) {
        say("the runbook");
    }
    if rehearsed.rollback && !is_written(root, Direction::Rollback) {
        say("rollback.runbook");
    }
    if !matches!(phase, Phase::Ready | Phase::Cutover) {
        let text = format!("gate {:?} asks for a rehearsal", phase.word());
        sink.say("E067", value(root, &path), text)
            .label("not here")
            .help("ask for it where it can still change something: gates.ready or gates.cutover");
    }
}

/// It is in the file, even if not all of it could be read.
fn is_written(root: &Node, direction: Direction) -> bool {
    Places::of(root, direction).written() > 0
}

/// Whatever is watched in the first minutes is seen in them, on the side that has the traffic.
fn first_minutes(plan: &Plan, root: &Node, sink: &mut Sink) {
    for name in plan.switch.first_minutes.iter().flat_map(|first| first.metrics.keys()) {
        let span = key(root, &["first_minutes", "metrics", name.as_str()]);
        let mut say = |what: String, help: String| {
            let text = format!("first_minutes watches {:?}, which {what}", name.as_str());
            sink.say("E069", span, text).label("never seen").help(help);
        };
        let Some(scenario) = plan.scenarios.get(name) else {
            let near = meant(name.as_str(), plan.scenarios.keys().map(Name::as_str));
            let near = near.map(|n| format!("did you mean {n:?}? ")).unwrap_or_default();
            say("is no scenario".into(), format!("{near}there are: {}", listed(plan.scenarios.keys())));
            continue;
        };
        if !scenario.sides.contains(&Side::Target) {
            say("runs on source alone".into(), "after the switch the traffic is on the target".into());
        } else if !scenario.phases.contains(&Phase::Watch) {
            say("does not run in watch".into(), "add watch to its phases".into());
        }
    }
}

/// Break-glass by one person alone is no break-glass.
fn overriding(plan: &Plan, root: &Node, sink: &mut Sink) {
    if let Some(rule) = plan.decisions.get("override")
        && rule.approvals == 1
        && plan.people.len() > 1
    {
        let span = key(root, &["decisions", "override"]);
        sink.say("W015", span, "one person alone may override a hold")
            .label("one voice")
            .help("a hold is overridden when everybody is tired: ask for two, approvals: 2");
    }
}
