//! The runbooks, who owns what, what is told to whom, and the way back.

use std::time::Duration;

use tidelock_core::plan::{
    AssertionRule, BackLimit, Command, FirstMinutes, OneWay, OwnedThing, ReceiverKind, RollbackRule, Step,
    StepKind, Turbulence,
};
use tidelock_model::Side;

use super::{ANY, LESS, MORE, Plan, Row, name, row};

/// The steps of the cutover, in their order.
const FENCE: usize = 1;
const ARRIVED: usize = 2;
const OPEN: usize = 4;
const TRAFFIC: usize = 5;

pub(super) fn rows() -> Vec<Row> {
    [switch(), steps(), commands(), owned(), after(), rollback(), limits()].into_iter().flatten().collect()
}

fn book(plan: &mut Plan) -> &mut Vec<Step> {
    &mut plan.switch.runbook.as_mut().expect("it has one").steps
}

fn step(plan: &mut Plan, at: usize) -> &mut Step {
    &mut book(plan)[at]
}

fn run(plan: &mut Plan) -> &mut Command {
    step(plan, FENCE).run.as_mut().expect("the fence runs something")
}

fn undo(plan: &mut Plan) -> &mut Command {
    step(plan, FENCE).undo.as_mut().expect("the fence is taken back")
}

fn thing(plan: &mut Plan) -> &mut OwnedThing {
    plan.switch.owners.get_mut("stock-sync").expect("it has one")
}

fn first(plan: &mut Plan) -> &mut FirstMinutes {
    plan.switch.first_minutes.as_mut().expect("it has them")
}

fn back(plan: &mut Plan) -> &mut RollbackRule {
    &mut plan.rollback
}

fn limit(plan: &mut Plan) -> &mut BackLimit {
    plan.rollback.possible_while.first_mut().expect("it has one")
}

fn mails(plan: &mut Plan) -> &mut OneWay {
    plan.rollback.one_way.first_mut().expect("it has one")
}

fn switch() -> Vec<Row> {
    vec![
        row("Switch.runbook", LESS, |p| p.switch.runbook = None),
        row("Switch.owners", LESS, |p| {
            p.switch.owners.remove("stock-sync");
        }),
        row("Switch.assertions", LESS, |p| {
            p.switch.assertions.pop();
        }),
        row("Switch.first_minutes", LESS, |p| p.switch.first_minutes = None),
        row("Switch.notify", LESS, |p| {
            p.switch.notify.pop();
        }),
        row("Switch.writes_go_to_target", LESS, |p| p.switch.writes_go_to_target = true),
    ]
}

fn steps() -> Vec<Row> {
    vec![
        // The point of no return before what has to have arrived.
        row("Runbook.steps", ANY, |p| book(p).swap(ARRIVED, ARRIVED + 1)),
        row("Runbook.steps", LESS, |p| {
            book(p).remove(ARRIVED);
        }),
        row("Runbook.steps", ANY, |p| {
            let early = Step { name: name("early"), ..step(p, TRAFFIC).clone() };
            book(p).insert(ARRIVED, early);
        }),
        row("Step.name", ANY, |p| step(p, ARRIVED).name = name("another")),
        row("Step.kind", ANY, |p| step(p, ARRIVED).kind = StepKind::Drain),
        row("Step.owner", ANY, |p| step(p, ARRIVED).owner = name("olga")),
        row("Step.planned", LESS, |p| step(p, ARRIVED).planned /= 2),
        row("Step.deadline", LESS, |p| step(p, ARRIVED).deadline = None),
        row("Step.run", ANY, |p| step(p, FENCE).run = None),
        row("Step.undo", LESS, |p| step(p, FENCE).undo = None),
        row("Step.rehearsal", MORE, |p| step(p, FENCE).rehearsal = Some(run(p).clone())),
        row("Step.after", LESS, |p| step(p, ARRIVED).after.clear()),
        row("Step.bake", LESS, |p| step(p, TRAFFIC).bake /= 2),
        row("StepKind::Fence.two_readings", LESS, |p| {
            step(p, FENCE).kind = StepKind::Fence { two_readings: Duration::from_secs(1) };
        }),
        row("StepKind::Route.weights", MORE, |p| {
            step(p, TRAFFIC).kind = StepKind::Route { weights: vec![10, 100] };
        }),
    ]
}

