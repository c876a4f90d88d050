//! Claims: what must hold about a scenario, in numbers.
//!
//! A proof is the default of what matters most: a critical scenario without claims has to succeed as often
//! on the target as on the source. Simple claims are counted, not proved, and stand where somebody wrote them.

use std::time::Duration;

use tidelock_core::plan::{Claim, ClaimKind, Joint, Scenario};
use tidelock_model::{Level, Side};

use crate::fields::Fields;
use crate::keys;
use crate::problem::{Sink, quote};
use crate::tree::{Entry, Kind};

mod proofs;
mod watches;

pub(crate) use proofs::QUICK_PER_SECOND;

/// What an important or minor scenario without claims must do.
const USUAL_PASSES: u32 = 3;
/// How often a proof may be wrong where the plan does not say.
pub(crate) const USUAL_ERROR_RATE: f64 = 0.05;
/// The measures that `queue-drain` reports, for all queues together and for each.
const QUEUE_MEASURES: [&str; 6] =
    ["visible", "in_flight", "delayed", "oldest_age", "consumers", "dead_letters"];
/// Which of our own plugins report what a claim is weighed on; the other claims suit more than one.
const MADE_FOR: [(&str, &str); 4] = [
    ("drained", "builtin:queue-drain"),
    ("silent", "builtin:job-writes"),
    ("owner", "builtin:job-writes"),
    ("parity", "builtin:row-parity"),
];

/// A scenario while its claims are read.
struct Place<'a> {
    /// Its fields.
    fields: &'a Fields<'a>,
    /// What was read of it.
    scenario: &'a Scenario,
    /// The outage that the plan wants ruled out, where it says one.
    outage: Option<Duration>,
}

impl Place<'_> {
    /// The fields of one claim.
    fn claim<'e>(&self, entry: &'e Entry, keys: &keys::Keys, sink: &mut Sink) -> Option<Fields<'e>> {
        let place = format!("the claim {:?} of {}", entry.key, self.fields.place);
        Fields::of(&entry.value, keys, &place, entry.key_span, sink)
    }
}

/// Reads the claims of a scenario.
pub(crate) fn claims(
    fields: &Fields<'_>,
    scenario: &Scenario,
    outage: Option<Duration>,
    sink: &mut Sink,
) -> Vec<Claim> {
    let place = Place { fields, scenario, outage };
    let mut claims = Vec::new();
    if fields.has("proof") {
        claims.extend(proofs::shorthand(&place, sink));
    }
    if !fields.has("claims") {
        if claims.is_empty() && !fields.has("proof") {
            claims.push(usual(&place, sink));
        }
        return claims;
    }
    let entries = fields.named("claims", sink);
    if let Some(node) = fields.get("claims").filter(|n| n.entries().is_empty() && n.scalar().is_none()) {
        sink.say(
            "E036",
            node.span,
            format!("{} is empty: nothing would have to hold", fields.what("claims")),
        )
        .help("write claims: { success: { proof: standard } }, or take the line out");
    }
    for (name, entry) in entries {
        warn_unknown(name.as_str(), entry, scenario, sink);
        read(name.as_str(), entry, &place, &mut claims, sink);
    }
    claims
}

/// What is claimed where nothing is written.
fn usual(place: &Place<'_>, sink: &mut Sink) -> Claim {
    let passes = Claim { name: "passes".into(), kind: ClaimKind::Passes { in_a_row: USUAL_PASSES } };
    if place.scenario.level != Level::Critical {
        return passes;
    }
    if !place.scenario.sides.contains(&Side::Target) {
        let fields = place.fields;
        let text = format!("{} is critical, runs on source alone and claims nothing", fields.place);
        sink.say("E037", fields.span, text)
            .label("needs claims")
            .help("the usual proof is about the target: write what must hold on source, such as claims: { drained: { for: 5m } } or { passes: { in_a_row: 5 } }");
        return passes;
    }
    proofs::usual(place)
}

