//! Scenarios, and what is claimed about them.

use std::time::Duration;

use tidelock_core::plan::{
    ClaimKind, Gauge, Joint, LatencyClaim, Parity, Quantile, Scenario, Silence, Strength, SuccessClaim,
};
use tidelock_model::{Level, Phase, Sha256, Side};

use super::{
    ANY, FACT, GAUGE, LATENCY, LESS, MARKS, MEASURE, MORE, OWNER, PARITY, PASSES, PLACES, Plan, Row, SAME,
    SILENT, SUCCESS, name, row,
};

pub(super) fn rows() -> Vec<Row> {
    [scenario(), claims(), success(), latency(), gauge(), silence(), compared()]
        .into_iter()
        .flatten()
        .collect()
}

fn checkout(plan: &mut Plan) -> &mut Scenario {
    plan.scenarios.get_mut("checkout").expect("it has one")
}

fn everything(plan: &mut Plan) -> &mut Scenario {
    plan.scenarios.get_mut("everything").expect("it has one")
}

fn kind(plan: &mut Plan, at: usize) -> &mut ClaimKind {
    &mut everything(plan).claims[at].kind
}

fn joint(plan: &mut Plan, at: usize) -> &mut Joint {
    match kind(plan, at) {
        ClaimKind::Joint(joint) => joint,
        ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => panic!("claim {at} is simple"),
    }
}

fn of_success(plan: &mut Plan) -> &mut SuccessClaim {
    if let Joint::Success(claim) = joint(plan, SUCCESS) { claim } else { panic!("no success") }
}

fn of_latency(plan: &mut Plan) -> &mut LatencyClaim {
    if let Joint::Latency(claim) = joint(plan, LATENCY) { claim } else { panic!("no latency") }
}

fn of_gauge(plan: &mut Plan) -> &mut Gauge {
    if let Joint::Gauge(claim) = joint(plan, GAUGE) { claim } else { panic!("no gauge") }
}

fn of_silence(plan: &mut Plan) -> &mut Silence {
    if let Joint::Silent(claim) = joint(plan, SILENT) { claim } else { panic!("no silence") }
}

fn of_parity(plan: &mut Plan) -> &mut Parity {
    if let Joint::Parity(claim) = joint(plan, PARITY) { claim } else { panic!("no parity") }
}

fn scenario() -> Vec<Row> {
    vec![
        row("Scenario.title", FACT, |p| checkout(p).title.push('!')),
        row("Scenario.if_broken", FACT, |p| checkout(p).if_broken.push('!')),
        row("Scenario.kind", FACT, |p| checkout(p).kind = "flow".into()),
        row("Scenario.level", LESS, |p| checkout(p).level = Level::Minor),
        row("Scenario.may_dip", LESS, |p| checkout(p).may_dip = None),
        row("Scenario.writes", LESS, |p| checkout(p).writes = false),
        row("Scenario.plugin", ANY, |p| checkout(p).plugin = "builtin:login".into()),
        row("Scenario.component", ANY, |p| checkout(p).component = Sha256::from_bytes([8; 32])),
        // One that is shown alike is another one all the same.
        row("Scenario.component", ANY, |p| {
            let mut bytes = *checkout(p).component.as_bytes();
            bytes[31] ^= 1;
            checkout(p).component = Sha256::from_bytes(bytes);
        }),
        row("Scenario.sides", LESS, |p| {
            checkout(p).sides.remove(&Side::Source);
        }),
        row("Scenario.agents_at_least", MORE, |p| {
            checkout(p).agents_at_least.insert(Side::Target, 3);
        }),
        row("Scenario.agents_at_least", LESS, |p| {
            checkout(p).agents_at_least.insert(Side::Target, 1);
        }),
        row("Scenario.phases", LESS, |p| {
            checkout(p).phases.remove(&Phase::Watch);
        }),
        row("Scenario.every", ANY, |p| checkout(p).every = Duration::from_millis(500)),
        row("Scenario.timeout", LESS, |p| checkout(p).timeout *= 2),
        row("Scenario.fresh_for", LESS, |p| checkout(p).fresh_for *= 2),
        row("Scenario.settings", ANY, |p| checkout(p).settings = "{}".into()),
        row("Scenario.targets", ANY, |p| checkout(p).targets.clear()),
        row("Scenario.secrets", ANY, |p| {
            checkout(p).secrets.insert(name("another"));
        }),
        row("Scenario.claims", LESS, |p| {
            everything(p).claims.pop();
        }),
        row("Scenario.slot", ANY, |p| checkout(p).slot = Some(Duration::from_secs(60))),
    ]
}

