//! What the machine must know of a runbook: what carrying each part out means, and taking it back.

use super::machine::{Piece, Turns, Undo, Work};
use crate::plan::{Direction, Runbook, Step, StepKind};

/// The parts of a runbook, as they are walked for real or in a rehearsal.
pub(crate) fn pieces(runbook: &Runbook, rehearsal: bool) -> Vec<Piece> {
    let piece = |step: usize| {
        let found = runbook.steps.get(step)?;
        Some(Piece { step, work: work(found, rehearsal), undo: undo(found, rehearsal) })
    };
    runbook.parts().into_iter().filter_map(|part| piece(part.step)).collect()
}

fn work(step: &Step, rehearsal: bool) -> Work {
    if step.kind == StepKind::PointOfNoReturn {
        Work::NoReturn
    } else if step.command(rehearsal, false).is_some() {
        Work::Command
    } else if !rehearsal && step.is_confirmed_by_person() {
        Work::Person
    } else {
        Work::Nothing
    }
}

/// A rehearsal has nothing to take back: what its commands do is theirs to end.
fn undo(step: &Step, rehearsal: bool) -> Undo {
    let by_hand = step.run.is_some() || step.kind == StepKind::Manual;
    if rehearsal || step.kind == StepKind::PointOfNoReturn {
        Undo::Nothing
    } else if step.command(rehearsal, true).is_some() {
        Undo::Command
    } else if by_hand {
        Undo::Person
    } else {
        Undo::Nothing
    }
}

/// The part that is the point of no return, or before which it stands: where a cutover does not name one, it is
/// its first opening, since what was written there is lost on the way back.
pub(crate) fn no_return(direction: Direction, runbook: &Runbook) -> Option<usize> {
    let parts = runbook.parts();
    let first = |kind: StepKind| {
        parts.iter().position(|part| runbook.steps.get(part.step).is_some_and(|step| step.kind == kind))
    };
    let named = first(StepKind::PointOfNoReturn);
    match direction {
        Direction::Cutover => named.or_else(|| first(StepKind::Open)),
        Direction::Rollback => named,
    }
}

/// How long it can turn back. A way back goes on until it has arrived, whether it names a point of no return or not:
/// nobody decided to stay on the side that is left, and on one that died nothing can be undone.
pub(crate) fn turns(direction: Direction, rehearsal: bool) -> Turns {
    match direction {
        _ if rehearsal => Turns::Always,
        Direction::Cutover => Turns::UntilNoReturn,
        // On the night on which the target dies nothing can be undone there: the way back goes on.
        Direction::Rollback => Turns::Never,
    }
}
