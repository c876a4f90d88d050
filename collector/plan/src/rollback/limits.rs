//! What limits the way back beside time, and what it does not take back.

use std::time::Duration;

use tidelock_core::plan::{BackLimit, OneWay, Plan};
use tidelock_model::{Name, Phase};

use crate::fields::{self, Fields, text};
use crate::keys;
use crate::problem::{Sink, meant};
use crate::tree::{Entry, Kind, Node, Plain};
use crate::units;

/// The most limits, and the most effects.
const MAX_ITEMS: usize = 50;
/// What stands for the remaining count of a scenario's findings, where a measure is named.
pub(crate) const REMAINING: &str = "remaining";

/// Reads `possible_while`: limits on a scenario's measures, and those with a name of their own.
pub(super) fn possible_while(rollback: &Fields<'_>, sink: &mut Sink) -> Vec<BackLimit> {
    let mut limits = Vec::new();
    for (name, entry) in rollback.named("possible_while", sink) {
        let own = ["at_most", "from", "measure"].iter().any(|key| entry.value.entry(key).is_some());
        if own {
            limits.extend(counted(&name, entry, sink));
        } else {
            of_scenario(&name, entry, &mut limits, sink);
        }
    }
    if let Some(node) = rollback.get("possible_while").filter(|_| limits.len() > MAX_ITEMS) {
        sink.say("E013", node.span, format!("{} limits are too many, the most is {MAX_ITEMS}", limits.len()))
            .help("name those that decide whether anybody would still go back");
    }
    limits
}

/// `target_only_orders: { at_most: 500, from: db-back }`: what is above it is lost.
fn counted(name: &Name, entry: &Entry, sink: &mut Sink) -> Option<BackLimit> {
    let place = format!("limit {:?}", entry.key);
    let fields = Fields::of(&entry.value, &keys::LIMIT, &place, entry.key_span, sink)?;
    fields.need("at_most", "say how many may be lost: at_most: 500", sink);
    let from = scenario(&fields, sink);
    let (at_most, unit) = amount(&fields, sink)?;
    let measure = fields.text("measure", sink).unwrap_or_else(|| name.to_string());
    Some(BackLimit {
        name: name.to_string(),
        from: from?,
        measure: if measure == REMAINING { String::new() } else { measure },
        at_most,
        // A time is late, a count is lost.
        counts_loss: unit.is_empty(),
        unit,
    })
}

/// `db-back: { lag: { at_most: 30s } }`: what is above it is late.
fn of_scenario(from: &Name, entry: &Entry, limits: &mut Vec<BackLimit>, sink: &mut Sink) {
    let place = format!("limit {:?}", entry.key);
    if !matches!(entry.value.kind, Kind::Map(_)) || entry.value.entries().is_empty() {
        sink.say("E009", entry.value.span, format!("{place} is {}", entry.value.describe())).help(
            "write a measure of the scenario, { lag: { at_most: 30s } }, or a limit of its own, { at_most: 500, from: db-back }",
        );
        return;
    }
    for (measure, entry) in fields::named(&entry.value, &place, sink) {
        let place = format!("measure {:?} of {place}", entry.key);
        let Some(fields) = Fields::of(&entry.value, &keys::MEASURED, &place, entry.key_span, sink) else {
            continue;
        };
        fields.need("at_most", "say what it may be at most: at_most: 30s", sink);
        let Some((at_most, unit)) = amount(&fields, sink) else { continue };
        limits.push(BackLimit {
            name: format!("{from}.{measure}"),
            from: from.clone(),
            measure: if measure.as_str() == REMAINING { String::new() } else { measure.to_string() },
            at_most,
            unit,
            counts_loss: false,
        });
    }
}

/// A count, or a time in seconds.
fn amount(fields: &Fields<'_>, sink: &mut Sink) -> Option<(f64, String)> {
    let node = fields.get("at_most")?;
    let found = node.scalar().unwrap_or_default();
    let read = match node.plain() {
        Some(Plain::Number) => found.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0),
        Some(Plain::Text) => {
            if let Ok(time) = units::duration(found) {
                return Some((time.as_secs_f64(), "s".into()));
            }
            None
        }
        Some(Plain::Null | Plain::Bool(_) | Plain::OddNumber | Plain::OldBool) | None => None,
    };
    if read.is_none() {
        sink.say("E013", node.span, format!("{} is {}", fields.what("at_most"), node.describe()))
            .help("write a number that is not below 0, such as 500, or a time such as 30s");
    }
    Some((read?, String::new()))
}