fn claims() -> Vec<Row> {
    vec![
        row("Claim.name", ANY, |p| everything(p).claims[PASSES].name = "another".into()),
        row("Claim.kind", ANY, |p| *kind(p, PASSES) = ClaimKind::Joint(Joint::NoDependencyOn(Side::Source))),
        row("ClaimKind::Passes.in_a_row", LESS, |p| *kind(p, PASSES) = ClaimKind::Passes { in_a_row: 1 }),
        row("ClaimKind::Measure.measure", ANY, |p| {
            if let ClaimKind::Measure { measure, .. } = kind(p, MEASURE) {
                *measure = "another".into();
            }
        }),
        row("ClaimKind::Measure.at_most", LESS, |p| {
            if let ClaimKind::Measure { at_most, .. } = kind(p, MEASURE) {
                *at_most = None;
            }
        }),
        row("ClaimKind::Measure.at_least", LESS, |p| {
            if let ClaimKind::Measure { at_least, .. } = kind(p, MEASURE) {
                *at_least = Some(0.5);
            }
        }),
        row("ClaimKind::Measure.held_for", LESS, |p| {
            if let ClaimKind::Measure { held_for, .. } = kind(p, MEASURE) {
                *held_for = Duration::ZERO;
            }
        }),
    ]
}

fn success() -> Vec<Row> {
    vec![
        // Its word: what it rules out stands beside it.
        row("SuccessClaim.strength", FACT, |p| of_success(p).strength = Strength::Quick),
        row("SuccessClaim.margin", LESS, |p| of_success(p).margin = 0.06),
        row("SuccessClaim.slo", LESS, |p| of_success(p).slo = 0.9),
        row("SuccessClaim.error_rate", LESS, |p| of_success(p).error_rate = 0.06),
        row("SuccessClaim.incidents_per_second", LESS, |p| of_success(p).incidents_per_second *= 1.000_001),
    ]
}

fn latency() -> Vec<Row> {
    vec![
        row("LatencyClaim.quantile", ANY, |p| of_latency(p).quantile = Quantile::P50),
        row("LatencyClaim.slack", LESS, |p| of_latency(p).slack = 0.2),
        row("LatencyClaim.slack_ms", LESS, |p| of_latency(p).slack_ms = 6.0),
        row("LatencyClaim.error_rate", LESS, |p| of_latency(p).error_rate = 0.06),
        row("LatencyClaim.at_most", LESS, |p| of_latency(p).at_most = None),
    ]
}

fn gauge() -> Vec<Row> {
    vec![
        row("Gauge.measure", ANY, |p| of_gauge(p).measure = "another".into()),
        row("Gauge.enter", LESS, |p| of_gauge(p).enter = 6.0),
        row("Gauge.leave", LESS, |p| of_gauge(p).leave = 11.0),
        row("Gauge.held_for", LESS, |p| of_gauge(p).held_for /= 2),
        row("Gauge.error_rate", LESS, |p| of_gauge(p).error_rate = 0.06),
    ]
}

fn silence() -> Vec<Row> {
    vec![
        row("Silence.held_for", LESS, |p| of_silence(p).held_for /= 2),
        row("Silence.error_rate", LESS, |p| of_silence(p).error_rate = 0.06),
        row("Silence.more_than_per_hour", LESS, |p| of_silence(p).more_than_per_hour = 7.0),
        row("Joint::Owner.until_switch", ANY, |p| {
            if let Joint::Owner { until_switch, .. } = joint(p, OWNER) {
                *until_switch = Side::Target;
            }
        }),
        row("Joint::Owner.then", ANY, |p| {
            if let Joint::Owner { then, .. } = joint(p, OWNER) {
                *then = Side::Source;
            }
        }),
        row("Joint::Owner.quiet", LESS, |p| {
            if let Joint::Owner { quiet, .. } = joint(p, OWNER) {
                quiet.held_for /= 2;
            }
        }),
    ]
}

fn compared() -> Vec<Row> {
    vec![
        row("Parity.tolerate_lag", LESS, |p| of_parity(p).tolerate_lag *= 2),
        row("Parity.matches", LESS, |p| of_parity(p).matches = 2),
        row("Parity.rows_at_least", LESS, |p| of_parity(p).rows_at_least = 9),
        row("Joint::Marks.within", LESS, |p| {
            if let Joint::Marks { within, .. } = joint(p, MARKS) {
                *within *= 2;
            }
        }),
        row("Joint::Marks.lost", LESS, |p| {
            if let Joint::Marks { lost, .. } = joint(p, MARKS) {
                *lost = 2;
            }
        }),
        row("Joint::SameResponse.margin", LESS, |p| {
            if let Joint::SameResponse { margin, .. } = joint(p, SAME) {
                *margin = 0.06;
            }
        }),
        row("Joint::SameResponse.error_rate", LESS, |p| {
            if let Joint::SameResponse { error_rate, .. } = joint(p, SAME) {
                *error_rate = 0.06;
            }
        }),
        row("Joint::NoDependencyOn", ANY, |p| *joint(p, PLACES) = Joint::NoDependencyOn(Side::Target)),
    ]
}
