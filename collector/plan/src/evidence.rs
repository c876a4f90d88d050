//! How evidence is gathered, and whether a proof is possible at all.
//!
//! A proof moves once a slot, and a slot with fewer than four results says nothing: a plan whose intervals
//! and agents never fill one would wait for ever. That is found here, with the way out.

use std::time::Duration;

use tidelock_core::plan::{ClaimKind, EvidenceRule, Plan, Scenario};
use tidelock_model::Side;

use crate::fields::Fields;
use crate::keys;
use crate::problem::{Sink, listed};
use crate::tree::{Node, Span};
use crate::units::show;

/// The results that each side owes in a slot, at least.
const RESULTS: u128 = 4;
/// The slots of a migration, in seconds.
const SLOTS: [u64; 5] = [10, 15, 20, 30, 60];
/// The slots of a rehearsal.
const REHEARSAL_SLOTS: [u64; 11] = [1, 2, 3, 4, 5, 6, 10, 15, 20, 30, 60];
/// Intervals that are easily suggested.
const INTERVALS: [u64; 6] = [5, 10, 15, 20, 30, 60];
/// The longest slot: outages are told after at most one.
const LONGEST_SLOT: Duration = Duration::from_secs(60);
const SHORTEST_SLOT: Duration = Duration::from_secs(1);
/// The longest time that a result may be late.
const LONGEST_GRACE: Duration = Duration::from_secs(300);
/// The word for a grace that follows each scenario's timeout.
pub(crate) const USUAL_GRACE: &str = "timeout + 2s";

/// The section as written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    /// What the plan keeps of it.
    pub(crate) rule: EvidenceRule,
    /// The slot of every scenario, where it is not left to us.
    pub(crate) slot: Option<Duration>,
    /// The outage that a standard proof rules out.
    pub(crate) outage: Option<Duration>,
}

/// Reads `evidence`.
pub(crate) fn evidence(fields: &Fields<'_>, sink: &mut Sink) -> Written {
    let read = fields.get("evidence").and_then(|n| Fields::of(n, &keys::EVIDENCE, "evidence", n.span, sink));
    let Some(fields) = read else {
        return Written::default();
    };
    let mut written = Written { outage: fields.duration("outage", sink), ..Written::default() };
    let auto = |key: &str, word: &str| {
        let found = fields.get(key).and_then(Node::scalar).unwrap_or_default();
        found.split_whitespace().collect::<String>() == word.replace(' ', "")
    };
    if !auto("slot", "auto") {
        written.slot = fields.duration("slot", sink);
    }
    if let (Some(slot), Some(node)) = (written.slot, fields.get("slot"))
        && (slot > LONGEST_SLOT || slot < SHORTEST_SLOT)
    {
        sink.say("E046", node.span, format!("{} is {}", fields.what("slot"), show(slot)))
            .help("a slot is from 1s to 60s: an outage is told after one; write slot: auto");
        written.slot = None;
    }
    if !auto("grace", USUAL_GRACE) {
        written.rule.grace = fields.duration("grace", sink);
        if let Some(problem) = sink.last().filter(|p| p.code == "E012" && p.message.contains("\"grace\"")) {
            problem.help("write `timeout + 2s`, or a time such as 5s");
        }
    }
    if let (Some(grace), Some(node)) = (written.rule.grace, fields.get("grace"))
        && grace > LONGEST_GRACE
    {
        sink.say("E050", node.span, format!("{} is {}", fields.what("grace"), show(grace)))
            .help("no slot would close in time: write at most 5m, usually `timeout + 2s`");
    }
    if let Some(least) = fields.duration_or_zero("observe_at_least", sink) {
        written.rule.observe_at_least = least;
    }
    written
}

/// Why a scenario can't be proved.
enum Never {
    /// Its interval does not divide a slot.
    Undivided,
    /// The slot that its interval divides has too few results.
    TooFew(Duration),
}

/// Gives each scenario with a proof its slot.
pub(crate) fn slots(plan: &mut Plan, written: &Written, root: &Node, sink: &mut Sink) {
    let rehearsal = plan.rehearsal_scale;
    let agents = |scenario: &Scenario| fewest(plan, scenario);
    let proved: Vec<_> = (plan.scenarios.iter())
        .filter(|(_, s)| s.claims.iter().any(|c| matches!(&c.kind, ClaimKind::Joint(j) if j.needs_slots())))
        .filter_map(|(name, s)| Some((name.clone(), s.every, s.timeout, agents(s)?)))
        .collect();
    for (name, every, timeout, (side, agents)) in proved {
        let span = at(root, name.as_str(), "every");
        if let Some(grace) = written.rule.grace.filter(|grace| *grace < timeout) {
            let text = format!(
                "evidence waits {} for results, and scenario {:?} may take {}",
                show(grace),
                name.as_str(),
                show(timeout)
            );
            sink.say("E050", root.at(&["evidence", "grace"]).map(|e| e.value.span), text)
                .label("too short")
                .help("what hangs would come too late to count: write grace: timeout + 2s");
        }
        let slot = match written.slot {
            Some(slot) => owed(slot, every, agents).map(|()| slot),
            None => auto(every, agents, rehearsal),
        };
        match slot {
            Ok(slot) => {
                if let Some(scenario) = plan.scenarios.get_mut(&name) {
                    scenario.slot = Some(slot);
                }
            }
            Err(never) => say(&never, name.as_str(), every, side, agents, written.slot, span, sink),
        }
    }
}

