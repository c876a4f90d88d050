//! One night as it should be: rehearsed, caught by the fence once, switched, and taken back without a loss.

use super::rig::{Rig, USUAL, Variant};
use super::{cutover, forgotten_writer, rehearsal, rollback_lossless};

#[test]
fn the_first_night() {
    let mut rig = Rig::start(&Variant { rehearsed: ", rehearsed: { within: 14d, rollback: true }", ..USUAL });
    rehearsal::opens_a_gate_and_touches_nothing(&rig);
    forgotten_writer::undoes_the_fence_by_name(&rig);
    cutover::turns_nobody_away(&rig);
    rollback_lossless::loses_no_order(&mut rig);
}
