//! How long the gates take at best.

use tidelock_plan::{check, timeline};

use crate::common::load;

const GOOD: &str = include_str!("good-plan.yaml");

fn with(login: &str, more: &str) -> tidelock_plan::Plan {
    let yaml = GOOD
        .replace("claims: { passes: { in_a_row: 5 } }", login)
        .replace("manual_checks:", &format!("{more}\nmanual_checks:"))
        .replace("every: 10s", "every: 5s");
    let files = [("flows/login.yaml".to_owned(), "steps: []\n".to_owned())].into();
    let source = crate::common::source("plan.yaml", yaml, files);
    check(&source).unwrap_or_else(|p| panic!("{}", p.render(&source, false, 100))).plan
}

#[test]
fn the_timeline_of_the_example_is_this_page() {
    let plan = check(&load("deploy/examples/shop.yaml")).expect("an example").plan;
    let timeline = timeline(&plan);
    expect_test::expect_file!["timeline.txt"].assert_eq(&timeline.render());
    expect_test::expect![[r#"
        at best 3 h 41 min to committed
        gate ready: 81 min (checkout, success: standard: 71 min without an incident, rules out more than 6 outages an hour)
        gate cutover: 5 min (new-queue-consumed, visible: 5 min after it came to 200 or below)
        gate watch: 5 min (old-queue-drained, drained: quiet for 5 min, rules out more than 40 an hour)
        gate committed: 2 h 11 min (checkout, success: standard: 71 min without an incident, rules out more than 6 outages an hour)
        gate retired: 7 d"#]].assert_eq(&timeline.brief().join("\n"));
    let json = serde_json::to_string_pretty(&timeline.to_json()).expect("JSON is JSON");
    expect_test::expect_file!["timeline.json"].assert_eq(&(json + "\n"));
}

#[test]
fn a_clean_proof_takes_as_long_as_the_design_says() {
    let minutes = |claim: &str, more: &str| {
        let timeline = timeline(&with(claim, more));
        let ready = timeline.gates.iter().find(|g| g.gate.word() == "ready").expect("it always stands");
        let login = ready.needs.iter().find(|n| n.scenario.as_str() == "login").expect("it is needed");
        login.at_best.as_secs_f64() / 60.0
    };
    let short = "evidence: { observe_at_least: 1m }";
    let within = |value: f64, least: f64, most: f64| assert!((least..=most).contains(&value), "{value}");
    within(minutes("proof: quick", short), 17.0, 18.7);
    within(minutes("proof: standard", short), 35.0, 37.0);
    within(minutes("proof: strict", short), 70.0, 73.5);
    within(minutes("proof: quick", ""), 30.0, 30.0);
    within(minutes("claims: { latency: { p50: {} } }", short), 4.0, 10.0);
    within(minutes("claims: { latency: { p99: {} } }", short), 15.0, 30.0);
    // Far more slots than are simulated: the formula answers, and at once.
    within(minutes("claims: { success: { margin: 0.01%, slo: 99.99% } }", short), 10_000.0, 1e6);
}

#[test]
fn after_the_switch_evidence_begins_anew_and_before_it_goes_on() {
    let plan = check(&load("deploy/examples/minimal.yaml")).expect("an example").plan;
    let timeline = timeline(&plan);
    let at_best = |gate: &str| {
        let found = timeline.gates.iter().chain(&timeline.way_back).find(|g| g.gate.word() == gate);
        found.unwrap_or_else(|| panic!("no gate {gate}")).at_best.as_secs()
    };
    assert!(at_best("ready") > 2_000);
    assert_eq!(at_best("cutover"), 0, "a decision, and people take as long as they take");
    assert_eq!(at_best("committed"), 3_600, "the watch outlasts the proof");
    assert_eq!(at_best("rolled-back"), 35, "three slots, and the wait for late results");
    assert_eq!(timeline.to_committed.as_secs(), at_best("ready") + at_best("watch") + at_best("committed"));
}