fn scenario(fields: &Fields<'_>, sink: &mut Sink) -> Option<Name> {
    let node = fields.need("from", "name the scenario that measures it: from: db-back", sink)?;
    let what = fields.what("from");
    fields::name(&text(node, &what, sink)?, node.span, &what, sink)
}

/// Reads `one_way`.
pub(super) fn one_way(rollback: &Fields<'_>, sink: &mut Sink) -> Vec<OneWay> {
    let mut effects: Vec<OneWay> = Vec::new();
    let items = rollback.list("one_way", sink);
    if let Some(node) = rollback.get("one_way").filter(|_| items.len() > MAX_ITEMS) {
        sink.say("E013", node.span, format!("{} effects are too many, the most is {MAX_ITEMS}", items.len()))
            .help("put together what is counted together");
    }
    for item in items.iter().take(MAX_ITEMS) {
        let place = format!("an item of {}", rollback.what("one_way"));
        let Some(fields) = Fields::of(item, &keys::ONE_WAY, &place, item.span, sink) else { continue };
        fields.need("what", "say what can't be taken back: what: mails sent", sink);
        fields.need("measure", "name the measure that counts it: measure: sent", sink);
        let (what, from) = (fields.text("what", sink), scenario(&fields, sink));
        let measure = fields.text("measure", sink);
        let (Some(what), Some(from), Some(measure)) = (what, from, measure) else { continue };
        if effects.iter().any(|known| known.what == what) {
            sink.say("E004", item.span, format!("{} names {what:?} twice", rollback.what("one_way")))
                .label("again")
                .help("keep one");
            continue;
        }
        effects.push(OneWay { what, from, measure });
    }
    effects
}

/// What limits or counts on the way back is measured when going back is in question.
pub(crate) fn measured(plan: &Plan, root: &Node, sink: &mut Sink) {
    let asked = [Phase::Cutover, Phase::Watch];
    let missing = |from: &Name, phases: &[Phase]| match plan.scenarios.get(from) {
        None => Some("is no scenario".to_owned()),
        Some(s) if phases.iter().any(|p| !s.phases.contains(p)) => {
            let words: Vec<&str> = phases.iter().map(|p| p.word()).collect();
            Some(format!("does not run in {}", words.join(" and in ")))
        }
        Some(_) => None,
    };
    let near = |from: &Name| {
        let near = meant(from.as_str(), plan.scenarios.keys().map(Name::as_str));
        near.filter(|_| !plan.scenarios.contains_key(from))
            .map(|n| format!("did you mean {n:?}? "))
            .unwrap_or_default()
    };
    let limits = root.at(&["rollback", "possible_while"]).map(|e| &e.value);
    let mut told: Vec<(Option<usize>, &Name)> = Vec::new();
    for limit in &plan.rollback.possible_while {
        let Some(why) = missing(&limit.from, &asked) else { continue };
        let own = limits.and_then(|l| l.entry(&limit.name));
        let entry = own.or_else(|| limits.and_then(|l| l.entry(limit.from.as_str())));
        let span = entry.map(|e| e.key_span);
        let key = (span.map(|s| s.0), &limit.from);
        if told.contains(&key) {
            continue;
        }
        told.push(key);
        sink.say("E044", span, format!("the way back is limited by {:?}, which {why}", limit.from.as_str()))
            .help(format!(
                "{}a limit that nobody measures when it matters would end the way back",
                near(&limit.from)
            ));
    }
    let effects = root.at(&["rollback", "one_way"]).map(|e| e.value.items()).unwrap_or_default();
    for effect in &plan.rollback.one_way {
        let Some(why) = missing(&effect.from, &[Phase::Watch]) else { continue };
        let item =
            effects.iter().find(|i| i.entry("what").and_then(|e| e.value.scalar()) == Some(&effect.what));
        let span = item.and_then(|i| i.entry("from")).map(|e| e.value.span);
        sink.say(
            "E044",
            span,
            format!("{:?} is counted by {:?}, which {why}", effect.what, effect.from.as_str()),
        )
        .help(format!("{}what nobody counts after the switch would be told as nothing", near(&effect.from)));
    }
}

/// How a limit's amount is written.
pub(crate) fn show_amount(limit: &BackLimit) -> String {
    if limit.unit == "s" {
        return units::show(Duration::try_from_secs_f64(limit.at_most).unwrap_or_default());
    }
    limit.at_most.to_string()
}
