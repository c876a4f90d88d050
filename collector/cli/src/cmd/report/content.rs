//! What the report says, in its order: who loosened what, when each phase began, what was decided and
//! what was not fine then, how long each scenario was in which state, and what nobody could see.

use tidelock_proto::{json, v1};

use super::page::Block;
use crate::cmd::cutover::parts::{counter, label, took_ms};
use crate::words::{clock_and_zone, grouped, span};
use crate::{shown, shown_switch};

/// The whole report; `part` says which time is left of it.
pub(super) fn blocks(report: &v1::Report, part: Option<String>) -> Vec<Block> {
    let mut blocks = vec![Block::Title(format!("Report of {}", report.migration))];
    let summary = report.summary.trim();
    blocks.extend((!summary.is_empty()).then(|| Block::Text(summary.to_owned())));
    blocks.push(Block::Text(format!(
        "From {} to {}. Phase {} at {}; times are {}.",
        report.source_title,
        report.target_title,
        report.phase,
        when(report, report.as_of_time.as_ref()),
        report.timezone
    )));
    blocks.push(switched(report));
    blocks.extend(dropped(report));
    let loud = || Block::List(report.loud.iter().map(|line| format!("‼ {line}")).collect());
    blocks.extend((!report.loud.is_empty()).then(loud));
    blocks.extend(part.map(Block::Text));
    blocks.extend(head(report));
    blocks.extend(failed_undos(report));
    blocks.extend(overrides(report));
    blocks.extend(phases(report));
    blocks.extend(decisions(report));
    blocks.extend(report.runs.iter().flat_map(|run| run_table(report, run)));
    blocks.extend(scenarios(report));
    blocks.extend(manual_checks(report));
    blocks.extend(rollback(report));
    blocks.extend(revisions(report));
    blocks.extend(people(report));
    blocks.extend(agents_lost(report));
    blocks.extend(list("What the checks could not see", &report.blind_spots, "Nothing is declared."));
    let cut = || Block::Text("Agents said more than is kept, of themselves or of their checks.".to_owned());
    blocks.extend(report.said_cut.then(cut));
    blocks
}

/// In the place of a number that nobody knows any more.
const UNKNOWN: &str = "unknown: findings were dropped";

/// An earlier release let findings go before it was written down what they told.
fn dropped(report: &v1::Report) -> Option<Block> {
    let text = "Findings of this migration were dropped before it was written down what they told. How long scenarios were \
                in which state, their longest holds, the recovery and which agents fell silent are unknown.";
    report.findings_dropped.then(|| Block::Text(text.to_owned()))
}

fn agents_lost(report: &v1::Report) -> Vec<Block> {
    let mut items = report.agents_lost.clone();
    items.extend(report.findings_dropped.then(|| format!("which agents fell silent is {UNKNOWN}")));
    list("Agents that were lost", &items, "None.")
}

pub(super) fn when(report: &v1::Report, time: Option<&prost_types::Timestamp>) -> String {
    let day = time.and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok());
    let Some(at) = day else { return "–".to_owned() };
    let zone = jiff::tz::TimeZone::get(&report.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    format!("{} {}", at.to_zoned(zone).strftime("%Y-%m-%d"), clock_and_zone(time, &report.timezone))
}

fn switched(report: &v1::Report) -> Block {
    let mut text = match (&report.switched_time, report.recovery_ms) {
        (None, _) => "Traffic was not switched.".to_owned(),
        (Some(at), Some(ms)) => format!(
            "Traffic was switched at {}; every needed claim was proved again after {}.",
            when(report, Some(at)),
            span(ms)
        ),
        (Some(at), None) if report.findings_dropped => format!(
            "Traffic was switched at {}; when every needed claim was proved again is {UNKNOWN}.",
            when(report, Some(at))
        ),
        (Some(at), None) if report.back_time.is_some() => {
            format!(
                "Traffic was switched at {}; not every needed claim was proved there.",
                when(report, Some(at))
            )
        }
        (Some(at), None) => format!(
            "Traffic was switched at {}; the recovery is not over: not every needed claim is proved again.",
            when(report, Some(at))
        ),
    };
    if let Some(back) = &report.back_time {
        text = format!("{text} It was moved back to the source at {}.", when(report, Some(back)));
    }
    Block::Text(text)
}

/// What the report rests on, so that somebody else finds the same.
fn head(report: &v1::Report) -> Option<Block> {
    let hash = json::hex(&report.head_hash);
    (!hash.is_empty()).then(|| {
        Block::Text(format!(
            "The newest decision is number {}, the chain up to it {hash}: tidelock-collector journal verify finds the \
             same.",
            report.head_sequence
        ))
    })
}

