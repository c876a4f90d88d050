//! How long nobody could write: from the first fence's beginning until the other side is open, or the fence is
//! taken back.

use std::time::Duration;

use tidelock_model::Timestamp;

use super::{PartState, Run};
use crate::plan::StepKind;

/// The clock of the dip.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Shut {
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

impl Shut {
    /// How long it lasted, or has lasted until now.
    pub(crate) fn lasts(&self, now: Timestamp) -> Option<Duration> {
        Some(self.until.unwrap_or(now).since(self.since?))
    }

    /// Writes are shut now.
    pub(crate) fn open_since(&self) -> Option<Timestamp> {
        self.since.filter(|_| self.until.is_none())
    }
}

impl Run {
    /// Something happened to a part: the clock begins or ends with it.
    pub(crate) fn watch_dip(&mut self, at: Timestamp) {
        let mut fences = self.parts_of(|kind| matches!(kind, StepKind::Fence { .. }));
        let begun = fences.any(|state| !matches!(state, PartState::Pending | PartState::Undone));
        drop(fences);
        let carried = |state: PartState| matches!(state, PartState::Acted | PartState::Done);
        let opened = self.parts_of(|kind| *kind == StepKind::Open).any(carried);
        match (self.shut.since, self.shut.until) {
            (None, _) if begun && !opened => self.shut.since = Some(at),
            (Some(_), None) if !begun || opened => self.shut.until = Some(at),
            // A fence that is put up once more shuts writes once more; the time between is counted as well.
            (Some(_), Some(_)) if begun && !opened => self.shut.until = None,
            (None | Some(_), _) => {}
        }
    }

    /// How long it was, or, in a rehearsal, would have been: what was only recorded takes as long as planned.
    pub(crate) fn writes_shut(&self, now: Timestamp) -> Option<Duration> {
        if !self.rehearsal {
            return self.shut.lasts(now);
        }
        let parts = self.runbook.parts();
        let kind = |at: &usize| self.step(*at).map(|step| &step.kind);
        let fence = (0..parts.len()).find(|at| matches!(kind(at), Some(StepKind::Fence { .. })))?;
        let open = (fence..parts.len()).find(|at| kind(at) == Some(&StepKind::Open))?;
        let took = |at: usize| {
            let (step, marks) = (self.step(at)?, self.marks.get(at)?);
            let measured = marks.done.zip(marks.begun).map(|(done, begun)| done.since(begun));
            Some(measured.filter(|_| step.rehearsal.is_some()).unwrap_or(step.planned))
        };
        Some((fence..=open).filter_map(took).sum())
    }

    fn parts_of<'a>(
        &'a self,
        which: impl Fn(&StepKind) -> bool + 'a,
    ) -> impl Iterator<Item = PartState> + 'a {
        let states = self.machine.states().iter().enumerate();
        states.filter(move |(at, _)| self.step(*at).is_some_and(|step| which(&step.kind))).map(|(_, it)| *it)
    }
}
