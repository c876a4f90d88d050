use std::collections::BTreeSet;
use std::time::Duration;

use tidelock_model::Name;

use super::*;
use crate::plan::Command;

fn step(name: &str, kind: StepKind) -> Step {
    let undo = match kind {
        StepKind::Fence { .. } | StepKind::Open | StepKind::Route { .. } | StepKind::Reverse => true,
        StepKind::Drain | StepKind::CatchUp | StepKind::PointOfNoReturn => false,
        StepKind::Confirm | StepKind::Manual | StepKind::Command => false,
    };
    let command = || Command { argv: vec!["./it".into()], env: Vec::new(), timeout: Duration::from_secs(5) };
    Step {
        name: name.parse::<Name>().unwrap(),
        kind,
        owner: "ben".parse().unwrap(),
        planned: Duration::from_secs(5),
        deadline: None,
        run: Some(command()),
        undo: undo.then(command),
        rehearsal: None,
        after: BTreeSet::new(),
        bake: Duration::ZERO,
    }
}

fn fence(name: &str) -> Step {
    step(name, StepKind::Fence { two_readings: Duration::from_secs(5) })
}

fn route(weights: &[u32]) -> Step {
    step("traffic", StepKind::Route { weights: weights.to_vec() })
}

fn open() -> Step {
    step("open", StepKind::Open)
}

fn no_return() -> Step {
    step("no-return", StepKind::PointOfNoReturn)
}

fn asserts(rule: AssertionRule) -> Vec<Assertion> {
    vec![Assertion { about: "orders".into(), rule }]
}

fn planned(steps: Vec<Step>, assertions: &[Assertion]) -> Option<(usize, String)> {
    runbook_breach(Direction::Cutover, &Runbook { steps }, assertions)
}

#[test]
fn a_fence_before_the_opening_breaks_nothing() {
    for rule in [AssertionRule::ExactlyOneSideAcceptsWrites, AssertionRule::AtLeastOneSideServes] {
        let steps = vec![fence("fence"), no_return(), open(), route(&[1, 10, 100])];
        assert_eq!(planned(steps, &asserts(rule)), None);
        let back = Runbook { steps: vec![fence("fence"), route(&[0]), open()] };
        assert_eq!(runbook_breach(Direction::Rollback, &back, &asserts(rule)), None);
    }
    assert_eq!(planned(vec![route(&[10, 100])], &[]), None, "nothing is said of writes");
}

#[test]
fn two_sides_never_write_even_where_nothing_is_asserted() {
    let (step, why) = planned(vec![open(), fence("fence")], &[]).unwrap();
    assert_eq!(step, 0);
    assert_eq!(
        why,
        "open would let both sides accept writes: open opens target, and fence does not shut source"
    );
    let (step, why) = planned(vec![fence("fence"), open(), fence("other")], &[]).unwrap();
    assert_eq!((step, why.contains("other does not shut source")), (1, true), "{why}");
    assert!(planned(vec![open()], &[]).unwrap().1.ends_with("no fence shuts source"));
}

#[test]
fn a_fence_is_not_taken_back_while_the_other_side_is_open() {
    let mut kept = open();
    kept.undo = None;
    let steps = || vec![fence("fence"), kept.clone(), no_return()];
    let (step, why) = planned(steps(), &[]).unwrap();
    assert_eq!((step, why.starts_with("taking back fence would let both")), (0, true), "{why}");
    let back = Runbook { steps: steps() };
    assert!(runbook_breach(Direction::Rollback, &back, &[]).is_some(), "neither on the way back");
    let unnamed = vec![fence("fence"), kept.clone()];
    assert_eq!(planned(unnamed.clone(), &[]), None, "its opening is its point of no return");
    let back = Runbook { steps: unnamed };
    assert_eq!(runbook_breach(Direction::Rollback, &back, &[]), None, "it goes on until it has arrived");
    assert_eq!(planned(vec![fence("fence"), no_return(), kept.clone()], &[]), None, "nothing is taken back");
}

