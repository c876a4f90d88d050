//! What changes about a scenario: what runs, where, when, and how many must tell of it.

use tidelock_core::plan::{Plan, Scenario};
use tidelock_model::{Level, Name, Phase};

use super::{Facts, Item, Way, claims};
use crate::units::show;

/// One scenario, beside the other plan's.
pub(super) fn scenario((name, scenario): (&Name, &Scenario), plan: &Plan, other: &Plan) -> Item {
    let mut facts = self::facts(scenario);
    quorum((name, scenario), plan, other, &mut facts);
    Item::guard(format!("new, {}, {}", scenario.level, gates_of(name, plan)), facts)
}

fn gates_of(scenario: &Name, plan: &Plan) -> String {
    let needs = |phase: &Phase| plan.needed(*phase).iter().any(|(name, _)| *name == scenario);
    let gates: Vec<&str> = plan.gates.keys().copied().filter(needs).map(Phase::word).collect();
    if gates.is_empty() { "in no gate yet".into() } else { format!("in {}", gates.join(", ")) }
}

fn facts(scenario: &Scenario) -> Facts {
    let Scenario {
        title,
        if_broken,
        kind,
        level,
        may_dip,
        writes,
        plugin,
        component,
        sides,
        // Beside what the sides ask for: see `quorum`.
        agents_at_least: _,
        phases,
        every,
        timeout,
        fresh_for,
        settings,
        // Both follow from the settings, and from what is granted behind those targets.
        targets: _,
        secrets: _,
        claims,
        slot,
    } = scenario;
    let mut facts = Facts::default();
    facts.put("title", title, Way::Fact);
    facts.put("if_broken", if_broken, Way::Fact);
    // What it decides about levels and writing is written out in their own lines.
    facts.put("kind", kind, Way::Fact);
    facts.put("level", level, Way::Least(rank(*level)));
    // Not even for a moment is a limit too.
    if let Some(dip) = may_dip {
        facts.put("may_dip", show(*dip), Way::Most(dip.as_secs_f64()));
    }
    if *writes {
        facts.put("writes", "true", Way::Must);
    }
    facts.put("plugin", plugin, Way::Any);
    facts.pin("sha256", component.short(), component.to_string(), Way::Any);
    sides.iter().for_each(|side| facts.put(format!("run_on {side}"), "", Way::Must));
    phases.iter().for_each(|phase| facts.put(format!("phases {phase}"), "", Way::Must));
    // So many runs in a row come sooner, and outages between two runs are seen less often.
    facts.put("every", show(*every), Way::Any);
    facts.time("timeout", Some(*timeout), Way::Most);
    facts.time("fresh_for", Some(*fresh_for), Way::Most);
    facts.pin("with", format!("{:016x}", short_hash(settings)), settings.as_str(), Way::Any);
    claims.iter().for_each(|claim| claims::claim(claim, &mut facts));
    facts.time("slot", *slot, |_| Way::Any);
    facts
}

fn rank(level: Level) -> f64 {
    match level {
        Level::Critical => 3.0,
        Level::Important => 2.0,
        Level::Minor => 1.0,
    }
}

/// How many agents must tell of it, where one of the two plans says so for the scenario itself: what the sides ask
/// for has lines of its own.
fn quorum((name, scenario): (&Name, &Scenario), plan: &Plan, other: &Plan, facts: &mut Facts) {
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

/// Enough to see that settings changed; they may be long.
pub(super) fn short_hash(text: &str) -> u64 {
    use sha2::Digest;
    let bytes: [u8; 32] = sha2::Sha256::digest(text.as_bytes()).into();
    bytes[..8].iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
