//! Somebody writes to the old shop past the proxy: the fence's two readings see it, name it, and everything that
//! was done is undone, the last first. The customers who waited meanwhile are served.

use super::load::Load;
use super::rig::Rig;

pub(super) fn undoes_the_fence_by_name(rig: &Rig) {
    // A partner with the old shop's own address in a configuration that nobody remembers.
    let mut partner = Load::start(rig.shops.url("source"), "partner");
    rig.go();
    let before = rig.ops.log().len();
    let (code, said) = rig.walked(&rig.bo, &["cutover", "run", "--yes", "--no-input"]);
    assert_eq!(code, 3, "the fence holds though somebody writes: {said}");
    let run = rig.run("cutover").expect("there was a run");
    let why = run["why"].as_str().unwrap_or_default();
    assert_eq!(run["state"], "undone", "{run}");
    assert!(why.contains("order") && why.contains("by shop"), "the table and the writer are named: {why}");
    let done: Vec<String> =
        rig.ops.log().into_iter().skip(before).filter(|it| it.begun).map(|it| it.words).collect();
    let back = ["fence off", "jobs source", "reverse drop"];
    assert_eq!(done, [&["reverse prepare", "jobs off", "fence on"], &back[..]].concat());
    let status = rig.world.status().expect("the collector answers");
    assert!(status["phase"] == "sync" || status["phase"] == "ready", "all is as before: {status}");
    let _ = partner.end();
    rig.load.nobody_turned_away("a fence that was undone");
}
