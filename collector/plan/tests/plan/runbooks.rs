//! What people get wrong about the switch, and what the checked plan then says about it.
//!
//! Each mistake is one edit of the example with a runbook. The answers lie in `runbooks.txt`;
//! `UPDATE_EXPECT=1` rewrites them, and the difference is the review.

use std::collections::{BTreeMap, BTreeSet};

use tidelock_core::plan::{Direction, IfSilent, Plan, ReceiverKind, StepKind, Turbulence};
use tidelock_plan::{Source, check, codes, diff, explain, timeline};

use crate::common::{edits, load, page, source, told};

const GOOD: &str = include_str!("../../../../deploy/examples/with-runbook.yaml");
const MISTAKES: &str = include_str!("runbooks.in");

fn with(yaml: String) -> Source {
    source("plan.yaml", yaml, BTreeMap::new())
}

fn edited(changes: &[(&str, &str)]) -> Plan {
    let mut yaml = GOOD.to_owned();
    for (from, to) in changes {
        assert_eq!(yaml.matches(from).count(), 1, "{from}");
        yaml = yaml.replace(from, to);
    }
    let source = with(yaml);
    check(&source).unwrap_or_else(|p| panic!("{}", p.render(&source, false, 100))).plan
}

#[test]
fn every_mistake_of_the_switch_is_named_with_its_place_and_its_way_out() {
    let list = edits(GOOD, MISTAKES);
    assert!(list.len() >= 60, "{} mistakes", list.len());
    let sources: Vec<(String, Source)> = list.into_iter().map(|(title, yaml)| (title, with(yaml))).collect();
    let said: BTreeSet<&str> = sources
        .iter()
        .flat_map(|(_, s)| told(s).problems().iter().map(|p| p.code).collect::<Vec<_>>())
        .collect();
    for problem in sources.iter().flat_map(|(_, s)| told(s).problems().to_vec()) {
        assert!(problem.line.is_some() && problem.help.is_some(), "no place or no way out: {problem:?}");
    }
    let of_the_switch = |code: &&str| ("E051"..="E071").contains(code) || ("W011"..="W014").contains(code);
    for code in codes().map(|(code, _)| code).filter(of_the_switch) {
        assert!(said.contains(code), "no mistake is told as {code}");
        assert!(explain(code).is_some(), "{code} is not explained");
    }
    expect_test::expect_file!["runbooks.txt"].assert_eq(&page(sources.into_iter()));
}

#[test]
fn a_runbook_is_what_was_written() {
    let plan = edited(&[]);
    let steps = &plan.runbook(Direction::Cutover).expect("it has one").steps;
    let words: Vec<String> = steps.iter().map(|s| format!("{} {}", s.name, s.kind.word())).collect();
    assert_eq!(words[1..4], ["fence fence", "arrived catch-up", "no-return point-of-no-return"]);
    let fence = &steps[1];
    assert_eq!(fence.kind, StepKind::Fence { two_readings: std::time::Duration::from_secs(5) });
    let (run, undo) = (fence.run.as_ref().expect("it runs"), fence.undo.as_ref().expect("it can be undone"));
    assert_eq!(run.argv, ["./ops/read-only", "source", "on"]);
    assert_eq!(run.env, ["PGSERVICEFILE", "PGPASSFILE"]);
    // The step is given up after 15 s; taking it back is not.
    assert_eq!((run.timeout.as_secs(), undo.timeout.as_secs()), (15, 300));
    assert_eq!(steps[5].kind, StepKind::Route { weights: vec![100] });
    let shut = plan.runbook(Direction::Cutover).and_then(tidelock_core::plan::Runbook::planned_writes_shut);
    assert_eq!(shut.map(|time| time.as_secs()), Some(25));
    assert_eq!(plan.dip_budget().map(|(name, dip)| (name.as_str(), dip.as_secs())), Some(("checkout", 45)));
}

