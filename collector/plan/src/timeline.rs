//! How long the gates take at best: nobody should learn at night that a proof needs half an hour.
//!
//! Every number is a lower bound: agents answer, nothing fails, people decide at once. What is late then is
//! late because of the migration, not because of the plan.

use std::time::Duration;

use tidelock_core::plan::{Direction, Plan, Scenario, before};
use tidelock_model::{Name, Phase};

mod render;
mod runs;
mod times;

pub(crate) use render::{minutes, summary};
pub(crate) use runs::part_at_best;
pub use runs::{RunTime, StepTime};
pub(crate) use times::ruled_out;

/// The gates in the order in which a migration meets them; the way back stands for itself.
const WAY: [Phase; 6] =
    [Phase::Sync, Phase::Ready, Phase::Cutover, Phase::Watch, Phase::Committed, Phase::Retired];

/// The best-case times of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The migration.
    pub migration: Name,
    /// Values below the usual scale are in force.
    pub rehearsal_scale: bool,
    /// The gates on the way, in order.
    pub gates: Vec<GateTime>,
    /// From the start to `committed`: the sum of the gates up to it.
    pub to_committed: Duration,
    /// The gate `rolled-back`, counted from the decision to go back.
    pub way_back: Option<GateTime>,
    /// The runbooks, each from its first step on: the cutover's, then the one of the way back.
    pub runs: Vec<RunTime>,
}

/// How long one gate takes, from the beginning of the phase before it.
#[derive(Debug, Clone, PartialEq)]
pub struct GateTime {
    /// The phase that it opens.
    pub gate: Phase,
    /// The phase in which its evidence is gathered.
    pub phase: Phase,
    /// Each scenario that it needs, the slowest first.
    pub needs: Vec<NeedTime>,
    /// The manual checks that it needs; people take as long as they take.
    pub manual_checks: Vec<Name>,
    /// How long all of it must hold.
    pub stable_for: Duration,
    /// How long the watch after the switch lasts, where this gate waits for it.
    pub watch: Duration,
    /// How long the steps of the phase before take.
    pub steps: Duration,
    /// The slowest proof and then `stable_for`, and no less than the watch and the steps.
    pub at_best: Duration,
    /// The decision that it asks for.
    pub decision: Option<Name>,
    /// How long an answer may take before the deputies are asked: not part of `at_best`.
    pub answer_within: Option<Duration>,
    /// When it must have opened.
    pub deadline: Option<Duration>,
}

impl GateTime {
    /// The scenario that everything else waits for.
    pub fn longest(&self) -> Option<&NeedTime> {
        self.needs.first().filter(|need| !need.at_best.is_zero())
    }
}

/// How long one scenario takes to be proved for a gate.
#[derive(Debug, Clone, PartialEq)]
pub struct NeedTime {
    /// The scenario.
    pub scenario: Name,
    /// Counted from the beginning of the phase before the gate.
    pub at_best: Duration,
    /// It runs in the phase before that one too, so that part of its evidence is there.
    pub begins_earlier: bool,
    /// The unit of its statistical evidence.
    pub slot: Option<Duration>,
    /// What is claimed, in the order of the plan.
    pub claims: Vec<ClaimTime>,
}

impl NeedTime {
    /// The claim that takes longest.
    pub fn longest(&self) -> Option<&ClaimTime> {
        self.claims.iter().rev().max_by_key(|claim| claim.at_best)
    }
}

/// How long one claim takes from nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimTime {
    /// Its name.
    pub claim: String,
    /// From the first run on.
    pub at_best: Duration,
    /// The same in words, with what it rules out.
    pub says: String,
}

/// Lays out how long each gate takes at best.
pub fn timeline(plan: &Plan) -> Timeline {
    let mut began: Vec<(Phase, Duration)> = vec![(Phase::Prepare, Duration::ZERO)];
    let mut now = Duration::ZERO;
    let mut gates = Vec::new();
    let mut to_committed = Duration::ZERO;
    for phase in WAY {
        if let Some(gate) = gate(plan, phase, &began) {
            now = now.saturating_add(gate.at_best);
            gates.push(gate);
        }
        if phase == Phase::Committed {
            to_committed = now;
        }
        began.push((phase, now));
    }
    Timeline {
        migration: plan.name.clone(),
        rehearsal_scale: plan.rehearsal_scale,
        gates,
        to_committed,
        way_back: gate(plan, Phase::RolledBack, &[(Phase::RollingBack, Duration::ZERO)]),
        runs: [Direction::Cutover, Direction::Rollback]
            .into_iter()
            .filter_map(|d| runs::run(plan, d))
            .collect(),
    }
}

