//! Claims: what must hold about a scenario, in numbers.
//!
//! Simple claims are counted, not proved. A critical scenario must say what is enough; nobody may
//! read a default as a promise about the most important thing.

use std::time::Duration;

use tidelock_core::plan::{Claim, ClaimKind, Scenario};
use tidelock_model::Level;

use crate::fields::Fields;
use crate::keys;
use crate::problem::{Sink, quote};
use crate::tree::Entry;

/// What an important or minor scenario without claims must do.
const USUAL_PASSES: u32 = 3;
/// The measures that `queue-drain` reports, for all queues together and for each.
const QUEUE_MEASURES: [&str; 6] =
    ["visible", "in_flight", "delayed", "oldest_age", "consumers", "dead_letters"];

/// Reads the claims of a scenario.
pub(crate) fn claims(fields: &Fields<'_>, scenario: &Scenario, sink: &mut Sink) -> Vec<Claim> {
    let usual = vec![Claim { name: "passes".into(), kind: ClaimKind::Passes { in_a_row: USUAL_PASSES } }];
    if !fields.has("claims") {
        if scenario.level == Level::Critical {
            sink.say("E037", fields.span, format!("{} is critical and claims nothing", fields.place))
                .label("needs claims")
                .help(
                    "statistical proofs come in a later release: write claims: { passes: { in_a_row: 5 } }",
                );
        }
        return usual;
    }
    let entries = fields.named("claims", sink);
    if let Some(node) = fields.get("claims").filter(|n| n.entries().is_empty() && n.scalar().is_none()) {
        sink.say(
            "E036",
            node.span,
            format!("{} is empty: nothing would have to hold", fields.what("claims")),
        )
        .help("write claims: { passes: { in_a_row: 5 } }");
    }
    let mut claims = Vec::new();
    for (name, entry) in entries {
        let kind = match name.as_str() {
            word if keys::LATER_CLAIMS.contains(&word) => {
                sink.say("E902", entry.key_span, format!("not yet: the claim {} ({})", quote(word), fields.place))
                    .label("not yet")
                    .help("this release has passes: { in_a_row } and bounds on a measure: { at_most, at_least, for }");
                continue;
            }
            "passes" => passes(entry, fields, sink),
            word => {
                warn_unknown(word, entry, scenario, sink);
                measure(word, entry, fields, sink)
            }
        };
        if let Some(kind) = kind {
            claims.push(Claim { name: name.to_string(), kind });
        }
    }
    claims
}

fn passes(entry: &Entry, scenario: &Fields<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    let place = format!("the claim \"passes\" of {}", scenario.place);
    let fields = Fields::of(&entry.value, &keys::PASSES, &place, entry.key_span, sink)?;
    fields.need("in_a_row", "say how many runs in a row must pass: passes: { in_a_row: 5 }", sink)?;
    Some(ClaimKind::Passes { in_a_row: fields.count("in_a_row", 1, 1_000, sink)? })
}

fn measure(measure: &str, entry: &Entry, scenario: &Fields<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    let place = format!("the claim {measure:?} of {}", scenario.place);
    let fields = Fields::of(&entry.value, &keys::MEASURE, &place, entry.key_span, sink)?;
    let bounded = fields.has("at_most") || fields.has("at_least");
    let later = fields.has("gauge");
    let (at_most, at_least) = (fields.number("at_most", sink), fields.number("at_least", sink));
    if !bounded && !later {
        sink.say("E036", entry.key_span, format!("{place} has no bound"))
            .help("write at_most, at_least or both: { at_most: 0, for: 1m }");
    }
    if let (Some(most), Some(least)) = (at_most, at_least)
        && least > most
    {
        sink.say("E036", entry.value.span, format!("{place} must be at least {least} and at most {most}"))
            .help("no value is both: swap them");
    }
    let held_for = fields.duration("for", sink).unwrap_or(Duration::ZERO);
    Some(ClaimKind::Measure { measure: measure.into(), at_most, at_least, held_for })
}

fn warn_unknown(word: &str, entry: &Entry, scenario: &Scenario, sink: &mut Sink) {
    if scenario.plugin != "builtin:queue-drain" {
        return;
    }
    let base = word.rsplit(['.', '/']).next().unwrap_or(word).replace('-', "_");
    if !QUEUE_MEASURES.contains(&base.as_str()) {
        sink.say("W006", entry.key_span, format!("{} reports no measure {}", scenario.plugin, quote(word)))
            .label("never reported")
            .help(format!(
                "it reports: {}; a claim on a measure that never comes holds for ever",
                QUEUE_MEASURES.join(", ")
            ));
    }
}
