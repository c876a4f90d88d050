//! From the tree to the checked plan, part by part.

use std::collections::{BTreeMap, BTreeSet};

use tidelock_core::CANARY_CHECK;
use tidelock_core::plan::{Canary, Environment, Plan, RollbackRule};
use tidelock_model::{Name, Side};

use crate::Source;
use crate::fields::{Fields, name, text};
use crate::problem::{Sink, quote};
use crate::tree::Node;
use crate::{environment, evidence, gates, keys, people, plugin, rollback, scenario, switch};

/// The most scenarios of one plan.
const MAX_SCENARIOS: usize = 500;
const VERSION: &str = "plan/v1";

/// Reads all of it. Where something can't be read the plan holds a stand-in, and the sink an error.
pub(crate) fn plan(root: &Node, source: &Source, sink: &mut Sink) -> Plan {
    let mut plan = blank();
    let start = root.entries().first().map_or((0, 0), |e| e.key_span);
    let Some(fields) = Fields::of(root, &keys::PLAN, "the plan", start, sink) else {
        return plan;
    };
    let f = &fields;
    version(f, sink);
    head(f, &mut plan, sink);
    let help = "both sides are needed: environments: { source: {…}, target: {…} }";
    let sides = f.need("environments", help, sink);
    let sides = sides.and_then(|n| Fields::of(n, &keys::ENVIRONMENTS, "environments", n.span, sink));
    if let Some(sides) = &sides {
        plan.source = environment::environment(sides, Side::Source, source, sink);
        plan.target = environment::environment(sides, Side::Target, source, sink);
    }
    plan.people = people::people(f, sink);
    plan.decisions = people::decisions(f, &plan.people, sink);
    let evidence = evidence::evidence(f, sink);
    let defaults = scenario::defaults(f, evidence.outage, sink);
    f.need("scenarios", "name what must not go down: scenarios: { login: {…} }", sink);
    let scenarios = f.named("scenarios", sink);
    if let Some(node) = f.get("scenarios")
        && (scenarios.is_empty() || scenarios.len() > MAX_SCENARIOS)
    {
        let text = format!("the plan has {} scenarios, it needs 1 to {MAX_SCENARIOS}", scenarios.len());
        sink.say("E013", node.span, text).help("a gate without scenarios would prove nothing");
    }
    for (name, entry) in scenarios.into_iter().take(MAX_SCENARIOS) {
        if name.as_str() == CANARY_CHECK {
            sink.say(
                "E041",
                entry.key_span,
                format!("{CANARY_CHECK} is the check that must fail on every agent"),
            )
            .help("give the scenario another name");
        }
        let scenario = scenario::scenario(entry, defaults, &plan, source, sink);
        plan.scenarios.insert(name, scenario);
    }
    plan.canary = canary(f, source, sink);
    plan.evidence = evidence.rule.clone();
    evidence::slots(&mut plan, &evidence, root, sink);
    plan.manual_checks = people::manual(f, &plan, sink);
    plan.gates = gates::gates(f, sink);
    plan.switch = switch::switch(f, &plan, sink);
    plan.rollback = rollback::rollback(f, &plan, sink);
    plan.links = people::links(f, sink);
    gates::carry_on(&mut plan);
    plan
}

fn version(fields: &Fields<'_>, sink: &mut Sink) {
    let Some(node) = fields.need("tidelock", "begin the file with `tidelock: plan/v1`", sink) else {
        return;
    };
    let found = node.scalar().unwrap_or_default();
    if found != VERSION {
        sink.say("E014", node.span, format!("this is {}, and this release reads {VERSION}", quote(found)))
            .help("a newer plan needs a newer release: `tidelock version`");
    }
}

fn head(fields: &Fields<'_>, plan: &mut Plan, sink: &mut Sink) {
    if let Some(node) = fields.need("name", "a short name in lower case: name: shop-moves", sink)
        && let Some(found) = text(node, "\"name\" of the plan", sink)
        && let Some(name) = name(&found, node.span, "\"name\" of the plan", sink)
    {
        plan.name = name;
    }
    plan.summary = fields.text("summary", sink).unwrap_or_default();
    if let Some(zone) = fields.text("timezone", sink) {
        if jiff::tz::TimeZoneDatabase::bundled().get(&zone).is_err() {
            let span = fields.get("timezone").map(|n| n.span);
            sink.say("E010", span, format!("there is no time zone {}", quote(&zone)))
                .help("write an IANA name: Europe/Berlin, America/New_York, UTC");
        }
        plan.timezone = zone;
    }
    plan.rehearsal_scale = fields.bool("rehearsal_scale", sink).unwrap_or(false);
}

/// The check that must fail on every agent.
fn canary(fields: &Fields<'_>, source: &Source, sink: &mut Sink) -> Option<Canary> {
    let node = fields.get("canary")?;
    let fields = Fields::of(node, &keys::CANARY, "\"canary\" of the plan", node.span, sink)?;
    let (plugin, component) = plugin::component(&fields, source, sink)?;
    Some(Canary { plugin, component })
}

fn blank() -> Plan {
    let side = |side: Side| Environment {
        title: side.word().into(),
        agents_at_least: 2,
        agents_at_most: 6,
        agents_named: BTreeSet::new(),
        targets: BTreeMap::new(),
        revision: None,
    };
    Plan {
        name: Name::new("unnamed").expect("a fixed word that is a name"),
        summary: String::new(),
        timezone: "UTC".into(),
        rehearsal_scale: false,
        source: side(Side::Source),
        target: side(Side::Target),
        people: BTreeMap::new(),
        decisions: BTreeMap::new(),
        scenarios: BTreeMap::new(),
        evidence: tidelock_core::plan::EvidenceRule::default(),
        manual_checks: BTreeMap::new(),
        gates: BTreeMap::new(),
        rollback: RollbackRule::default(),
        switch: tidelock_core::plan::Switch::default(),
        canary: None,
        links: BTreeMap::new(),
    }
}