fn gate(plan: &Plan, phase: Phase, began: &[(Phase, Duration)]) -> Option<GateTime> {
    let rule = plan.gates.get(&phase)?;
    let before = before(phase)?;
    let mut needs: Vec<NeedTime> =
        plan.needed(phase).into_iter().map(|(name, s)| need(plan, phase, name, s, began)).collect();
    needs.sort_by(|a, b| b.at_best.cmp(&a.at_best).then_with(|| a.scenario.cmp(&b.scenario)));
    let longest = needs.first().map(|need| need.at_best).unwrap_or_default();
    let manual_checks = rule.needs.iter().filter(|n| plan.manual_checks.contains_key(*n)).cloned().collect();
    let answer = rule.decision.as_ref().and_then(|name| plan.decisions.get(name)?.answer_within);
    let watch = if phase == Phase::Committed { plan.watch() } else { Duration::ZERO };
    let steps = steps(plan, phase);
    Some(GateTime {
        gate: phase,
        phase: before,
        watch,
        steps,
        at_best: longest.saturating_add(rule.stable_for).max(watch).max(steps),
        needs,
        manual_checks,
        stable_for: rule.stable_for,
        decision: rule.decision.clone(),
        answer_within: answer,
        deadline: rule.deadline,
    })
}

/// How long the steps take that are walked before this gate.
fn steps(plan: &Plan, gate: Phase) -> Duration {
    let direction = match gate {
        Phase::Watch => Direction::Cutover,
        Phase::RolledBack => Direction::Rollback,
        Phase::Prepare
        | Phase::Sync
        | Phase::Ready
        | Phase::Cutover
        | Phase::Committed
        | Phase::Retired
        | Phase::RollingBack
        | Phase::Aborted => return Duration::ZERO,
    };
    runs::run(plan, direction).map(|run| run.at_best).unwrap_or_default()
}

fn need(plan: &Plan, gate: Phase, name: &Name, scenario: &Scenario, began: &[(Phase, Duration)]) -> NeedTime {
    let claims = times::claims(plan, gate, scenario);
    let from_nothing = claims.iter().map(|claim| claim.at_best).max().unwrap_or_default();
    let at = |phase: Phase| began.iter().find(|(p, _)| *p == phase).map(|(_, at)| *at);
    let (first, last) = (first_phase(scenario, gate), before(gate));
    let head_start = match (first.and_then(at), last.and_then(at)) {
        (Some(first), Some(last)) => last.saturating_sub(first),
        _ => Duration::ZERO,
    };
    NeedTime {
        scenario: name.clone(),
        at_best: from_nothing.saturating_sub(head_start),
        begins_earlier: first != last,
        slot: scenario.slot,
        claims,
    }
}

/// Since when its evidence for this gate has been gathered without a break: the first of the phases that
/// follow each other up to the gate. The switch begins new evidence, and so does going back.
fn first_phase(scenario: &Scenario, gate: Phase) -> Option<Phase> {
    let mut first = before(gate)?;
    while !matches!(first, Phase::Watch | Phase::RollingBack)
        && let Some(earlier) = before(first).filter(|phase| scenario.phases.contains(phase))
    {
        first = earlier;
    }
    Some(first)
}

/// The shortest time between the beginning of the phase before a gate and its opening, `stable_for`
/// included: with what takes longest. Nothing where all evidence may be there when that phase begins.
pub(crate) fn shortest(plan: &Plan, gate: Phase) -> (Duration, Option<(Name, ClaimTime)>) {
    let fresh = (plan.needed(gate).into_iter())
        .filter(|(_, scenario)| first_phase(scenario, gate) == before(gate))
        .flat_map(|(name, s)| times::claims(plan, gate, s).into_iter().map(|c| (name.clone(), c)));
    let longest = fresh.max_by_key(|(_, claim)| claim.at_best);
    let proof = longest.as_ref().map(|(_, claim)| claim.at_best).unwrap_or_default();
    let stable_for = plan.gates.get(&gate).map(|g| g.stable_for).unwrap_or_default();
    (proof.saturating_add(stable_for).max(steps(plan, gate)), longest)
}
