//! Claims as they are written, and the numbers that come of them.

use std::time::Duration;

use tidelock_core::plan::{Claim, ClaimKind, Joint, Plan, Quantile, Scenario, Strength};
use tidelock_plan::{Source, check, diff, expanded};

const GOOD: &str = include_str!("good-plan.yaml");
const LOGIN: &str = "claims: { passes: { in_a_row: 5 } }";
const QUIET: &str = "claims: { writes: { at_most: 0, for: 5m } }";

fn source(edits: &[(&str, &str)]) -> Source {
    let mut yaml = GOOD.to_owned();
    for (old, new) in edits {
        assert_eq!(yaml.matches(old).count(), 1, "{old:?} must stand once in the good plan");
        yaml = yaml.replace(old, new);
    }
    let files = [("flows/login.yaml".to_owned(), "steps: []\n".to_owned())].into();
    crate::common::source("plan.yaml", yaml, files)
}

/// Checks the edited plan, and that it reads back from `plan show` as it is.
fn plan(edits: &[(&str, &str)]) -> Plan {
    let source = source(edits);
    let plan = check(&source).unwrap_or_else(|p| panic!("{}", p.render(&source, false, 100))).plan;
    let mut full = source;
    full.yaml = expanded(&plan);
    let again =
        check(&full).unwrap_or_else(|p| panic!("{}\n{}", full.yaml, p.render(&full, false, 100))).plan;
    assert_eq!(again, plan, "{}", full.yaml);
    assert_eq!(diff(&plan, &again), []);
    plan
}

fn scenario(plan: &Plan, name: &str) -> Scenario {
    plan.scenarios.iter().find(|(n, _)| n.as_str() == name).expect("it is in the plan").1.clone()
}

fn claims(edits: &[(&str, &str)], name: &str) -> Vec<Claim> {
    scenario(&plan(edits), name).claims
}

