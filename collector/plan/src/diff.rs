//! What a new revision changes, and what it makes easier.
//!
//! Loosening a limit in the middle of a migration is the quiet way to a false "converged". The
//! comparison names every such change, so that it needs a reason and a second person.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use tidelock_core::plan::{
    Credential, DecisionRule, Environment, GateRule, IfSilent, ManualCheck, Plan, RevisionFrom, Scenario,
    Target,
};
use tidelock_model::{Level, Name, Phase, Side};

use crate::units::show;

mod claims;
mod switch;

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

/// In which direction a value gets looser.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// A smaller value is looser, and none at all.
    Least(f64),
    /// A larger value is looser, and none at all.
    Most(f64),
    /// Taking it out is looser.
    Must,
    /// Putting it in is looser.
    May,
    /// Nobody can say which way another one goes: that, and none at all, counts as looser.
    Any,
    /// Neither.
    Fact,
}

#[derive(Default)]
struct Facts(BTreeMap<String, (String, Way)>);

impl Facts {
    fn put(&mut self, key: impl Into<String>, shown: impl Display, way: Way) {
        self.0.insert(key.into(), (shown.to_string(), way));
    }

    fn time(&mut self, key: &str, time: Option<Duration>, way: fn(f64) -> Way) {
        if let Some(time) = time.filter(|t| !t.is_zero()) {
            self.put(key, show(time), way(time.as_secs_f64()));
        }
    }
}

