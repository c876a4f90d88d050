//! What changes about the gates, and about what people do for them: decisions and manual checks.

use std::collections::BTreeMap;

use tidelock_core::plan::{DecisionRule, GateRule, IfSilent, ManualCheck, Rehearsed};
use tidelock_model::{Name, Phase};

use super::{Facts, Item, Way};
use crate::units::show;

/// Puts down who decides.
pub(super) fn decisions(decisions: &BTreeMap<Name, DecisionRule>, items: &mut BTreeMap<String, Item>) {
    for (name, rule) in decisions {
        // Without this one nobody can override a hold.
        let allows = name.as_str() == "override";
        let item = Item { new: "new".into(), guards: !allows, allows, facts: decision(rule) };
        items.insert(format!("decisions.{name}"), item);
    }
}

fn decision(rule: &DecisionRule) -> Facts {
    let DecisionRule { who, deputies, approvals, answer_within, if_silent } = rule;
    let mut facts = Facts::default();
    facts.put("approvals", approvals, Way::Least(f64::from(*approvals)));
    who.iter().for_each(|who| facts.put(format!("who {who}"), "", Way::May));
    deputies.iter().for_each(|who| facts.put(format!("deputies {who}"), "", Way::May));
    // When somebody is asked opens nothing: deputies may decide before they are.
    facts.time("answer_within", *answer_within, |_| Way::Fact);
    match if_silent {
        IfSilent::AskDeputies => facts.put("if_silent", "ask_deputies", Way::Fact),
        IfSilent::Shut => {}
    }
    facts
}

/// Puts down what people check by hand.
pub(super) fn manual_checks(checks: &BTreeMap<Name, ManualCheck>, items: &mut BTreeMap<String, Item>) {
    for (name, check) in checks {
        items.insert(format!("manual_checks.{name}"), Item::guard("new", manual(check)));
    }
}

fn manual(check: &ManualCheck) -> Facts {
    let ManualCheck { title, owner, phase, evidence_required, within, valid_for } = check;
    let mut facts = Facts::default();
    // Nothing else says what has to be checked.
    facts.put("title", title, Way::Any);
    facts.put("owner", owner, Way::Any);
    facts.put("phase", phase.map_or("any", Phase::word), Way::Any);
    if *evidence_required {
        facts.put("evidence", "required", Way::Must);
    }
    facts.time("within", *within, Way::Most);
    facts.time("valid_for", *valid_for, Way::Most);
    facts
}

/// Puts down what each gate needs.
pub(super) fn gates(gates: &BTreeMap<Phase, GateRule>, items: &mut BTreeMap<String, Item>) {
    for (phase, rule) in gates {
        items.insert(format!("gates.{phase}"), Item::guard("new", gate(rule)));
    }
}

fn gate(rule: &GateRule) -> Facts {
    let GateRule { needs, needs_all, stable_for, decision, valid_for, deadline, rehearsed } = rule;
    let mut facts = Facts::default();
    needs.iter().for_each(|name| facts.put(format!("needs {name}"), "", Way::Must));
    if *needs_all {
        facts.put("needs all", "", Way::Must);
    }
    facts.time("stable_for", Some(*stable_for), Way::Least);
    if let Some(decision) = decision {
        facts.put("decision", decision, Way::Must);
    }
    facts.time("valid_for", *valid_for, Way::Most);
    facts.time("deadline", *deadline, Way::Most);
    if let Some(Rehearsed { within, rollback }) = rehearsed {
        facts.put("rehearsed.within", show(*within), Way::Most(within.as_secs_f64()));
        if *rollback {
            facts.put("rehearsed.rollback", "true", Way::Must);
        }
    }
    facts
}
