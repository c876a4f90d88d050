//! One night on which everything dies once: the operator in each step, the collector at the point of no return,
//! and at last the feed back.

use super::rig::{Rig, USUAL, Variant};
use super::{collector_killed, operator_killed, rollback_lossy};

#[test]
fn the_second_night() {
    // The way back cannot wait for a feed that is dead.
    let mut rig = Rig::start(&Variant { catch_up_back: "", ..USUAL });
    rig.go();
    operator_killed::up_to_the_point_of_no_return(&rig);
    collector_killed::at_the_point_of_no_return(&mut rig);
    operator_killed::after_the_point_of_no_return(&rig);
    rollback_lossy::names_what_is_left_behind(&mut rig);
}