/// Something with a name, compared field by field when both plans have it.
struct Item {
    /// What is said when it is new.
    new: String,
    /// Taking it out makes a gate easier to open.
    guards: bool,
    /// Putting it in makes a gate easier to open.
    allows: bool,
    facts: Facts,
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
            (Some(before), Some(after)) => fields(path, before, after, &mut changes),
            (Some(before), None) => {
                let (looser, stricter) = (before.guards, before.allows);
                changes.push(Change { text: line('-', path, "removed"), looser, stricter });
            }
            (None, Some(after)) => {
                let (looser, stricter) = (after.allows, after.guards);
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

fn fields(item: &str, old: &Item, new: &Item, changes: &mut Vec<Change>) {
    let mut keys: Vec<&String> = old.facts.0.keys().chain(new.facts.0.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let path = if item.is_empty() { key.clone() } else { format!("{item}.{key}") };
        let change = match (old.facts.0.get(key), new.facts.0.get(key)) {
            (Some((before, _)), Some((after, _))) if before == after => continue,
            (Some((before, way)), Some((after, now))) => Change {
                text: format!("~ {path:<44} {before} -> {after}"),
                looser: match (way, now) {
                    (Way::Least(before), Way::Least(after)) => after < before,
                    (Way::Most(before), Way::Most(after)) => after > before,
                    (Way::Any, _) | (_, Way::Any) => true,
                    _ => false,
                },
                stricter: match (way, now) {
                    (Way::Least(before), Way::Least(after)) => after > before,
                    (Way::Most(before), Way::Most(after)) => after < before,
                    _ => false,
                },
            },
            (Some((before, way)), None) => Change {
                text: format!("- {path:<44} {before} removed"),
                looser: matches!(way, Way::Least(_) | Way::Most(_) | Way::Must | Way::Any),
                stricter: *way == Way::May,
            },
            (None, Some((after, way))) => Change {
                text: format!("+ {path:<44} {after}").trim_end().to_owned(),
                looser: *way == Way::May,
                stricter: matches!(way, Way::Least(_) | Way::Most(_) | Way::Must),
            },
            (None, None) => continue,
        };
        changes.push(change);
    }
}

fn items(plan: &Plan, other: &Plan) -> BTreeMap<String, Item> {
    let mut items = BTreeMap::new();
    items.insert(
        String::new(),
        Item { new: String::new(), guards: false, allows: false, facts: head_facts(plan) },
    );
    for side in Side::BOTH {
        environment(plan.environment(side), side, &mut items);
    }
    for (name, person) in &plan.people {
        let mut facts = Facts::default();
        facts.put("name", &person.name, Way::Fact);
        facts.put("role", &person.role, Way::Fact);
        facts.put("reach", &person.reach, Way::Fact);
        let new = format!("new, {}", person.name);
        items.insert(format!("people.{name}"), Item { new, guards: false, allows: false, facts });
    }
    for (name, rule) in &plan.decisions {
        // Without this one nobody can override a hold.
        let (new, allows) = ("new".to_owned(), name.as_str() == "override");
        let item = Item { new, guards: !allows, allows, facts: decision_facts(rule) };
        items.insert(format!("decisions.{name}"), item);
    }
    let mut guard = |path: String, new: String, facts| {
        items.insert(path, Item { new, guards: true, allows: false, facts })
    };
    for (name, scenario) in &plan.scenarios {
        let new = format!("new, {}, {}", scenario.level, gates_of(name, plan));
        let mut facts = scenario_facts(scenario);
        quorum_facts((name, scenario), plan, other, &mut facts);
        guard(format!("scenarios.{name}"), new, facts);
    }
    for (name, check) in &plan.manual_checks {
        guard(format!("manual_checks.{name}"), "new".into(), manual_facts(check));
    }
    for (phase, gate) in &plan.gates {
        guard(format!("gates.{phase}"), "new".into(), gate_facts(gate));
    }
    switch::items(plan, &mut items);
    items
}

fn gates_of(scenario: &Name, plan: &Plan) -> String {
    let needs = |phase: &Phase| plan.needed(*phase).iter().any(|(name, _)| *name == scenario);
    let gates: Vec<&str> = plan.gates.keys().copied().filter(needs).map(Phase::word).collect();
    if gates.is_empty() { "in no gate yet".into() } else { format!("in {}", gates.join(", ")) }
}

fn head_facts(plan: &Plan) -> Facts {
    let mut facts = Facts::default();
    facts.put("name", &plan.name, Way::Fact);
    facts.put("summary", &plan.summary, Way::Fact);
    facts.put("timezone", &plan.timezone, Way::Fact);
    if plan.rehearsal_scale {
        facts.put("rehearsal_scale", "true", Way::May);
    }
    if let Some(canary) = &plan.canary {
        facts.put("canary", &canary.plugin, Way::Must);
        facts.put("canary.sha256", canary.component, Way::Fact);
    }
    facts.time("evidence.grace", plan.evidence.grace, |_| Way::Fact);
    facts.time("evidence.observe_at_least", Some(plan.evidence.observe_at_least), Way::Least);
    switch::rollback(plan, &mut facts);
    for (name, url) in &plan.links {
        facts.put(format!("links.{name}"), url, Way::Fact);
    }
    facts
}

fn decision_facts(rule: &DecisionRule) -> Facts {
    let mut facts = Facts::default();
    facts.put("approvals", rule.approvals, Way::Least(f64::from(rule.approvals)));
    rule.who.iter().for_each(|who| facts.put(format!("who {who}"), "", Way::May));
    rule.deputies.iter().for_each(|who| facts.put(format!("deputies {who}"), "", Way::May));
    facts.time("answer_within", rule.answer_within, |_| Way::Fact);
    if rule.if_silent == IfSilent::AskDeputies {
        facts.put("if_silent", "ask_deputies", Way::Fact);
    }
    facts
}

fn manual_facts(check: &ManualCheck) -> Facts {
    let mut facts = Facts::default();
    facts.put("title", &check.title, Way::Fact);
    facts.put("owner", &check.owner, Way::Any);
    if let Some(phase) = check.phase {
        facts.put("phase", phase, Way::Fact);
    }
    if check.evidence_required {
        facts.put("evidence", "required", Way::Must);
    }
    facts.time("within", check.within, Way::Most);
    facts.time("valid_for", check.valid_for, Way::Most);
    facts
}

fn environment(environment: &Environment, side: Side, items: &mut BTreeMap<String, Item>) {
    let mut facts = Facts::default();
    facts.put("title", &environment.title, Way::Fact);
    let least = environment.agents_at_least;
    facts.put("agents.at_least", least, Way::Least(f64::from(least)));
    facts.put("agents.at_most", environment.agents_at_most, Way::Fact);
    environment.agents_named.iter().for_each(|name| facts.put(format!("agents.names {name}"), "", Way::Must));
    match &environment.revision {
        Some(RevisionFrom::Declared) => facts.put("revision", "declared", Way::Any),
        Some(RevisionFrom::Header(name)) => facts.put("revision", format!("header {name}"), Way::Any),
        None => {}
    }
    items.insert(
        format!("environments.{side}"),
        Item { new: String::new(), guards: true, allows: false, facts },
    );
    for (name, target) in &environment.targets {
        let mut facts = Facts::default();
        match target {
            Target::Http(http) => {
                facts.put("url", &http.url, Way::Any);
                facts.put("rate", crate::units::show_rate(http.rate_per_second), Way::Fact);
                facts.put("concurrency", http.concurrency, Way::Fact);
                http.methods.iter().for_each(|m| facts.put(format!("methods {m}"), "", Way::Fact));
                http.paths.iter().for_each(|p| facts.put(format!("paths {p}"), "", Way::Fact));
                http.addresses.iter().for_each(|a| facts.put(format!("addresses {a}"), "", Way::Fact));
                facts.put("credential", credential(http.credential.as_ref()), Way::Fact);
                facts.put("connect", if http.reuse_connection { "reuse" } else { "new" }, Way::Fact);
                tls(&mut facts, http.ca_pem.as_deref(), http.tls_name.as_deref());
            }
            Target::Sql(sql) => {
                facts.put("address", &sql.address, Way::Any);
                facts.put("user", &sql.user, Way::Fact);
                facts.put("write", sql.write, Way::Fact);
                facts.put("sql", sql.dialect.word(), Way::Fact);
                if let Some(secret) = &sql.password {
                    facts.put("password", format!("secret:{secret}"), Way::Fact);
                }
                tls(&mut facts, sql.ca_pem.as_deref(), sql.tls_name.as_deref());
                sql.addresses.iter().for_each(|a| facts.put(format!("addresses {a}"), "", Way::Fact));
            }
        }
        items.insert(
            format!("environments.{side}.targets.{name}"),
            Item { new: "new grant".into(), guards: false, allows: false, facts },
        );
    }
}

fn credential(credential: Option<&Credential>) -> String {
    match credential {
        None => "none".into(),
        Some(Credential::Bearer(secret)) => format!("bearer secret:{secret}"),
        Some(Credential::Basic(secret)) => format!("basic secret:{secret}"),
        Some(Credential::Header(name, secret)) => format!("header {name} secret:{secret}"),
        Some(Credential::Form(name, secret)) => format!("form {name} secret:{secret}"),
    }
}

fn tls(facts: &mut Facts, ca: Option<&str>, name: Option<&str>) {
    if let Some(ca) = ca {
        facts.put("ca", format!("{:016x}", short_hash(ca)), Way::Any);
    }
    if let Some(name) = name {
        facts.put("tls_name", name, Way::Any);
    }
}

fn scenario_facts(scenario: &Scenario) -> Facts {
    let mut facts = Facts::default();
    let rank = match scenario.level {
        Level::Critical => 3.0,
        Level::Important => 2.0,
        Level::Minor => 1.0,
    };
    facts.put("title", &scenario.title, Way::Fact);
    facts.put("if_broken", &scenario.if_broken, Way::Fact);
    facts.put("kind", &scenario.kind, Way::Fact);
    facts.put("level", scenario.level, Way::Least(rank));
    facts.put("plugin", &scenario.plugin, Way::Any);
    facts.put("sha256", scenario.component.short(), Way::Any);
    scenario.sides.iter().for_each(|side| facts.put(format!("run_on {side}"), "", Way::Must));
    scenario.phases.iter().for_each(|phase| facts.put(format!("phases {phase}"), "", Way::Must));
    facts.time("every", Some(scenario.every), |_| Way::Fact);
    facts.time("timeout", Some(scenario.timeout), Way::Most);
    facts.time("fresh_for", Some(scenario.fresh_for), Way::Most);
    // Not even for a moment is a limit too.
    if let Some(dip) = scenario.may_dip {
        facts.put("may_dip", show(dip), Way::Most(dip.as_secs_f64()));
    }
    if scenario.writes {
        facts.put("writes", "true", Way::Must);
    }
    facts.put("with", format!("{:016x}", short_hash(&scenario.settings)), Way::Any);
    facts.time("slot", scenario.slot, |_| Way::Fact);
    scenario.claims.iter().for_each(|claim| claims::claim(claim, &mut facts));
    facts
}

/// How many agents must tell of it, where one of the two plans says so for the scenario itself: what the sides ask
/// for has lines of its own.
fn quorum_facts((name, scenario): (&Name, &Scenario), plan: &Plan, other: &Plan, facts: &mut Facts) {
    for side in &scenario.sides {
        let own = scenario.agents_at_least.contains_key(side);
        let there = other.scenarios.get(name).is_some_and(|it| it.agents_at_least.contains_key(side));
        if own || there {
            let least = plan.quorum(scenario, *side);
            let whose = if own { "" } else { " (as the side)" };
            facts.put(format!("agents.{side}"), format!("{least}{whose}"), Way::Least(f64::from(least)));
        }
    }
}

fn gate_facts(gate: &GateRule) -> Facts {
    let mut facts = Facts::default();
    gate.needs.iter().for_each(|name| facts.put(format!("needs {name}"), "", Way::Must));
    if gate.needs_all {
        facts.put("needs all", "", Way::Must);
    }
    if let Some(decision) = &gate.decision {
        facts.put("decision", decision, Way::Must);
    }
    facts.time("stable_for", Some(gate.stable_for), Way::Least);
    facts.time("valid_for", gate.valid_for, Way::Most);
    facts.time("deadline", gate.deadline, Way::Most);
    if let Some(rehearsed) = gate.rehearsed {
        facts.time("rehearsed.within", Some(rehearsed.within), Way::Most);
        if rehearsed.rollback {
            facts.put("rehearsed.rollback", "true", Way::Must);
        }
    }
    facts
}

/// Enough to see that settings changed; they may be long.
fn short_hash(text: &str) -> u64 {
    use sha2::Digest;
    let bytes: [u8; 32] = sha2::Sha256::digest(text.as_bytes()).into();
    bytes[..8].iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