/// The side with the fewest agents of those that the scenario compares.
fn fewest(plan: &Plan, scenario: &Scenario) -> Option<(Side, u32)> {
    let agents = |side: &Side| (*side, plan.quorum(scenario, *side));
    scenario.sides.iter().map(agents).min_by_key(|(_, agents)| *agents)
}

/// The smallest slot that the interval divides and that has enough results.
pub(crate) fn auto_slot(plan: &Plan, scenario: &Scenario) -> Option<Duration> {
    auto(scenario.every, fewest(plan, scenario)?.1, plan.rehearsal_scale).ok()
}

fn auto(every: Duration, agents: u32, rehearsal: bool) -> Result<Duration, Never> {
    let known = if rehearsal { &REHEARSAL_SLOTS[..] } else { &SLOTS[..] };
    let mut never = Never::Undivided;
    for slot in known.iter().copied().map(Duration::from_secs) {
        match owed(slot, every, agents) {
            Ok(()) => return Ok(slot),
            Err(Never::Undivided) => {}
            Err(few @ Never::TooFew(_)) => never = few,
        }
    }
    Err(never)
}

/// Each side owes enough results in every slot.
fn owed(slot: Duration, every: Duration, agents: u32) -> Result<(), Never> {
    let (slot_ms, every_ms) = (slot.as_millis(), every.as_millis());
    if every_ms == 0 || !slot_ms.is_multiple_of(every_ms) {
        Err(Never::Undivided)
    } else if slot_ms / every_ms * u128::from(agents) < RESULTS {
        Err(Never::TooFew(slot))
    } else {
        Ok(())
    }
}

#[expect(clippy::too_many_arguments, reason = "one message names all of it")]
fn say(
    never: &Never,
    name: &str,
    every: Duration,
    side: Side,
    agents: u32,
    written: Option<Duration>,
    span: Option<Span>,
    sink: &mut Sink,
) {
    const COUNT: &str = "or count instead of proving: claims: { passes: { in_a_row: 5 } }";
    match never {
        Never::Undivided => {
            let which = match written {
                Some(slot) => format!("does not divide the slot of {}", show(slot)),
                None => "divides no slot (10s, 15s, 20s, 30s or 60s)".into(),
            };
            let text =
                format!("scenario {name:?} can't be proved: it runs every {}, which {which}", show(every));
            let fits: Vec<String> = (INTERVALS.iter().copied().map(Duration::from_secs))
                .filter(|e| written.map_or(auto(*e, agents, false).is_ok(), |s| owed(s, *e, agents).is_ok()))
                .map(show)
                .collect();
            let help = if fits.is_empty() {
                format!("write slot: auto, {COUNT}")
            } else {
                format!("an interval that does: {}; {COUNT}", listed(&fits))
            };
            sink.say("E046", span, text).label("divides no slot").help(help);
        }
        Never::TooFew(slot) => {
            let each = slot.as_millis() / every.as_millis().max(1);
            let who = if agents == 1 { "one agent".into() } else { format!("{agents} agents") };
            let text = format!(
                "scenario {name:?} can't be proved: {who} on {side} every {} gives {} results in a slot of {}, and {RESULTS} are needed",
                show(every),
                each * u128::from(agents),
                show(*slot)
            );
            let more = RESULTS.div_ceil(each.max(1));
            let shorter = (INTERVALS.iter().rev().copied().map(Duration::from_secs)).find(|e| {
                *e < every && written.map_or(auto(*e, agents, false).is_ok(), |s| owed(s, *e, agents).is_ok())
            });
            let shorter =
                shorter.map(|e| format!(", or shorten the interval to {}", show(e))).unwrap_or_default();
            sink.say("E047", span, text)
                .label("too few results")
                .help(format!("add an agent (agents: {{ at_least: {more} }}){shorter}, {COUNT}"));
        }
    }
}

fn at(root: &Node, name: &str, key: &str) -> Option<Span> {
    let entry = root.at(&["scenarios", name, key]).map(|e| e.value.span);
    entry.or_else(|| root.at(&["scenarios", name]).map(|e| e.key_span))
}
