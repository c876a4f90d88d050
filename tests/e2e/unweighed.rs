//! Not every claim is weighed slot by slot: whoever asks for the evidence of a gauge or of a queue that is
//! drained is told how it stands, and a program that asks for slots gets none.

use tidelock_tests::{World, WorldOptions};

/// The usual plan with such claims beside the login.
fn plan() -> String {
    let checks = r#"
  lag:
    if_broken: The target is behind
    level: critical
    plugin: builtin:login
    run_on: target
    with: { target: shop, user: probe, password: "secret:probe-password" }
    claims: { lag: { gauge: { enter: 5, leave: 10, for: 20s } } }
  queue:
    if_broken: Orders stay behind
    level: critical
    plugin: builtin:login
    run_on: source
    with: { target: shop, user: probe, password: "secret:probe-password" }
    claims: { drained: { for: 20s } }
gates:"#;
    WorldOptions::default().plan.replace("\ngates:", checks)
}

#[test]
fn a_gauge_and_a_drained_queue_are_told_in_words() {
    let world = World::collector_alone();
    world.apply(&plan());
    for (check, side) in [("lag", "target must"), ("queue", "source must"), ("login", "target must")] {
        for words in
            [&["why", check][..], &["evidence", "show", check], &["evidence", "show", check, "--ascii"]]
        {
            let told = world.operator.run(words).good();
            assert!(told.out.contains(side) && told.out.contains("missing"), "{words:?}: {}", told.out);
            assert!(!told.out.contains("proved"), "{words:?}: {}", told.out);
        }
        let shown = world.operator.run(&["evidence", "show", check]).good().out;
        assert!(shown.contains(&format!("tidelock why {check}")), "it says where more is: {shown}");
        let why = world.operator.run(&["why", check, "-o", "json"]).good().json();
        assert_eq!(why["scenario"]["name"], check, "{why}");
        // What is no course must not be taken for one.
        let course = world.operator.run(&["evidence", "show", check, "-o", "json"]);
        assert_eq!(
            (course.code, course.json()["schema"].as_str()),
            (2, Some("tidelock.error/v1")),
            "{}",
            course.out
        );
        assert!(course.err.contains("slot by slot"), "{}", course.err);
        assert_eq!(world.operator.run(&["evidence", "show", &format!("{check}/no-such-claim")]).code, 2);
    }
    assert_eq!(world.operator.run(&["evidence", "show", "no-such-check"]).code, 2);
}
