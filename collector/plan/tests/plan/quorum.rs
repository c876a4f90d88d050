//! How many agents of a side a check asks for.

use std::time::Duration;

use tidelock_core::plan::{Plan, Scenario};
use tidelock_model::Side;
use tidelock_plan::{Source, check, diff, expanded};

use crate::common::load;

/// The smallest example with this line in its login.
fn source(agents: &str) -> Source {
    let mut source = load("deploy/examples/minimal.yaml");
    let level = "    level: critical\n";
    assert!(source.yaml.contains(level), "{}", source.yaml);
    source.yaml = source.yaml.replacen(level, &format!("{level}    {agents}\n"), 1);
    source
}

fn plan(agents: &str) -> Plan {
    let source = source(agents);
    check(&source).unwrap_or_else(|p| panic!("{}", p.render(&source, false, 100))).plan
}

fn login(plan: &Plan) -> &Scenario {
    plan.scenarios.get("login").expect("it is there")
}

fn asked(plan: &Plan) -> (u32, u32) {
    (plan.quorum(login(plan), Side::Source), plan.quorum(login(plan), Side::Target))
}

#[test]
fn a_check_asks_for_as_many_agents_as_its_side_unless_it_says_another_number() {
    let plain = plan("");
    assert_eq!(asked(&plain), (2, 2), "as the sides");
    assert!(login(&plain).agents_at_least.is_empty(), "a plan from before says nothing of it");
    assert_eq!(asked(&plan("agents: { at_least: 3 }")), (3, 3));
    assert_eq!(asked(&plan("agents: { target: 4 }")), (2, 4));
    assert_eq!(asked(&plan("agents: { at_least: 3, source: 1 }")), (1, 3));
    let written = source("agents: { source: 1, target: 4 }");
    let plan = check(&written).expect("it is a plan").plan;
    let again = Source { yaml: expanded(&plan), ..written };
    assert_eq!(check(&again).expect("it is written out in full").plan, plan);
}

#[test]
fn the_slots_of_a_proof_follow_the_agents_that_the_check_asks_for() {
    let slot = |agents: &str| login(&plan(agents)).slot.map(|slot| slot.as_secs());
    assert_eq!((slot(""), slot("agents: { at_least: 2 }")), (Some(10), Some(10)));
    assert_eq!(slot("agents: { source: 1 }"), Some(20), "one agent gives four results in twice the time");
    assert_eq!(login(&plan("")).every, Duration::from_secs(5));
}

#[test]
fn fewer_agents_for_a_check_are_looser_and_more_are_stricter() {
    let told = |old: &str, new: &str| {
        let changes = diff(&plan(old), &plan(new)).into_iter();
        let lines = changes.filter(|change| change.text.contains("agents"));
        lines.map(|change| (change.looser, change.stricter, change.text)).collect::<Vec<_>>()
    };
    let line = |side: &str, what: &str| format!("~ {:<44} {what}", format!("scenarios.login.agents.{side}"));
    let (three, two) = ("agents: { target: 3 }", "agents: { target: 2 }");
    assert_eq!(told(three, two), [(true, false, line("target", "3 -> 2"))]);
    assert_eq!(told(two, three), [(false, true, line("target", "2 -> 3"))]);
    // Left out, the side's own number is in force again.
    assert_eq!(told(three, ""), [(true, false, line("target", "3 -> 2 (as the side)"))]);
    assert_eq!(told("", "agents: { source: 1 }"), [(true, false, line("source", "2 (as the side) -> 1"))]);
    assert_eq!(told("", two), [(false, false, line("target", "2 (as the side) -> 2"))]);
}
