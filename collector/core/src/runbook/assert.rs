//! What no step may break: who accepts writes and who serves, as the parts of a runbook declare it.
//!
//! # Invariants
//! - Two sides never accept writes, whether the plan asserts it or not.
//! - What nobody knows is taken as whatever is worse: a fence that failed shuts nothing, an opening that failed
//!   may have opened.
//! - Going back is refused only where it would let both sides write: a run that cannot go back is stuck.

mod present;

pub use present::{AssertionState, AssertionStatus};

use crate::plan::{Assertion, AssertionRule, Direction, Part, Runbook, Step, StepKind};
use crate::runbook::PartState;

/// Whether a part's effect is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// It is not.
    No,
    /// Nobody knows.
    Perhaps,
    /// It is.
    Yes,
}

impl From<PartState> for Made {
    fn from(state: PartState) -> Made {
        match state {
            PartState::Pending | PartState::Undone => Made::No,
            PartState::Acted | PartState::Done => Made::Yes,
            PartState::Begun | PartState::Failed | PartState::Ambiguous => Made::Perhaps,
            PartState::Undoing | PartState::UndoFailed | PartState::UndoAmbiguous => Made::Perhaps,
        }
    }
}

/// A runbook with what it must not break.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) direction: Direction,
    pub(crate) runbook: &'a Runbook,
    pub(crate) assertions: &'a [Assertion],
}

/// The first step of a runbook that would break one of the assertions, or that cannot be taken back without
/// breaking one, and why: as planned, before anything is done.
///
/// That both sides accept writes is always such a break.
pub fn runbook_breach(
    direction: Direction,
    runbook: &Runbook,
    assertions: &[Assertion],
) -> Option<(usize, String)> {
    let rules = Rules { direction, runbook, assertions };
    let parts = runbook.parts();
    let until = reversible_until(direction, runbook, &parts);
    let mut made = vec![Made::No; parts.len()];
    for (place, part) in parts.iter().enumerate() {
        if let Some(why) = rules.breach(&made, place, false) {
            return Some((part.step, why));
        }
        made[place] = Made::Yes;
        let back = (place < until).then(|| rules.undone_from(&parts, made.clone(), place)).flatten();
        if back.is_some() {
            return back;
        }
    }
    None
}

/// The part from which on nothing is taken back. A cutover that names no point of no return passes it with its
/// first opening; a way back that names none goes on until it has arrived.
fn reversible_until(direction: Direction, runbook: &Runbook, parts: &[Part]) -> usize {
    let first = |wanted: &StepKind| parts.iter().position(|part| kind(runbook, part) == Some(wanted));
    let named = first(&StepKind::PointOfNoReturn);
    match direction {
        Direction::Cutover => named.or_else(|| first(&StepKind::Open)).unwrap_or(parts.len()),
        Direction::Rollback => named.unwrap_or(0),
    }
}

