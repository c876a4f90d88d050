//! One night as it should be: rehearsed, caught by the fence once, switched, and taken back without a loss.

use super::rig::{Rig, USUAL, Variant};
use super::{cutover, forgotten_writer, rehearsal, rollback_lossless};

#[test]
fn the_first_night() {
    let mut rig = Rig::start(&Variant { rehearsed: ", rehearsed: { within: 14d, rollback: true }", ..USUAL });
    rehearsal::opens_a_gate_and_touches_nothing(&rig);
    forgotten_writer::undoes_the_fence_by_name(&rig);
    told(&cutover::turns_nobody_away(&rig));
    rollback_lossless::loses_no_order(&mut rig);
}

#[expect(clippy::print_stderr, reason = "measured numbers are shown; only `make bench` judges them")]
fn told(took: &cutover::Took) {
    let cutover::Took { beyond, commands, go_ms } = took;
    eprintln!(
        "writes shut {beyond:.3} s beyond the commands' {commands:.3} s; {go_ms} ms from the GO to the first command"
    );
}
