//! What a switch costs beside the team's own commands: HAProxy in front of two shops, customers all the while, a plan
//! that looks ten times a second behind the fence. The world and the story are those of the end-to-end tests.

use tidelock_tests::now_ms;

use self::rig::{Rig, USUAL, Variant};
use crate::table::{judged, row};

#[path = "../e2e/switch/cutover.rs"]
mod cutover;
#[path = "../e2e/switch/load.rs"]
#[expect(dead_code, reason = "the way back is not measured")]
mod load;
#[path = "../e2e/switch/operator_killed.rs"]
#[expect(dead_code, reason = "one kill is measured")]
mod operator_killed;
#[path = "../e2e/switch/rig.rs"]
#[expect(dead_code, reason = "the way back is not measured")]
mod rig;
#[path = "../e2e/switch/two_operators.rs"]
mod two_operators;

/// From a person's GO to the first command.
const GO_BAR_MS: u64 = 50;
/// From `cutover resume` to the next command.
const RESUME_BAR_MS: u64 = 2_000;
/// Writes shut beyond the commands' own time.
const SHUT_BAR_SECONDS: f64 = 2.0;
/// A switch as a team would plan it.
const QUICK: Variant = Variant {
    behind_fence: "120ms",
    after_open: "300ms",
    may_dip: "20s",
    fence_deadline: "10s",
    wait_deadline: "4s",
    ..USUAL
};

/// Takes the measures.
pub(crate) fn measure() {
    let rig = Rig::start(&QUICK);
    let took = cutover::turns_nobody_away(&rig);
    let met = took.go_ms <= GO_BAR_MS;
    judged("from the GO to the first command", &format!("{} ms", took.go_ms), "50 ms", met);
    let met = took.beyond <= SHUT_BAR_SECONDS;
    judged("writes shut beyond the commands' own", &format!("{:.2} s", took.beyond), "2 s", met);
    row("  the commands' own", &format!("{:.2} s", took.commands), "fence on, open target");
    row("requests that failed", "0", "the measure ends with a panic otherwise");
    drop(rig);
    let resumed = resumed();
    let met = resumed <= RESUME_BAR_MS;
    judged("from resume to the next command, after kill -9", &format!("{resumed} ms"), "2 s", met);
}

/// Milliseconds from `resume` to the next command, after the operator was killed in the middle of one, which died with
/// it, and a person has done it by hand and said so.
fn resumed() -> u64 {
    let rig = Rig::start(&QUICK);
    rig.go();
    rig.ops.stall_at("reverse prepare");
    let operator = rig.operator(&rig.bo, &["cutover", "run", "--yes", "--no-input"]);
    operator_killed::killed_in(&rig, operator, "reverse prepare", "feed-back");
    let asked = now_ms();
    let _operator = operator_killed::resumed_up_to(&rig, "jobs off");
    now_ms().saturating_sub(asked)
}
