//! Every field of a plan, and what a change of it is called: looser, stricter, or neither.
//!
//! The table is the decision. A field that is new stands in no row: then `known` does not compile, and neither does
//! the comparison itself, until somebody has said which way it gets looser.

mod sides;
mod switch;
mod weighed;

use std::collections::BTreeSet;
use std::time::Duration;

use tidelock_core::plan::{
    Assertion, BackLimit, Canary, Claim, ClaimKind, Command, DecisionRule, Environment, EvidenceRule,
    FirstMinutes, GateRule, Gauge, HttpTarget, Joint, LatencyClaim, ManualCheck, OneWay, OwnedThing, Parity,
    Person, Plan, Quantile, Receiver, Recommend, Rehearsed, RollbackRule, Runbook, Scenario, Silence,
    SqlTarget, Step, Strength, SuccessClaim, Switch,
};
use tidelock_model::{Name, Side};
use tidelock_plan::{Change, check, diff};

use crate::common::load;

/// What a change is called.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Word {
    Looser,
    Stricter,
    Neither,
}

/// It is looser, and taken back it is stricter.
const LESS: (Word, Word) = (Word::Looser, Word::Stricter);
/// It is stricter, and taken back it is looser.
const MORE: (Word, Word) = (Word::Stricter, Word::Looser);
/// Nobody can say which way: both are looser.
const ANY: (Word, Word) = (Word::Looser, Word::Looser);
/// No gate, no way back and nobody's voice depends on it.
const FACT: (Word, Word) = (Word::Neither, Word::Neither);

/// They follow from other fields, and have no lines of their own.
const DERIVED: [&str; 2] = ["Scenario.targets", "Scenario.secrets"];

/// A change of one field, and what it is called, there and back.
struct Row {
    field: &'static str,
    called: (Word, Word),
    change: fn(&mut Plan),
}

fn row(field: &'static str, called: (Word, Word), change: fn(&mut Plan)) -> Row {
    Row { field, called, change }
}

/// Takes each struct apart without a rest, and gives back the names of its fields.
macro_rules! fields {
    ($($struct:ident { $($field:ident),+ $(,)? })+) => {
        fn known() -> BTreeSet<&'static str> {
            $(let _ = |it: &$struct| { let $struct { $($field: _),+ } = it; };)+
            BTreeSet::from([$($(concat!(stringify!($struct), ".", stringify!($field))),+),+])
        }
    };
}

fields! {
    Plan {
        name, summary, timezone, rehearsal_scale, source, target, people, decisions, scenarios, evidence,
        manual_checks, gates, rollback, switch, canary, links,
    }
    Environment { title, agents_at_least, agents_at_most, agents_named, targets, revision }
    HttpTarget {
        url, methods, paths, ca_pem, tls_name, credential, reuse_connection, rate_per_second, concurrency, addresses,
    }
    SqlTarget { dialect, address, user, password, ca_pem, tls_name, write, addresses }
    Canary { plugin, component }
    Person { name, role, reach }
    DecisionRule { who, deputies, approvals, answer_within, if_silent }
    Scenario {
        title, if_broken, kind, level, may_dip, writes, plugin, component, sides, agents_at_least, phases, every,
        timeout, fresh_for, settings, targets, secrets, claims, slot,
    }
    Claim { name, kind }
    EvidenceRule { grace, observe_at_least }
    SuccessClaim { strength, margin, slo, error_rate, incidents_per_second }
    LatencyClaim { quantile, slack, slack_ms, error_rate, at_most }
    Gauge { measure, enter, leave, held_for, error_rate }
    Silence { held_for, error_rate, more_than_per_hour }
    Parity { tolerate_lag, matches, rows_at_least }
    ManualCheck { title, owner, phase, evidence_required, within, valid_for }
    GateRule { needs, needs_all, stable_for, decision, valid_for, deadline, rehearsed }
    Rehearsed { within, rollback }
    RollbackRule { window, warn_before, no_return, recommend, automatic, possible_while, one_way, runbook }
    Recommend { false_alarm, watch }
    BackLimit { name, from, measure, at_most, unit, counts_loss }
    OneWay { what, from, measure }
    Switch { runbook, owners, assertions, first_minutes, notify, writes_go_to_target }
    Runbook { steps }
    Step { name, kind, owner, planned, deadline, run, undo, rehearsal, after, bake }
    Command { argv, env, timeout }
    OwnedThing { kind, until_switch, then, seen_by, measure }
    Assertion { about, rule }
    FirstMinutes { settling, metrics }
    Receiver { kind, events }
}

