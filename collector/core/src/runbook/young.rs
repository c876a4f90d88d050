//! What the postcondition of a step rests on: evidence that is younger than the step, and nothing else.
//!
//! A step is proved at *step strength*: since it was carried out, each agent that owes findings gave three fresh
//! rounds, all of them passed, no alarm is there, and claims that are counted or compared exactly hold on what
//! was seen since then, all of it for the step's own time without a break.
//!
//! # Invariants
//! - A finding counts if its run surely began after the step was carried out: by its round on the grid, by its
//!   receipt and the clock that ran with it, less what the agent's offset may be wrong by.
//! - What is late or misdated proves nothing; what failed after the step hurts whenever it comes.
//! - Waiting alone proves nothing: times are counted from finding to finding.
//!
//! Two sides are asked where both are compared exactly, or where nothing is shut or moved yet. From the first
//! fence or weight on, a scenario that merely runs on both sides is asked on the side that traffic goes to: on the
//! other one it may well fail, because its writes are shut.

mod holds;
mod row;
mod stood;
#[cfg(test)]
mod tests;
mod watch;

use tidelock_model::{AgentKey, Finding, Name, Side, Timestamp};

pub(crate) use holds::shown_by;
use watch::Watch;

use super::fence::FenceWatch;
use crate::board::NotCounted;
use crate::joint::{Joints, exact_claim};
use crate::migration::{Current, Migration};
use crate::plan::{Direction, Plan, Runbook, Scenario, Step, StepKind};
use crate::proof::StateWriter;
use crate::record::{EventKind, StepOutcome};

/// A finding as it was received, and what is known of its run.
pub(crate) struct Heard<'a> {
    pub(crate) at: Timestamp,
    pub(crate) agent: &'a AgentKey,
    pub(crate) finding: &'a Finding,
    /// What kept it from counting.
    pub(crate) counted: Result<(), NotCounted>,
    pub(crate) offset_ms: i64,
    /// Its run began after this.
    pub(crate) began: Timestamp,
    /// The build that it saw.
    pub(crate) build: &'a str,
}

/// The run that is walked, as far as its evidence needs to know it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Walk {
    direction: Direction,
    rehearsal: bool,
}

/// The evidence that is younger than the step under way, and than the fence that stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Young {
    walk: Option<Walk>,
    watch: Option<Watch>,
    /// The watches of the steps that were proved before it, until nothing leads back any more; none where nobody asks
    /// them again.
    stood: Option<Vec<Watch>>,
    pub(crate) fence: Option<FenceWatch>,
    /// What moved behind a fence of the way back that is watched no more.
    pub(crate) fell: Option<(Timestamp, String)>,
}

/// When a run surely began, at the earliest. The round's place on the grid bounds what the agent says of it; so
/// does the moment of receipt, by the clock that ran with it and never by the one on the agent's wall.
pub(crate) fn began(at: Timestamp, finding: &Finding, current: &Current, error_ms: u64) -> Timestamp {
    let every = current.plan.scenarios.get(&finding.check).map(|scenario| scenario.every.as_millis());
    let every = u64::try_from(every.unwrap_or_default()).unwrap_or(u64::MAX);
    // Agents of a side share the interval, so a round is due within two of them.
    let latest = finding.round.saturating_add(2).saturating_mul(every);
    let latest = Timestamp::from_millis(current.grid_origin.as_millis().saturating_add(latest));
    let received = at.minus(std::time::Duration::from_nanos(finding.duration_ns));
    finding.due.min(latest).min(received).minus(std::time::Duration::from_millis(error_ms))
}

impl Young {
    /// Nothing is walked, so nothing is watched.
    fn is_idle(&self) -> bool {
        self.watch.is_none() && self.fence.is_none() && self.stood.iter().flatten().next().is_none()
    }

    /// Every watch that is kept.
    fn watches(&mut self) -> impl Iterator<Item = &mut Watch> {
        self.stood.iter_mut().flatten().chain(&mut self.watch)
    }

    /// Nothing is really done.
    fn rehearses(&self) -> bool {
        self.walk.is_some_and(|walk| walk.rehearsal)
    }

