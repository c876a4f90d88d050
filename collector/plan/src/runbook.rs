//! Runbooks as written: the steps of the cutover and of the way back.
//!
//! A runbook is read at night by somebody who has the clock against them. So a step says itself what it
//! runs, what proves it and how it is taken back, and [`order`] refuses the orders that lose data.

use tidelock_core::plan::{Direction, Plan, Runbook};

use crate::fields::Fields;
use crate::problem::Sink;
use crate::tree::{Kind, Node, Span};

pub(crate) mod order;
mod proof;
mod shut;
mod steps;
mod weights;

/// The most steps of one runbook.
const MAX_STEPS: usize = 100;

/// Reads `runbook` of the plan or of `rollback`.
pub(crate) fn runbook(
    fields: &Fields<'_>,
    direction: Direction,
    plan: &Plan,
    sink: &mut Sink,
) -> Option<Runbook> {
    let node = fields.get("runbook")?;
    let what = fields.what("runbook");
    let items = fields.list("runbook", sink);
    if !matches!(node.kind, Kind::Seq(_)) {
        return None;
    }
    if items.is_empty() || items.len() > MAX_STEPS {
        sink.say("E013", node.span, format!("{what} has {} steps, it needs 1 to {MAX_STEPS}", items.len()))
            .help("write the steps in their order, or take the line out");
        return None;
    }
    let mut runbook = Runbook::default();
    for item in items {
        let Some(step) = steps::step(item, direction, plan, sink) else { continue };
        if runbook.steps.iter().any(|known| known.name == step.name) {
            let span = item.entry("step").map_or(item.span, |e| e.value.span);
            sink.say("E004", span, format!("{what} has two steps {:?}", step.name.as_str()))
                .label("again")
                .help("a step is resumed and reported by its name: give each its own");
            continue;
        }
        runbook.steps.push(step);
    }
    weights::together(&runbook, items, direction, &what, sink);
    (!runbook.steps.is_empty()).then_some(runbook)
}

/// Where a runbook stands in the plan.
pub(crate) fn path(direction: Direction) -> &'static str {
    match direction {
        Direction::Cutover => "runbook",
        Direction::Rollback => "rollback.runbook",
    }
}

/// Where the steps of a runbook stand in the file.
pub(crate) struct Places<'a> {
    list: Option<&'a Node>,
    path: &'static str,
}

impl<'a> Places<'a> {
    /// Those of a direction.
    pub(crate) fn of(root: &'a Node, direction: Direction) -> Places<'a> {
        let entry = match direction {
            Direction::Cutover => root.entry("runbook"),
            Direction::Rollback => root.at(&["rollback", "runbook"]),
        };
        Places { list: entry.map(|e| &e.value), path: path(direction) }
    }

    /// What messages call it.
    pub(crate) fn path(&self) -> &'static str {
        self.path
    }

    /// The whole list.
    pub(crate) fn list(&self) -> Option<Span> {
        self.list.map(|node| node.span)
    }

    /// How many steps are written, read or not.
    pub(crate) fn written(&self) -> usize {
        self.list.map_or(0, |node| node.items().len())
    }

    fn item(&self, name: &str) -> Option<&'a Node> {
        let named = |item: &&Node| item.entry("step").and_then(|e| e.value.scalar()) == Some(name);
        self.list?.items().iter().find(named)
    }

    /// A step's name.
    pub(crate) fn step(&self, name: &str) -> Option<Span> {
        Some(self.item(name)?.entry("step")?.value.span)
    }

    /// The value of one key of a step, or else its name.
    pub(crate) fn key(&self, name: &str, key: &str) -> Option<Span> {
        self.item(name)?.entry(key).map(|e| e.value.span).or_else(|| self.step(name))
    }

    /// One item of a step's `after`.
    pub(crate) fn after(&self, name: &str, scenario: &str) -> Option<Span> {
        let list = &self.item(name)?.entry("after")?.value;
        let item = list.items().iter().find(|item| item.scalar() == Some(scenario));
        item.map(|node| node.span).or(Some(list.span))
    }
}
