//! Who owns which job, worker, scheduler and consumer, before the switch and after it.
//!
//! A job that nobody wrote down is the one that sends every invoice twice.

use std::collections::BTreeMap;

use tidelock_core::plan::{OwnedThing, Plan};
use tidelock_model::{Name, Phase, Side};

use crate::fields::{self, Fields, text};
use crate::keys;
use crate::problem::{Sink, listed, meant};
use crate::tree::{Entry, Node};

/// Reads `owners`.
pub(crate) fn owners(fields: &Fields<'_>, sink: &mut Sink) -> BTreeMap<Name, OwnedThing> {
    let mut owners = BTreeMap::new();
    for (name, entry) in fields.named("owners", sink) {
        owners.extend(owned(&name, entry, sink).map(|thing| (name, thing)));
    }
    owners
}

fn owned(name: &Name, entry: &Entry, sink: &mut Sink) -> Option<OwnedThing> {
    let place = format!("owned thing {:?}", entry.key);
    let fields = Fields::of(&entry.value, &keys::OWNED, &place, entry.key_span, sink)?;
    fields.need("until_switch", "say which side owns it now: until_switch: source", sink);
    let side = |word: &str| if word == "source" { Side::Source } else { Side::Target };
    let until_switch = fields.word("until_switch", &keys::SIDES, sink).map(side);
    let then = fields.word("then", &keys::SIDES, sink).map(side);
    if let (Some(before), Some(then)) = (until_switch, then)
        && before == then
        && let Some(node) = fields.get("then")
    {
        sink.say("E070", node.span, format!("{place} stays on {then}: it never moves"))
            .label("the same side")
            .help("what stays behind is lost when the old side goes: it moves, or it is switched off before and not named here");
    }
    let seen = fields.need("seen_by", "name the scenario that sees it run: seen_by: cron-one-side", sink);
    let seen_by = seen.and_then(|node| {
        let what = fields.what("seen_by");
        fields::name(&text(node, &what, sink)?, node.span, &what, sink)
    });
    let kind = fields.word("kind", &keys::OWNED_KINDS, sink).unwrap_or("job");
    let measure = fields.text("measure", sink).unwrap_or_else(|| format!("runs.{name}"));
    let until_switch = until_switch?;
    let other = if until_switch == Side::Source { Side::Target } else { Side::Source };
    Some(OwnedThing {
        kind: kind.into(),
        until_switch,
        then: then.unwrap_or(other),
        seen_by: seen_by?,
        measure,
    })
}

/// Whoever sees them looks at both sides, before the switch and after it.
pub(crate) fn check(plan: &Plan, root: &Node, sink: &mut Sink) {
    for (name, thing) in &plan.switch.owners {
        let span = root.at(&["owners", name.as_str(), "seen_by"]).map(|e| e.value.span);
        let mut say = |what: String, help: String| {
            let text = format!("{:?} is seen by {:?}, which {what}", name.as_str(), thing.seen_by.as_str());
            sink.say("E070", span, text).label("never seen").help(help);
        };
        let Some(scenario) = plan.scenarios.get(&thing.seen_by) else {
            let near = meant(thing.seen_by.as_str(), plan.scenarios.keys().map(Name::as_str));
            let near = near.map(|n| format!("did you mean {n:?}? ")).unwrap_or_default();
            say("is no scenario".into(), format!("{near}there are: {}", listed(plan.scenarios.keys())));
            continue;
        };
        if scenario.sides.len() < Side::BOTH.len() {
            say(
                format!("runs on {} alone", listed(&scenario.sides)),
                "two owners are seen only by who looks at both sides: write run_on: both".into(),
            );
        }
        let hands = [Phase::Cutover, Phase::Watch, Phase::RollingBack];
        let missing: Vec<Phase> = hands.into_iter().filter(|p| !scenario.phases.contains(p)).collect();
        if !missing.is_empty() {
            say(
                format!("does not run in {}", listed(&missing)),
                "that is when it changes hands: add it to its phases".into(),
            );
        }
    }
}
