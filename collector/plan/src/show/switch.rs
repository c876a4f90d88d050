//! The switch written out in full: runbooks, owners, limits of the way back, and who is told.

use tidelock_core::plan::{
    AssertionRule, BackLimit, Command, Direction, OneWay, OwnedThing, Plan, Receiver, ReceiverKind, Step,
    StepKind, Turbulence,
};

use super::{Doc, Page, word};
use crate::rollback::{REMAINING, show_amount};
use crate::units::show_percent;

/// Everything about the switch that stands on the page's first level, but who is told.
pub(super) fn switch(plan: &Plan, page: &mut Page) {
    if let Some(steps) = runbook(plan, Direction::Cutover) {
        page.put("runbook", steps);
    }
    if plan.switch.writes_go_to_target {
        page.put("writes_from_both_sides_go_to", word("target"));
    }
    page.named("owners", &plan.switch.owners, owned);
    if !plan.switch.assertions.is_empty() {
        let one = |assertion: &tidelock_core::plan::Assertion| {
            let mut page = Page::default();
            page.text("about", &assertion.about);
            page.put("rule", word(rule_word(assertion.rule)));
            page.doc()
        };
        page.put("assertions", Doc::List(plan.switch.assertions.iter().map(one).collect()));
    }
    if let Some(first) = &plan.switch.first_minutes {
        let mut part = Page::default();
        part.time("settling", Some(first.settling));
        part.named("metrics", &first.metrics, |turbulence| {
            let (key, share) = match turbulence {
                Turbulence::Within(share) => ("within", share),
                Turbulence::AtLeast(share) => ("at_least", share),
            };
            Doc::Map(vec![(key.into(), Doc::Line(show_percent(*share)))])
        });
        page.put("first_minutes", part.doc());
    }
}

/// The word of an assertion.
pub(crate) fn rule_word(rule: AssertionRule) -> &'static str {
    match rule {
        AssertionRule::ExactlyOneSideAcceptsWrites => "exactly_one_side_accepts_writes",
        AssertionRule::AtLeastOneSideServes => "at_least_one_side_serves",
    }
}

fn owned(thing: &OwnedThing) -> Doc {
    let mut page = Page::default();
    page.text("kind", &thing.kind);
    page.put("until_switch", word(thing.until_switch));
    page.put("then", word(thing.then));
    page.put("seen_by", word(&thing.seen_by));
    page.text("measure", &thing.measure);
    page.doc()
}

fn runbook(plan: &Plan, direction: Direction) -> Option<Doc> {
    let runbook = plan.runbook(direction)?;
    Some(Doc::List(runbook.steps.iter().map(step).collect()))
}

fn step(step: &Step) -> Doc {
    let mut page = Page::default();
    page.put("step", word(&step.name));
    page.put("kind", word(step.kind.word()));
    page.put("owner", word(&step.owner));
    page.time("planned", Some(step.planned));
    page.time("deadline", step.deadline);
    for (key, command) in [("run", &step.run), ("undo", &step.undo), ("rehearsal", &step.rehearsal)] {
        if let Some(command) = command {
            page.words(key, &command.argv);
        }
    }
    let commands: Vec<&Command> = [&step.run, &step.undo, &step.rehearsal].into_iter().flatten().collect();
    if let Some(first) = commands.first() {
        if !first.env.is_empty() {
            page.words("env", &first.env);
        }
        // Different ones come of no `timeout` at all.
        if commands.iter().all(|command| command.timeout == first.timeout) {
            page.time("timeout", Some(first.timeout));
        }
    }
    match &step.kind {
        StepKind::Fence { two_readings } => page.time("two_readings", Some(*two_readings)),
        StepKind::Route { weights } => {
            page.put(
                "weights",
                Doc::List(weights.iter().map(|weight| Doc::Line(format!("{weight}%"))).collect()),
            );
        }
        StepKind::Drain
        | StepKind::CatchUp
        | StepKind::PointOfNoReturn
        | StepKind::Open
        | StepKind::Confirm
        | StepKind::Reverse
        | StepKind::Manual
        | StepKind::Command => {}
    }
    if !step.after.is_empty() {
        page.words("after", &step.after);
    }
    page.time("bake", Some(step.bake).filter(|bake| !bake.is_zero()));
    page.doc()
}

/// The way back.
pub(super) fn rollback(plan: &Plan) -> Doc {
    let rule = &plan.rollback;
    let mut page = Page::default();
    page.time("window", rule.window);
    page.time("warn_before", rule.warn_before);
    if !rule.possible_while.is_empty() {
        page.put("possible_while", limits(&rule.possible_while));
    }
    let mut recommend = Page::default();
    recommend.put("by", word("detector"));
    recommend.put("false_alarm", Doc::Line(show_percent(rule.recommend.false_alarm)));
    recommend.time("watch", Some(rule.recommend.watch));
    page.put("recommend", recommend.doc());
    page.put("automatic", word(if rule.automatic { "recommended" } else { "never" }));
    page.words("no_return", &rule.no_return);
    if !rule.one_way.is_empty() {
        page.put("one_way", Doc::List(rule.one_way.iter().map(one_way).collect()));
    }
    if let Some(steps) = runbook(plan, Direction::Rollback) {
        page.put("runbook", steps);
    }
    page.doc()
}

/// Those on the measures of one scenario stand together, as they were written.
fn limits(limits: &[BackLimit]) -> Doc {
    let mut entries: Vec<(String, Doc)> = Vec::new();
    for limit in limits {
        let at_most = ("at_most".to_owned(), Doc::Line(show_amount(limit)));
        let measure = if limit.measure.is_empty() { REMAINING } else { &limit.measure };
        if limit.name == format!("{}.{measure}", limit.from) {
            let one = (measure.to_owned(), Doc::Map(vec![at_most]));
            match entries.iter_mut().find(|(key, _)| key == limit.from.as_str()) {
                Some((_, Doc::Map(measures))) => measures.push(one),
                Some(_) | None => entries.push((limit.from.to_string(), Doc::Map(vec![one]))),
            }
        } else {
            let own = vec![at_most, ("from".into(), word(&limit.from)), ("measure".into(), word(measure))];
            entries.push((limit.name.clone(), Doc::Map(own)));
        }
    }
    Doc::Map(entries)
}

fn one_way(effect: &OneWay) -> Doc {
    let mut page = Page::default();
    page.text("what", &effect.what);
    page.put("from", word(&effect.from));
    page.text("measure", &effect.measure);
    page.doc()
}

/// Where messages go.
pub(super) fn notify(plan: &Plan, page: &mut Page) {
    let one = |receiver: &Receiver| {
        let mut page = Page::default();
        match &receiver.kind {
            ReceiverKind::Slack { url } => page.put("slack", word(format!("secret:{url}"))),
            ReceiverKind::CloudEvents { url, secret } => {
                page.text("cloudevents", url);
                if let Some(secret) = secret {
                    page.put("secret", word(format!("secret:{secret}")));
                }
            }
        }
        page.words("events", &receiver.events);
        page.doc()
    };
    if !plan.switch.notify.is_empty() {
        page.put("notify", Doc::List(plan.switch.notify.iter().map(one).collect()));
    }
}