fn people(report: &v1::Report) -> Vec<Block> {
    let row =
        |person: &v1::ReportPerson| vec![person.name.clone(), person.full_name.clone(), person.role.clone()];
    let rows = report.people.iter().map(row).collect();
    section("People", vec!["name", "full name", "role"], rows, "The plan names nobody.")
}

/// `of olga, who is the head of operations`: the role stands beside whoever decided.
fn with_role(report: &v1::Report, name: &str) -> String {
    let person = report.people.iter().find(|person| person.name == name && !person.role.is_empty());
    person.map_or_else(|| name.to_owned(), |person| format!("{name} ({})", person.role))
}

fn section(heading: &str, head: Vec<&'static str>, rows: Vec<Vec<String>>, none: &str) -> Vec<Block> {
    let body = if rows.is_empty() { Block::Text(none.to_owned()) } else { Block::Table(head, rows) };
    vec![Block::Heading(heading.to_owned()), body]
}

fn list(heading: &str, items: &[String], none: &str) -> Vec<Block> {
    let body = if items.is_empty() { Block::Text(none.to_owned()) } else { Block::List(items.to_vec()) };
    vec![Block::Heading(heading.to_owned()), body]
}

fn failed_undos(report: &v1::Report) -> Vec<Block> {
    if report.failed_undos.is_empty() {
        return Vec::new();
    }
    let items: Vec<String> =
        report.failed_undos.iter().map(|undo| shown_switch::failed_undo(undo, &report.timezone)).collect();
    list("Steps that could not be taken back", &items, "")
}

fn overrides(report: &v1::Report) -> Vec<Block> {
    if report.overrides.is_empty() {
        return Vec::new();
    }
    let items: Vec<String> =
        report.overrides.iter().map(|view| shown::overridden(view, &report.timezone)).collect();
    list("Opened over holds", &items, "")
}

fn phases(report: &v1::Report) -> Vec<Block> {
    let rows = report.phases.iter().map(|phase| {
        let end = phase.to_time.as_ref().or(report.as_of_time.as_ref());
        let took = json::unix_ms(end).saturating_sub(json::unix_ms(phase.from_time.as_ref()));
        let planned = phase.planned_ms.map_or("–".to_owned(), span);
        let still = if phase.to_time.is_none() { ", still" } else { "" };
        vec![
            phase.phase.clone(),
            when(report, phase.from_time.as_ref()),
            when(report, phase.to_time.as_ref()),
            planned,
            format!("{}{still}", span(took)),
        ]
    });
    let head = vec!["phase", "from", "to", "planned at best", "took"];
    let mut blocks = section("Phases", head, rows.collect(), "None yet.");
    blocks.extend(left_out(report.phases_cut, "older visits of phases are not kept"));
    blocks
}

fn decisions(report: &v1::Report) -> Vec<Block> {
    let rows = report.decisions.iter().map(|decision| {
        let event = decision.event.clone().unwrap_or_default();
        let by = if event.by.is_empty() { "evidence alone".to_owned() } else { with_role(report, &event.by) };
        let hash: String = json::hex(&event.evidence_hash).chars().take(12).collect();
        let rests_on = format!("{} {hash}", event.findings_position).trim_end().to_owned();
        let holds = if decision.holds.is_empty() { "nothing".to_owned() } else { decision.holds.join("; ") };
        vec![
            when(report, event.time.as_ref()),
            event.sequence.to_string(),
            event.text,
            by,
            event.reason,
            holds,
            rests_on,
        ]
    });
    let head = vec!["time", "number", "what", "by", "reason", "what was not fine then", "evidence"];
    let mut blocks = section("Decisions", head, rows.collect(), "Nothing was decided.");
    blocks
        .extend(left_out(report.decisions_cut, "older decisions are left out: tidelock events has them all"));
    blocks
}

/// What is not in a table is said beneath it.
fn left_out(count: u64, what: &str) -> Option<Block> {
    (count > 0).then(|| Block::Text(format!("{} {what}.", grouped(count))))
}