fn success(claims: &[Claim]) -> (Strength, f64, f64, f64, f64) {
    let claim = claims.iter().find_map(|c| match &c.kind {
        ClaimKind::Joint(Joint::Success(claim)) if c.name == "success" => Some(*claim),
        ClaimKind::Passes { .. } | ClaimKind::Measure { .. } | ClaimKind::Joint(_) => None,
    });
    let c = claim.unwrap_or_else(|| panic!("no success in {claims:?}"));
    (c.strength, c.margin, c.slo, c.error_rate, c.incidents_per_second * 3600.0)
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn a_critical_scenario_proves_its_success_unless_it_says_otherwise() {
    let silent = claims(&[(LOGIN, "")], "login");
    let (strength, margin, slo, error_rate, per_hour) = success(&silent);
    assert_eq!(strength, Strength::Standard);
    assert!(near(margin, 0.05) && near(slo, 0.95) && near(error_rate, 0.05) && near(per_hour, 6.0));
    assert_eq!(silent, claims(&[(LOGIN, "proof: standard")], "login"));
    assert_eq!(silent, claims(&[(LOGIN, "claims: { success: {} }")], "login"));
    assert_eq!(
        silent,
        claims(&[(LOGIN, "claims: { success: { proof: strict, outage: 30s } }")], "login")
            .into_iter()
            .map(|mut claim| {
                if let ClaimKind::Joint(Joint::Success(success)) = &mut claim.kind {
                    success.strength = Strength::Standard;
                }
                claim
            })
            .collect::<Vec<_>>()
    );
    let simple = claims(&[], "login");
    assert!(matches!(simple[..], [Claim { kind: ClaimKind::Passes { in_a_row: 5 }, .. }]));
    let important = claims(&[], "checkout");
    assert!(matches!(important[..], [Claim { kind: ClaimKind::Passes { in_a_row: 3 }, .. }]));
}

#[test]
fn the_strength_says_which_outages_are_ruled_out() {
    let rate = |claim: &str, evidence: &str| {
        let written = format!("claims: {{ success: {claim} }}");
        success(&claims(
            &[(LOGIN, &written), ("manual_checks:", &format!("{evidence}\nmanual_checks:"))],
            "login",
        ))
        .4
    };
    assert!(near(rate("{ proof: quick }", ""), 12.0));
    assert!(near(rate("{ proof: quick, margin: 1% }", ""), 12.0));
    assert!(near(rate("{ proof: standard, margin: 10% }", ""), 12.0));
    assert!(near(rate("{ proof: strict }", ""), 3.0));
    assert!(near(rate("{ proof: quick, outage: 10s }", ""), 18.0));
    assert!(near(rate("{ proof: standard }", "evidence: { outage: 20s }"), 9.0));
    assert!(near(rate("{ proof: strict }", "evidence: { outage: 20s }"), 4.5));
    assert!(near(rate("{ margin: 0.7%, slo: 99.9% }", ""), 0.84));
}

#[test]
fn a_slot_is_the_smallest_with_four_results_of_each_side() {
    let slot = |every: &str, agents: &str, evidence: &str| {
        let every = format!("defaults: {{ every: {every}, timeout: 1s }}\n{evidence}");
        let edits = [
            (LOGIN, "proof: quick"),
            ("defaults: { every: 10s, timeout: 5s }", every.as_str()),
            ("agents: { at_least: 2, at_most: 3 }", agents),
            ("stable_for: 10m", "stable_for: 20m"),
        ];
        scenario(&plan(&edits), "login").slot.map(|slot| slot.as_millis())
    };
    let two = "agents: { at_least: 2 }";
    assert_eq!(slot("5s", two, ""), Some(10_000));
    assert_eq!(slot("5s", "agents: { at_least: 3 }", ""), Some(10_000), "the target still has two");
    assert_eq!(slot("5s", "agents: { at_least: 1 }", ""), Some(20_000), "the source has one");
    assert_eq!(slot("10s", two, ""), Some(20_000));
    assert_eq!(slot("15s", two, ""), Some(30_000));
    assert_eq!(slot("20s", two, ""), Some(60_000));
    assert_eq!(slot("30s", two, ""), Some(60_000));
    assert_eq!(slot("15s", "agents: { at_least: 1 }", ""), Some(60_000));
    assert_eq!(slot("10s", two, "evidence: { slot: 40s }"), Some(40_000));
    assert_eq!(slot("1s", two, "rehearsal_scale: true"), Some(2_000));
    assert_eq!(slot("5s", two, "rehearsal_scale: true"), Some(10_000));
    assert_eq!(scenario(&plan(&[]), "login").slot, None, "what is counted needs no slot");
}

#[test]
fn rounds_of_less_than_a_second_are_for_rehearsals() {
    let edits = [
        (LOGIN, "claims: { success: { outage: 2s }, latency: { p95: {} } }"),
        (
            "defaults: { every: 10s, timeout: 5s }",
            "rehearsal_scale: true\ndefaults: { every: 500ms, timeout: 400ms }\nevidence: { slot: 1s, observe_at_least: 0s, grace: 500ms }",
        ),
    ];
    let plan = plan(&edits);
    assert_eq!(scenario(&plan, "login").slot, Some(Duration::from_secs(1)));
    assert_eq!(plan.evidence.grace, Some(Duration::from_millis(500)));
    assert_eq!(plan.evidence.observe_at_least, Duration::ZERO);
}

#[test]
fn performance_is_latency_at_three_quantiles() {
    let short =
        claims(&[(LOGIN, "claims: { performance: { slack: 20%, slack_ms: 0s, at_most: 800ms } }")], "login");
    let long = "claims: { latency: { p99: { slack: 20%, slack_ms: 0s, at_most: 800ms }, p50: { slack: 20%, slack_ms: 0ms, at_most: 800ms }, p95: { slack: 20%, slack_ms: 0s, at_most: 800ms } } }";
    assert_eq!(short, claims(&[(LOGIN, long)], "login"));
    let names: Vec<&str> = short.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["latency p50", "latency p95", "latency p99"]);
    let usual = claims(&[(LOGIN, "claims: { latency: { p95: {} } }")], "login");
    let [Claim { kind: ClaimKind::Joint(Joint::Latency(latency)), .. }] = &usual[..] else {
        panic!("{usual:?}");
    };
    assert_eq!(latency.quantile, Quantile::P95);
    assert!(near(latency.slack, 0.1) && near(latency.slack_ms, 5.0) && near(latency.error_rate, 0.05));
    assert_eq!(latency.at_most, None);
}

