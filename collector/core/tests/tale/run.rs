//! What happens to runbooks, in a story's words.

use tidelock_core::record::{Event, EventKind};

use super::Tale;

/// Tells an event of a run.
pub(crate) fn tell(tale: &mut Tale, event: &Event) {
    let by = event.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
    let back = |undo: &bool| if *undo { " undo" } else { "" };
    match &event.kind {
        EventKind::RunBegun { run, direction, rehearsal, lease, .. } => {
            let kind = if *rehearsal { "rehearsal" } else { "run" };
            tale.tell(format!("{kind} {run} of {} begins, lease {lease}{by}", direction.word()));
        }
        EventKind::RunTaken { run, lease, .. } => tale.tell(format!("run {run} is taken, lease {lease}{by}")),
        EventKind::RunLeft { run, lease } => tale.tell(format!("run {run} is left, lease {lease}{by}")),
        EventKind::StepBegun { part, undo, .. } => tale.tell(format!("part {part}{} begins", back(undo))),
        EventKind::StepEnded { part, undo, outcome, durable, .. } => {
            let durable = if *durable { ", durable" } else { "" };
            tale.tell(format!("part {part}{}: {}{durable}{by}", back(undo), outcome.word()));
        }
        EventKind::StepProved { part, .. } => tale.tell(format!("part {part} is proved")),
        EventKind::StepSettled { part, undo, done, .. } => {
            let done = if *done { "was done" } else { "was not done" };
            tale.tell(format!("part {part}{} {done}{by}", back(undo)));
        }
        EventKind::RunTurned { run, why } => tale.tell(format!("run {run} goes back: {why}{by}")),
        EventKind::NoReturnPassed { part, .. } => tale.tell(format!("point of no return, part {part}{by}")),
        EventKind::RunEnded { run, outcome, writes_shut } => {
            let shut = writes_shut
                .map(|it| format!(", writes were shut for {} s", it.as_secs()))
                .unwrap_or_default();
            tale.tell(format!("run {run} is {}{shut}", outcome.word()));
        }
        EventKind::PlanApplied { .. }
        | EventKind::PhaseChanged { .. }
        | EventKind::Decided { .. }
        | EventKind::HoldSet
        | EventKind::HoldReleased
        | EventKind::ManualCheckDone { .. }
        | EventKind::LeaseGranted { .. }
        | EventKind::LeaseRevoked { .. }
        | EventKind::CutoverConfirmed { .. }
        | EventKind::Switched { .. }
        | EventKind::AgentEnrolled { .. }
        | EventKind::AgentRevoked { .. }
        | EventKind::ConflictFound { .. }
        | EventKind::RevisionSet { .. }
        | EventKind::CutoversSet { .. }
        | EventKind::FactSet { .. }
        | EventKind::Overridden { .. }
        | EventKind::LeftoverSettled { .. }
        | EventKind::Noticed(_) => {}
    }
}