fn read(word: &str, entry: &Entry, place: &Place<'_>, claims: &mut Vec<Claim>, sink: &mut Sink) {
    let kind = match word {
        "passes" => passes(entry, place, sink),
        "success" => {
            if let Some(first) = claims.iter().any(|c| c.name == "success").then_some("proof") {
                let text = format!("{} has {first:?} and claims \"success\"", place.fields.place);
                sink.say("E004", entry.key_span, text)
                    .label("again")
                    .help("both say the same thing: keep one");
                return;
            }
            proofs::success(entry, place, sink)
        }
        "latency" | "performance" => {
            if claims.iter().any(|c| c.name.starts_with("latency ")) {
                let text = format!("{} claims \"latency\" and \"performance\"", place.fields.place);
                sink.say("E004", entry.key_span, text)
                    .label("again")
                    .help("performance stands for latency at p50, p95 and p99: keep one");
                return;
            }
            claims.extend(proofs::latencies(word, entry, place, sink));
            return;
        }
        "same_response" => proofs::same_response(entry, place, sink),
        "drained" => watches::drained(entry, place, sink),
        "silent" => watches::silent(entry, place, sink),
        "owner" => watches::owner(entry, place, sink),
        "parity" => watches::parity(entry, place, sink),
        "marks" => watches::marks(entry, place, sink),
        "no_dependency_on" => watches::no_dependency_on(entry, place, sink),
        "gauge" | "proof" => {
            let help = if word == "gauge" {
                "name the measure: claims: { lag: { gauge: { enter: 5s, leave: 10s, for: 5m } } }"
            } else {
                "write claims: { success: { proof: standard } }, or `proof: standard` beside `claims`"
            };
            let text = format!("{word:?} is no claim ({})", place.fields.place);
            sink.say("E007", entry.key_span, text).label("not here").help(help);
            return;
        }
        word => watches::measure(word, entry, place, sink),
    };
    if let Some(kind) = kind {
        claims.push(Claim { name: word.into(), kind });
    }
}

fn passes(entry: &Entry, place: &Place<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    let fields = place.claim(entry, &keys::PASSES, sink)?;
    fields.need("in_a_row", "say how many runs in a row must pass: passes: { in_a_row: 5 }", sink)?;
    Some(ClaimKind::Passes { in_a_row: fields.count("in_a_row", 1, 1_000, sink)? })
}

/// A claim about both sides, or about the target, must be asked where it can be answered.
fn sides(word: &str, entry: &Entry, place: &Place<'_>, both: bool, sink: &mut Sink) {
    let sides = &place.scenario.sides;
    let about = match (both, sides.contains(&Side::Source), sides.contains(&Side::Target)) {
        (true, true, true) | (false, _, true) => return,
        (true, _, _) => "compares both sides",
        (false, _, false) => "is about the target",
    };
    let only = sides.first().copied().unwrap_or(Side::Source);
    let text = format!("the claim {} {about}, and {} runs on {only} alone", quote(word), place.fields.place);
    let help = if both { "write run_on: both" } else { "write run_on: both, or run_on: target" };
    sink.say("E048", entry.key_span, text).label("never answered").help(help);
}

fn warn_unknown(word: &str, entry: &Entry, scenario: &Scenario, sink: &mut Sink) {
    let plugin = scenario.plugin.as_str();
    if let Some((_, made_for)) = MADE_FOR.iter().find(|(claim, _)| *claim == word) {
        if plugin.starts_with("builtin:") && plugin != *made_for {
            sink.say(
                "W006",
                entry.key_span,
                format!("{plugin} reports nothing that {} is weighed on", quote(word)),
            )
            .label("never reported")
            .help(format!("{made_for} does; a claim on what never comes holds for ever"));
        }
        return;
    }
    if plugin != "builtin:queue-drain" || keys::CLAIMS.contains(&word) {
        return;
    }
    let base = word.rsplit(['.', '/']).next().unwrap_or(word).replace('-', "_");
    if !QUEUE_MEASURES.contains(&base.as_str()) {
        sink.say("W006", entry.key_span, format!("{plugin} reports no measure {}", quote(word)))
            .label("never reported")
            .help(format!(
                "it reports: {}; a claim on a measure that never comes holds for ever",
                QUEUE_MEASURES.join(", ")
            ));
    }
}

/// What a claim of both sides is called when it holds a gate.
fn joint(joint: Joint) -> Option<ClaimKind> {
    Some(ClaimKind::Joint(joint))
}

/// The entry is a mapping without anything in it, or with something: not a single value.
fn is_mapping(entry: &Entry) -> bool {
    matches!(entry.value.kind, Kind::Map(_))
}
