//! People: who decides, who checks by hand, and where they look.

use std::collections::BTreeMap;

use tidelock_core::plan::{DecisionRule, IfSilent, ManualCheck, Person, Plan};
use tidelock_model::{Name, Phase};

use crate::fields::{self, Fields, text};
use crate::keys;
use crate::problem::{Sink, meant};
use crate::tree::{Kind, Node, Span};

/// Reads `people`. A text alone is the full name.
pub(crate) fn people(fields: &Fields<'_>, sink: &mut Sink) -> BTreeMap<Name, Person> {
    fields.need("people", "name who may decide: people: { olga: Olga Petrova, ben: Ben Okafor }", sink);
    let mut people = BTreeMap::new();
    for (name, entry) in fields.named("people", sink) {
        let place = format!("person {:?}", entry.key);
        let mut person = Person { name: name.to_string(), role: String::new(), reach: String::new() };
        if matches!(entry.value.kind, Kind::Scalar { .. }) && !entry.value.is_null() {
            person.name = text(&entry.value, &place, sink).unwrap_or(person.name);
        } else if let Some(fields) = Fields::of(&entry.value, &keys::PERSON, &place, entry.key_span, sink) {
            person.name = fields.text("name", sink).unwrap_or(person.name);
            person.role = fields.text("role", sink).unwrap_or_default();
            person.reach = fields.text("reach", sink).unwrap_or_default();
        }
        people.insert(name, person);
    }
    if people.is_empty()
        && let Some(node) = fields.get("people")
    {
        sink.say("E019", node.span, "no people are named, so nobody could decide anything")
            .help("people: { olga: Olga Petrova, ben: Ben Okafor }");
    }
    people
}

/// Reads `decisions`; one that is not written may be given by everyone in the plan. Overriding a hold is no
/// usual decision: nobody may unless the plan says who.
pub(crate) fn decisions(
    fields: &Fields<'_>,
    people: &BTreeMap<Name, Person>,
    sink: &mut Sink,
) -> BTreeMap<Name, DecisionRule> {
    let read =
        fields.get("decisions").and_then(|n| Fields::of(n, &keys::DECISIONS, "decisions", n.span, sink));
    let mut decisions = BTreeMap::new();
    for word in keys::DECISIONS.now {
        let Ok(name) = Name::new(word) else { continue };
        let everyone = DecisionRule {
            who: people.keys().cloned().collect(),
            deputies: Vec::new(),
            approvals: 1,
            answer_within: None,
            if_silent: IfSilent::Shut,
        };
        let rule = read.as_ref().and_then(|f| f.get(word)).and_then(|n| decision(word, n, people, sink));
        let usual = keys::USUAL_DECISIONS.contains(word).then_some(everyone);
        decisions.extend(rule.or(usual).map(|rule| (name, rule)));
    }
    decisions
}

fn decision(
    word: &str,
    node: &Node,
    people: &BTreeMap<Name, Person>,
    sink: &mut Sink,
) -> Option<DecisionRule> {
    let place = format!("decision {word:?}");
    let fields = Fields::of(node, &keys::DECISION, &place, node.span, sink)?;
    fields.need("who", "name who decides: who: [olga]", sink);
    let who = persons(&fields, "who", people, sink);
    let deputies = persons(&fields, "deputies", people, sink);
    let approvals = fields.count("approvals", 1, 20, sink).unwrap_or(1);
    if let Some(both) = deputies.iter().find(|d| who.contains(d)) {
        sink.say("E019", node.span, format!("{both} is both a decider and a deputy of {place}"))
            .help("a deputy stands in for somebody else");
    }
    let voices = who.len() + deputies.iter().filter(|d| !who.contains(d)).count();
    if fields.has("who") && voices < approvals as usize {
        let at = fields.get("approvals").unwrap_or(node);
        sink.say(
            "E019",
            at.span,
            format!("{place} needs {approvals} approvals, but only {voices} people may give one"),
        )
        .label("never reached")
        .help("name more people in `who` or `deputies`, or lower `approvals`: the gate would never open");
    }
    let silent = fields.word("if_silent", &["shut", "ask_deputies"], sink);
    if silent == Some("ask_deputies") && deputies.is_empty() {
        let at = fields.get("if_silent").unwrap_or(node);
        sink.say("E019", at.span, format!("{place} asks its deputies when nobody answers, and has none"))
            .help("name `deputies`, or write if_silent: shut");
    }
    Some(DecisionRule {
        who,
        deputies,
        approvals,
        answer_within: fields.duration("answer_within", sink),
        if_silent: match silent {
            Some("ask_deputies") => IfSilent::AskDeputies,
            Some(_) | None => IfSilent::Shut,
        },
    })
}

