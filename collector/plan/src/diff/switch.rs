//! What changes about the switch beside its steps: who owns what, the first minutes, messages, and the way back.

use std::collections::BTreeMap;

use tidelock_core::plan::{
    Assertion, BackLimit, FirstMinutes, OneWay, OwnedThing, Receiver, ReceiverKind, Recommend, RollbackRule,
    Switch, Turbulence,
};

use super::{Facts, Item, Way};
use crate::rollback::show_amount;
use crate::show::rule_word;
use crate::units::{show, show_percent};

/// Puts down everything of the switch but its runbooks.
pub(super) fn switch(switch: &Switch, items: &mut BTreeMap<String, Item>, head: &mut Facts) {
    // Both runbooks are compared together, in `steps`.
    let Switch { runbook: _, owners, assertions, first_minutes, notify, writes_go_to_target } = switch;
    for (name, thing) in owners {
        items.insert(format!("owners.{name}"), Item::guard("new", owned(thing)));
    }
    for Assertion { about, rule } in assertions {
        let name = format!("assertions {about:?} {}", rule_word(*rule));
        items.insert(name, Item::guard("new", Facts::default()));
    }
    if let Some(first) = first_minutes {
        items.insert("first_minutes".into(), Item::guard("new", self::first_minutes(first)));
    }
    for Receiver { kind, events } in notify {
        let (name, secret) = receiver(kind);
        let item =
            items.entry(format!("notify {name}")).or_insert_with(|| Item::guard("new", Facts::default()));
        secret.iter().for_each(|secret| item.facts.put("secret", secret, Way::Must));
        events.iter().for_each(|event| item.facts.put(format!("events {event}"), "", Way::Must));
    }
    if *writes_go_to_target {
        head.put("writes_from_both_sides_go_to", "target", Way::May);
    }
}

/// Another thing begins another book: that two sides ran it until now is forgotten with the old one.
fn owned(thing: &OwnedThing) -> Facts {
    let OwnedThing { kind, until_switch, then, seen_by, measure } = thing;
    let mut facts = Facts::default();
    facts.put("kind", kind, Way::Any);
    facts.put("until_switch", until_switch, Way::Any);
    facts.put("then", then, Way::Any);
    facts.put("seen_by", seen_by, Way::Any);
    facts.put("measure", measure, Way::Any);
    facts
}

fn first_minutes(first: &FirstMinutes) -> Facts {
    let FirstMinutes { settling, metrics } = first;
    let mut facts = Facts::default();
    // Unseen is held only after it, and what comes after it is not asked.
    facts.put("settling", show(*settling), Way::Any);
    for (name, turbulence) in metrics {
        match turbulence {
            Turbulence::Within(share) => {
                facts.put(format!("{name}.within"), show_percent(*share), Way::Most(*share));
            }
            Turbulence::AtLeast(share) => {
                facts.put(format!("{name}.at_least"), show_percent(*share), Way::Least(*share));
            }
        }
    }
    facts
}

/// What a receiver is called, and what signs its messages.
fn receiver(kind: &ReceiverKind) -> (String, Option<String>) {
    match kind {
        ReceiverKind::Slack { url } => (format!("slack secret:{url}"), None),
        ReceiverKind::CloudEvents { url, secret } => {
            let secret = secret.as_ref().map(|secret| format!("secret:{secret}"));
            (format!("cloudevents {url}"), secret)
        }
    }
}

/// Puts down the way back, but for its runbook.
pub(super) fn rollback(rule: &RollbackRule, facts: &mut Facts) {
    let RollbackRule {
        window,
        warn_before,
        no_return,
        recommend,
        automatic,
        possible_while,
        one_way,
        // Beside that of the cutover, in `steps`.
        runbook: _,
    } = rule;
    // What people were promised of the way back is a promise as good as a gate's.
    facts.time("rollback.window", *window, Way::Least);
    facts.time("rollback.warn_before", *warn_before, Way::Least);
    no_return.iter().for_each(|fact| facts.put(format!("rollback.no_return {fact:?}"), "", Way::May));
    let Recommend { false_alarm, watch } = recommend;
    // Whoever may call a healthy target failing less often calls a failing one later.
    facts.put("rollback.recommend.false_alarm", show_percent(*false_alarm), Way::Least(*false_alarm));
    facts.time("rollback.recommend.watch", Some(*watch), Way::Least);
    // On, nobody's voice is needed to go back; off, nobody has to stand by for it.
    facts.put("rollback.automatic", if *automatic { "recommended" } else { "never" }, Way::Any);
    possible_while.iter().for_each(|limit| self::limit(limit, facts));
    for OneWay { what, from, measure } in one_way {
        facts.put(format!("rollback.one_way {what:?}"), format!("{measure} of {from}"), Way::Must);
    }
}

fn limit(limit: &BackLimit, facts: &mut Facts) {
    let BackLimit { name, from, measure, at_most, unit, counts_loss } = limit;
    let at = format!("rollback.possible_while.{name}");
    facts.put(&at, show_amount(limit), Way::Most(*at_most));
    let lost = if *counts_loss { ", and what exceeds it is lost" } else { "" };
    let shown = format!("{measure} of {from}{lost}");
    facts.pin(format!("{at}.measure"), &shown, format!("{shown} in {unit:?}"), Way::Any);
}
