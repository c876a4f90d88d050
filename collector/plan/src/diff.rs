//! What a new revision changes, and what it makes easier.
//!
//! Loosening a limit in the middle of a migration is the quiet way to a false "converged". The
//! comparison names every such change, so that it needs a reason and a second person.
//!
//! Every part of a plan is taken apart field by field, without a rest. So a field that is new does not compile until
//! somebody has said which way it gets looser.

use std::collections::BTreeMap;

use tidelock_core::plan::{Canary, EvidenceRule, Person, Places, Plan, Scenario};
use tidelock_model::Side;

use crate::evidence::USUAL_GRACE;
use crate::units::show;

mod claims;
mod fact;
mod gates;
mod scenarios;
mod sides;
mod steps;
mod switch;

use fact::{Facts, Item, Way};

/// One difference between two revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// One line: `~ gates.ready.stable_for   10m -> 5m`.
    pub text: String,
    /// It makes a gate easier to open.
    pub looser: bool,
    /// It makes a gate harder to open.
    pub stricter: bool,
}

/// Compares two revisions; an empty list means that nothing changed.
pub fn diff(old: &Plan, new: &Plan) -> Vec<Change> {
    let same = old == new;
    let (old, new) = (items(old, new), items(new, old));
    let mut changes = Vec::new();
    let line =
        |sign: char, path: &str, detail: &str| format!("{sign} {path:<44} {detail}").trim_end().to_owned();
    let mut paths: Vec<&String> = old.keys().chain(new.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        match (old.get(path), new.get(path)) {
            (Some(before), Some(after)) => before.facts.compare(&after.facts, path, &mut changes),
            // What guards and allows may be looser either way.
            (Some(before), None) => {
                let (looser, stricter) = (before.guards, before.allows && !before.guards);
                changes.push(Change { text: line('-', path, "removed"), looser, stricter });
            }
            (None, Some(after)) => {
                let (looser, stricter) = (after.allows, after.guards && !after.allows);
                changes.push(Change { text: line('+', path, &after.new), looser, stricter });
            }
            (None, None) => {}
        }
    }
    if changes.is_empty() && !same {
        // Silence would read as "nothing changed".
        let text = "~ something that has no line of its own".into();
        changes.push(Change { text, looser: true, stricter: false });
    }
    changes
}

fn items(plan: &Plan, other: &Plan) -> BTreeMap<String, Item> {
    let Plan {
        name,
        summary,
        timezone,
        rehearsal_scale,
        source,
        target,
        people,
        decisions,
        scenarios,
        evidence,
        manual_checks,
        gates,
        rollback,
        switch,
        canary,
        links,
    } = plan;
    let (mut items, mut head) = (BTreeMap::new(), Facts::default());
    head.put("name", name, Way::Fact);
    head.put("summary", summary, Way::Fact);
    head.put("timezone", timezone, Way::Fact);
    if *rehearsal_scale {
        head.put("rehearsal_scale", "true", Way::May);
    }
    canary.iter().for_each(|canary| self::canary(canary, &mut head));
    self::evidence(evidence, &mut head);
    switch::rollback(rollback, &mut head);
    links.iter().for_each(|(word, url)| head.put(format!("links.{word}"), url, Way::Fact));
    switch::switch(switch, &mut items, &mut head);
    items.insert(String::new(), Item::plain("", head));
    sides::environment(source, Side::Source, &mut items);
    sides::environment(target, Side::Target, &mut items);
    places(plan, other, &mut items);
    for (name, person) in people {
        items.insert(format!("people.{name}"), self::person(person));
    }
    gates::decisions(decisions, &mut items);
    for (name, scenario) in scenarios {
        items.insert(format!("scenarios.{name}"), scenarios::scenario((name, scenario), plan, other));
    }
    gates::manual_checks(manual_checks, &mut items);
    gates::gates(gates, &mut items);
    steps::runbooks(plan, other, &mut items);
    items
}

/// The component counts, not its name alone: another one may fail where no plugin has to be able to.
fn canary(canary: &Canary, facts: &mut Facts) {
    let Canary { plugin, component } = canary;
    let shown = format!("{plugin} ({})", component.short());
    facts.pin("canary", shown, format!("{plugin} {component}"), Way::Must);
}

fn evidence(evidence: &EvidenceRule, facts: &mut Facts) {
    let EvidenceRule { grace, observe_at_least } = evidence;
    // A longer one lets later results count, and a shorter one leaves out those that are late because they failed.
    facts.put("evidence.grace", grace.map_or_else(|| USUAL_GRACE.to_owned(), show), Way::Any);
    facts.time("evidence.observe_at_least", Some(*observe_at_least), Way::Least);
}

/// Who is in the plan may hold, and give what decisions leave to them: those have lines of their own.
fn person(person: &Person) -> Item {
    let Person { name, role, reach } = person;
    let mut facts = Facts::default();
    facts.put("name", name, Way::Fact);
    facts.put("role", role, Way::Fact);
    facts.put("reach", reach, Way::Fact);
    Item::plain(format!("new, {name}"), facts)
}

/// Where pages must not come from, while both plans ask for it: targets of either side, and whose sessions cross, say
/// together which hosts those are.
fn places(plan: &Plan, other: &Plan, items: &mut BTreeMap<String, Item>) {
    let asks = |plan: &Plan, side: Side| {
        plan.scenarios.values().flat_map(Scenario::must_not_come_from).any(|asked| asked == side)
    };
    for side in Side::BOTH.into_iter().filter(|side| asks(plan, *side) && asks(other, *side)) {
        let Places { hosts, networks } = plan.places_of(side);
        let mut facts = Facts::default();
        hosts.iter().for_each(|host| facts.put(format!("host {host}"), "", Way::Must));
        for (network, bits) in &networks {
            facts.put(format!("network {network}/{bits}"), "", Way::Must);
        }
        items.insert(format!("no_dependency_on.{side}"), Item::guard("new", facts));
    }
}