#[test]
fn the_rest_of_the_switch_is_what_was_written() {
    let plan = edited(&[]);
    let limits: Vec<String> = (plan.rollback.possible_while.iter())
        .map(|l| format!("{} {} of {} {}{} {}", l.name, l.measure, l.from, l.at_most, l.unit, l.counts_loss))
        .collect();
    assert_eq!(
        limits,
        [
            "feed-back.oldest_age oldest_age of feed-back 30s false",
            "target_only_rows visible of feed-back 500 true"
        ]
    );
    let first = plan.switch.first_minutes.as_ref().expect("it has them");
    let metrics: Vec<&Turbulence> = first.metrics.values().collect();
    assert_eq!(metrics, [&Turbulence::Within(1.5), &Turbulence::AtLeast(0.98)]);
    assert_eq!(plan.decisions.get("rollback").map(|rule| rule.if_silent), Some(IfSilent::AskDeputies));
    assert_eq!(plan.decisions.get("override").map(|rule| rule.approvals), Some(2));
    assert!(
        matches!(&plan.switch.notify[0].kind, ReceiverKind::Slack { url } if url.as_str() == "slack-webhook")
    );
    let jobs = plan.switch.owners.values().map(|thing| thing.measure.as_str()).collect::<Vec<_>>();
    assert_eq!(jobs, ["runs.invoice-nightly", "runs.stock-sync"]);
    // What proves a step of the way back goes on in it.
    let back = plan.scenarios.get("feed-back").expect("it is there");
    assert!(back.phases.contains(&tidelock_model::Phase::RollingBack));
    let nobody = check(&load("deploy/examples/shop.yaml")).expect("an example").plan;
    assert!(!nobody.decisions.contains_key("override"), "nobody may override what the plan does not say");
}

#[test]
fn a_scenario_that_a_step_waits_for_holds_something() {
    let changes = [(
        "watch:       { needs: [login, checkout, feed-forward]",
        "watch:       { needs: [login, checkout]",
    )];
    let mut yaml = GOOD.replace(changes[0].0, changes[0].1);
    assert_eq!(told(&with(yaml.clone())).problems(), [], "the step catch-up waits for it");
    yaml = yaml.replace("after: [feed-forward]", "after: [login]");
    assert!(told(&with(yaml)).problems().iter().any(|p| p.code == "E017"));
}

