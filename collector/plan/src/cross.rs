//! What only shows when the parts of a plan are laid side by side.
//!
//! Above all: a gate that could never open. Nobody notices it until the night it is waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidelock_core::plan::{GateRule, ManualCheck, Plan, before};
use tidelock_core::{COLLECTOR, HoldCode};
use tidelock_model::{Level, Name, Phase};

use crate::problem::{Sink, listed, meant};
use crate::timeline;
use crate::tree::{Entry, Node, Span};
use crate::units::{self, show};

mod switch;

/// Values below this need `rehearsal_scale: true`.
const REHEARSAL: Duration = Duration::from_secs(5);

/// Lays everything side by side.
pub(crate) fn check(plan: &Plan, root: &Node, sink: &mut Sink) {
    for (phase, gate) in &plan.gates {
        needs(plan, *phase, gate, root, sink);
        times(plan, *phase, gate, root, sink);
    }
    in_no_gate(plan, root, sink);
    same_names(plan, root, sink);
    one_voice(plan, root, sink);
    late_commit(plan, root, sink);
    no_canary(plan, root, sink);
    switch::check(plan, root, sink);
    rehearsal(plan, root, sink);
    crate::environment::compare(plan, root, sink);
}

fn key(root: &Node, path: &[&str]) -> Option<Span> {
    root.at(path).map(|e| e.key_span)
}

fn value(root: &Node, path: &[&str]) -> Option<Span> {
    root.at(path).map(|e| e.value.span).or_else(|| key(root, &path[..path.len() - 1]))
}

fn needs(plan: &Plan, phase: Phase, gate: &GateRule, root: &Node, sink: &mut Sink) {
    let Some(before) = before(phase) else { return };
    let word = phase.word();
    let list = root.at(&["gates", word, "needs"]).map(|e| &e.value);
    for name in &gate.needs {
        let item = list.and_then(|l| l.items().iter().find(|n| n.scalar() == Some(name.as_str())));
        let span = item.map(|n| n.span);
        if let Some(scenario) = plan.scenarios.get(name) {
            if !scenario.phases.contains(&before) {
                sink.say(
                    "E016",
                    span,
                    format!("gate {word:?} needs {:?}, which does not run in {before}", name.as_str()),
                )
                .label(format!("runs in {}", listed(&scenario.phases)))
                .help(format!(
                    "its evidence would be stale before the gate is asked: add {before} to its phases"
                ));
            }
        } else if let Some(manual) = plan.manual_checks.get(name) {
            if let Some(made) = manual.phase.filter(|made| order(*made) > order(before)) {
                sink.say(
                    "E016",
                    span,
                    format!("gate {word:?} needs {:?}, which is made in {made}", name.as_str()),
                )
                .label(format!("made in {made}"))
                .help("the gate stands before that phase, so it would never open");
            }
        } else {
            let known = plan.scenarios.keys().chain(plan.manual_checks.keys()).map(Name::as_str);
            let near =
                meant(name.as_str(), known).map(|n| format!("did you mean {n:?}? ")).unwrap_or_default();
            sink.say(
                "E015",
                span,
                format!(
                    "gate {word:?} needs {:?}, which is neither a scenario nor a manual check",
                    name.as_str()
                ),
            )
            .label("unknown")
            .help(format!("{near}a gate that names a check nobody runs would never open"));
        }
    }
    if phase == Phase::Ready {
        left_behind(plan, root, sink);
    }
    let runs = plan.scenarios.values().any(|s| s.phases.contains(&before));
    if gate.needs_all && !runs && !plan.scenarios.is_empty() {
        let span = list
            .map(|l| l.span)
            .or_else(|| key(root, &["gates", word]))
            .or_else(|| key(root, &["scenarios"]));
        sink.say("E016", span, format!("gate {word:?} needs all that runs in {before}, and nothing does"))
            .help(format!("all of nothing is no evidence: add {before} to the phases of a scenario, or write what gates.{word} needs"));
    }
}

/// What opened `ready` must go on being proved in it, up to the cutover: evidence that nobody gathers any more
/// would shut the gate again at once.
fn left_behind(plan: &Plan, root: &Node, sink: &mut Sink) {
    let lost = plan.needed(Phase::Ready).into_iter().filter(|(_, scenario)| {
        scenario.phases.contains(&Phase::Sync) && !scenario.phases.contains(&Phase::Ready)
    });
    for (name, scenario) in lost {
        let span = value(root, &["scenarios", name.as_str(), "phases"]);
        let what = format!("gate \"ready\" needs {:?}, which stops running in ready", name.as_str());
        sink.say("E016", span, what)
            .label(format!("runs in {}", listed(&scenario.phases)))
            .help("the gate would shut again as soon as it opened: add ready to its phases");
    }
}

