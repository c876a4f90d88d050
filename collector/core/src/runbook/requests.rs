//! The same ask under the same id is recorded once.

use crate::ask::RunAsk;
use crate::record::{EventKind, StepOutcome};

/// The ask is the one that recorded this.
pub(crate) fn made(ask: &RunAsk, recorded: &EventKind) -> bool {
    match (ask, recorded) {
        (RunAsk::Begin { direction, rehearsal }, EventKind::RunBegun { direction: d, rehearsal: r, .. }) => {
            (direction, rehearsal) == (d, r)
        }
        (RunAsk::Take, EventKind::RunTaken { .. }) => true,
        (RunAsk::Leave { lease }, EventKind::RunLeft { lease: l, .. }) => lease == l,
        (
            RunAsk::BeginStep { lease, part, undo },
            EventKind::StepBegun { lease: l, part: p, undo: u, .. },
        ) => (lease, part, undo) == (l, p, u),
        (
            RunAsk::EndStep { lease, part, undo, outcome, .. },
            EventKind::StepEnded { lease: l, part: p, undo: u, outcome: o, .. },
        ) => (lease, part, undo, outcome) == (l, p, u, o),
        (
            RunAsk::ConfirmStep { part, done, .. },
            EventKind::StepEnded { lease: 0, part: p, undo: false, outcome, .. },
        ) => part == p && *done == (*outcome == StepOutcome::Done),
        (
            RunAsk::SettleStep { part, undo, done, .. },
            EventKind::StepSettled { part: p, undo: u, done: d, .. },
        ) => (part, undo, done) == (p, u, d),
        (RunAsk::PassNoReturn { lease, part }, EventKind::NoReturnPassed { lease: l, part: p, .. }) => {
            (lease, part) == (l, p)
        }
        (RunAsk::Turn { .. }, EventKind::RunTurned { .. }) => true,
        (
            RunAsk::Begin { .. }
            | RunAsk::Take
            | RunAsk::Leave { .. }
            | RunAsk::BeginStep { .. }
            | RunAsk::EndStep { .. }
            | RunAsk::ConfirmStep { .. }
            | RunAsk::SettleStep { .. }
            | RunAsk::PassNoReturn { .. }
            | RunAsk::Turn { .. },
            _,
        ) => false,
    }
}
