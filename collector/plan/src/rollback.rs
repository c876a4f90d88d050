//! The way back that people can count on: until when, while what holds, and by which steps.

use tidelock_core::plan::{Direction, Plan, Recommend, RollbackRule};

use crate::fields::{Fields, text};
use crate::keys;
use crate::problem::Sink;
use crate::runbook;
use crate::units::show;

mod limits;

pub(crate) use limits::{REMAINING, measured, show_amount};

/// Reads `rollback`.
pub(crate) fn rollback(fields: &Fields<'_>, plan: &Plan, sink: &mut Sink) -> RollbackRule {
    let read = fields.get("rollback").and_then(|n| Fields::of(n, &keys::ROLLBACK, "rollback", n.span, sink));
    let Some(fields) = read else {
        if !fields.has("rollback") {
            sink.say(
                "W007",
                None,
                "the plan has no `rollback`: nobody is told until when going back is possible",
            )
            .help("write how long the old side is kept fit: rollback: { window: 6h }");
        }
        return RollbackRule::default();
    };
    let window = fields.duration("window", sink);
    let warn_before = fields.duration("warn_before", sink);
    if !fields.has("window") {
        sink.say(
            "W007",
            fields.span,
            "`rollback` has no window: nobody is told until when going back is possible",
        )
        .help("write how long the old side is kept fit: window: 6h");
    }
    if let (Some(window), Some(warn)) = (window, warn_before)
        && warn >= window
        && let Some(node) = fields.get("warn_before")
    {
        sink.say(
            "E038",
            node.span,
            format!("the warning comes {} before the end of a window of {}", show(warn), show(window)),
        )
        .help("warn later than the window begins");
    }
    let mut no_return = Vec::new();
    for item in fields.list("no_return", sink) {
        no_return.extend(text(item, &format!("an item of {}", fields.what("no_return")), sink));
    }
    let automatic = fields.word("automatic", &["never", "recommended"], sink) == Some("recommended");
    if let Some(node) = fields.get("automatic").filter(|_| automatic && !fields.has("runbook")) {
        sink.say("E068", node.span, "the way back is decided by itself, and nothing says how it is walked")
            .label("no rollback.runbook")
            .help("write the steps as rollback.runbook, or leave it to a person: automatic: never");
    }
    if let Some(node) = fields.get("automatic").filter(|_| automatic && !fields.has("possible_while")) {
        sink.say(
            "E068",
            node.span,
            "the way back is decided by itself, and nothing measures what it would lose",
        )
        .label("at which price?")
        .help("write what measures it as rollback.possible_while, or leave it to a person: automatic: never");
    }
    RollbackRule {
        window,
        warn_before,
        no_return,
        recommend: recommend(&fields, sink),
        automatic,
        possible_while: limits::possible_while(&fields, sink),
        one_way: limits::one_way(&fields, sink),
        runbook: runbook::runbook(&fields, Direction::Rollback, plan, sink),
    }
}

/// Reads when going back is recommended: by the detector alone, never by a counter.
fn recommend(rollback: &Fields<'_>, sink: &mut Sink) -> Recommend {
    let usual = Recommend::default();
    let node = rollback.get("recommend");
    let place = rollback.what("recommend");
    let Some(fields) = node.and_then(|node| Fields::of(node, &keys::RECOMMEND, &place, node.span, sink))
    else {
        return usual;
    };
    fields.word("by", &["detector"], sink);
    Recommend {
        false_alarm: fields.share("false_alarm", sink).unwrap_or(usual.false_alarm),
        watch: fields.duration("watch", sink).unwrap_or(usual.watch),
    }
}
