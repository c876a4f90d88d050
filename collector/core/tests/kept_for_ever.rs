//! What is decided is kept for ever, so nobody makes a decision of nothing: not by asking again and again, and not
//! without a place in the plan.

#![expect(clippy::unwrap_used, reason = "a test stops at what must not be")]

#[expect(dead_code, reason = "each test file uses a part of the world")]
mod world;

use tidelock_core::record::EventKind;
use tidelock_core::{Ask, HoldCode, RefusalCode};
use tidelock_model::Phase;
use world::{World, asker, name, plans};

/// A migration in sync, with one check.
fn world() -> World {
    let mut world = World::new();
    let mut plan = plans::empty();
    plans::line(&mut plan, "scenario login, critical, both: 2 passes in a row");
    plans::line(&mut plan, "gate ready: all");
    world.apply_plan(plan, "olga").unwrap();
    world.weigh();
    world
}

fn hold(who: &str, reason: &str) -> Ask {
    Ask::Hold { by: asker(who), reason: reason.to_owned(), request_id: String::new() }
}

/// Whether it was recorded.
fn holds(world: &mut World, who: &str, reason: &str) -> bool {
    let recorded = !world.ask(&hold(who, reason)).unwrap().is_empty();
    let held = world.migration.verdict(Phase::Ready, world.now).holds;
    let said = |line: &str| line.starts_with(&format!("{who} pressed hold: "));
    assert!(held.iter().any(|hold| hold.code == HoldCode::Operator && said(&hold.reason)), "{held:?}");
    recorded
}

#[test]
fn a_hold_is_recorded_for_so_many_reasons_and_stands_for_all_of_them() {
    let mut world = world();
    assert!(holds(&mut world, "olga", "look at checkout"));
    assert!((0..100).all(|_| !holds(&mut world, "olga", "look at checkout")), "nothing changes");
    let reasons = (1..100).filter(|number| holds(&mut world, "olga", &format!("reason {number}"))).count();
    assert_eq!(reasons, 19, "twenty reasons of one hold are enough");
    assert!(holds(&mut world, "ben", "look at checkout"), "another person's hold is another one");
    let (by, of, reason) = (asker("olga"), None, "all is well".to_owned());
    let released = world.ask(&Ask::Release { by, of, reason, request_id: String::new() }).unwrap();
    assert_eq!(released.len(), 1);
    assert!(holds(&mut world, "olga", "look at checkout"), "it is another hold now");
}

#[test]
fn who_is_not_in_the_plan_has_no_check_run_and_nothing_is_recorded_of_it() {
    let mut world = world();
    let run = |who| Ask::RunCheck { check: name("login"), agents: 2, other_settings: false, by: asker(who) };
    for stranger in ["eve", "pipeline"] {
        let before = world.journal.len();
        let refusal = world.ask(&run(stranger)).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::NotYours, "{stranger}: {}", refusal.message);
        assert_eq!(world.journal.len(), before);
    }
    for known in ["olga", "operator"] {
        let events = world.ask(&run(known)).unwrap();
        assert!(matches!(&events[..], [one] if matches!(one.kind, EventKind::CheckRun { .. })), "{events:?}");
    }
}
