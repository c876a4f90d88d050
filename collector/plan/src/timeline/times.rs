//! How long one claim takes at best, and what that rules out, in words.

use std::time::Duration;

use tidelock_core::plan::{Claim, ClaimKind, Joint, LatencyClaim, Plan, Scenario, Silence, SuccessClaim};
use tidelock_core::proof::{
    CAUTION, NonInferiority, Objective, ScenarioSettings, Tuning, attempt_threshold, best_case_slots,
};
use tidelock_model::{Phase, Side};

use super::{ClaimTime, minutes};
use crate::units::show_percent;

/// Results of the source that a latency needs before it is weighed.
const SOURCE_RESULTS: u64 = 200;
/// Above this many slots the closed formula is near enough; the engine is asked below it.
const EXACT_BELOW: u64 = 1_000;
/// A step is proved by this many slots that were good.
const STEP_SLOTS: u64 = 3;
/// What a result may be late by, beside the scenario's timeout, where the plan does not say.
const LATE: Duration = Duration::from_secs(2);

/// The claims of a scenario as this gate asks them.
pub(super) fn claims(plan: &Plan, gate: Phase, scenario: &Scenario) -> Vec<ClaimTime> {
    let time = |claim: &Claim| {
        let (at_best, says) = match &claim.kind {
            ClaimKind::Passes { in_a_row } => (
                scenario.every.saturating_mul(in_a_row.saturating_sub(1)),
                format!("{in_a_row} runs in a row, counted and not proved"),
            ),
            ClaimKind::Measure { held_for, .. } => {
                (*held_for, "as long as it must hold, counted and not proved".to_owned())
            }
            ClaimKind::Joint(joint) => self::joint(plan, gate, scenario, joint),
        };
        ClaimTime { claim: claim.name.clone(), at_best, says }
    };
    scenario.claims.iter().map(time).collect()
}

fn joint(plan: &Plan, gate: Phase, scenario: &Scenario, joint: &Joint) -> (Duration, String) {
    if joint.needs_slots() && !full_proof(gate) {
        let (time, _) = waited(plan, scenario, STEP_SLOTS, Duration::ZERO);
        return (time, format!("{STEP_SLOTS} slots that were good: a step needs no full proof"));
    }
    // After the switch the target alone bears the load: there is nothing to compare it with.
    let compared = scenario.sides.len() > 1 && !matches!(gate, Phase::Committed | Phase::Retired);
    match joint {
        Joint::Success(claim) => success(plan, scenario, claim, compared),
        Joint::Latency(claim) => latency(plan, scenario, claim, compared),
        Joint::SameResponse { margin, error_rate } => {
            let slots = not_worse(*error_rate, *margin, |_| 0.0);
            let (time, word) = proof(plan, scenario, slots);
            (
                time,
                format!("{word}, rules out {} more differences than the source's own", show_percent(*margin)),
            )
        }
        Joint::Gauge(gauge) => {
            (gauge.held_for, format!("{} after it came to {} or below", minutes(gauge.held_for), gauge.enter))
        }
        Joint::Drained(silence) | Joint::Silent(silence) => (silence.held_for, quiet(silence)),
        Joint::Owner { quiet: silence, .. } => {
            (silence.held_for, format!("the side that is not the owner {}", quiet(silence)))
        }
        Joint::Parity(parity) => (
            scenario.every.saturating_mul(parity.matches.saturating_sub(1)),
            format!("{} comparisons in a row", parity.matches),
        ),
        Joint::Marks { .. } => (scenario.every, "the first mark that has arrived".into()),
        Joint::NoDependencyOn(side) => (scenario.every, format!("one round that meets nothing of {side}")),
    }
}

/// "quiet for 34 min, rules out more than 6 an hour".
fn quiet(silence: &Silence) -> String {
    let per_hour = if silence.more_than_per_hour > 0.0 {
        silence.more_than_per_hour
    } else {
        attempt_threshold(silence.error_rate, 1) / silence.held_for.as_secs_f64() * 3600.0
    };
    format!("quiet for {}, rules out more than {} an hour", minutes(silence.held_for), count(per_hour))
}

fn success(plan: &Plan, scenario: &Scenario, claim: &SuccessClaim, compared: bool) -> (Duration, String) {
    let Some(slot) = scenario.slot else { return (plan.evidence.observe_at_least, String::new()) };
    let settings = ScenarioSettings {
        margin: claim.margin,
        slo: claim.slo,
        alpha: claim.error_rate,
        incidents_per_second: claim.incidents_per_second,
        slot_seconds: slot.as_secs_f64(),
        absolute_only: !compared,
        tuning: Tuning::default(),
    };
    let (time, word) = proof(plan, scenario, success_slots(settings));
    (time, success_words(claim, &word))
}

/// "standard: 37 min without an incident, rules out more than 6 outages an hour".
fn success_words(claim: &SuccessClaim, time: &str) -> String {
    format!("{}: {time} without an incident, {}", claim.strength.word(), ruled_out(claim))
}