fn persons(fields: &Fields<'_>, key: &str, people: &BTreeMap<Name, Person>, sink: &mut Sink) -> Vec<Name> {
    let names = fields.names(key, sink);
    for (name, span) in &names {
        known(name, *span, &fields.what(key), people, sink);
    }
    names.into_iter().map(|(name, _)| name).collect()
}

/// Says that a name is not of somebody in the plan.
pub(crate) fn known(name: &Name, span: Span, what: &str, people: &BTreeMap<Name, Person>, sink: &mut Sink) {
    if people.contains_key(name) {
        return;
    }
    let near = meant(name.as_str(), people.keys().map(Name::as_str));
    let near = near.map(|n| format!("did you mean {n:?}? ")).unwrap_or_default();
    sink.say("E018", span, format!("{what} names {:?}, who is not in `people`", name.as_str()))
        .label("unknown")
        .help(format!("{near}there are: {}", crate::problem::listed(people.keys())));
}

/// Reads `manual_checks`.
pub(crate) fn manual(fields: &Fields<'_>, plan: &Plan, sink: &mut Sink) -> BTreeMap<Name, ManualCheck> {
    let mut checks = BTreeMap::new();
    for (name, entry) in fields.named("manual_checks", sink) {
        let place = format!("manual check {:?}", entry.key);
        let Ok(nobody) = Name::new("nobody") else { continue };
        let mut check = ManualCheck {
            title: name.to_string(),
            owner: nobody,
            phase: None,
            evidence_required: false,
            within: None,
            valid_for: None,
        };
        if let Some(fields) = Fields::of(&entry.value, &keys::MANUAL, &place, entry.key_span, sink) {
            check.title = fields.text("title", sink).unwrap_or(check.title);
            if let Some(node) = fields.need("owner", "name the person who makes it", sink)
                && let Some(owner) = text(node, &fields.what("owner"), sink)
                && let Some(owner) = fields::name(&owner, node.span, &fields.what("owner"), sink)
            {
                known(&owner, node.span, &fields.what("owner"), &plan.people, sink);
                check.owner = owner;
            }
            check.phase = fields.word("phase", &keys::RUN_PHASES, sink).and_then(|w| w.parse::<Phase>().ok());
            check.within = fields.duration("within", sink);
            check.valid_for = fields.duration("valid_for", sink);
            if let Some(node) = fields.get("within").filter(|_| !fields.has("phase")) {
                sink.say("E008", node.span, format!("{place} has `within`, but no `phase` to count from"))
                    .help("name the phase in which it is made");
            }
            check.evidence_required =
                fields.word("evidence", &["required", "optional"], sink) == Some("required");
        }
        checks.insert(name, check);
    }
    checks
}

/// Reads `links`.
pub(crate) fn links(fields: &Fields<'_>, sink: &mut Sink) -> BTreeMap<String, String> {
    let mut links = BTreeMap::new();
    for (name, entry) in fields.named("links", sink) {
        let what = format!("link {:?}", entry.key);
        let Some(url) = text(&entry.value, &what, sink) else {
            continue;
        };
        if url.starts_with("https://")
            || url.starts_with("http://")
            || url.starts_with("mailto:")
            || url.starts_with("tel:")
        {
            crate::secret::clear_text(&entry.value, &what, sink);
            links.insert(name.to_string(), url);
        } else {
            sink.say("E022", entry.value.span, format!("{what} is no link"))
                .help("it begins with https://, http://, mailto: or tel:");
        }
    }
    links
}
