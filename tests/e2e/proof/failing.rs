//! A target that fails each tenth, each third or every call is never proved; beside it one that does not
//! fail is.

use tidelock_tests::{World, eventually_for};

use super::{PATIENT, SHORT, claim, openings, page, plan, until_claim};

/// Pages, of which calls each nth fails on the target, and what is claimed of each.
const FAILING: [(&str, u64, &str); 3] = [
    ("tenth", 10, "margin: 1%, slo: 99%, outage: 500ms"),
    ("third", 3, "margin: 10%, slo: 90%, outage: 500ms"),
    ("each", 1, SHORT),
];

/// Looked at twice as often, in slots half as long: what fails seldom shows sooner.
const OFTEN: &str = "every: 250ms\n    timeout: 250ms\n    run_on:";

fn failing() -> World {
    let mut world = World::collector_alone();
    let mut pages = vec![page("home", SHORT)];
    for (name, nth, claim) in FAILING {
        world.target.fail_every(&format!("/page/{name}"), nth);
        pages.push(page(name, claim));
    }
    pages[1] = pages[1].replace("run_on:", OFTEN);
    world.apply(&plan(1, &pages));
    world.join("source", "source-1");
    world.join("target", "target-1");
    world
}

#[test]
fn what_fails_is_refuted_with_its_reason_and_never_proved() {
    let world = failing();
    let never_proved = |what: &str| {
        for (name, ..) in FAILING {
            let state = claim(&world, name).map(|claim| claim["state"].clone());
            assert_ne!(state, Ok("proved".into()), "{name} is proved {what}");
        }
    };
    let proved = eventually_for(PATIENT, "the page that does not fail is proved", || {
        never_proved("before the page that does not fail");
        let home = claim(&world, "home")?;
        if home["state"] == "proved" { Ok(home) } else { Err(home.to_string()) }
    });
    assert_eq!(proved["proof"]["incidents"], 0, "{proved}");
    for (name, ..) in FAILING {
        let refuted = until_claim(&world, name, &format!("{name} is refuted"), |claim| {
            never_proved("while another is refuted");
            claim["state"] == "refuted"
        });
        let reason = refuted["is"].as_str().expect("a reason");
        assert!(reason.contains("target") && reason.contains("in a slot"), "{refuted}");
    }
    let check = world.operator.run(&["gate", "check", "ready", "-o", "json"]);
    assert_eq!(check.code, 3, "{}", check.out);
    assert_eq!(openings(&world), 0, "a failing target opened the gate");
}
