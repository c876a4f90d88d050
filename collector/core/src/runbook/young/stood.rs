//! What proved the steps so far, asked once more where nothing leads back any more.
//!
//! A step is proved once, and then an hour may go by. Whoever passes the point of no return rests on every step before
//! it, so what proved them is watched on, and has to be so at that moment: by the same rounds, at the same strength.
//!
//! What a later step changes on purpose is not asked again: once the target takes traffic, what was counted and compared
//! before that moves; once the feed of the way back begins, how far the other one came is told by nobody; once writes are
//! shut or traffic moves, what merely runs on the side that is left may well fail there.

use std::collections::BTreeSet;

use tidelock_model::{Name, Phase, Timestamp, mutated};

use super::holds::Asked;
use super::watch::Watch;
use super::{Young, asked};
use crate::joint::exact_claim;
use crate::migration::Migration;
use crate::plan::{ClaimKind, Direction, Scenario, Step, StepKind};
use crate::runbook::fence::of_a_feed;
use crate::runbook::{NextAction, PartState, Run};
use crate::verdict::Hold;

impl Young {
    /// Another step begins, so the one before it was proved.
    pub(super) fn keep(&mut self, next: &Name) {
        let (Some(watch), Some(stood)) = (self.watch.take(), &mut self.stood) else { return };
        if watch.step.name != *next && !watch.checks.is_empty() {
            stood.retain(|known| known.step.name != watch.step.name);
            stood.push(watch);
        }
    }
}

impl Run {
    /// The steps that were begun after this part.
    fn begun_after(&self, part: usize) -> impl Iterator<Item = &Step> {
        let states = self.machine.states().iter().enumerate().skip(part.saturating_add(1));
        let begun = states.filter(|(_, state)| **state != PartState::Pending);
        begun.filter_map(move |(part, _)| self.step(part))
    }

    /// The last part of a step.
    fn last_of(&self, step: &Name) -> Option<usize> {
        (0..self.marks.len()).rev().find(|part| self.step(*part).is_some_and(|it| it.name == *step))
    }
}

impl Migration {
    /// What holds the point of no return, while that is next.
    pub(in crate::runbook) fn no_return_holds(&self, run: &Run, now: Timestamp) -> Vec<Hold> {
        let next = matches!(run.machine.next(), NextAction::PassNoReturn { .. });
        if !next || run.rehearsal || run.direction != Direction::Cutover {
            return Vec::new();
        }
        let fence = self.fallen(run, now).map(|(_, holds)| holds).unwrap_or_default();
        fence.into_iter().chain(self.stood_holds(run, now)).collect()
    }

    /// The fence that was proved and has to stand still, and what of it is not seen to this moment.
    pub(in crate::runbook) fn fallen(&self, run: &Run, now: Timestamp) -> Option<(usize, Vec<Hold>)> {
        let is_fence = |part: &usize| {
            let done = run.machine.states().get(*part) == Some(&PartState::Done);
            done && run.step(*part).is_some_and(|step| matches!(step.kind, StepKind::Fence { .. }))
        };
        let part = (0..run.marks.len()).rev().find(is_fence)?;
        let (step, acted) = run.step(part).zip(run.marks.get(part)?.acted)?;
        // Once the target takes traffic before the point of no return, writes come to that side on purpose.
        let opens = |step: &Step| matches!(step.kind, StepKind::Open | StepKind::Route { .. });
        let holds = match run.begun_after(part).any(opens) {
            true => Vec::new(),
            false => self.fence_holds(run.direction, step, acted, now),
        };
        Some((part, holds))
    }

    /// What the steps that were proved rest on, and is not so any more; empty where all of it still is.
    pub(in crate::runbook) fn stood_holds(&self, run: &Run, now: Timestamp) -> Vec<Hold> {
        let mut holds = self.suspended_holds(Phase::Cutover);
        let here = run.machine.no_return_at().and_then(|part| run.step(part));
        let Some((plan, here)) =
            self.plan().zip(here).filter(|_| !mutated("no-return-asks-every-step-again"))
        else {
            return holds;
        };
        let (mut sides, mut names) = (BTreeSet::new(), BTreeSet::new());
        // The newest first: a scenario of two steps is asked by what was seen since the later one.
        let watches = self.young.watch.iter().chain(self.young.stood.iter().flatten().rev());
        for watch in watches {
            for (name, young) in &watch.checks {
                let Some(scenario) = plan.scenarios.get(name) else { continue };
                if !still_asked(run, watch, scenario) || !names.insert(name) {
                    continue;
                }
                for side in asked(plan, run.direction, here, scenario) {
                    sides.insert(side);
                    let asked = Asked { name, scenario, side, young, step: &watch.step };
                    holds.extend(self.asked_holds(&asked, watch.since, now));
                }
            }
        }
        holds.extend(sides.into_iter().filter_map(|side| self.agents_hold(plan, side, now)));
        holds.sort_by_key(Hold::order);
        holds
    }

    /// What was seen until now was seen of something else.
    pub(super) fn stood_anew(&mut self, at: Timestamp) {
        let Some(current) = &self.current else { return };
        let anew = |watch: &Watch| {
            Watch::begin(at, watch.step.clone(), (&current.plan, &self.traffic), &self.joints)
        };
        for watch in self.young.stood.iter_mut().flatten() {
            *watch = anew(watch);
        }
    }
}

/// No step that was begun since changes on purpose what the scenario showed.
fn still_asked(run: &Run, watch: &Watch, scenario: &Scenario) -> bool {
    let Some(part) = run.last_of(&watch.step.name) else { return true };
    let since = |which: fn(&StepKind) -> bool| run.begun_after(part).any(|step| which(&step.kind));
    let opened = since(|kind| matches!(kind, StepKind::Open | StepKind::Route { .. }));
    let shut = since(|kind| matches!(kind, StepKind::Fence { .. } | StepKind::Route { .. }));
    let reversed = since(|kind| matches!(kind, StepKind::Reverse));
    let exactly = scenario.claims.iter().any(|claim| exact_claim(claim).is_some());
    let came = of_a_feed(scenario) || watch.step.kind == StepKind::CatchUp && tells_how_far(run, scenario);
    let left = !exactly && !scenario.sides.contains(&run.direction.to());
    !(opened && exactly || reversed && came || shut && left)
}

/// Nothing but a feed that is turned round by now told it: what counts, or what is seen where the feed came from.
fn tells_how_far(run: &Run, scenario: &Scenario) -> bool {
    let exactly = scenario.claims.iter().any(|claim| exact_claim(claim).is_some());
    let counts = scenario.claims.iter().any(|claim| matches!(claim.kind, ClaimKind::Measure { .. }));
    !exactly && (counts || !scenario.sides.contains(&run.direction.to()))
}