fn run_table(report: &v1::Report, run: &v1::Run) -> Vec<Block> {
    let kind = if run.rehearsal { "Rehearsal of the" } else { "Run of the" };
    let rows = run.parts.iter().map(|part| {
        let took = took_ms(part, run.ended_time.as_ref().or(report.as_of_time.as_ref()));
        let durable =
            if part.durable_mutation && part.outcome != "done" { "something durable happened" } else { "" };
        vec![
            label(part),
            part.owner.clone(),
            part.state.replace('_', " "),
            span(part.planned_ms),
            took.map_or("–".to_owned(), span),
            durable.to_owned(),
        ]
    });
    let head = vec!["step", "owner", "state", "planned", "took", "note"];
    let mut blocks =
        section(&format!("{kind} {}, number {}", run.direction, run.run), head, rows.collect(), "No step.");
    let mut said = vec![format!(
        "Plan revision {}, {}, begun {}, ended {}.",
        run.plan_revision,
        run.state,
        when(report, run.begun_time.as_ref()),
        when(report, run.ended_time.as_ref())
    )];
    if !run.why.is_empty() {
        said.push(format!("It went back: {}.", run.why));
    }
    if let Some(at) = &run.no_return_time {
        let what = if run.rehearsal { "rehearsed" } else { "passed" };
        said.push(format!("The point of no return was {what} at {}.", when(report, Some(at))));
    }
    if let Some(ms) = run.writes_shut_ms {
        let limit =
            run.dip_ms.map(|limit| format!(" of {} ({})", counter(limit), run.dip_check)).unwrap_or_default();
        let were = if run.rehearsal { "would have been" } else { "were" };
        said.push(format!("Writes {were} shut {}{limit}.", counter(ms)));
    }
    blocks.push(Block::Text(said.join(" ")));
    blocks
}

fn scenarios(report: &v1::Report) -> Vec<Block> {
    let rows = report.scenarios.iter().map(|scenario| {
        let mut phases: Vec<(&str, Vec<&v1::ReportSpan>)> = Vec::new();
        for span in &scenario.spans {
            match phases.iter_mut().find(|(phase, _)| *phase == span.phase) {
                Some((_, spans)) => spans.push(span),
                None => phases.push((&span.phase, vec![span])),
            }
        }
        let said: Vec<String> = phases.iter().map(|(phase, spans)| shares(phase, spans)).collect();
        vec![
            format!("{} ({})", scenario.title, scenario.name),
            scenario.level.clone(),
            match (report.findings_dropped, said.is_empty()) {
                (true, _) => UNKNOWN.to_owned(),
                (false, true) => "no phase so far asked for it".to_owned(),
                (false, false) => said.join("; "),
            },
            if report.findings_dropped { "unknown".to_owned() } else { span(scenario.longest_hold_ms) },
            if report.findings_dropped { "unknown".to_owned() } else { dip(scenario) },
        ]
    });
    let head = vec!["scenario", "level", "time in each state", "longest hold", "away at the switch"];
    let mut blocks = section("Scenarios", head, rows.collect(), "None.");
    blocks.extend(left_out(report.account_cut, "scenarios and overrides are not in the record of the end"));
    blocks
}

/// `12 s of 45 s`.
fn dip(scenario: &v1::ReportScenario) -> String {
    let was = scenario.dip_ms.map_or("–".to_owned(), span);
    scenario.may_dip_ms.map_or(was.clone(), |limit| format!("{was} of {}", span(limit)))
}

/// `sync: proved 92 % (3 h), stale 8 % (16 min)`.
fn shares(phase: &str, spans: &[&v1::ReportSpan]) -> String {
    let whole: u64 = spans.iter().map(|span| span.ms).fold(0, u64::saturating_add);
    let each = spans.iter().map(|part| {
        let word = match json::state_word(part.state) {
            "" => "not asked",
            word => word,
        };
        let percent = part.ms.saturating_mul(100).checked_div(whole).unwrap_or(0);
        format!("{word} {percent} % ({})", span(part.ms))
    });
    format!("{phase}: {}", each.collect::<Vec<_>>().join(", "))
}

fn manual_checks(report: &v1::Report) -> Vec<Block> {
    let rows = report.manual_checks.iter().map(|check| {
        vec![
            format!("{} ({})", check.title, check.name),
            check.owner.clone(),
            check.state.clone(),
            check.done_by.clone(),
            when(report, check.done_time.as_ref()),
            check.evidence.clone(),
        ]
    });
    let head = vec!["check", "owner", "state", "by", "time", "evidence"];
    section("What people checked", head, rows.collect(), "The plan has no such check.")
}

fn rollback(report: &v1::Report) -> Vec<Block> {
    let mut items = Vec::new();
    if let Some(view) = &report.rollback {
        items.push(shown::way_back(view, report.as_of_time.as_ref(), &report.timezone));
    }
    if let Some(at) = &report.rollback_ended_time {
        items.push(format!(
            "the way back ended at {}: {}",
            when(report, Some(at)),
            report.rollback_ended_why
        ));
    }
    list("The way back", &items, "Nothing is known of it.")
}

fn revisions(report: &v1::Report) -> Vec<Block> {
    let rows = report.revisions.iter().map(|revision| {
        let looser =
            if revision.looser.is_empty() { "nothing".to_owned() } else { revision.looser.join("; ") };
        vec![
            revision.revision.to_string(),
            when(report, revision.time.as_ref()),
            revision.by.clone(),
            revision.reason.clone(),
            looser,
        ]
    });
    let head = vec!["revision", "time", "by", "reason", "what got looser"];
    section("Plan revisions", head, rows.collect(), "None.")
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;
