//! Scenarios: what must not degrade, how it is looked at, and what is claimed about it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use tidelock_core::plan::{Plan, Scenario, Target};
use tidelock_model::{Level, Name, Phase, Sha256, Side};

use crate::Source;
use crate::claims;
use crate::environment::known_targets;
use crate::fields::{Fields, text, word};
use crate::files::{self, canonical};
use crate::keys;
use crate::plugin;
use crate::problem::{Sink, listed, quote};
use crate::quorum;
use crate::secret;
use crate::tree::{Entry, Kind, Node};

/// What a scenario takes over where it says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Defaults {
    every: Option<Duration>,
    timeout: Option<Duration>,
    fresh_for: Option<Duration>,
    /// The outage that its proof rules out, from `evidence`.
    outage: Option<Duration>,
}

const USUAL_EVERY: Duration = Duration::from_secs(5);
const USUAL_TIMEOUT: Duration = Duration::from_secs(3);
/// A critical scenario with a longer timeout must say so itself.
const LONG_TIMEOUT: Duration = Duration::from_secs(5);
/// The kinds of scenarios that write unless they say otherwise.
const WRITING_KINDS: [&str; 3] = ["payment", "integration", "background"];
/// The phases of a scenario that names none.
const USUAL_PHASES: [Phase; 5] =
    [Phase::Sync, Phase::Ready, Phase::Cutover, Phase::Watch, Phase::RollingBack];

/// Reads `defaults`.
pub(crate) fn defaults(fields: &Fields<'_>, outage: Option<Duration>, sink: &mut Sink) -> Defaults {
    let read = fields.get("defaults").and_then(|n| Fields::of(n, &keys::DEFAULTS, "defaults", n.span, sink));
    let Some(fields) = read else {
        return Defaults { outage, ..Defaults::default() };
    };
    Defaults {
        every: fields.duration("every", sink),
        timeout: fields.duration("timeout", sink),
        fresh_for: fields.duration("fresh_for", sink),
        outage,
    }
}

/// Reads one scenario. What can't be read gets a value that causes no further message.
pub(crate) fn scenario(
    entry: &Entry,
    defaults: Defaults,
    plan: &Plan,
    source: &Source,
    sink: &mut Sink,
) -> Scenario {
    let place = format!("scenario {:?}", entry.key);
    let mut scenario = blank(&entry.key);
    let Some(fields) = Fields::of(&entry.value, &keys::SCENARIO, &place, entry.key_span, sink) else {
        return scenario;
    };
    let f = &fields;
    f.need("if_broken", "say in business words what breaks: if_broken: Customers cannot log in", sink);
    scenario.title = f.text("title", sink).unwrap_or(scenario.title);
    scenario.if_broken = f.text("if_broken", sink).unwrap_or_default();
    scenario.kind = f.word("kind", &keys::KINDS, sink).unwrap_or("flow").into();
    let usually = WRITING_KINDS.contains(&scenario.kind.as_str());
    scenario.writes = f.bool("writes", sink).unwrap_or(usually);
    scenario.level =
        f.word("level", &keys::LEVELS, sink).and_then(|w| w.parse().ok()).unwrap_or(Level::Important);
    scenario.may_dip = f.duration_or_zero("may_dip", sink);
    if let Some((word, digest)) = plugin::component(f, source, sink) {
        scenario.plugin = word;
        scenario.component = digest;
    }
    scenario.sides = match f.word("run_on", &keys::RUN_ON, sink) {
        Some("source") => BTreeSet::from([Side::Source]),
        Some("target") => BTreeSet::from([Side::Target]),
        Some(_) | None => BTreeSet::from(Side::BOTH),
    };
    scenario.agents_at_least = quorum::quorum(f, &scenario, plan, sink);
    scenario.phases = phases(f, sink);
    times(f, defaults, &mut scenario, sink);
    settings(f, plan, source, &mut scenario, sink);
    scenario.claims = claims::claims(f, &scenario, defaults.outage, sink);
    scenario
}

fn blank(name: &str) -> Scenario {
    Scenario {
        title: name.into(),
        if_broken: String::new(),
        kind: "flow".into(),
        level: Level::Important,
        may_dip: None,
        writes: false,
        plugin: String::new(),
        component: Sha256::from_bytes([0; 32]),
        sides: BTreeSet::from(Side::BOTH),
        agents_at_least: BTreeMap::new(),
        phases: BTreeSet::from(USUAL_PHASES),
        every: USUAL_EVERY,
        timeout: USUAL_TIMEOUT,
        fresh_for: USUAL_EVERY * 2 + USUAL_TIMEOUT,
        settings: "{}".into(),
        targets: BTreeSet::new(),
        secrets: BTreeSet::new(),
        claims: Vec::new(),
        slot: None,
    }
}

