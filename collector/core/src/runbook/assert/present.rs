//! How the assertions stand now, in words: what the parts of the newest run have made of both sides, and what was
//! read behind the fence since.

use std::time::Duration;

use tidelock_model::{Side, Timestamp};

use super::Made;
use crate::migration::Migration;
use crate::plan::{AssertionRule, Direction, StepKind};
use crate::runbook::Run;
use crate::words::span;

/// How an assertion stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionState {
    /// It is kept.
    Kept,
    /// Nobody accepts writes, as the runbook means it, and not for too long yet.
    Paused,
    /// Nobody knows.
    NotKnown,
    /// It is broken.
    Broken,
}

impl AssertionState {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            AssertionState::Kept => "kept",
            AssertionState::Paused => "paused",
            AssertionState::NotKnown => "not_known",
            AssertionState::Broken => "broken",
        }
    }
}

/// What no step may break, as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct AssertionStatus {
    /// What it is about, as the plan words it.
    pub about: String,
    /// What must hold.
    pub rule: AssertionRule,
    /// How it stands.
    pub state: AssertionState,
    /// What is, in a sentence.
    pub is: String,
    /// Until when nobody may accept writes, where that is so now and bounded.
    pub until: Option<Timestamp>,
}

/// What is known of both sides.
struct Sides {
    source: Made,
    target: Made,
    /// Something moved behind the fence.
    moved: Option<String>,
    /// Since when nobody can write.
    shut: Option<Timestamp>,
    budget: Option<Duration>,
}

impl Migration {
    /// What the plan asserts, and whether it is so now.
    pub fn assertions(&self, now: Timestamp) -> Vec<AssertionStatus> {
        let Some(plan) = self.plan() else { return Vec::new() };
        if plan.switch.assertions.is_empty() {
            return Vec::new();
        }
        let sides = self.sides();
        let each = plan.switch.assertions.iter().map(|assertion| {
            let (state, is) = match assertion.rule {
                AssertionRule::ExactlyOneSideAcceptsWrites => sides.accepts_writes(now),
                AssertionRule::AtLeastOneSideServes => sides.serves(now),
            };
            let until = sides.until().filter(|_| state == AssertionState::Paused);
            AssertionStatus { about: assertion.about.clone(), rule: assertion.rule, state, is, until }
        });
        each.collect()
    }

    /// Whether each side accepts writes, by the newest real run; before there is one, and after somebody's own
    /// script switched, by where traffic is.
    fn sides(&self) -> Sides {
        let budget = self.plan().and_then(|plan| plan.dip_budget()).map(|(_, budget)| budget);
        let Some(run) = self.runs.newest.as_ref().filter(|run| !run.rehearsal && run.touches_writes()) else {
            let there = |side| if self.traffic() == side { Made::Yes } else { Made::No };
            let (source, target) = (there(Side::Source), there(Side::Target));
            return Sides { source, target, moved: None, shut: None, budget };
        };
        let (from, to) = run.accept_writes();
        let (source, target) = match run.direction {
            Direction::Cutover => (from, to),
            Direction::Rollback => (to, from),
        };
        let moved = self.fence_moved().filter(|_| run.under_way());
        Sides { source, target, moved, shut: run.shut.open_since(), budget }
    }
}

impl Run {
    fn touches_writes(&self) -> bool {
        let touches = |kind: &StepKind| matches!(kind, StepKind::Fence { .. } | StepKind::Open);
        self.runbook.steps.iter().any(|step| touches(&step.kind))
    }

    /// Whether the side that is left accepts writes, and the one that traffic goes to.
    fn accept_writes(&self) -> (Made, Made) {
        let states = self.machine.states().iter().enumerate();
        let (mut shut, mut open) = (Vec::new(), Vec::new());
        for (at, state) in states {
            match self.step(at).map(|step| &step.kind) {
                Some(StepKind::Fence { .. }) => shut.push(Made::from(*state)),
                Some(StepKind::Open) => open.push(Made::from(*state)),
                Some(StepKind::Drain | StepKind::CatchUp | StepKind::PointOfNoReturn) | None => {}
                Some(StepKind::Route { .. } | StepKind::Confirm | StepKind::Reverse) => {}
                Some(StepKind::Manual | StepKind::Command) => {}
            }
        }
        let from = match () {
            // Each of several fences shuts some writers only.
            () if shut.iter().all(|made| *made == Made::No) => Made::Yes,
            () if shut.iter().all(|made| *made == Made::Yes) => Made::No,
            () => Made::Perhaps,
        };
        let to = match () {
            () if open.contains(&Made::Yes) => Made::Yes,
            () if open.contains(&Made::Perhaps) => Made::Perhaps,
            () => Made::No,
        };
        (from, to)
    }
}

impl Sides {
    fn until(&self) -> Option<Timestamp> {
        Some(self.shut?.plus(self.budget?))
    }

    fn accepts_writes(&self, now: Timestamp) -> (AssertionState, String) {
        if let Some(moved) = &self.moved {
            return (AssertionState::Broken, moved.clone());
        }
        match (self.source, self.target) {
            (Made::Yes, Made::Yes) => (AssertionState::Broken, "both sides accept writes".to_owned()),
            (Made::Yes, Made::No) => {
                (AssertionState::Kept, "source accepts writes, target does not".to_owned())
            }
            (Made::No, Made::Yes) => {
                (AssertionState::Kept, "target accepts writes, source does not".to_owned())
            }
            (Made::No, Made::No) => self.nobody(now),
            (Made::Perhaps, other) => not_known(Side::Source, other, Side::Target),
            (other, Made::Perhaps) => not_known(Side::Target, other, Side::Source),
        }
    }

