use tidelock_model::Side::{Source, Target};

use super::*;
use crate::plan::{Silence, Step};
use crate::record::EventKind;
use crate::runbook::stand::*;

fn shop() -> Stand {
    let quiet = Silence { held_for: secs(60), error_rate: 0.05, more_than_per_hour: 0.0 };
    let owner = Joint::Owner { until_switch: Source, then: Target, quiet };
    let cron = scenario(&[Source, Target], vec![ClaimKind::Joint(owner)]);
    let mut plan = plan(vec![("cron", cron)], Vec::<Step>::new());
    let invoices = OwnedThing {
        kind: "job".into(),
        until_switch: Source,
        then: Target,
        seen_by: name("cron"),
        measure: "runs.invoices".into(),
    };
    plan.switch.owners.insert(name("invoices"), invoices);
    Stand::new(plan, &["s1", "t1"])
}

fn ran(times: f64) -> Says {
    counts(&[("writes", 0.0), ("runs.invoices", times)])
}

fn sides(source: f64, target: f64) -> Vec<(&'static str, &'static str, Says)> {
    vec![("s1", "cron", ran(source)), ("t1", "cron", ran(target))]
}

fn lines(stand: &Stand, gate: Phase) -> Vec<String> {
    stand.migration.ledger_holds(gate, stand.now).iter().map(Hold::line).collect()
}

#[test]
fn one_owner_holds_nothing() {
    let mut stand = shop();
    stand.rounds(1, &sides(0.0, 0.0));
    stand.rounds(2, &sides(1.0, 0.0));
    for gate in [Phase::Ready, Phase::Cutover, Phase::Watch, Phase::Committed, Phase::Sync] {
        assert_eq!(lines(&stand, gate), [] as [&str; 0], "{gate}");
    }
    assert!(stand.replays());
}

#[test]
fn two_owners_hold_by_name_until_the_other_side_is_proved_quiet() {
    let mut stand = shop();
    stand.rounds(1, &sides(0.0, 0.0));
    stand.rounds(1, &sides(1.0, 1.0));
    assert_eq!(
        lines(&stand, Phase::Cutover),
        [
            "ownership cron on target: job invoices runs on source and on target: source alone owns it until the switch"
        ]
    );
    stand.rounds(40, &sides(1.0, 0.0));
    assert_eq!(lines(&stand, Phase::Cutover), [] as [&str; 0]);
    stand.rounds(1, &sides(0.0, 1.0));
    assert_eq!(lines(&stand, Phase::Sync), [] as [&str; 0], "only what goes towards traffic asks");
    // The scenario itself counts writes and runs; the ledger alone remembers whose they were.
    stand.decide(EventKind::RevisionSet { side: Target, revision: "v2".into() });
    stand.rounds(2, &sides(0.0, 0.0));
    assert_eq!(lines(&stand, Phase::Cutover), [] as [&str; 0], "another build of the side begins anew");
}

#[test]
fn the_old_owner_that_goes_on_after_the_switch_is_named() {
    let mut stand = shop();
    stand.rounds(3, &sides(1.0, 0.0));
    stand.decide(EventKind::Switched { to: Target });
    stand.rounds(1, &sides(1.0, 0.0));
    assert_eq!(lines(&stand, Phase::Watch), [] as [&str; 0], "that look began before the switch");
    stand.rounds(1, &sides(1.0, 0.0));
    assert_eq!(
        lines(&stand, Phase::Watch),
        ["ownership cron on source: job invoices runs on source, and target owns it after the switch"]
    );
}

#[test]
fn a_job_that_nobody_runs_is_missed_when_it_is_due() {
    let mut stand = shop();
    stand.rounds(1, &sides(0.0, 0.0));
    for _ in 0..3 {
        stand.rounds(1, &sides(1.0, 0.0));
        stand.rounds(3, &sides(0.0, 0.0));
    }
    stand.decide(EventKind::Switched { to: Target });
    stand.rounds(6, &sides(0.0, 0.0));
    assert_eq!(lines(&stand, Phase::Watch), [] as [&str; 0], "it ran each 20 s, so it is not late yet");
    let nobody = "ownership cron on target: nobody runs job invoices since the switch: target owns it";
    assert_eq!(lines(&stand, Phase::Committed), [nobody]);
    stand.rounds(3, &sides(0.0, 0.0));
    assert_eq!(lines(&stand, Phase::Watch), [nobody]);
    stand.rounds(1, &sides(0.0, 1.0));
    assert_eq!(lines(&stand, Phase::Committed), [] as [&str; 0]);
}

#[test]
fn who_does_not_tell_holds() {
    let mut stand = shop();
    stand.rounds(1, &[("s1", "cron", ran(0.0)), ("t1", "cron", passes())]);
    assert_eq!(
        lines(&stand, Phase::Cutover),
        ["ownership cron on target: cron does not tell by runs.invoices whether invoices runs on target"]
    );
    stand.wait(60);
    assert_eq!(lines(&stand, Phase::Cutover).len(), 2, "nothing was heard for a minute");
    assert_eq!(lines(&stand, Phase::Retired), [] as [&str; 0], "the old side may be gone by then");
}

#[test]
fn what_is_lost_of_the_side_that_must_not_holds_until_it_is_proved_quiet() {
    let mut stand = shop();
    stand.rounds(3, &sides(1.0, 0.0));
    stand.loses("t1");
    let held = lines(&stand, Phase::Cutover);
    let (begins, ends) = (
        "ownership cron on target: what t1 told between ",
        " is lost or does not count, and nobody knows whether job invoices ran on target then: source alone owns it until the switch",
    );
    assert!(held.len() == 1 && held[0].starts_with(begins) && held[0].ends_with(ends), "{held:?}");
    stand.rounds(14, &sides(1.0, 0.0));
    assert_eq!(lines(&stand, Phase::Cutover), [] as [&str; 0], "it was quiet for a minute since");
    stand.loses("s1");
    assert_eq!(lines(&stand, Phase::Cutover), [] as [&str; 0], "its owner may run it");
    assert!(stand.replays());
}

#[test]
fn a_run_that_was_told_too_late_to_count_is_not_forgotten() {
    let mut stand = shop();
    stand.rounds(9, &sides(1.0, 0.0));
    stand.finds_late("t1", "cron", &ran(0.0), 40);
    assert_eq!(lines(&stand, Phase::Cutover), [] as [&str; 0], "no run was told");
    stand.finds_late("t1", "cron", &ran(1.0), 40);
    assert_eq!(lines(&stand, Phase::Cutover).len(), 1);
    stand.decide(EventKind::Switched { to: Target });
    stand.rounds(1, &sides(0.0, 0.0));
    stand.finds_late("s1", "cron", &ran(1.0), 40);
    assert_eq!(
        lines(&stand, Phase::Watch),
        [] as [&str; 0],
        "source owned it at the time that this tells of"
    );
}