fn commands() -> Vec<Row> {
    vec![
        row("Command.argv", ANY, |p| run(p).argv = vec!["true".into()]),
        // The same words, and another command.
        row("Command.argv", ANY, |p| run(p).argv = vec![run(p).argv.join(" ")]),
        row("Command.argv", ANY, |p| undo(p).argv = vec!["true".into()]),
        row("Command.env", ANY, |p| run(p).env.push("PATH_TO_IT".into())),
        row("Command.env", ANY, |p| step(p, OPEN).run.iter_mut().for_each(|run| run.env.clear())),
        row("Command.timeout", ANY, |p| run(p).timeout *= 2),
    ]
}

fn owned() -> Vec<Row> {
    vec![
        row("OwnedThing.kind", ANY, |p| thing(p).kind = "worker".into()),
        row("OwnedThing.until_switch", ANY, |p| thing(p).until_switch = Side::Target),
        row("OwnedThing.then", ANY, |p| thing(p).then = Side::Source),
        row("OwnedThing.seen_by", ANY, |p| thing(p).seen_by = name("old-side-quiet")),
        row("OwnedThing.measure", ANY, |p| thing(p).measure.push('2')),
        row("Assertion.about", ANY, |p| p.switch.assertions[0].about.push('!')),
        row("Assertion.rule", ANY, |p| {
            p.switch.assertions[0].rule = AssertionRule::AtLeastOneSideServes;
        }),
    ]
}

fn after() -> Vec<Row> {
    vec![
        row("FirstMinutes.settling", ANY, |p| first(p).settling *= 2),
        row("FirstMinutes.metrics", LESS, |p| {
            first(p).metrics.remove("login");
        }),
        row("Turbulence::Within", LESS, |p| {
            first(p).metrics.insert(name("checkout"), Turbulence::Within(1.6));
        }),
        row("Turbulence::AtLeast", LESS, |p| {
            first(p).metrics.insert(name("login"), Turbulence::AtLeast(0.97));
        }),
        row("Receiver.kind", ANY, |p| p.switch.notify[0].kind = ReceiverKind::Slack { url: name("another") }),
        row("Receiver.events", LESS, |p| {
            p.switch.notify[0].events.remove("phase");
        }),
        row("ReceiverKind::CloudEvents.secret", LESS, |p| {
            if let ReceiverKind::CloudEvents { secret, .. } = &mut p.switch.notify[1].kind {
                *secret = None;
            }
        }),
        row("Recommend.false_alarm", LESS, |p| back(p).recommend.false_alarm /= 10.0),
        row("Recommend.watch", LESS, |p| back(p).recommend.watch /= 2),
    ]
}

fn rollback() -> Vec<Row> {
    vec![
        row("RollbackRule.window", LESS, |p| back(p).window = None),
        row("RollbackRule.warn_before", LESS, |p| back(p).warn_before = None),
        row("RollbackRule.no_return", LESS, |p| back(p).no_return.push("it is late".into())),
        row("RollbackRule.recommend", LESS, |p| back(p).recommend.watch = Duration::from_secs(1)),
        row("RollbackRule.automatic", ANY, |p| back(p).automatic = true),
        row("RollbackRule.possible_while", LESS, |p| {
            back(p).possible_while.pop();
        }),
        row("RollbackRule.one_way", LESS, |p| {
            back(p).one_way.pop();
        }),
        row("RollbackRule.runbook", LESS, |p| back(p).runbook = None),
    ]
}

fn limits() -> Vec<Row> {
    vec![
        row("BackLimit.name", ANY, |p| limit(p).name.push('2')),
        row("BackLimit.from", ANY, |p| limit(p).from = name("feed-forward")),
        row("BackLimit.measure", ANY, |p| limit(p).measure.push('2')),
        row("BackLimit.at_most", LESS, |p| limit(p).at_most *= 2.0),
        row("BackLimit.unit", ANY, |p| limit(p).unit = "rows".into()),
        row("BackLimit.counts_loss", ANY, |p| limit(p).counts_loss = !limit(p).counts_loss),
        row("OneWay.what", ANY, |p| mails(p).what.push('!')),
        row("OneWay.from", ANY, |p| mails(p).from = name("feed-forward")),
        row("OneWay.measure", ANY, |p| mails(p).measure.push('2')),
    ]
}