#[test]
fn the_target_alone_is_held_to_absolute_numbers() {
    let edits = [
        (
            "card: \"secret:card\" }",
            "card: \"secret:card\" }\n    run_on: target\n    claims: { success: { slo: 99% }, latency: { p95: { at_most: 800ms } } }",
        ),
        ("every: 30s", "every: 10s"),
    ];
    assert_eq!(claims(&edits, "checkout").len(), 2);
}

#[test]
fn every_other_claim_reads_back() {
    let watch = |written: &str| {
        let edits = [(QUIET, format!("claims: {written}")), ("deadline: 20m", "deadline: 40m".into())];
        claims(&edits.each_ref().map(|(old, new)| (*old, new.as_str())), "jobs-quiet")
    };
    let [Claim { name, kind: ClaimKind::Joint(Joint::Gauge(gauge)) }] =
        &watch("{ lag: { gauge: { enter: 500ms, leave: 2m, for: 5m } } }")[..]
    else {
        panic!("no gauge");
    };
    assert_eq!((name.as_str(), gauge.measure.as_str()), ("lag", "lag"));
    assert!(near(gauge.enter, 0.5) && near(gauge.leave, 120.0), "times are in seconds");
    let silence = |written: &str| match &watch(written)[..] {
        [Claim { kind: ClaimKind::Joint(Joint::Silent(quiet)), .. }] => {
            (quiet.held_for.as_secs(), quiet.more_than_per_hour)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(silence("{ silent: { more_than: 6/h, for: 33m } }"), (33 * 60, 6.0));
    assert_eq!(silence("{ silent: { more_than: 6/h } }"), (34 * 60, 6.0));
    assert_eq!(silence("{ silent: { more_than: 10/m } }"), (21, 600.0));
    assert_eq!(silence("{ silent: { for: 5m } }"), (300, 0.0));
    for written in [
        "{ owner: { until_switch: source } }",
        "{ owner: { until_switch: target, then: source, for: 5m } }",
        "{ parity: {} }",
        "{ parity: { tolerate_lag: 0s, matches: 5, rows: { at_least: 100 } } }",
        "{ marks: { within: 30s } }",
        "{ marks: { within: 30s, lost: 3 }, same_response: { margin: 1% } }",
        "{ same_response: {} }",
        "{ no_dependency_on: source }",
        "{ drained: { for: 5m, error_rate: 1% }, rate: { at_least: 50%, at_most: 2m } }",
    ] {
        assert!(!claims(&[(LOGIN, &format!("claims: {written}"))], "login").is_empty(), "{written}");
    }
}

#[test]
fn a_change_of_a_claim_is_told_with_its_way() {
    let change = |old: &str, new: &str| {
        let plans = [old, new].map(|written| plan(&[(LOGIN, &format!("claims: {written}"))]));
        let told =
            |c: tidelock_plan::Change| format!("{} {}\n", if c.looser { "LOOSER" } else { "-" }, c.text);
        diff(&plans[0], &plans[1]).into_iter().map(told).collect::<String>()
    };
    let mut page = String::new();
    for (old, new) in [
        ("{ success: { proof: strict } }", "{ success: { proof: standard } }"),
        ("{ success: { margin: 5% } }", "{ success: { margin: 6% } }"),
        ("{ success: {} }", "{ passes: { in_a_row: 5 } }"),
        ("{ latency: { p95: {}, p99: {} } }", "{ latency: { p95: { slack: 30% } } }"),
        ("{ owner: { until_switch: source } }", "{ owner: { until_switch: target } }"),
        ("{ parity: { tolerate_lag: 0s } }", "{ parity: { tolerate_lag: 60s, matches: 2 } }"),
        ("{ marks: { within: 30s } }", "{ marks: { within: 20s, lost: 1 } }"),
        ("{ no_dependency_on: source, success: {} }", "{ success: {} }"),
    ] {
        page.push_str(&change(old, new));
        page.push('\n');
    }
    expect_test::expect_file!["claims.txt"].assert_eq(&page);
}
