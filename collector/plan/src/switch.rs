//! The switch beside its steps: who owns what, what no step may break, and what the first minutes are like.

use std::collections::BTreeMap;

use tidelock_core::plan::{Assertion, AssertionRule, Direction, FirstMinutes, Plan, Switch, Turbulence};
use tidelock_model::Name;

use crate::fields::Fields;
use crate::problem::{Sink, quote};
use crate::tree::Entry;
use crate::{keys, notify, owners, runbook, units};

/// The most assertions of one plan.
const MAX_ASSERTIONS: usize = 50;

/// Reads everything that the plan says about the switch itself.
pub(crate) fn switch(fields: &Fields<'_>, plan: &Plan, sink: &mut Sink) -> Switch {
    let both = fields.word("writes_from_both_sides_go_to", &["target"], sink);
    Switch {
        runbook: runbook::runbook(fields, Direction::Cutover, plan, sink),
        owners: owners::owners(fields, sink),
        assertions: assertions(fields, sink),
        first_minutes: first_minutes(fields, sink),
        notify: notify::notify(fields, sink),
        writes_go_to_target: both.is_some(),
    }
}

fn assertions(fields: &Fields<'_>, sink: &mut Sink) -> Vec<Assertion> {
    let mut assertions: Vec<Assertion> = Vec::new();
    let items = fields.list("assertions", sink);
    if let Some(node) = fields.get("assertions").filter(|_| items.len() > MAX_ASSERTIONS) {
        let text = format!("the plan has {} assertions, the most is {MAX_ASSERTIONS}", items.len());
        sink.say("E013", node.span, text).help("one for each thing that must not have two owners is enough");
    }
    for item in items.iter().take(MAX_ASSERTIONS) {
        let Some(fields) = Fields::of(item, &keys::ASSERTION, "an assertion", item.span, sink) else {
            continue;
        };
        fields.need("about", "say what it is about: about: orders", sink);
        fields.need("rule", &format!("there are: {}", keys::ASSERTIONS.join(", ")), sink);
        let rule = match fields.word("rule", &keys::ASSERTIONS, sink) {
            Some("exactly_one_side_accepts_writes") => AssertionRule::ExactlyOneSideAcceptsWrites,
            Some(_) => AssertionRule::AtLeastOneSideServes,
            None => continue,
        };
        let Some(about) = fields.text("about", sink) else { continue };
        let assertion = Assertion { about, rule };
        if assertions.contains(&assertion) {
            sink.say(
                "E004",
                item.span,
                format!("the assertion about {} stands there twice", quote(&assertion.about)),
            )
            .label("again")
            .help("keep one");
            continue;
        }
        assertions.push(assertion);
    }
    assertions
}

fn first_minutes(fields: &Fields<'_>, sink: &mut Sink) -> Option<FirstMinutes> {
    let node = fields.get("first_minutes")?;
    let fields = Fields::of(node, &keys::FIRST_MINUTES, "first_minutes", node.span, sink)?;
    fields.need("settling", "say how long turbulence is normal: settling: 5m", sink);
    fields.need("metrics", "name what is watched: metrics: { checkout: { within: 150% } }", sink);
    let settling = fields.duration("settling", sink);
    let entries = fields.named("metrics", sink);
    if let Some(node) = fields.get("metrics").filter(|n| n.entries().is_empty() && n.scalar().is_none()) {
        sink.say("E036", node.span, "\"metrics\" of first_minutes is empty: nothing would be watched")
            .help("name what is watched, or take first_minutes out");
    }
    let mut metrics: BTreeMap<Name, Turbulence> = BTreeMap::new();
    for (name, entry) in entries {
        metrics.extend(turbulence(entry, sink).map(|turbulence| (name, turbulence)));
    }
    Some(FirstMinutes { settling: settling?, metrics })
}

fn turbulence(entry: &Entry, sink: &mut Sink) -> Option<Turbulence> {
    let place = format!("metric {:?}", entry.key);
    let fields = Fields::of(&entry.value, &keys::TURBULENCE, &place, entry.key_span, sink)?;
    let (within, at_least) = (fields.get("within"), fields.get("at_least"));
    if within.is_some() == at_least.is_some() {
        let both = if within.is_some() { "both of" } else { "neither of" };
        sink.say("E036", entry.key_span, format!("{place} has {both} \"within\" and \"at_least\""))
            .help("write one: within: 150% for how long a run takes against before, at_least: 98% for how many pass");
        return None;
    }
    let Some(node) = within else { return fields.share("at_least", sink).map(Turbulence::AtLeast) };
    let read = units::percent(node.scalar().unwrap_or_default());
    match read.and_then(|share| if (1.0..=100.0).contains(&share) { Ok(share) } else { Err(String::new()) }) {
        Ok(share) => Some(Turbulence::Within(share)),
        Err(_) => {
            sink.say("E045", node.span, format!("{} is {}", fields.what("within"), node.describe())).help(
                "it is a percentage of the median before the switch, from 100% to 10000%: 150% is half more",
            );
            None
        }
    }
}
