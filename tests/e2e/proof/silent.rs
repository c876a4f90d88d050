//! Both sides down, a source that says nothing, an agent that comes back: nothing of it opens a gate, and
//! what was proved before is not lost.

use super::{SHORT, nothing_twice, openings, page, plan, until_claim, until_gate};
use tidelock_tests::World;

/// Up, with both shops down.
fn both_down() -> World {
    let mut world = World::collector_alone();
    world.source.down(true);
    world.target.down(true);
    world.apply(&plan(1, &[page("home", SHORT)]));
    world.join("source", "source-1");
    world.join("target", "target-1");
    world
}

#[test]
fn two_sides_that_fail_alike_open_nothing_and_silence_is_unknown() {
    let mut world = both_down();
    let down = until_claim(&world, "home", "both sides are down", |claim| {
        let left_out = claim["proof"]["not_counted"].as_array();
        let source_down = |left: &serde_json::Value| left["why"] == "the source was down";
        claim["state"] == "refuted" && left_out.is_some_and(|left| left.iter().any(source_down))
    });
    assert!(down["is"].as_str().is_some_and(|is| is.contains("target was down")), "{down}");
    assert_eq!(world.operator.run(&["gate", "check", "ready"]).code, 3);
    assert_eq!(openings(&world), 0, "two shops that fail alike opened the gate");
    world.source.down(false);
    world.target.down(false);
    until_gate(&world, 0, "both sides are well");
    let before = until_claim(&world, "home", "it is proved", |claim| claim["state"] == "proved");

    // Nobody looks at the source any more: the target alone proves nothing.
    world.agents[0].kill9();
    until_gate(&world, 6, "nothing is known of the source");
    let unknown = until_claim(&world, "home", "the silence is told", |claim| claim["state"] == "stale");
    assert!(unknown["is"].as_str().is_some_and(|is| is.contains("of source")), "{unknown}");

    // It starts again with its old spool, as after a reboot: the evidence goes on where it was.
    world.agents[0].start();
    until_gate(&world, 0, "the source is heard again");
    let after = until_claim(&world, "home", "the proof stands again", |claim| claim["state"] == "proved");
    assert_eq!(after["proof"]["begun"], before["proof"]["begun"], "the evidence began anew: {after}");
    assert_eq!(after["proof"]["attempt"], before["proof"]["attempt"], "{after}");
    assert!(after["proof"]["results"].as_u64() > before["proof"]["results"].as_u64(), "{after}");
    nothing_twice(&world, "home", [1, 1]);
}
