//! The illusion "login works but the session does not": a naive probe stays green, the gate does not open.

use tidelock_tests::{World, WorldOptions, eventually, naive_probe};

#[test]
fn a_lost_session_holds_the_gate_while_the_naive_probe_is_green() {
    let world = World::collector_alone();
    world.target.lose_sessions(true);
    world.apply(&WorldOptions::default().plan);
    let mut world = world;
    world.join("source", "source-1");
    world.join("target", "target-1");
    let hold = world.until_hold("ready", |hold| hold["state"] == "refuted", "the session is lost");
    assert_eq!(
        naive_probe(&world.target.url),
        200,
        "the naive probe must be green for this to be an illusion"
    );
    assert_eq!((hold["check"].as_str(), hold["side"].as_str()), (Some("login"), Some("target")), "{hold}");
    assert_eq!(world.operator.run(&["gate", "check", "ready"]).code, 3);
    // A pass is never to be read as more than it proves: the blind spots stand beside it.
    let why = eventually("why says what the check cannot see", || {
        let why = world.operator.run(&["why", "login"]).good();
        if why.out.contains("Cannot see") { Ok(why) } else { Err(why.out) }
    });
    assert!(why.out.contains("target"), "{}", why.out);
}