impl Rules<'_> {
    /// Why the part must not be carried out, or taken back, where `made` tells of each part whether it is there.
    pub(crate) fn breach(&self, made: &[Made], next: usize, undo: bool) -> Option<String> {
        let parts = self.runbook.parts();
        let step = self.runbook.steps.get(parts.get(next)?.step)?;
        if undo {
            let passed = |(part, made): (&Part, &Made)| {
                *made != Made::No && kind(self.runbook, part) == Some(&StepKind::PointOfNoReturn)
            };
            if parts.iter().zip(made).any(passed) {
                return Some(format!("{} is not taken back: the point of no return was passed", step.name));
            }
        }
        let mut after = made.to_vec();
        after.resize(parts.len(), Made::No);
        after[next] = if undo { Made::No } else { Made::Yes };
        let two = self.two_write(&parts, &after);
        let touches = match (&step.kind, undo) {
            (StepKind::Fence { .. }, undo) => undo,
            (StepKind::Open, undo) => !undo,
            (StepKind::Drain | StepKind::CatchUp | StepKind::PointOfNoReturn, _) => false,
            (StepKind::Route { .. } | StepKind::Confirm | StepKind::Reverse, _) => false,
            (StepKind::Manual | StepKind::Command, _) => false,
        };
        if let Some(why) = two.filter(|_| touches) {
            let back = if undo { "taking back " } else { "" };
            let told = self.about(AssertionRule::ExactlyOneSideAcceptsWrites);
            return Some(format!("{back}{} would let both sides accept writes{told}: {why}", step.name));
        }
        if undo { None } else { self.shut_for_ever(&parts, &after, (next, step)) }
    }

    /// Why both sides may accept writes.
    fn two_write(&self, parts: &[Part], made: &[Made]) -> Option<String> {
        let opened = self.of(parts, made, |kind| *kind == StepKind::Open).find(|(_, made)| *made != Made::No);
        let (opened, how) = opened?;
        let from = self.direction.from();
        let open = match how {
            Made::Yes => format!("{} opens {}", opened.name, self.direction.to()),
            Made::Perhaps | Made::No => format!("{} may have opened {}", opened.name, self.direction.to()),
        };
        let mut fences = self.of(parts, made, |kind| matches!(kind, StepKind::Fence { .. })).peekable();
        if fences.peek().is_none() {
            return Some(format!("{open}, and no fence shuts {from}"));
        }
        let (fence, how) = fences.find(|(_, made)| *made != Made::Yes)?;
        Some(match how {
            Made::No => format!("{open}, and {} does not shut {from}", fence.name),
            Made::Perhaps | Made::Yes => {
                format!("{open}, and nobody knows whether {} shuts {from}", fence.name)
            }
        })
    }

    /// Writes would stay shut wherever traffic is, or on a side that keeps serving.
    fn shut_for_ever(&self, parts: &[Part], made: &[Made], (next, step): (usize, &Step)) -> Option<String> {
        let rule = self.assertions.first()?.rule;
        let fenced = self
            .of(parts, made, |kind| matches!(kind, StepKind::Fence { .. }))
            .any(|(_, made)| made != Made::No);
        let mut opens = parts.iter().zip(made).enumerate().filter(|(place, (part, made))| {
            kind(self.runbook, part) == Some(&StepKind::Open) && (*place > next || **made == Made::Yes)
        });
        let (from, to) = (self.direction.from(), self.direction.to());
        if fenced && opens.next().is_none() {
            let told = self.about(rule);
            return Some(format!(
                "{} would leave nobody who accepts writes{told}: {from} is shut, and no later step opens {to}",
                step.name
            ));
        }
        let serves = self.assertions.iter().any(|it| it.rule == AssertionRule::AtLeastOneSideServes);
        let StepKind::Route { .. } = &step.kind else { return None };
        let weight = parts.get(next)?.weight?;
        let left = |weight: u32| match self.direction {
            Direction::Cutover => weight.min(100) < 100,
            Direction::Rollback => weight > 0,
        };
        let leaves_later = parts.iter().skip(next + 1).filter_map(|part| part.weight).any(|it| !left(it));
        if serves && fenced && left(weight) && !leaves_later {
            let told = self.about(AssertionRule::AtLeastOneSideServes);
            return Some(format!(
                "{} would leave traffic on {from}{told}: its writes are shut, and no later weight moves it away",
                step.name
            ));
        }
        None
    }

    /// The steps of a kind, part by part, each with what is known of it.
    fn of<'b>(
        &'b self,
        parts: &'b [Part],
        made: &'b [Made],
        which: impl Fn(&StepKind) -> bool + 'b,
    ) -> impl Iterator<Item = (&'b Step, Made)> {
        let found = parts.iter().zip(made).filter_map(|(part, made)| {
            let step = self.runbook.steps.get(part.step)?;
            Some((step, *made))
        });
        found.filter(move |(step, _)| which(&step.kind))
    }

    /// The assertion of a rule, as the plan words it.
    fn about(&self, rule: AssertionRule) -> String {
        let found = self.assertions.iter().find(|assertion| assertion.rule == rule);
        found.map(|found| format!(" (the plan asserts: {})", found.about)).unwrap_or_default()
    }

    /// Everything up to the part is there, and is taken back, the last first.
    fn undone_from(&self, parts: &[Part], mut made: Vec<Made>, last: usize) -> Option<(usize, String)> {
        for place in (0..=last).rev() {
            let step = parts[place].step;
            if self.runbook.steps[step].undo.is_none() {
                continue;
            }
            if let Some(why) = self.breach(&made, place, true) {
                return Some((step, why));
            }
            made[place] = Made::No;
        }
        None
    }
}

fn kind<'a>(runbook: &'a Runbook, part: &Part) -> Option<&'a StepKind> {
    runbook.steps.get(part.step).map(|step| &step.kind)
}

#[cfg(test)]
mod tests;
