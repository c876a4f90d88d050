//! The way through the phases: which gates can be open in which phase, and what each needs where the
//! plan does not say.

use tidelock_model::{Level, Name, Phase, Side};

use crate::plan::{Claim, ClaimKind, Direction, GateRule, Joint, Plan, Scenario};

/// Left by nothing.
pub(crate) fn ends(phase: Phase) -> bool {
    match phase {
        Phase::Retired | Phase::RolledBack | Phase::Aborted => true,
        Phase::Prepare | Phase::Sync | Phase::Ready | Phase::Cutover | Phase::Watch => false,
        Phase::Committed | Phase::RollingBack => false,
    }
}

/// The gate that stands before the next phase.
pub(crate) fn next(phase: Phase) -> Option<Phase> {
    match phase {
        Phase::Prepare => Some(Phase::Sync),
        Phase::Sync => Some(Phase::Ready),
        Phase::Ready => Some(Phase::Cutover),
        Phase::Cutover => Some(Phase::Watch),
        Phase::Watch => Some(Phase::Committed),
        Phase::Committed => Some(Phase::Retired),
        Phase::RollingBack => Some(Phase::RolledBack),
        Phase::Retired | Phase::RolledBack | Phase::Aborted => None,
    }
}

/// The gates that can be open in a phase: the next one, and the one it was entered through, so that
/// whoever waits for that one still sees it.
pub(crate) fn live(plan: &Plan, phase: Phase) -> Vec<Phase> {
    let own = match phase {
        Phase::Sync | Phase::Ready | Phase::Watch => Some(phase),
        Phase::Prepare | Phase::Cutover | Phase::Committed | Phase::Retired => None,
        Phase::RollingBack | Phase::RolledBack | Phase::Aborted => None,
    };
    own.into_iter().chain(next(phase)).filter(|gate| rule(plan, *gate).is_some()).collect()
}

/// The moves that a `PhaseChanged` may tell of. Ready to cutover is not among them: it takes a token. Cutover
/// to sync is for a runbook that was taken back.
pub(crate) fn may_move(from: Phase, to: Phase) -> bool {
    use Phase::{Aborted, Committed, Cutover, Prepare, Ready, Retired, RolledBack, RollingBack, Sync, Watch};
    matches!(
        (from, to),
        (Prepare, Sync | Aborted)
            | (Sync, Ready | Aborted)
            | (Ready, Sync | Aborted)
            | (Cutover, Watch | RollingBack | Sync | Aborted)
            | (Watch, Committed | RollingBack)
            | (Committed, Retired)
            | (RollingBack, RolledBack)
    )
}

/// What the gate needs: as the plan says, and where it must not be left open, what stands for it.
/// None where the plan has no such gate and needs none.
pub(crate) fn rule(plan: &Plan, gate: Phase) -> Option<GateRule> {
    let written = plan.gates.get(&gate).cloned();
    let decided = |rule: GateRule, name: &str| {
        let decision = rule.decision.clone().or_else(|| Name::new(name).ok());
        Some(GateRule { decision, ..rule })
    };
    let all = || GateRule { needs_all: true, ..GateRule::default() };
    match gate {
        Phase::Sync | Phase::Watch | Phase::Retired => written,
        Phase::Ready => Some(written.unwrap_or_else(all)),
        Phase::Cutover => decided(written.unwrap_or_default(), "cutover"),
        Phase::Committed => decided(written.unwrap_or_else(all), "commit"),
        Phase::RolledBack => Some(written.unwrap_or_else(all)),
        Phase::Prepare | Phase::RollingBack | Phase::Aborted => None,
    }
}

/// The gates that need the scenario.
pub(crate) fn gates_of(plan: &Plan, name: &Name, scenario: &Scenario) -> Vec<Phase> {
    let wants = |gate: &Phase| rule(plan, *gate).is_some_and(|rule| needed(&rule, *gate, name, scenario));
    Phase::ALL.iter().copied().filter(wants).collect()
}

/// The rule needs the scenario, by name or because all are needed.
pub(crate) fn needed(rule: &GateRule, gate: Phase, name: &Name, scenario: &Scenario) -> bool {
    let runs = || crate::plan::before(gate).is_some_and(|phase| scenario.phases.contains(&phase));
    rule.needs.contains(name) || rule.needs_all && runs() && !sides(gate, scenario).is_empty()
}

/// The sides on which a gate needs a scenario. Going back is complete when the source works: that the
/// target does not is why somebody goes back.
pub(crate) fn sides(gate: Phase, scenario: &Scenario) -> Vec<Side> {
    let back = gate == Phase::RolledBack;
    // Jobs that still run on the target after going back are no small thing: there an owner is asked.
    let owner = |claim: &Claim| matches!(claim.kind, ClaimKind::Joint(Joint::Owner { .. }));
    let asked = |side: Side| !back || side == Side::Source || scenario.claims.iter().any(owner);
    scenario.sides.iter().copied().filter(|side| asked(*side)).collect()
}

/// Critical scenarios that no gate and no step of a runbook waits for: declared, and nobody would miss them.
pub(crate) fn unneeded(plan: &Plan) -> impl Iterator<Item = &Name> {
    let ways = [Direction::Cutover, Direction::Rollback];
    let steps = move |name: &Name| {
        let runbooks = ways.iter().filter_map(|way| plan.runbook(*way));
        runbooks.flat_map(|runbook| &runbook.steps).any(|step| step.after.contains(name))
    };
    (plan.scenarios.iter())
        .filter(move |(name, scenario)| {
            scenario.level == Level::Critical && gates_of(plan, name, scenario).is_empty() && !steps(name)
        })
        .map(|(name, _)| name)
}
