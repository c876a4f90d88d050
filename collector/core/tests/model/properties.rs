//! What must never be, in any state.

use tidelock_core::record::RunOutcome;

use crate::operator::At;
use crate::state::{Fixed, Setting, State};
use crate::world::BUDGET;

/// The promise that this state breaks.
pub(crate) fn wrong(state: &State, fixed: &Fixed) -> Option<&'static str> {
    let fixed = fixed.of(state.setting);
    let (world, machine) = (&state.world, &state.machine);
    let running = state.operators.iter().filter(|it| matches!(it.at, At::Running { .. })).count();
    if let Some(broken) = state.broken {
        return Some(broken);
    }
    if world.from_open && world.to_open {
        return Some("both sides own writes");
    }
    if world.moved > 0 && !world.to_open {
        return Some("traffic is on a side whose writes are shut");
    }
    if state.passes > 1 {
        return Some("the point of no return was passed twice");
    }
    if running > 1 {
        return Some("two operators carry out commands at the same time");
    }
    if machine.is_turned() && state.passes > 0 {
        return Some("a run goes back past its point of no return");
    }
    if world.done.iter().any(|times| *times > 1) {
        return Some("a part was carried out twice");
    }
    // The collector weighs before time goes on: a run that should turn has turned.
    let reversible = !machine.forward_only() && !machine.is_turned() && !state.ended();
    if reversible && world.shut > BUDGET && machine.weigh(&state.facts(fixed)).is_none() {
        return Some("writes are shut beyond the budget, and nothing takes it back");
    }
    match machine.outcome() {
        Some(RunOutcome::Undone) if !world.is_old() => Some("it is called undone, and is not as it was"),
        Some(RunOutcome::Completed) => {
            let arrived = !world.from_open && world.to_open && world.moved == 100 && !world.lost;
            let feed = fixed.setting == Setting::Rollback || world.feed == Some(true);
            match (arrived, feed) {
                (false, _) => Some("it is called complete, and is not there, or lost writes"),
                (true, false) => Some("the way back misses writes: its position was read too late"),
                (true, true) => None,
            }
        }
        Some(RunOutcome::Undone | RunOutcome::Abandoned) | None => None,
    }
}
