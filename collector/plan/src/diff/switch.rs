//! What changes about the switch: steps, what proves them, who owns what, and the way back.

use std::collections::BTreeMap;

use tidelock_core::plan::{
    Command, Direction, OwnedThing, Plan, Receiver, ReceiverKind, Runbook, Step, StepKind, Turbulence,
};

use super::{Facts, Item, Way};
use crate::rollback::show_amount;
use crate::runbook::path;
use crate::show::rule_word;
use crate::units::show_percent;

/// Puts down everything of the switch that has a name.
pub(super) fn items(plan: &Plan, items: &mut BTreeMap<String, Item>) {
    for direction in [Direction::Cutover, Direction::Rollback] {
        if let Some(runbook) = plan.runbook(direction) {
            self::runbook(path(direction), runbook, items);
        }
    }
    for (name, thing) in &plan.switch.owners {
        items.insert(
            format!("owners.{name}"),
            Item { new: "new".into(), guards: true, allows: false, facts: owned(thing) },
        );
    }
    if let Some(first) = &plan.switch.first_minutes {
        let mut facts = Facts::default();
        facts.time("settling", Some(first.settling), Way::Most);
        for (name, turbulence) in &first.metrics {
            match turbulence {
                Turbulence::Within(share) => {
                    facts.put(format!("{name}.within"), show_percent(*share), Way::Most(*share));
                }
                Turbulence::AtLeast(share) => {
                    facts.put(format!("{name}.at_least"), show_percent(*share), Way::Least(*share));
                }
            }
        }
        items.insert("first_minutes".into(), Item { new: "new".into(), guards: true, allows: false, facts });
    }
    for receiver in &plan.switch.notify {
        let (name, facts) = self::receiver(receiver);
        items
            .insert(format!("notify {name}"), Item { new: "new".into(), guards: true, allows: false, facts });
    }
    for assertion in &plan.switch.assertions {
        let name = format!("assertions {:?} {}", assertion.about, rule_word(assertion.rule));
        items.insert(name, Item { new: "new".into(), guards: true, allows: false, facts: Facts::default() });
    }
}

fn runbook(path: &str, runbook: &Runbook, items: &mut BTreeMap<String, Item>) {
    let mut facts = Facts::default();
    let order: Vec<&str> = runbook.steps.iter().map(|step| step.name.as_str()).collect();
    facts.put("order", order.join(", "), Way::Fact);
    items.insert(path.into(), Item { new: "new".into(), guards: true, allows: false, facts });
    for step in &runbook.steps {
        let new = format!("new, {}", step.kind.word());
        items.insert(
            format!("{path}.{}", step.name),
            Item { new, guards: true, allows: false, facts: self::step(step) },
        );
    }
}

fn step(step: &Step) -> Facts {
    let mut facts = Facts::default();
    facts.put("kind", step.kind.word(), Way::Fact);
    facts.put("owner", &step.owner, Way::Fact);
    // The time without writes is predicted from it, and held against what may be away.
    facts.time("planned", Some(step.planned), Way::Least);
    facts.time("deadline", step.deadline, Way::Most);
    facts.time("bake", Some(step.bake), Way::Least);
    step.after.iter().for_each(|name| facts.put(format!("after {name}"), "", Way::Must));
    match &step.kind {
        StepKind::Fence { two_readings } => facts.time("two_readings", Some(*two_readings), Way::Least),
        StepKind::Route { weights } => {
            let shares: Vec<String> = weights.iter().map(|weight| format!("{weight}%")).collect();
            // Fewer weights let more of the traffic over before anybody has looked.
            facts.put("weights", shares.join(", "), Way::Least(weights.len() as f64));
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
    command("run", step.run.as_ref(), Way::Fact, &mut facts);
    command("undo", step.undo.as_ref(), Way::Must, &mut facts);
    command("rehearsal", step.rehearsal.as_ref(), Way::Must, &mut facts);
    facts
}

fn command(key: &str, command: Option<&Command>, way: Way, facts: &mut Facts) {
    let Some(command) = command else { return };
    facts.put(key, command.argv.join(" "), way);
    facts.time(&format!("{key}.timeout"), Some(command.timeout), |_| Way::Fact);
    for name in &command.env {
        facts.put(format!("{key}.env {name}"), "", Way::Fact);
    }
}

fn owned(thing: &OwnedThing) -> Facts {
    let mut facts = Facts::default();
    facts.put("kind", &thing.kind, Way::Fact);
    facts.put("until_switch", thing.until_switch, Way::Fact);
    facts.put("then", thing.then, Way::Fact);
    facts.put("seen_by", &thing.seen_by, Way::Fact);
    facts.put("measure", &thing.measure, Way::Fact);
    facts
}

fn receiver(receiver: &Receiver) -> (String, Facts) {
    let mut facts = Facts::default();
    let name = match &receiver.kind {
        ReceiverKind::Slack { url } => format!("slack secret:{url}"),
        ReceiverKind::CloudEvents { url, secret } => {
            if let Some(secret) = secret {
                facts.put("secret", format!("secret:{secret}"), Way::Must);
            }
            format!("cloudevents {url}")
        }
    };
    receiver.events.iter().for_each(|event| facts.put(format!("events {event}"), "", Way::Must));
    (name, facts)
}

/// Puts down the way back, but for its runbook.
pub(super) fn rollback(plan: &Plan, facts: &mut Facts) {
    let rule = &plan.rollback;
    facts.time("rollback.window", rule.window, |_| Way::Fact);
    facts.time("rollback.warn_before", rule.warn_before, |_| Way::Fact);
    let false_alarm = show_percent(rule.recommend.false_alarm);
    facts.put("rollback.recommend.false_alarm", false_alarm, Way::Fact);
    facts.time("rollback.recommend.watch", Some(rule.recommend.watch), Way::Least);
    if rule.automatic {
        facts.put("rollback.automatic", "recommended", Way::Fact);
    }
    for fact in &rule.no_return {
        facts.put(format!("rollback.no_return {fact:?}"), "", Way::Fact);
    }
    for limit in &rule.possible_while {
        let at = format!("rollback.possible_while.{}", limit.name);
        facts.put(&at, show_amount(limit), Way::Most(limit.at_most));
        facts.put(format!("{at}.measure"), format!("{} of {}", limit.measure, limit.from), Way::Fact);
    }
    for effect in &rule.one_way {
        let counted = format!("{} of {}", effect.measure, effect.from);
        facts.put(format!("rollback.one_way {:?}", effect.what), counted, Way::Must);
    }
    if plan.switch.writes_go_to_target {
        facts.put("writes_from_both_sides_go_to", "target", Way::May);
    }
}
