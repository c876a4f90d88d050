//! Orders of steps that lose data, refused by day.
//!
//! Each rule stands for a night that went wrong: a position read too late, writes opened on two sides, a
//! step that nobody could take back.

use tidelock_core::plan::{Direction, Plan, Runbook, Step, StepKind};
use tidelock_core::runbook_breach;

use super::{Places, proof, shut, weights};
use crate::problem::{Sink, listed};

/// A runbook with its places, while its order is looked at.
pub(super) struct Order<'a> {
    pub(super) plan: &'a Plan,
    pub(super) runbook: &'a Runbook,
    pub(super) direction: Direction,
    pub(super) places: &'a Places<'a>,
}

impl<'a> Order<'a> {
    fn all(&self, is: impl Fn(&StepKind) -> bool) -> Vec<(usize, &'a Step)> {
        self.runbook.steps.iter().enumerate().filter(|(_, step)| is(&step.kind)).collect()
    }

    pub(super) fn fence(&self) -> Option<(usize, &'a Step)> {
        self.all(|kind| matches!(kind, StepKind::Fence { .. })).first().copied()
    }

    pub(super) fn open(&self) -> Option<(usize, &'a Step)> {
        self.all(|kind| *kind == StepKind::Open).first().copied()
    }

    pub(super) fn routes(&self) -> Vec<(usize, &'a Step)> {
        self.all(|kind| matches!(kind, StepKind::Route { .. }))
    }

    pub(super) fn no_return(&self) -> Vec<(usize, &'a Step)> {
        self.all(|kind| *kind == StepKind::PointOfNoReturn)
    }
}

/// Refuses what no operator should walk.
pub(crate) fn check(
    plan: &Plan,
    runbook: &Runbook,
    direction: Direction,
    places: &Places<'_>,
    sink: &mut Sink,
) {
    let order = Order { plan, runbook, direction, places };
    proof::check(&order, sink);
    shut::times(&order, sink);
    if places.written() != runbook.steps.len() {
        // A step that can't be read was told; its place in the order is not known.
        return;
    }
    let mut sound = points_of_no_return(&order, sink);
    sound &= moves_traffic(&order, sink);
    sound &= fenced_first(&order, sink);
    arrived_first(&order, sink);
    position_first(&order, sink);
    taken_back(&order, sink);
    proof::confirmed(&order, sink);
    shut::weighted(&order, sink);
    shut::budgets(&order, sink);
    // What is walked must have an end: without it everything that follows would be told as well.
    if sound && weights::arrive(runbook, direction) {
        shut::away_in_time(&order, sink);
        asserted(&order, sink);
    }
}

fn points_of_no_return(order: &Order<'_>, sink: &mut Sink) -> bool {
    match (order.no_return().as_slice(), order.direction) {
        ([_], _) | ([], Direction::Rollback) => return true,
        ([], Direction::Cutover) => {
            sink.say("E051", order.places.list(), "the runbook has no point of no return")
                .label("nobody knows until when all can be taken back")
                .help("write it before writes open on the target: { step: no-return, kind: point-of-no-return, owner: olga }");
        }
        ([(_, first), .., (_, last)], _) => {
            let text = format!("{} has a second point of no return", order.places.path());
            sink.say("E051", order.places.step(last.name.as_str()), text)
                .label(format!("{} is one", first.name))
                .help("there is one moment from which on only forward is left: keep the first");
        }
    }
    false
}

fn moves_traffic(order: &Order<'_>, sink: &mut Sink) -> bool {
    let moves = !order.routes().is_empty();
    if !moves {
        sink.say(
            "E052",
            order.places.list(),
            format!("{} has no step that moves traffic", order.places.path()),
        )
        .label("no route")
        .help("write one: { step: traffic, kind: route, owner: ben, run: [./ops/weight, \"{weight}\"] }");
    }
    moves
}

/// Traffic that writes goes over only after the old side is shut and everything of it has arrived (PF1).
fn arrived_first(order: &Order<'_>, sink: &mut Sink) {
    let Some((route, step)) = order.routes().first().copied() else { return };
    if order.direction == Direction::Rollback {
        return;
    }
    let fence = order.fence();
    let writes = order.plan.scenarios.values().any(|s| s.writes) && !order.plan.switch.writes_go_to_target;
    if !writes && fence.is_none() {
        return;
    }
    let mut say = |what: &str, help: &str| {
        let text = format!("step {:?} routes traffic that writes {what}", step.name.as_str());
        sink.say("E053", order.places.step(step.name.as_str()), text).label("too early").help(help);
    };
    let Some((fence, _)) = fence.filter(|(fence, _)| *fence < route) else {
        return say(
            "before a fence has shut the writes of the source",
            "write a step of the kind fence before it, so that one side alone takes writes",
        );
    };
    let arrived = order.all(|kind| *kind == StepKind::CatchUp);
    if !arrived.iter().any(|(at, _)| fence < *at && *at < route) {
        say(
            "before the target has caught up",
            "write a step of the kind catch-up between the fence and the route: what was in flight when writes were shut comes last",
        );
    }
}