#[test]
fn what_makes_the_switch_easier_is_called_looser() {
    let changes = diff(
        &edited(&[]),
        &edited(&[
            ("after: [feed-forward], deadline: 20s", "after: [feed-forward], deadline: 15s"),
            ("two_readings: 5s, deadline: 15s", "two_readings: 6s, deadline: 15s"),
            ("bake: 30s, after: [login, checkout]", "bake: 20s, after: [login]"),
            ("rehearsed: { within: 14d, rollback: true }", "rehearsed: { within: 21d }"),
            ("  - { about: the shop, rule: at_least_one_side_serves }\n", ""),
            (
                "  override: { who: [olga, ben, carla], approvals: 2 }",
                "  override: { who: [olga, ben, carla], approvals: 3 }",
            ),
            ("feed-back: { oldest_age: { at_most: 30s } }", "feed-back: { oldest_age: { at_most: 60s } }"),
            ("at_most: 500, from", "at_most: 400, from"),
            ("  stock-sync:      { kind: job, until_switch: source, then: target, seen_by: jobs }\n", ""),
            ("login: { at_least: 98% }", "login: { at_least: 97% }"),
            ("evidence: required, valid_for: 7d", "evidence: required, valid_for: 8d"),
            ("may_dip: 45s", "may_dip: 46s"),
            (
                "    - { what: confirmation mails, from: feed-back, measure: enqueued }\n",
                "    - { what: mails, from: feed-back, measure: enqueued }\n",
            ),
            ("slack-webhook\", events: [phase, verdict", "slack-webhook\", events: [verdict"),
        ]),
    );
    let lines: Vec<String> = (changes.into_iter())
        .map(|change| format!("{} {}", if change.looser { "LOOSER" } else { "      " }, change.text))
        .collect();
    expect_test::expect![[r#"
        LOOSER - rollback.one_way "confirmation mails"        enqueued of feed-back removed
               + rollback.one_way "mails"                     enqueued of feed-back
        LOOSER ~ rollback.possible_while.feed-back.oldest_age 30s -> 1m
               ~ rollback.possible_while.target_only_rows     500 -> 400
        LOOSER - assertions "the shop" at_least_one_side_serves removed
               ~ decisions.override.approvals                 2 -> 3
        LOOSER ~ first_minutes.login.at_least                 98% -> 97%
        LOOSER - gates.ready.rehearsed.rollback               true removed
        LOOSER ~ gates.ready.rehearsed.within                 14d -> 21d
        LOOSER ~ manual_checks.restore-tested.valid_for       7d -> 8d
        LOOSER - notify slack secret:slack-webhook.events phase  removed
        LOOSER - owners.stock-sync                            removed
               ~ runbook.arrived.deadline                     20s -> 15s
               ~ runbook.fence.two_readings                   5s -> 6s
        LOOSER - runbook.traffic.after checkout                removed
        LOOSER ~ runbook.traffic.bake                         30s -> 20s
        LOOSER ~ scenarios.checkout.may_dip                   45s -> 46s
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn a_right_to_override_is_looser_when_it_comes() {
    let override_line = GOOD.lines().find(|line| line.contains("override:")).expect("it has one");
    let (with, without) = (edited(&[]), edited(&[(&format!("{override_line}\n"), "")]));
    let looser = |old: &Plan, new: &Plan| diff(old, new).iter().map(|c| c.looser).collect::<Vec<_>>();
    assert_eq!(looser(&without, &with), [true]);
    assert_eq!(looser(&with, &without), [false]);
}

#[test]
fn the_steps_take_as_long_as_they_take() {
    let timeline = timeline(&edited(&[]));
    let text = timeline.render();
    let (_, runs) = text.split_once("\nthe cutover").expect("it has a runbook");
    expect_test::expect![[r#"
        the cutover, step by step: 3 min at best
            feed-ready (reverse)                10 s
            fence                               10 s  two readings 5 s apart
            arrived (catch-up)                  10 s  3 fresh rounds of feed-forward
            no-return (point-of-no-return)       0 s  from here on forward only
            open-target (open)                   5 s
            traffic (route)                     30 s  100% on the target, 3 fresh rounds of checkout and login, for 30 s without a break
          ▸ feed-start (reverse)                60 s  3 fresh rounds of feed-back
            seen (confirm)                      20 s  3 fresh rounds of checkout and login
          writes are shut for 25 s as planned of the 45 s of checkout

        the way back, step by step: 40 s at best
            fence-target (fence)      10 s  two readings 5 s apart, 3 fresh rounds of feed-back
            traffic-back (route)       5 s  0% on the target
            open-source (open)         5 s
          ▸ seen-back (confirm)       20 s  3 fresh rounds of checkout and login
          writes are shut for 20 s as planned of the 45 s of checkout
    "#]].assert_eq(&format!("the cutover{runs}"));
    let brief = timeline.brief();
    assert!(brief.contains(&"the cutover: 3 min, writes shut for 25 s as planned".to_owned()), "{brief:?}");
    let json = timeline.to_json();
    assert_eq!(json["runs"][0]["direction"], "cutover");
    assert_eq!(json["runs"][0]["writes_shut_ms"], 25_000);
    assert_eq!(json["runs"][1]["steps"].as_array().map(Vec::len), Some(4));
}

#[test]
fn weights_may_follow_a_fence_where_the_writes_of_both_sides_go_to_the_target() {
    let weights = ("weights: [100%], bake: 30s", "weights: [1%, 10%, 100%], bake: 30s");
    let both = ("owners:\n", "writes_from_both_sides_go_to: target\nowners:\n");
    let plan = edited(&[weights, both]);
    assert!(plan.switch.writes_go_to_target);
    let parts = plan.runbook(Direction::Cutover).expect("it has one").parts();
    assert_eq!(parts.iter().filter_map(|part| part.weight).collect::<Vec<_>>(), [1, 10, 100]);
}
