//! The weights of routes: shares of traffic on the target, in percent, on their way to the end.

use tidelock_core::plan::{Direction, Runbook, StepKind};

use crate::fields::Fields;
use crate::problem::Sink;
use crate::tree::{Kind, Node};

/// The most weights of one route.
const MAX_WEIGHTS: usize = 50;

/// Where a direction ends: with all traffic on the target, or with none.
fn end(direction: Direction) -> u32 {
    match direction {
        Direction::Cutover => 100,
        Direction::Rollback => 0,
    }
}

/// Where it begins.
pub(super) fn start(direction: Direction) -> u32 {
    100 - end(direction)
}

/// Reads `weights`; a route without them moves everything at once.
pub(super) fn weights(fields: &Fields<'_>, direction: Direction, sink: &mut Sink) -> Vec<u32> {
    let all = vec![end(direction)];
    let Some(node) = fields.get("weights") else { return all };
    let items = fields.list("weights", sink);
    if !matches!(node.kind, Kind::Seq(_)) {
        return all;
    }
    if items.is_empty() || items.len() > MAX_WEIGHTS {
        let text =
            format!("{} has {} shares, it needs 1 to {MAX_WEIGHTS}", fields.what("weights"), items.len());
        sink.say("E013", node.span, text).help("write the shares of the target: weights: [1%, 10%, 100%]");
        return all;
    }
    let mut weights = Vec::new();
    for item in items {
        let read = item.scalar().and_then(|text| text.strip_suffix('%')).and_then(|n| n.parse::<u32>().ok());
        match read.filter(|weight| *weight <= 100) {
            Some(weight) => weights.push(weight),
            None => {
                let text = format!("an item of {} is {}", fields.what("weights"), item.describe());
                sink.say("E045", item.span, text)
                    .help("write a whole percentage of the traffic on the target: 0% to 100%");
                return all;
            }
        }
    }
    weights
}

/// The last weight of a runbook is the end of its direction.
pub(super) fn arrive(runbook: &Runbook, direction: Direction) -> bool {
    let last = runbook.parts().into_iter().rev().find_map(|part| part.weight);
    last == Some(end(direction))
}

/// The weights of all routes of a runbook, one after the other, only ever move on, and arrive.
pub(super) fn together(runbook: &Runbook, items: &[Node], direction: Direction, what: &str, sink: &mut Sink) {
    let (mut now, end) = (start(direction), end(direction));
    let mut last = None;
    for step in &runbook.steps {
        let StepKind::Route { weights } = &step.kind else { continue };
        let named =
            |item: &&Node| item.entry("step").and_then(|e| e.value.scalar()) == Some(step.name.as_str());
        let item = items.iter().find(named);
        let span = item.and_then(|i| i.entry("weights").or_else(|| i.entry("step"))).map(|e| e.value.span);
        for weight in weights {
            let onward = if end > now { *weight > now } else { *weight < now };
            if !onward {
                let verb = if direction == Direction::Cutover { "rise" } else { "fall" };
                let text = format!("step {:?} goes from {now}% to {weight}%", step.name.as_str());
                sink.say("E063", span, text)
                    .label(format!("does not {verb}"))
                    .help(format!("the weights of a {} {verb} up to the last, {end}%", direction.word()));
                return;
            }
            now = *weight;
        }
        last = Some(span);
    }
    if let Some(span) = last.filter(|_| now != end) {
        sink.say("E063", span, format!("{what} leaves {now}% of the traffic on the target"))
            .label("not the end")
            .help(format!("the last weight of a {} is {end}%", direction.word()));
    }
}