/// Where a phase stands on the way; the way back is as late as the watch.
fn order(phase: Phase) -> u8 {
    match phase {
        Phase::Prepare => 0,
        Phase::Sync => 1,
        Phase::Ready => 2,
        Phase::Cutover => 3,
        Phase::Watch | Phase::RollingBack => 4,
        Phase::Committed | Phase::RolledBack => 5,
        Phase::Retired | Phase::Aborted => 6,
    }
}

fn times(plan: &Plan, phase: Phase, gate: &GateRule, root: &Node, sink: &mut Sink) {
    let word = phase.word();
    let needed = plan.needed(phase);
    if let Some((name, slowest)) = needed.iter().max_by_key(|(_, s)| s.every)
        && !gate.stable_for.is_zero()
        && gate.stable_for < slowest.every * 2
    {
        let text = format!(
            "gate {word:?} asks for {} without a break, but {} runs every {}",
            show(gate.stable_for),
            name,
            show(slowest.every)
        );
        sink.say("W001", value(root, &["gates", word, "stable_for"]), text)
            .help(format!("one lucky moment is no stability: give it at least {}", show(slowest.every * 2)));
    }
    let Some(deadline) = gate.deadline else { return };
    let (least, longest) = timeline::shortest(plan, phase);
    if deadline <= least {
        let text = format!(
            "gate {word:?} has {} to open, but its evidence takes at least {}",
            show(deadline),
            timeline::minutes(least)
        );
        let why = longest.filter(|(_, claim)| !claim.at_best.is_zero());
        let why = why.map(|(name, c)| {
            format!("{name} alone takes {} ({}: {}); ", timeline::minutes(c.at_best), c.claim, c.says)
        });
        sink.say("E040", value(root, &["gates", word, "deadline"]), text).label("never in time").help(
            format!(
                "{}raise the deadline, or lower `stable_for` or what the claims ask for",
                why.unwrap_or_default()
            ),
        );
    }
}

fn in_no_gate(plan: &Plan, root: &Node, sink: &mut Sink) {
    let mut needed: BTreeSet<&Name> =
        plan.gates.keys().flat_map(|p| plan.needed(*p)).map(|(name, _)| name).collect();
    // A step of a runbook waits for its scenarios as a gate does.
    needed.extend(switch::proving(plan));
    let used = switch::used(plan);
    for (name, scenario) in plan.scenarios.iter().filter(|(name, _)| !needed.contains(name)) {
        let span = key(root, &["scenarios", name.as_str()]);
        if scenario.level != Level::Critical && used.contains(name) {
            continue;
        }
        if scenario.level == Level::Critical {
            sink.say("E017", span, format!("scenario {:?} is critical and holds no gate", name.as_str()))
                .label("in no gate")
                .help("name it in a gate's needs, or write needs: [all] where it runs");
        } else {
            sink.say("W002", span, format!("scenario {:?} holds no gate", name.as_str()))
                .label("in no gate")
                .help("it is shown, but nothing waits for it: name it in a gate's needs");
        }
    }
    for (name, _) in plan.manual_checks.iter().filter(|(name, check)| !waited_for(plan, name, check)) {
        let span = key(root, &["manual_checks", name.as_str()]);
        sink.say("W002", span, format!("manual check {:?} holds no gate", name.as_str()))
            .label("in no gate")
            .help("name it in a gate's needs: `all` means scenarios only");
    }
}

/// A gate needs the manual check: by name, or because what is left of the move is removed before the source is
/// retired.
fn waited_for(plan: &Plan, name: &Name, check: &ManualCheck) -> bool {
    let last = check.phase == Some(Phase::Committed) && plan.gates.contains_key(&Phase::Retired);
    last || plan.gates.values().any(|gate| gate.needs.contains(name))
}

fn same_names(plan: &Plan, root: &Node, sink: &mut Sink) {
    for name in plan.manual_checks.keys().filter(|name| plan.scenarios.contains_key(*name)) {
        sink.say(
            "E041",
            key(root, &["manual_checks", name.as_str()]),
            format!("{:?} is a scenario and a manual check", name.as_str()),
        )
        .label("same name")
        .help("a gate that needs it could not say which: rename one");
    }
    let checks = ["scenarios", "manual_checks"].into_iter().filter_map(|part| root.entry(part));
    let checks = checks.flat_map(|part| part.value.entries());
    for entry in checks.filter(|entry| HoldCode::of_word(&entry.key).is_some()) {
        sink.say("E041", entry.key_span, format!("{:?} is the word for a hold, not a name", entry.key))
            .label("taken")
            .help("whoever overrides it could not say which: give it another name");
    }
    if let Some(entry) = ["scenarios", "manual_checks"].iter().find_map(|at| root.at(&[at, "all"])) {
        sink.say("E041", entry.key_span, "\"all\" is the word for every scenario, not a name")
            .help("rename it");
    }
    if let Some(entry) = root.at(&["people", COLLECTOR]) {
        sink.say(
            "E041",
            entry.key_span,
            format!("{COLLECTOR:?} is the collector's own name, not a person's"),
        )
        .label("taken")
        .help("its own holds stand under that name: give the person another one");
    }
    for parts in [&["scenarios", "manual_checks"][..], &["people"][..]] {
        let entries = parts.iter().filter_map(|part| root.entry(part)).flat_map(|e| e.value.entries());
        look_alikes(entries, sink);
    }
}

