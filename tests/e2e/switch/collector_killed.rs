//! The collector is killed with `kill -9` at the point of no return, before and after: what was journaled stands,
//! the point is passed once, and from there the run goes on forward.

use super::operator_killed::{killed_in, resumed_up_to};
use super::rig::Rig;

pub(super) fn at_the_point_of_no_return(rig: &mut Rig) {
    rig.world.kill_collector();
    rig.world.start_collector();
    let run = rig.run("cutover").expect("the collector answers");
    assert_eq!((&run["next"]["action"], &run["no_return"]), (&"pass_no_return".into(), &().into()), "{run}");
    let opening = resumed_up_to(rig, "open target");
    let passed = rig.run("cutover").expect("the collector answers")["no_return"].clone();
    assert!(passed.is_string(), "{passed}");
    killed_in(rig, opening, "open target", "open");
    let operator = resumed_up_to(rig, "weight 1");
    // Whoever walks it need not do anything about a collector that is away for a moment.
    rig.world.kill_collector();
    // The first weight goes on, and the next one waits in its place.
    rig.ops.stall_at("weight 10");
    rig.world.start_collector();
    rig.until_begun("weight 10", 1);
    let run = rig.run("cutover").expect("the collector answers");
    assert_eq!((&run["state"], &run["no_return"]), (&"forward".into(), &passed), "{run}");
    let turned = rig.bo.run(&["cutover", "back", "--reason", "the collector died"]);
    assert_eq!(
        turned.code, 3,
        "past the point of no return nothing turns back: {}{}",
        turned.out, turned.err
    );
    killed_in(rig, operator, "weight 10", "traffic@10%");
    rig.load.nobody_turned_away("a collector that died at the point of no return");
}