/// Writes open on one side only after they are proved to be shut on the other.
fn fenced_first(order: &Order<'_>, sink: &mut Sink) -> bool {
    let (from, to) = (order.direction.from(), order.direction.to());
    let (fence, open) = (order.fence(), order.open());
    if let Some((_, step)) = fence.filter(|_| open.is_none()) {
        let text = format!(
            "step {:?} shuts writes on the {from}, and no step opens them on the {to}",
            step.name.as_str()
        );
        sink.say("E056", order.places.step(step.name.as_str()), text)
            .label("shut for ever")
            .help(format!("write a step of the kind open after it: until then nobody can write on the {to}"));
    }
    let Some((open, step)) = open else { return fence.is_none() };
    let mut say = |what: String, help: &str| {
        let text = format!("step {:?} opens writes on the {to} before {what}", step.name.as_str());
        sink.say("E056", order.places.step(step.name.as_str()), text)
            .label("two sides would take writes")
            .help(help);
    };
    if fence.is_none_or(|(fence, _)| fence >= open) {
        say(
            format!("a fence has proved that they are shut on the {from}"),
            "write a step of the kind fence before it",
        );
    } else if order.all(|kind| *kind == StepKind::CatchUp).iter().any(|(at, _)| *at > open) {
        say(
            "it has caught up".into(),
            "move the step of the kind catch-up before it: what arrives later would overwrite newer rows",
        );
    } else if order.direction == Direction::Cutover
        && !order.plan.switch.writes_go_to_target
        && let [(at, _)] = order.no_return()[..]
        && at > open
    {
        say(
            "the point of no return".into(),
            "what the target has taken by then an undo would lose: move the point of no return before it",
        );
    } else {
        return true;
    }
    false
}

/// What the plan asserts holds after every step, and after every undo.
fn asserted(order: &Order<'_>, sink: &mut Sink) {
    let assertions = &order.plan.switch.assertions;
    if let Some((at, why)) = runbook_breach(order.direction, order.runbook, assertions)
        && let Some(step) = order.runbook.steps.get(at)
    {
        sink.say("E066", order.places.step(step.name.as_str()), why)
            .label("breaks it")
            .help("the order of the steps or what takes them back must change: no operator would be let through here");
    }
}

/// The feed back begins at a position of before the switch, or it misses what was written meanwhile (PF2).
fn position_first(order: &Order<'_>, sink: &mut Sink) {
    let switch = order.routes().iter().map(|(at, _)| *at).chain(order.open().map(|(at, _)| at)).min();
    let Some(switch) = switch else { return };
    let feeds = order.all(|kind| *kind == StepKind::Reverse);
    if let Some((_, step)) = feeds.first().filter(|(at, _)| *at > switch) {
        let text = format!(
            "step {:?} starts the reverse feed from a position of after the switch",
            step.name.as_str()
        );
        sink.say("E057", order.places.step(step.name.as_str()), text)
            .label("too late")
            .help("write a step of the kind reverse before traffic and writes move, which prepares the feed and takes its position: what is written in between would be missing on the way back");
    }
}

/// Everything before the point of no return can be taken back, and nothing else ever is.
fn taken_back(order: &Order<'_>, sink: &mut Sink) {
    let point = match (order.no_return().as_slice(), order.direction) {
        ([(point, _)], _) => *point,
        // A way back goes on until it has arrived, unless it names a point of its own.
        ([], Direction::Rollback) => 0,
        (_, _) => return,
    };
    let (before, after) = order.runbook.steps.split_at(point);
    for step in before.iter().filter(|step| step.run.is_some() && step.undo.is_none()) {
        let text =
            format!("step {:?} stands before the point of no return and has no undo", step.name.as_str());
        sink.say("E058", order.places.step(step.name.as_str()), text)
            .label("can't be taken back")
            .help("write what takes it back: undo: [./ops/read-only, off-source]");
    }
    let lost: Vec<&str> = after.iter().filter(|s| s.undo.is_some()).map(|s| s.name.as_str()).collect();
    if let Some(first) = lost.first() {
        let verb = if lost.len() > 1 { "have" } else { "has" };
        let (text, help) = match order.direction {
            Direction::Cutover => (
                format!("{} {verb} an undo after the point of no return", listed(&lost)),
                "after it nothing is undone: write the way back as rollback.runbook",
            ),
            Direction::Rollback => (
                format!("{} {verb} an undo on a way back that is never undone", listed(&lost)),
                "it goes on until it has arrived: take the undo out, or write a point of no return behind what may be undone",
            ),
        };
        sink.say("W011", order.places.key(first, "undo"), text).label("never run").help(help);
    }
}