    fn serves(&self, now: Timestamp) -> (AssertionState, String) {
        match (self.source, self.target) {
            (Made::Yes, Made::Yes) => (AssertionState::Kept, "both sides accept writes".to_owned()),
            (Made::Yes, _) => (AssertionState::Kept, "source serves, and accepts writes".to_owned()),
            (_, Made::Yes) => (AssertionState::Kept, "target serves, and accepts writes".to_owned()),
            (Made::No, Made::No) => self.nobody(now),
            (Made::Perhaps, other) => not_known(Side::Source, other, Side::Target),
            (other, Made::Perhaps) => not_known(Side::Target, other, Side::Source),
        }
    }

    /// Nobody accepts writes: that is what a fence is for, and no longer than a scenario may be away.
    fn nobody(&self, now: Timestamp) -> (AssertionState, String) {
        match (self.until(), self.budget) {
            (Some(until), Some(budget)) if now > until => {
                (AssertionState::Broken, format!("nobody accepts writes for longer than {}", span(budget)))
            }
            _ => (AssertionState::Paused, "nobody accepts writes".to_owned()),
        }
    }
}

fn not_known(side: Side, other: Made, its: Side) -> (AssertionState, String) {
    let rest = match other {
        Made::Yes => format!(", and {its} does"),
        Made::No => format!(", and {its} does not"),
        Made::Perhaps => format!(", nor whether {its} does"),
    };
    (AssertionState::NotKnown, format!("nobody knows whether {side} accepts writes{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Assertion;
    use crate::record::{EventKind, RunOutcome, StepOutcome};
    use crate::runbook::stand::*;

    const BOTH: [AssertionRule; 2] =
        [AssertionRule::ExactlyOneSideAcceptsWrites, AssertionRule::AtLeastOneSideServes];

    /// Fence, open, all traffic; writes may be shut for 20 s.
    fn shop() -> Stand {
        let mut orders = scenario(&[Side::Source, Side::Target], Vec::new());
        (orders.writes, orders.may_dip) = (true, Some(secs(20)));
        let fence = StepKind::Fence { two_readings: secs(5) };
        let steps = vec![
            step("fence", fence, &[], 0),
            step("open", StepKind::Open, &[], 0),
            step("traffic", StepKind::Route { weights: vec![100] }, &[], 0),
        ];
        let mut plan = plan(vec![("orders", orders)], steps);
        plan.switch.assertions =
            BOTH.iter().map(|rule| Assertion { about: "orders".into(), rule: *rule }).collect();
        Stand::new(plan, &["s1", "t1"])
    }

    fn said(stand: &Stand) -> Vec<String> {
        let line = |it: &AssertionStatus| format!("{}: {}", it.state.word(), it.is);
        stand.migration.assertions(stand.now).iter().map(line).collect()
    }

    #[test]
    fn they_follow_what_the_steps_have_made() {
        let mut stand = shop();
        assert_eq!(
            said(&stand),
            ["kept: source accepts writes, target does not", "kept: source serves, and accepts writes"]
        );
        stand.acts(0);
        assert_eq!(said(&stand), ["paused: nobody accepts writes"; 2]);
        let until = stand.migration.assertions(stand.now)[0].until;
        assert_eq!(until, Some(stand.now.plus(secs(20))));
        stand.wait(21);
        assert_eq!(said(&stand), ["broken: nobody accepts writes for longer than 20 s"; 2]);
        stand.decide(EventKind::StepProved { run: 1, part: 0 });
        stand.decide(EventKind::NoReturnPassed { run: 1, lease: 1, part: 1 });
        stand.acts(1);
        assert_eq!(
            said(&stand),
            ["kept: target accepts writes, source does not", "kept: target serves, and accepts writes"]
        );
    }

    #[test]
    fn what_nobody_knows_is_not_called_kept() {
        let mut stand = shop();
        stand.acts(0);
        stand.decide(EventKind::StepProved { run: 1, part: 0 });
        stand.decide(EventKind::NoReturnPassed { run: 1, lease: 1, part: 1 });
        stand.decide(EventKind::StepBegun { run: 1, lease: 1, part: 1, undo: false });
        let (outcome, output) = (StepOutcome::Unknown, String::new());
        let ended =
            EventKind::StepEnded { run: 1, lease: 1, part: 1, undo: false, outcome, durable: false, output };
        stand.decide(ended);
        assert_eq!(
            said(&stand),
            ["not_known: nobody knows whether target accepts writes, and source does not"; 2]
        );
    }

    #[test]
    fn a_run_that_was_taken_back_leaves_everything_as_it_was() {
        let mut stand = shop();
        stand.acts(0);
        stand.decide(EventKind::RunTurned { run: 1, why: "somebody asked for it".into() });
        stand.decide(EventKind::StepBegun { run: 1, lease: 1, part: 0, undo: true });
        assert!(said(&stand)[0].starts_with("not_known: nobody knows whether source accepts writes"));
        let (outcome, output) = (StepOutcome::Done, String::new());
        let ended =
            EventKind::StepEnded { run: 1, lease: 1, part: 0, undo: true, outcome, durable: true, output };
        stand.decide(ended);
        stand.decide(EventKind::RunEnded { run: 1, outcome: RunOutcome::Undone, writes_shut: None });
        assert_eq!(said(&stand)[0], "kept: source accepts writes, target does not");
    }
}
