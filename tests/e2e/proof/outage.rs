//! A proof opens the gate; an outage takes it back; a blip costs time and refutes nothing for good.

use serde_json::Value;

use super::{openings, until_claim, until_gate, world};

/// The percents of the way that were seen before the proof, and the proof.
fn watched() -> (tidelock_tests::World, Vec<u64>, Value) {
    let world = world();
    let percents = std::cell::RefCell::new(Vec::new());
    let proved = until_claim(&world, "home", "the page is proved", |claim| {
        percents.borrow_mut().extend(claim["progress_percent"].as_u64());
        claim["state"] == "proved"
    });
    (world, percents.into_inner(), proved)
}

#[test]
fn a_proof_opens_and_an_outage_revokes_it() {
    let (world, percents, proved) = watched();
    assert!(percents.iter().any(|percent| (1..100).contains(percent)), "no way to it: {percents:?}");
    assert!(percents.is_sorted(), "nothing failed, and the way became longer: {percents:?}");
    let proof = &proved["proof"];
    let null = proof["null_hypothesis"].as_str().expect("what must be refuted");
    assert!(null.contains("source"), "{null}");
    assert!(proof["results"].as_u64() >= Some(6 * 2 * 4 - 8), "{proof}");
    assert!(proof["slots"].as_u64() >= Some(5) && proof["attempt"] == 1, "{proof}");
    let threshold = proof["threshold"].as_f64().expect("a threshold");
    let parts = proof["ln_e"].as_object().expect("parts");
    assert!(parts.len() == 3 && parts.values().all(|ln_e| ln_e.as_f64() >= Some(threshold)), "{proof}");
    until_gate(&world, 0, "the gate opens");
    let gate = world.operator.run(&["why", "--gate", "ready", "-o", "json"]).good();
    assert!(gate.out.contains("null_hypothesis"), "the gate's answer carries the proof: {}", gate.out);

    world.target.down(true);
    until_gate(&world, 3, "the outage revokes it");
    let down = until_claim(&world, "home", "the outage is told", |claim| claim["state"] == "refuted");
    assert!(down["is"].as_str().is_some_and(|is| is.contains("was down")), "{down}");

    // It was short: the gate opens again by itself, later, and the outage stays on record.
    world.target.down(false);
    let before = openings(&world);
    let back =
        until_claim(&world, "home", "a blip refutes nothing for good", |claim| claim["state"] == "proved");
    until_gate(&world, 0, "the gate opens again");
    assert!(openings(&world) > before, "it opens anew");
    assert!(back["proof"]["incidents"].as_u64() >= Some(1), "{back}");
    assert!(!back["proof"]["last_incidents"].as_array().expect("times").is_empty(), "{back}");
    let slots = |claim: &Value| claim["proof"]["slots"].as_u64().expect("slots");
    assert!(slots(&back) >= slots(&proved) + 3, "it cost no time: {proved} {back}");
}
