//! The gates as written, and those that stand where the plan writes none.
//!
//! Leaving a gate out must not leave it open: `ready`, `cutover`, `watch`, `committed` and
//! `rolled-back` always have one. `sync` and `retired` have one only when the plan writes it.

use std::collections::{BTreeMap, BTreeSet};

use tidelock_core::plan::{GateRule, Plan, Rehearsed};
use tidelock_model::{Name, Phase};

use crate::fields::{Fields, name, text};
use crate::keys;
use crate::problem::Sink;
use crate::tree::Kind;

/// Reads `gates`.
pub(crate) fn gates(fields: &Fields<'_>, sink: &mut Sink) -> BTreeMap<Phase, GateRule> {
    let mut gates = usual();
    let read =
        fields.get("gates").and_then(|n| Fields::of(n, &keys::GATES, "gates", n.span, sink).map(|f| (n, f)));
    let Some((node, _)) = read else { return gates };
    for entry in
        node.entries().iter().filter(|e| keys::GATES.now.contains(&e.key.as_str()) && !e.value.is_null())
    {
        let Ok(phase) = entry.key.parse::<Phase>() else {
            continue;
        };
        let place = format!("gate {:?}", entry.key);
        if let Some(fields) = Fields::of(&entry.value, &keys::GATE, &place, entry.key_span, sink) {
            gates.insert(phase, gate(phase, &fields, sink));
        }
    }
    gates
}

/// The decision that a gate asks for where the plan does not say.
fn usual_decision(phase: Phase) -> Option<Name> {
    match phase {
        Phase::Cutover => Name::new("cutover").ok(),
        Phase::Committed => Name::new("commit").ok(),
        Phase::Prepare
        | Phase::Sync
        | Phase::Ready
        | Phase::Watch
        | Phase::Retired
        | Phase::RollingBack
        | Phase::RolledBack
        | Phase::Aborted => None,
    }
}

fn usual() -> BTreeMap<Phase, GateRule> {
    let gate = |phase| {
        let rule = GateRule {
            needs_all: phase != Phase::Cutover,
            decision: usual_decision(phase),
            ..GateRule::default()
        };
        (phase, rule)
    };
    [Phase::Ready, Phase::Cutover, Phase::Watch, Phase::Committed, Phase::RolledBack].map(gate).into()
}

fn gate(phase: Phase, fields: &Fields<'_>, sink: &mut Sink) -> GateRule {
    let mut needs = BTreeSet::new();
    let mut needs_all = false;
    for item in fields.list("needs", sink) {
        let what = format!("an item of {}", fields.what("needs"));
        let Some(found) = text(item, &what, sink) else {
            continue;
        };
        if found == "all" {
            needs_all = true;
        } else if let Some(name) = name(&found, item.span, &what, sink)
            && !needs.insert(name)
        {
            sink.say("E004", item.span, format!("{} names {found:?} twice", fields.what("needs")))
                .label("again")
                .help("keep one");
        }
    }
    let decision = decision(phase, fields, sink);
    let decision = decision.or_else(|| usual_decision(phase));
    let valid_for = fields.duration("valid_for", sink);
    if let Some(node) = fields.get("valid_for").filter(|_| decision.is_none()) {
        sink.say("E042", node.span, format!("{} has `valid_for`, but asks for no decision", fields.place))
            .help("`valid_for` is the life of an approval: name the decision, or take the line out");
    }
    let unread =
        fields.has("rehearsed") || fields.get("needs").is_some_and(|n| matches!(n.kind, Kind::Scalar { .. }));
    if needs.is_empty() && !needs_all && decision.is_none() && !unread {
        sink.say("E043", fields.span, format!("{} needs nothing and asks nobody", fields.place))
            .label("would open at once")
            .help("write needs: [all], name checks, or take the gate out");
    }
    GateRule {
        needs,
        needs_all,
        stable_for: fields.duration_or_zero("stable_for", sink).unwrap_or_default(),
        decision,
        valid_for,
        deadline: fields.duration("deadline", sink),
        rehearsed: rehearsed(fields, sink),
    }
}

/// The decision that a gate names, where it may ask for that one.
fn decision(phase: Phase, fields: &Fields<'_>, sink: &mut Sink) -> Option<Name> {
    let decision = fields.word("decision", &keys::USUAL_DECISIONS, sink).and_then(|w| Name::new(w).ok())?;
    let node = fields.get("decision")?;
    let usual = usual_decision(phase);
    if let Some(usual) = usual.as_ref().filter(|usual| **usual != decision) {
        sink.say(
            "E042",
            node.span,
            format!("{} asks for the decision {decision}, not {usual}", fields.place),
        )
        .help(format!("the gate before {phase} is opened by the decision {usual} alone"));
    } else if decision.as_str() == "rollback" && phase != Phase::RolledBack {
        sink.say("E042", node.span, format!("{} asks for the decision rollback", fields.place))
            .label("leads the other way")
            .help("who decides to go back opens nothing on the way forward: name another decision, or take the line out");
    }
    Some(decision)
}

fn rehearsed(fields: &Fields<'_>, sink: &mut Sink) -> Option<Rehearsed> {
    let place = format!("the rehearsal of {}", fields.place);
    let node = fields.get("rehearsed")?;
    let rehearsed = Fields::of(node, &keys::REHEARSED, &place, node.span, sink)?;
    rehearsed.need("within", "say how long ago it may be: rehearsed: { within: 14d }", sink);
    Some(Rehearsed {
        within: rehearsed.duration("within", sink)?,
        rollback: rehearsed.bool("rollback", sink).unwrap_or(false),
    })
}

/// What a scenario that the gate `retired` names does between commit and retirement: it goes on.
///
/// Nothing else runs in `committed` unless it says so, and a gate whose evidence nobody gathers
/// would never open. In the same way a step of the way back goes on with the scenario that proves it.
pub(crate) fn carry_on(plan: &mut Plan) {
    let retired = plan.gates.get(&Phase::Retired).map(|gate| gate.needs.clone()).unwrap_or_default();
    let back = plan.rollback.runbook.iter().flat_map(|runbook| &runbook.steps);
    let back: BTreeSet<Name> = back.flat_map(|step| step.after.iter().cloned()).collect();
    for (name, scenario) in &mut plan.scenarios {
        if !scenario.phases.contains(&Phase::Watch) {
            continue;
        }
        for (needs, phase) in [(&retired, Phase::Committed), (&back, Phase::RollingBack)] {
            if needs.contains(name) {
                scenario.phases.insert(phase);
            }
        }
    }
}