    /// Takes a finding of a check that the plan has. Gives back whether it tells of another build than before.
    fn take(&mut self, heard: &Heard<'_>, scenario: &Scenario) -> bool {
        if let Some(fence) = &mut self.fence {
            fence.take(heard, scenario);
        }
        // Each takes it, also behind one that told of another build.
        let mut other = false;
        self.watches().for_each(|watch| other |= watch.take(heard, scenario));
        other
    }

    /// What the step under way rests on.
    pub(crate) fn write(&self, out: &mut StateWriter) {
        out.option(self.watch.as_ref(), |watch, out| watch.write(out));
        out.option(self.fence.as_ref(), |fence, out| fence.write(out));
        self.stood.iter().flatten().for_each(|watch| watch.write(out));
    }

    /// Takes over who owes findings.
    pub(crate) fn staffed(&mut self, joints: &Joints) {
        self.watches().for_each(|watch| watch.staffed(joints));
    }

    /// Findings of an agent are lost: what rests on them is not known.
    pub(crate) fn gap(&mut self, at: Timestamp, agent: &AgentKey, lost: impl Fn(&Name) -> bool) {
        self.watches().for_each(|watch| watch.gap(at, agent, &lost));
        if let Some(fence) = &mut self.fence {
            fence.gap(agent, &lost);
        }
    }

    /// The agent begins anew.
    pub(crate) fn forget(&mut self, agent: &AgentKey) {
        self.watches().for_each(|watch| watch.forget(agent));
        if let Some(fence) = &mut self.fence {
            fence.gap(agent, &|_| true);
        }
    }
}

impl Migration {
    /// A finding of a check that the plan has: what is younger than the step under way, and who ran a job.
    pub(crate) fn young_finding(&mut self, current: &Current, heard: &Heard<'_>) {
        let Some(scenario) = current.plan.scenarios.get(&heard.finding.check) else { return };
        self.ledger.take(&current.plan, scenario, heard);
        if !self.young.is_idle() && self.young.take(heard, scenario) {
            self.young_anew(heard.at);
        }
    }

    /// What was decided begins or ends the watch of a step.
    pub(crate) fn young_event(&mut self, at: Timestamp, kind: &EventKind) {
        match kind {
            EventKind::RunBegun { direction, rehearsal, .. } => {
                let walk = Some(Walk { direction: *direction, rehearsal: *rehearsal });
                let asked = *direction == Direction::Cutover && !rehearsal;
                self.young = Young { walk, stood: asked.then(Vec::new), ..Young::default() };
            }
            EventKind::StepBegun { part, undo: false, .. } => self.part_begins(at, *part),
            EventKind::StepEnded { part, undo: false, outcome: StepOutcome::Done, .. }
            | EventKind::StepSettled { part, undo: false, done: true, .. } => self.part_acted(at, *part),
            EventKind::StepBegun { part, undo: true, .. } => {
                (self.young.watch, self.young.stood) = (None, None);
                // What is taken back is watched no more; what else stands is.
                let fences = |step: &Step| matches!(step.kind, StepKind::Fence { .. });
                if self.step_of(*part).is_some_and(|step| fences(&step)) {
                    self.young.fence = None;
                }
            }
            EventKind::RunTurned { .. } => (self.young.watch, self.young.stood) = (None, None),
            // From here on the side that was left takes the other's writes back.
            EventKind::NoReturnPassed { .. } => (self.young.fence, self.young.stood) = (None, None),
            EventKind::RunEnded { .. } => {
                let fell = self.young.fell.take().or_else(|| self.fell(at));
                self.young = Young { fell, ..Young::default() };
            }
            EventKind::PlanApplied { .. } | EventKind::Switched { .. } | EventKind::RevisionSet { .. } => {
                self.young_anew(at);
            }
            EventKind::AgentRevoked { .. } | EventKind::ConflictFound { .. } => self.young_anew(at),
            EventKind::StepEnded { .. } | EventKind::StepSettled { .. } | EventKind::StepProved { .. } => {}
            EventKind::RunTaken { .. } | EventKind::RunLeft { .. } | EventKind::PhaseChanged { .. } => {}
            EventKind::Decided { .. } | EventKind::HoldSet | EventKind::HoldReleased { .. } => {}
            EventKind::ManualCheckDone { .. } | EventKind::LeaseGranted { .. } => {}
            EventKind::Degraded { .. } | EventKind::AgentEnrolled { .. } => {}
            EventKind::LeaseRevoked { .. } | EventKind::CutoverConfirmed { .. } => {}
            EventKind::CutoversSet { .. } | EventKind::FactSet { .. } | EventKind::Overridden { .. } => {}
            EventKind::PlanProposed { .. } | EventKind::AccessChanged(_) | EventKind::CheckRun { .. } => {}
            EventKind::LeftoverSettled { .. } | EventKind::Noticed(_) | EventKind::Filed(_) => {}
        }
    }

