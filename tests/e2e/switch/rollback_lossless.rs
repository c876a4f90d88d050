//! The way back with the feed alive: it is called lossless, it is walked, and each order that a customer was told
//! of is in the old shop. Nobody is turned away.

use serde_json::Value;
use tidelock_tests::eventually_for;

use super::load::missing_of;
use super::rig::{PATIENT, Rig};

pub(super) fn loses_no_order(rig: &mut Rig) {
    // An order on its way over makes it lossy for a moment: nobody orders while it is looked at.
    let mut acknowledged = rig.load.end();
    rig.load.nobody_turned_away("the way there");
    eventually_for(PATIENT, "going back is lossless", || {
        let answer = rig.bo.run(&["rollback", "-o", "json"]);
        let told: Value = serde_json::from_str(&answer.out).map_err(|_| answer.err)?;
        if told["asset"] == "lossless" && told["possible"] == true { Ok(()) } else { Err(told.to_string()) }
    });
    rig.more_customers("later");
    rig.decided("rollback");
    let (code, said) = rig.walked(&rig.bo, &["rollback", "run", "--yes", "--no-input"]);
    assert!(code == 0 && said.contains("completed"), "exit {code}: {said}");
    rig.world.until_phase("rolled-back");
    let left = rig.bo.run(&["rollback", "leftovers", "-o", "json"]).good().json();
    assert_eq!(left["leftovers"].as_array().map(Vec::len), Some(0), "{left}");
    acknowledged.extend(rig.load.end());
    rig.load.nobody_turned_away("the way back");
    assert_eq!(missing_of(rig.shops.url("source"), &acknowledged), Vec::<String>::new());
}