/// "rules out more than 6 outages an hour".
pub(crate) fn ruled_out(claim: &SuccessClaim) -> String {
    format!("rules out more than {} outages an hour", count(claim.incidents_per_second * 3600.0))
}

/// The fewest slots to a proof of success: by the engine itself where that is quick.
fn success_slots(settings: ScenarioSettings) -> u64 {
    let difference = gain(settings.margin, 1.0 - settings.margin);
    let per_slot = [
        if settings.absolute_only { f64::INFINITY } else { difference },
        gain(1.0 - settings.slo, settings.slo),
        0.98 * settings.incidents_per_second * settings.slot_seconds,
    ];
    let formula = formula(settings.alpha, per_slot.into_iter().fold(f64::INFINITY, f64::min));
    if formula > EXACT_BELOW {
        return formula;
    }
    best_case_slots(settings).ok().flatten().unwrap_or(formula)
}

/// What a slot is worth to the largest component of an e-process.
fn gain(z: f64, c: f64) -> f64 {
    (0.99 * z / c).ln_1p()
}

/// Slots until the largest component alone is enough.
fn formula(error_rate: f64, gain: f64) -> u64 {
    let slots = (attempt_threshold(error_rate, 1) - 0.8_f64.ln()) / gain;
    if slots.is_finite() { slots.ceil().max(0.0) as u64 } else { u64::MAX }
}

/// Slots until the target is proved not to be worse by the margin, where in slot n it is better by `lead(n)`.
fn not_worse(error_rate: f64, margin: f64, lead: impl Fn(u64) -> f64) -> u64 {
    let (threshold, mut evidence) = (attempt_threshold(error_rate, 1), NonInferiority::default());
    let enough = |slot: &u64| {
        evidence.step(lead(*slot), margin, f64::INFINITY);
        evidence.ln_e() >= threshold
    };
    (1..=EXACT_BELOW).find(enough).unwrap_or_else(|| formula(error_rate, gain(margin, 1.0 - margin)))
}

/// Slots until the target is proved to be inside a limit so often, where it always is.
fn always(error_rate: f64, share: f64) -> u64 {
    let (threshold, mut evidence) = (attempt_threshold(error_rate, 1), Objective::default());
    let enough = |_: &u64| {
        evidence.step(1.0, share, f64::INFINITY);
        evidence.ln_e() >= threshold
    };
    (1..=EXACT_BELOW).find(enough).unwrap_or_else(|| formula(error_rate, gain(1.0 - share, share)))
}

fn latency(plan: &Plan, scenario: &Scenario, claim: &LatencyClaim, compared: bool) -> (Duration, String) {
    let word = claim.quantile.word();
    let Some(slot) = scenario.slot else { return (plan.evidence.observe_at_least, String::new()) };
    let (q, margin) = (claim.quantile.share(), claim.quantile.margin());
    let absolute = claim.at_most.map_or(0, |_| always(claim.error_rate, q - margin));
    if !compared {
        let (time, took) = proof(plan, scenario, absolute);
        return (time, format!("{took}, {word} of the target alone"));
    }
    let rounds = (slot.as_millis() / scenario.every.as_millis().max(1)) as u64;
    let results = (u64::from(plan.quorum(scenario, Side::Source)) * rounds).max(1);
    let first = SOURCE_RESULTS.div_ceil(results);
    // At best every answer of the target is inside, and the source's share is at its cautious quantile.
    let slots = not_worse(claim.error_rate, margin, |slot| {
        let n = ((first + slot - 1) * results) as f64;
        let rank = (n * q - CAUTION * (n * q * (1.0 - q)).sqrt()).ceil().max(1.0);
        1.0 - rank / n
    });
    let (time, took) = proof(plan, scenario, (first + slots).max(absolute));
    let slack = format!("{} and {} ms", show_percent(claim.slack), claim.slack_ms);
    (time, format!("{took}, rules out {word} slower by {slack}"))
}

/// So many slots of a whole proof, and what is observed in any case.
fn proof(plan: &Plan, scenario: &Scenario, slots: u64) -> (Duration, String) {
    waited(plan, scenario, slots, plan.evidence.observe_at_least)
}

/// So many slots and the wait for late results, and at least this.
fn waited(plan: &Plan, scenario: &Scenario, slots: u64, least: Duration) -> (Duration, String) {
    let slot = scenario.slot.unwrap_or(scenario.every);
    let grace = plan.evidence.grace.unwrap_or(scenario.timeout + LATE);
    let slots = u32::try_from(slots).unwrap_or(u32::MAX);
    let time = slot.saturating_mul(slots).saturating_add(grace).max(least);
    (time, minutes(time))
}

/// The gate asks for the whole proof; the others for slots that were good lately.
fn full_proof(gate: Phase) -> bool {
    match gate {
        Phase::Ready | Phase::Cutover | Phase::Committed | Phase::Retired => true,
        Phase::Prepare | Phase::Sync | Phase::Watch => false,
        Phase::RollingBack | Phase::RolledBack | Phase::Aborted => false,
    }
}

/// A rate in words.
fn count(rate: f64) -> String {
    let text = if rate >= 10.0 { format!("{rate:.0}") } else { format!("{rate:.1}") };
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