    /// What moved behind a fence of the way back, which nothing is undone for.
    fn fell(&self, at: Timestamp) -> Option<(Timestamp, String)> {
        let back = Walk { direction: Direction::Rollback, rehearsal: false };
        let moved = self.fence_moved().filter(|_| self.young.walk == Some(back))?;
        Some((at, moved))
    }

    fn part_begins(&mut self, at: Timestamp, part: u32) {
        let Some(step) = self.step_of(part) else { return };
        match step.kind {
            StepKind::Open | StepKind::Route { .. } | StepKind::PointOfNoReturn => {
                self.young.fell = self.young.fell.take().or_else(|| self.fell(at));
                self.young.fence = None;
            }
            // Nobody writes to the other side yet, so nothing but the feed's own place may move behind the fence.
            StepKind::Reverse => {
                if let (Some(fence), Some(current)) = (&mut self.young.fence, &self.current) {
                    fence.reversed(&current.plan);
                }
            }
            StepKind::Fence { .. } | StepKind::Drain | StepKind::CatchUp | StepKind::Confirm => {}
            StepKind::Manual | StepKind::Command => {}
        }
        self.watch_step(at, step);
    }

    fn part_acted(&mut self, at: Timestamp, part: u32) {
        let (Some(step), Some(walk)) = (self.step_of(part), self.young.walk) else { return };
        if let (StepKind::Fence { .. }, false, Some(plan)) = (&step.kind, walk.rehearsal, self.plan()) {
            let side = walk.direction.from();
            self.young.fence = Some(FenceWatch::begin(at, &step, side, (plan, self.phase)));
        }
        self.watch_step(at, step);
    }

    fn watch_step(&mut self, at: Timestamp, step: Step) {
        let Some(current) = &self.current else { return };
        self.young.keep(&step.name);
        self.young.watch = Some(Watch::begin(at, step, (&current.plan, &self.traffic), &self.joints));
    }

    /// What was seen until now was seen of something else.
    fn young_anew(&mut self, at: Timestamp) {
        if let Some(watch) = self.young.watch.take() {
            self.watch_step(at, watch.step);
        }
        self.stood_anew(at);
        if let (Some(fence), Some(current)) = (&mut self.young.fence, &self.current) {
            fence.anew(at, &current.plan, self.phase);
        }
    }

    /// The step of the runbook under way that a part belongs to.
    fn step_of(&self, part: u32) -> Option<Step> {
        let book = runbook(self.plan()?, self.young.walk?.direction)?;
        let part = book.parts().get(usize::try_from(part).ok()?).copied()?;
        book.steps.get(part.step).cloned()
    }
}

fn runbook(plan: &Plan, direction: Direction) -> Option<&Runbook> {
    match direction {
        Direction::Cutover => plan.switch.runbook.as_ref(),
        Direction::Rollback => plan.rollback.runbook.as_ref(),
    }
}

/// The sides on which a step asks for a scenario.
fn asked(plan: &Plan, direction: Direction, step: &Step, scenario: &Scenario) -> Vec<Side> {
    let all = || scenario.sides.iter().copied().collect();
    let exactly = scenario.claims.iter().any(|claim| exact_claim(claim).is_some());
    if exactly || !scenario.sides.contains(&direction.to()) {
        return all();
    }
    let until = |found: &Step| found.name != step.name;
    let moves = |kind: &StepKind| matches!(kind, StepKind::Fence { .. } | StepKind::Route { .. });
    let before = runbook(plan, direction).map(|book| book.steps.as_slice()).unwrap_or_default();
    let moved = before.iter().take_while(|found| until(found)).any(|found| moves(&found.kind));
    if moved || moves(&step.kind) { vec![direction.to()] } else { all() }
}