fn phases(fields: &Fields<'_>, sink: &mut Sink) -> BTreeSet<Phase> {
    if !fields.has("phases") {
        return BTreeSet::from(USUAL_PHASES);
    }
    let what = format!("a phase of {}", fields.place);
    let list = fields.list("phases", sink);
    let phases: BTreeSet<Phase> = (list.iter())
        .filter_map(|node| word(node, &what, &keys::RUN_PHASES, sink))
        .filter_map(|word| word.parse().ok())
        .collect();
    if list.is_empty()
        && let Some(node) = fields.get("phases").filter(|n| matches!(n.kind, Kind::Seq(_)))
    {
        sink.say("E013", node.span, format!("{} is empty: it would never run", fields.what("phases")))
            .help("name the phases in which it runs, or take the line out for the usual ones");
    }
    if phases.is_empty() { BTreeSet::from(USUAL_PHASES) } else { phases }
}

fn times(fields: &Fields<'_>, defaults: Defaults, scenario: &mut Scenario, sink: &mut Sink) {
    let every = fields.duration("every", sink).or(defaults.every).unwrap_or(USUAL_EVERY);
    let own = fields.duration("timeout", sink);
    let timeout = own.or(defaults.timeout).unwrap_or_else(|| USUAL_TIMEOUT.min(every));
    let shown = crate::units::show;
    let at = |key| fields.get(key).map_or(fields.span, |n| n.span);
    if timeout > every {
        sink.say(
            "E029",
            if own.is_some() { at("timeout") } else { at("every") },
            format!("{} runs every {} but may take {}", fields.place, shown(every), shown(timeout)),
        )
        .help("a run must end before the next one is due: lower `timeout` or raise `every`");
    } else if scenario.level == Level::Critical && timeout > LONG_TIMEOUT && own.is_none() {
        sink.say("E030", fields.span, format!("{} is critical and takes over a timeout of {}", fields.place, shown(timeout)))
            .help("a slow answer is a failure for a customer: write a `timeout` of at most 5s, or the long one, in the scenario itself");
    }
    let fresh_for = fields.duration("fresh_for", sink).or(defaults.fresh_for);
    if let Some(fresh_for) = fresh_for.filter(|f| *f < every + timeout) {
        let least = shown(every + timeout);
        sink.say(
            "E039",
            at("fresh_for"),
            format!("{} calls a finding stale after {}", fields.place, shown(fresh_for)),
        )
        .help(format!(
            "the next one may need {least} (`every` + `timeout`): give it at least that, or leave it out"
        ));
    }
    scenario.every = every;
    scenario.timeout = timeout;
    scenario.fresh_for = fresh_for.unwrap_or(every * 2 + timeout);
}

fn settings(fields: &Fields<'_>, plan: &Plan, source: &Source, scenario: &mut Scenario, sink: &mut Sink) {
    let Some(with) = fields.get("with") else {
        warn_unreachable(fields, sink);
        return;
    };
    if !matches!(with.kind, Kind::Map(_)) {
        crate::fields::wrong(with, &fields.what("with"), "a mapping of settings", sink);
        return;
    }
    let what = fields.what("with");
    later_queue(with, scenario, sink);
    crate::settings::unknown(&scenario.plugin, with, &what, sink);
    secret::clear_text(with, &what, sink);
    let mut value = files::json(with, &what, sink);
    targets(with, fields, plan, scenario, sink);
    if let Some(flow) = with.entry("flow").map(|e| &e.value)
        && let Some(read) = flow_of(flow, fields, source, sink)
    {
        let outer = sink.file.clone();
        if let Some(path) = flow.scalar() {
            sink.file = Some(path.into());
            secret::clear_text(&read, "the flow", sink);
            value["flow"] = files::json(&read, "the flow", sink);
        }
        step_targets(&read, fields, plan, scenario, sink);
        sink.file = outer;
    }
    if scenario.targets.is_empty() && with.entry("target").is_none() {
        warn_unreachable(fields, sink);
    }
    scenario.settings = canonical(&value);
    mentioned(&value, &mut scenario.secrets);
    let sides = scenario.sides.clone();
    for target in sides.into_iter().flat_map(|side| &plan.environment(side).targets) {
        if scenario.targets.contains(target.0) {
            scenario.secrets.extend(secrets_of(target.1));
        }
    }
}

fn warn_unreachable(fields: &Fields<'_>, sink: &mut Sink) {
    sink.say("W005", fields.span, format!("{} names no target, so it can reach nothing", fields.place))
        .help("name one: with: { target: shop }");
}