#[test]
fn what_nobody_knows_is_the_worse() {
    let runbook = Runbook { steps: vec![fence("fence"), open()] };
    let rules = Rules { direction: Direction::Cutover, runbook: &runbook, assertions: &[] };
    for doubt in [PartState::Begun, PartState::Failed, PartState::Ambiguous, PartState::Undoing] {
        let made = [doubt.into(), Made::No];
        assert!(rules.breach(&made, 1, false).unwrap().contains("nobody knows whether fence"), "{doubt:?}");
        let made = [Made::Yes, doubt.into()];
        assert!(rules.breach(&made, 0, true).unwrap().contains("may have opened target"), "{doubt:?}");
        assert_eq!(rules.breach(&made, 1, true), None, "shutting it again is always right");
    }
    assert_eq!(rules.breach(&[PartState::Done.into(), Made::No], 1, false), None);
    assert_eq!(rules.breach(&[Made::Yes, PartState::Undone.into()], 0, true), None);
}

#[test]
fn nothing_is_taken_back_behind_the_point_of_no_return() {
    let runbook = Runbook { steps: vec![fence("fence"), no_return(), open()] };
    let rules = Rules { direction: Direction::Cutover, runbook: &runbook, assertions: &[] };
    assert_eq!(rules.breach(&[Made::Yes, Made::No, Made::No], 0, true), None);
    let passed = rules.breach(&[Made::Yes, Made::Yes, Made::No], 0, true).unwrap();
    assert_eq!(passed, "fence is not taken back: the point of no return was passed");
}

#[test]
fn somebody_must_accept_writes_in_the_end() {
    for rule in [AssertionRule::ExactlyOneSideAcceptsWrites, AssertionRule::AtLeastOneSideServes] {
        let (step, why) = planned(vec![fence("fence"), route(&[100])], &asserts(rule)).unwrap();
        assert_eq!((step, why.contains("no later step opens target")), (0, true), "{why}");
    }
    assert_eq!(planned(vec![fence("fence"), route(&[100])], &[]), None, "not asserted");
    let serves = asserts(AssertionRule::AtLeastOneSideServes);
    let (step, why) = planned(vec![fence("fence"), open(), route(&[10, 50])], &serves).unwrap();
    assert_eq!((step, why.contains("would leave traffic on source")), (2, true), "{why}");
}

proptest::proptest! {
    #[test]
    fn what_is_not_refused_never_lets_both_sides_write(
        kinds in proptest::collection::vec(0_u8..6, 1..9),
        kept in proptest::collection::vec(proptest::bool::ANY, 9),
    ) {
        let made = |(place, number): (usize, &u8)| {
            let mut step = step(&format!("step-{place}"), match number {
                0 | 1 => StepKind::Fence { two_readings: Duration::ZERO },
                2 | 3 => StepKind::Open,
                4 => StepKind::PointOfNoReturn,
                _ => StepKind::Route { weights: vec![10, 100] },
            });
            step.undo = step.undo.filter(|_| kept[place]);
            step
        };
        let steps: Vec<Step> = kinds.iter().enumerate().map(made).collect();
        for direction in [Direction::Cutover, Direction::Rollback] {
            let runbook = Runbook { steps: steps.clone() };
            if runbook_breach(direction, &runbook, &[]).is_some() {
                continue;
            }
            let until = reversible_until(direction, &runbook, &runbook.parts());
            let parts: Vec<&Step> = runbook.parts().iter().map(|part| &steps[part.step]).collect();
            for last in 0..parts.len() {
                let mut there: Vec<bool> = (0..parts.len()).map(|place| place <= last).collect();
                let both = |there: &[bool]| {
                    let any = |which: fn(&StepKind) -> bool, is: bool| {
                        parts.iter().zip(there).any(|(step, there)| which(&step.kind) && *there == is)
                    };
                    let fence = |kind: &StepKind| matches!(kind, StepKind::Fence { .. });
                    let open = any(|kind| *kind == StepKind::Open, true);
                    open && (any(fence, false) || !any(fence, true))
                };
                proptest::prop_assert!(!both(&there), "{direction:?} up to {last} of {kinds:?}");
                for place in (0..=last).rev().filter(|_| last < until) {
                    there[place] &= parts[place].undo.is_none();
                    proptest::prop_assert!(!both(&there), "{direction:?} back from {last} of {kinds:?}");
                }
            }
        }
    }
}
