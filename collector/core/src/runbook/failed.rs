//! Undos that failed. One stays on every later screen, whatever became of it: whoever reads the next one has to
//! know what was taken back by hand.

use tidelock_model::{Name, Timestamp};

use super::Run;
use crate::plan::Direction;
use crate::record::{Event, EventKind, StepOutcome};

/// So many are kept; the oldest that were settled go first.
const KEPT: usize = 32;

/// A step that could not be taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedUndo {
    /// The run.
    pub run: u64,
    /// Which runbook.
    pub direction: Direction,
    /// What people call the part: the step's name, and a route's weight.
    pub step: String,
    /// When it failed last.
    pub at: Timestamp,
    /// The end of what the command said.
    pub output: String,
    /// What became of it; none while nobody has taken it back.
    pub settled: Option<Settled>,
    /// The step's own name: its weights are taken back together.
    name: Name,
}

/// How a step that could not be taken back was taken back after all.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// When.
    pub at: Timestamp,
    /// Who says so; none where the command ended well at last.
    pub by: Option<Name>,
    /// In their words.
    pub reason: String,
}

/// All of them, over all runs of a migration, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct FailedUndos {
    kept: Vec<FailedUndo>,
}

impl FailedUndos {
    pub(crate) fn all(&self) -> &[FailedUndo] {
        &self.kept
    }

    /// Takes what happened to a part of this run.
    pub(crate) fn take(&mut self, run: &Run, at: Timestamp, event: &Event) {
        match &event.kind {
            EventKind::StepEnded { part, undo: true, outcome: StepOutcome::Failed, output, .. } => {
                self.failed(run, *part, at, output);
            }
            EventKind::StepEnded { part, undo: true, outcome: StepOutcome::Done, .. } => {
                self.settled(run, *part, &Settled { at, by: None, reason: String::new() });
            }
            EventKind::StepSettled { part, undo: true, done: true, .. } => {
                let (by, reason) = (event.by.clone(), event.reason.clone());
                self.settled(run, *part, &Settled { at, by, reason });
            }
            EventKind::StepEnded { .. } | EventKind::StepSettled { .. } | EventKind::StepBegun { .. } => {}
            EventKind::RunBegun { .. } | EventKind::RunTaken { .. } | EventKind::RunLeft { .. } => {}
            EventKind::RunTurned { .. } | EventKind::RunEnded { .. } | EventKind::StepProved { .. } => {}
            EventKind::NoReturnPassed { .. } | EventKind::PlanApplied { .. } => {}
            EventKind::PhaseChanged { .. } | EventKind::Decided { .. } | EventKind::HoldSet => {}
            EventKind::HoldReleased { .. }
            | EventKind::ManualCheckDone { .. }
            | EventKind::Degraded { .. } => {}
            EventKind::LeaseGranted { .. } | EventKind::LeaseRevoked { .. } => {}
            EventKind::CutoverConfirmed { .. } | EventKind::Switched { .. } => {}
            EventKind::AgentEnrolled { .. } | EventKind::AgentRevoked { .. } => {}
            EventKind::ConflictFound { .. } | EventKind::RevisionSet { .. } => {}
            EventKind::CutoversSet { .. } | EventKind::FactSet { .. } | EventKind::Overridden { .. } => {}
            EventKind::PlanProposed { .. } | EventKind::AccessChanged(_) | EventKind::CheckRun { .. } => {}
            EventKind::LeftoverSettled { .. } | EventKind::Noticed(_) | EventKind::Filed(_) => {}
        }
    }

    fn failed(&mut self, run: &Run, part: u32, at: Timestamp, output: &str) {
        let Some((name, step)) = named(run, part) else { return };
        let (number, direction) = (run.number, run.direction);
        self.kept.retain(|it| !(it.run == number && it.name == name));
        let output = output.to_owned();
        self.kept.push(FailedUndo { run: number, direction, step, at, output, settled: None, name });
        while self.kept.len() > KEPT {
            let oldest = self.kept.iter().position(|it| it.settled.is_some()).unwrap_or(0);
            self.kept.remove(oldest);
        }
    }

    fn settled(&mut self, run: &Run, part: u32, how: &Settled) {
        let Some((name, _)) = named(run, part) else { return };
        let open = |it: &&mut FailedUndo| it.run == run.number && it.name == name && it.settled.is_none();
        if let Some(found) = self.kept.iter_mut().find(open) {
            found.settled = Some(how.clone());
        }
    }
}

fn named(run: &Run, part: u32) -> Option<(Name, String)> {
    let part = usize::try_from(part).ok()?;
    Some((run.step(part)?.name.clone(), run.called(part)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::StepKind;
    use crate::runbook::stand::*;

    fn event(stand: &mut Stand, kind: EventKind) {
        stand.decide(kind);
    }

    fn fails(stand: &mut Stand, run: u64, lease: u64) {
        event(stand, EventKind::StepBegun { run, lease, part: 0, undo: true });
        let (outcome, output) = (StepOutcome::Failed, "no route to host".to_owned());
        event(
            stand,
            EventKind::StepEnded { run, lease, part: 0, undo: true, outcome, durable: true, output },
        );
    }

    /// A run whose one step was carried out, and goes back.
    fn turned() -> Stand {
        let plan = plan(Vec::new(), vec![step("fence", StepKind::Command, &[], 0)]);
        let mut stand = Stand::new(plan, &["s1", "t1"]);
        stand.acts(0);
        event(&mut stand, EventKind::RunTurned { run: 1, why: "somebody asked for it".into() });
        stand
    }

    #[test]
    fn it_stays_after_somebody_has_taken_it_back_and_says_who() {
        let mut stand = turned();
        fails(&mut stand, 1, 1);
        let open = stand.migration.failed_undos().to_vec();
        assert_eq!((open.len(), open[0].step.as_str(), &open[0].settled), (1, "fence", &None));
        assert_eq!(open[0].output, "no route to host");
        // Carried out as before: it is tried once more, and fails once more. One step is told once.
        event(&mut stand, EventKind::StepSettled { run: 1, part: 0, undo: true, done: false });
        assert_eq!(stand.migration.failed_undos()[0].settled, None);
        fails(&mut stand, 1, 1);
        assert_eq!(stand.migration.failed_undos().len(), 1);
        event(&mut stand, EventKind::StepSettled { run: 1, part: 0, undo: true, done: true });
        let writes_shut = None;
        event(
            &mut stand,
            EventKind::RunEnded { run: 1, outcome: crate::record::RunOutcome::Undone, writes_shut },
        );
        let told = stand.migration.failed_undos();
        assert_eq!(told.len(), 1, "the run is over, and what failed in it is still told");
        assert!(told[0].settled.is_some());
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_open_stays_longest() {
        let mut undos = FailedUndos::default();
        let stand = turned();
        let mut run = stand.migration.run_under_way().unwrap().clone();
        for number in 1..=KEPT as u64 + 8 {
            run.number = number;
            undos.failed(&run, 0, stand.now, "");
            if number > 1 {
                undos.settled(&run, 0, &Settled { at: stand.now, by: None, reason: String::new() });
            }
        }
        assert_eq!(undos.all().len(), KEPT);
        assert_eq!((undos.all()[0].run, &undos.all()[0].settled), (1, &None), "nobody took it back yet");
        assert_eq!(undos.all()[1].run, 10);
    }
}