fn flow_of(flow: &Node, fields: &Fields<'_>, source: &Source, sink: &mut Sink) -> Option<Node> {
    match &flow.kind {
        Kind::Map(_) => Some(flow.clone()),
        Kind::Seq(_) => {
            sink.say(
                "E035",
                flow.span,
                format!("the flow of {} is a list, not a file or a mapping", fields.place),
            );
            None
        }
        Kind::Scalar { .. } => {
            let what = format!("the flow of {}", fields.place);
            files::flow(&text(flow, &what, sink)?, flow.span, &what, source, sink)
        }
    }
}

fn later_queue(with: &Node, scenario: &Scenario, sink: &mut Sink) {
    let Some(kind) = with.entry("kind").filter(|_| scenario.plugin == "builtin:queue-drain") else {
        return;
    };
    if let Some(word) = kind.value.scalar().filter(|word| keys::LATER_QUEUES.contains(word)) {
        sink.say("E909", kind.value.span, format!("not yet: queues of the kind {word}"))
            .label("not yet")
            .help("this release reads rabbitmq");
    }
}

/// A key of the settings whose value is a target's name.
fn names_target(key: &str) -> bool {
    matches!(key, "target" | "session_from_other_side" | "other") || key.ends_with("_target")
}

fn targets(node: &Node, fields: &Fields<'_>, plan: &Plan, scenario: &mut Scenario, sink: &mut Sink) {
    for entry in node.entries().iter().filter(|e| e.key != "flow") {
        match entry.value.scalar() {
            Some(found) if names_target(&entry.key) => {
                grant(found, &entry.value, fields, plan, scenario, sink)
            }
            Some(found)
                if found.contains("://")
                    && matches!(&*entry.key, "url" | "base_url" | "host" | "address") =>
            {
                url_instead(&entry.value, fields, sink);
            }
            Some(_) => {}
            None => targets(&entry.value, fields, plan, scenario, sink),
        }
    }
    node.items().iter().for_each(|item| targets(item, fields, plan, scenario, sink));
}

/// The targets that the steps of a flow name for themselves.
fn step_targets(flow: &Node, fields: &Fields<'_>, plan: &Plan, scenario: &mut Scenario, sink: &mut Sink) {
    for item in flow.items() {
        if let Some(entry) = item.entry("target")
            && let Some(found) = entry.value.scalar()
        {
            grant(found, &entry.value, fields, plan, scenario, sink);
        }
        step_targets(item, fields, plan, scenario, sink);
    }
    flow.entries().iter().for_each(|entry| step_targets(&entry.value, fields, plan, scenario, sink));
}

fn url_instead(node: &Node, fields: &Fields<'_>, sink: &mut Sink) {
    sink.say("E026", node.span, format!("{} names a URL where a target's name belongs", fields.what("with")))
        .label("a URL")
        .help("write the URL under environments.<side>.targets and its name here: the plan grants targets, not URLs");
}

fn grant(
    found: &str,
    node: &Node,
    fields: &Fields<'_>,
    plan: &Plan,
    scenario: &mut Scenario,
    sink: &mut Sink,
) {
    if found.contains("://") {
        return url_instead(node, fields, sink);
    }
    let Some(name) =
        crate::fields::name(found, node.span, &format!("a target in {}", fields.what("with")), sink)
    else {
        return;
    };
    let missing: Vec<Side> = scenario
        .sides
        .iter()
        .copied()
        .filter(|side| !plan.environment(*side).targets.contains_key(&name))
        .collect();
    if let [first, rest @ ..] = &missing[..] {
        let environment = plan.environment(*first);
        let near = crate::problem::meant(found, environment.targets.keys().map(Name::as_str));
        let near = near.map(|n| format!("did you mean {n:?}? ")).unwrap_or_default();
        let verb = if rest.is_empty() { "has" } else { "have" };
        let sides = listed(&missing);
        let text = format!("{} runs on {sides}, which {verb} no target {}", fields.place, quote(found));
        sink.say("E021", node.span, text)
            .label(format!("not on {sides}"))
            .help(format!("{near}{first} has: {}; name it there, or set run_on", known_targets(environment)));
    }
    scenario.targets.insert(name);
}

fn mentioned(value: &Value, names: &mut BTreeSet<Name>) {
    match value {
        Value::String(text) => secret::mentioned(text, names),
        Value::Array(items) => items.iter().for_each(|item| mentioned(item, names)),
        Value::Object(map) => map.values().for_each(|item| mentioned(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn secrets_of(target: &Target) -> Option<Name> {
    use tidelock_core::plan::Credential::{Basic, Bearer, Form, Header};
    match target {
        Target::Sql(sql) => sql.password.clone(),
        Target::Http(http) => http.credential.as_ref().map(|credential| match credential {
            Bearer(name) | Basic(name) | Header(_, name) | Form(_, name) => name.clone(),
        }),
    }
}