fn rows() -> Vec<Row> {
    [sides::rows(), weighed::rows(), switch::rows()].into_iter().flatten().collect()
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

/// The claims of the scenario `everything`, in their order.
const PASSES: usize = 0;
const MEASURE: usize = 1;
const SUCCESS: usize = 2;
const LATENCY: usize = 3;
const GAUGE: usize = 4;
const SILENT: usize = 5;
const OWNER: usize = 6;
const PARITY: usize = 7;
const MARKS: usize = 8;
const SAME: usize = 9;
const PLACES: usize = 10;

fn every_claim() -> Vec<Claim> {
    let (minute, error_rate) = (Duration::from_secs(60), 0.05);
    let silence = Silence { held_for: minute, error_rate, more_than_per_hour: 6.0 };
    let (margin, slo, incidents_per_second) = (0.05, 0.95, 0.002);
    let success =
        SuccessClaim { strength: Strength::Standard, margin, slo, error_rate, incidents_per_second };
    let (slack, slack_ms) = (0.1, 5.0);
    let latency =
        LatencyClaim { quantile: Quantile::P95, slack, slack_ms, error_rate, at_most: Some(minute) };
    let gauge = Gauge { measure: "lag".into(), enter: 5.0, leave: 10.0, held_for: minute, error_rate };
    let bounds = ClaimKind::Measure {
        measure: "visible".into(),
        at_most: Some(9.0),
        at_least: Some(1.0),
        held_for: minute,
    };
    let joint = |name: &str, joint: Joint| Claim { name: name.into(), kind: ClaimKind::Joint(joint) };
    vec![
        Claim { name: "passes".into(), kind: ClaimKind::Passes { in_a_row: 3 } },
        Claim { name: "visible".into(), kind: bounds },
        joint("success", Joint::Success(success)),
        joint("latency p95", Joint::Latency(latency)),
        joint("lag", Joint::Gauge(gauge)),
        joint("silent", Joint::Silent(silence)),
        joint("owner", Joint::Owner { until_switch: Side::Source, then: Side::Target, quiet: silence }),
        joint("parity", Joint::Parity(Parity { tolerate_lag: minute, matches: 3, rows_at_least: 10 })),
        joint("marks", Joint::Marks { within: minute, lost: 1 }),
        joint("same_response", Joint::SameResponse { margin, error_rate }),
        joint("no_dependency_on", Joint::NoDependencyOn(Side::Source)),
    ]
}

/// An example with everything that a plan can say.
fn base() -> Plan {
    let mut plan = check(&load("deploy/examples/with-runbook.yaml")).expect("an example").plan;
    let mut everything = plan.scenarios.get("login").expect("it has one").clone();
    everything.claims = every_claim();
    plan.scenarios.insert(name("everything"), everything);
    plan
}

fn called(changes: &[Change]) -> Word {
    match changes.iter().any(|change| change.looser) {
        true => Word::Looser,
        false if changes.iter().any(|change| change.stricter) => Word::Stricter,
        false => Word::Neither,
    }
}

#[test]
fn each_change_of_a_plan_is_called_what_it_is_there_and_back() {
    let old = base();
    assert_eq!(diff(&old, &old), []);
    for Row { field, called: (there, back), change } in rows() {
        let mut new = old.clone();
        change(&mut new);
        assert_ne!(old, new, "{field}: nothing changed");
        for (from, to, word) in [(&old, &new, there), (&new, &old, back)] {
            let changes = diff(from, to);
            assert_eq!(called(&changes), word, "{field}: {changes:?}");
            let line = changes.iter().all(|change| !change.text.contains("no line of its own"));
            assert_eq!(line, !DERIVED.contains(&field), "{field}: {changes:?}");
        }
    }
}

#[test]
fn every_field_of_a_plan_has_its_row() {
    let rows: BTreeSet<&str> = rows().iter().map(|row| row.field).collect();
    let of_structs: BTreeSet<&str> = rows.into_iter().filter(|field| !field.contains("::")).collect();
    assert_eq!(of_structs, known());
}

#[test]
fn a_check_whose_sessions_cross_takes_a_place_from_the_claim_and_is_called_looser() {
    let old = base();
    let mut new = old.clone();
    let mut crossing = old.scenarios.get("login").expect("it has one").clone();
    crossing.settings = r#"{"session_from_other_side":"shop"}"#.into();
    new.scenarios.insert(name("crossing"), crossing);
    let looser: Vec<String> =
        diff(&old, &new).into_iter().filter(|change| change.looser).map(|change| change.text).collect();
    assert_eq!(looser.len(), 1, "{looser:?}");
    assert!(looser[0].starts_with("- no_dependency_on.source.host shop.example"), "{looser:?}");
}