fn look_alikes<'a>(entries: impl Iterator<Item = &'a Entry>, sink: &mut Sink) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for entry in entries {
        let plain: String = (entry.key.chars())
            .filter(|c| !matches!(c, '-' | '_' | '.'))
            .map(|c| match c {
                '0' => 'o',
                '1' => 'l',
                c => c,
            })
            .collect();
        if let Some(first) = seen.get(&plain).filter(|first| **first != entry.key) {
            sink.say("W004", entry.key_span, format!("{:?} looks like {first:?}", entry.key))
                .label("easily confused")
                .help("in the night one is read for the other: give them different names");
        }
        seen.entry(plain).or_insert(&entry.key);
    }
}

fn one_voice(plan: &Plan, root: &Node, sink: &mut Sink) {
    let voice = |decision: &str| {
        let rule = plan.decisions.get(decision)?;
        let voices: BTreeSet<&Name> = rule.who.iter().chain(&rule.deputies).collect();
        (voices.len() == 1).then(|| voices.into_iter().next())?
    };
    if let (Some(cutover), Some(commit)) = (voice("cutover"), voice("commit"))
        && cutover == commit
    {
        let span = key(root, &["decisions", "commit"]).or_else(|| key(root, &["people"]));
        sink.say("W008", span, format!("{cutover} is the only voice for cutover and for commit"))
            .help("who decided the switch should not be alone in calling it a success: name a second person");
    }
}

/// Gates that rest on agents of which nobody asks whether they can tell a failure.
fn no_canary(plan: &Plan, root: &Node, sink: &mut Sink) {
    // A canary that could not be read is a mistake of its own.
    if root.entry("canary").is_some() || plan.scenarios.is_empty() || plan.gates.is_empty() {
        return;
    }
    let place = key(root, &["gates"]).or_else(|| key(root, &["scenarios"]));
    sink.say("W017", place, "the gates rest on agents, and no canary shows that an agent tells a failure")
        .label("nobody asks")
        .help("add a check that must fail on every agent: canary: { plugin: builtin:canary }");
}

fn late_commit(plan: &Plan, root: &Node, sink: &mut Sink) {
    let (Some(window), Some(gate)) = (plan.rollback.window, plan.gates.get(&Phase::Committed)) else {
        return;
    };
    let by_hand =
        gate.needs.iter().filter_map(|n| plan.manual_checks.get(n)?.within).max().unwrap_or_default();
    let earliest = timeline::shortest(plan, Phase::Committed).0.max(by_hand);
    if earliest > window {
        let text = format!(
            "the way back ends {} after the switch, the commit can come after {}",
            show(window),
            timeline::minutes(earliest)
        );
        sink.say("W009", value(root, &["rollback", "window"]), text)
            .help("between the two nobody can go back and nobody has said it is fine: keep the old side fit for longer");
    }
}

fn rehearsal(plan: &Plan, root: &Node, sink: &mut Sink) {
    const KEYS: [&str; 14] = [
        "every",
        "slot",
        "outage",
        "observe_at_least",
        "fresh_for",
        "for",
        "stable_for",
        "valid_for",
        "deadline",
        "window",
        "warn_before",
        "answer_within",
        "two_readings",
        "settling",
    ];
    fn walk(node: &Node, sink: &mut Sink) {
        for entry in node.entries().iter().filter(|e| e.key != "with") {
            let short = (entry.value.scalar())
                .filter(|_| KEYS.contains(&entry.key.as_str()))
                .and_then(|text| units::duration(text).ok())
                .filter(|d| !d.is_zero() && *d < REHEARSAL);
            if let Some(short) = short {
                sink.say("E031", entry.value.span, format!("{:?} of {} is shorter than 5s", entry.key, show(short)))
                    .help("short times are for rehearsals and demos: write rehearsal_scale: true, shown on every screen");
            }
            walk(&entry.value, sink);
        }
        node.items().iter().for_each(|item| walk(item, sink));
    }
    if plan.rehearsal_scale {
        return;
    }
    for part in
        ["evidence", "defaults", "scenarios", "decisions", "gates", "rollback", "runbook", "first_minutes"]
    {
        if let Some(entry) = root.entry(part) {
            walk(&entry.value, sink);
        }
    }
}
