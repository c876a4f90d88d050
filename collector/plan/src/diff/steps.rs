//! What changes about the runbooks: their steps, what proves them, and their order.

use std::collections::BTreeMap;

use tidelock_core::plan::{Command, Direction, Plan, Runbook, Step, StepKind};
use tidelock_model::Name;

use super::{Facts, Item, Way};
use crate::runbook::path;
use crate::units::show;

/// Puts down both runbooks.
pub(super) fn runbooks(plan: &Plan, other: &Plan, items: &mut BTreeMap<String, Item>) {
    for direction in [Direction::Cutover, Direction::Rollback] {
        if let Some(runbook) = plan.runbook(direction) {
            self::runbook(path(direction), runbook, other.runbook(direction), items);
        }
    }
}

fn runbook(path: &str, runbook: &Runbook, other: Option<&Runbook>, items: &mut BTreeMap<String, Item>) {
    let Runbook { steps } = runbook;
    let mut facts = Facts::default();
    facts.put("order", order(steps, other), Way::Any);
    items.insert(path.into(), Item::guard("new", facts));
    for step in steps {
        // A whole runbook that is new is walked where somebody's own script was believed.
        let allows = other.is_some() && moves(&step.kind);
        let item = Item { allows, ..Item::guard(new(step), self::step(step)) };
        items.insert(format!("{path}.{}", step.name), item);
    }
}

/// The steps that both plans have, in their order: whatever is proved before a step may stand behind it after a move.
/// What comes or goes has lines of its own.
fn order(steps: &[Step], other: Option<&Runbook>) -> String {
    let there = |name: &Name| other.is_none_or(|other| other.steps.iter().any(|step| step.name == *name));
    let names: Vec<&str> =
        steps.iter().map(|step| &step.name).filter(|name| there(name)).map(Name::as_str).collect();
    names.join(", ")
}

fn new(step: &Step) -> String {
    format!("new, {}", step.kind.word())
}

/// Another step of the kind lets more go over before anybody has looked, or ends what can be taken back.
fn moves(kind: &StepKind) -> bool {
    match kind {
        StepKind::Open | StepKind::Route { .. } | StepKind::PointOfNoReturn => true,
        // It runs what nobody has judged.
        StepKind::Command | StepKind::Reverse => true,
        StepKind::Fence { .. } | StepKind::Drain | StepKind::CatchUp => false,
        StepKind::Confirm | StepKind::Manual => false,
    }
}

fn step(step: &Step) -> Facts {
    // Its name is where its lines stand.
    let Step { name: _, kind, owner, planned, deadline, run, undo, rehearsal, after, bake } = step;
    let mut facts = Facts::default();
    facts.put("kind", kind.word(), Way::Any);
    // Whoever answers for it may say that it is done.
    facts.put("owner", owner, Way::Any);
    // The time without writes is predicted from it, and held against what may be away.
    facts.time("planned", Some(*planned), Way::Least);
    facts.time("deadline", *deadline, Way::Most);
    facts.time("bake", Some(*bake), Way::Least);
    after.iter().for_each(|name| facts.put(format!("after {name}"), "", Way::Must));
    match kind {
        StepKind::Fence { two_readings } => facts.time("two_readings", Some(*two_readings), Way::Least),
        StepKind::Route { weights } => {
            // At each of them somebody looks before more of the traffic goes over.
            weights.iter().for_each(|weight| facts.put(format!("weights {weight}%"), "", Way::Must));
        }
        StepKind::Drain
        | StepKind::CatchUp
        | StepKind::PointOfNoReturn
        | StepKind::Open
        | StepKind::Confirm
        | StepKind::Reverse
        | StepKind::Manual
        | StepKind::Command => {}
    }
    match run {
        Some(run) => command("run", run, Way::Any, &mut facts),
        None => facts.put("run", "nothing", Way::Any),
    }
    undo.iter().for_each(|undo| command("undo", undo, Way::Must, &mut facts));
    rehearsal.iter().for_each(|rehearsal| command("rehearsal", rehearsal, Way::Must, &mut facts));
    facts
}

/// What it does depends on its words and on what it is handed; how long it may take, on its time.
fn command(key: &str, command: &Command, way: Way, facts: &mut Facts) {
    let Command { argv, env, timeout } = command;
    facts.pin(key, argv.join(" "), format!("{argv:?}"), way);
    let handed = if env.is_empty() { "none".to_owned() } else { env.join(" ") };
    facts.put(format!("{key}.env"), handed, way);
    facts.put(format!("{key}.timeout"), show(*timeout), way);
}
