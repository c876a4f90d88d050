//! The way back with the feed dead: it is called lossy, with a count; each row that stays behind is listed, and
//! going back is not complete before each has an owner and a disposition.

use std::collections::BTreeSet;

use serde_json::Value;
use tidelock_tests::eventually_for;

use super::load::missing_of;
use super::rig::{PATIENT, Rig};

/// The keys that are listed as left behind.
fn listed(rig: &Rig) -> BTreeSet<String> {
    let told = rig.bo.run(&["rollback", "leftovers", "-o", "json"]).good().json();
    let rows = told["leftovers"].as_array().cloned().unwrap_or_default();
    rows.iter().filter_map(|row| row["key"].as_str().map(str::to_owned)).collect()
}

pub(super) fn names_what_is_left_behind(rig: &mut Rig) {
    rig.hand("break", "feed", "source");
    let lost = eventually_for(PATIENT, "going back is lossy, with a count", || {
        let answer = rig.bo.run(&["rollback", "-o", "json"]);
        let told: Value = serde_json::from_str(&answer.out).map_err(|_| answer.err)?;
        let count = told["lost"][0]["count"].as_u64().filter(|count| *count >= 5);
        count.filter(|_| told["asset"] == "lossy").ok_or(told.to_string())
    });
    rig.decided("rollback");
    let (code, said) = rig.walked(&rig.bo, &["rollback", "run", "--yes", "--no-input"]);
    assert!(code == 0 && said.contains("completed"), "exit {code}: {said}");
    let acknowledged = rig.load.end();
    rig.load.nobody_turned_away("a way back that is lossy");
    let missing = missing_of(rig.shops.url("source"), &acknowledged);
    assert!(missing.len() as u64 >= lost / 2, "{lost} were told as lost, {} are", missing.len());
    let (mut rows, wanted) = (BTreeSet::new(), missing.iter().map(|order| format!("real_orders/{order}")));
    let wanted: BTreeSet<String> = wanted.collect();
    eventually_for(PATIENT, "each lost order is listed", || {
        rows = listed(rig);
        let unlisted: Vec<_> = wanted.difference(&rows).collect();
        if unlisted.is_empty() { Ok(()) } else { Err(format!("{unlisted:?}")) }
    });
    let csv = rig.bo.run(&["rollback", "leftovers", "-o", "csv"]).good();
    assert!(csv.out.starts_with("table,key,made,check,side,owner,disposition"), "{}", csv.out);
    assert_eq!(
        rig.world.status().expect("it answers")["phase"],
        "rolling-back",
        "nobody answers for them yet"
    );
    for row in &rows {
        let said = ["--owner", "bo", "--disposition", "entered again by hand"];
        let _ = rig.bo.run(&[&["rollback", "leftovers", "settle", row][..], &said].concat()).good();
    }
    rig.world.until_phase("rolled-back");
}
