//! The report as the wire has it.

use std::time::Duration;

use tidelock_core::plan::Direction;
use tidelock_core::{
    About, AgentLost, AgentState, EvidenceState, Remark, Report, ReportPhase, ReportScenario, ReportSpan,
};
use tidelock_model::{Name, Phase, Timestamp};
use tidelock_proto::v1;

use super::views::manual;
use super::views_gate::{evidence, millis, time};
use super::views_owners::failed;
use super::views_run::of_status;
use super::views_switch::{overridden, rollback};
use crate::driver::{Reported, RunSeen};
use crate::text;

/// What the core remembers; revisions and decisions come from the journal.
pub(super) fn report(reported: &Reported, name: &Name) -> v1::Report {
    let report = &reported.report;
    let run = |seen: &RunSeen| v1::Run {
        migration: name.to_string(),
        as_of_time: time(report.as_of),
        ..of_status(&seen.status, seen.plan.as_deref())
    };
    let (ended, why) =
        report.rollback_ended.clone().map_or((None, String::new()), |(at, why)| (time(at), why));
    let mut lost: Vec<String> =
        report.agents_lost.iter().map(|lost| agent_lost(lost, &report.timezone)).collect();
    if report.agents_lost_cut > 0 {
        lost.push(format!("and {} more", report.agents_lost_cut));
    }
    let (blind_spots, loud) = said(report);
    let real = reported.runs.iter().map(|seen| &seen.status);
    let real = real.filter(|run| !run.rehearsal && run.direction == Direction::Cutover);
    let shut = real.filter_map(|run| run.writes_shut).max();
    v1::Report {
        migration: name.to_string(),
        summary: report.summary.clone(),
        source_title: report.source_title.clone(),
        target_title: report.target_title.clone(),
        timezone: report.timezone.clone(),
        as_of_time: time(report.as_of),
        phase: report.phase.word().to_owned(),
        revisions: Vec::new(),
        phases: report.phases.iter().map(phase).collect(),
        phases_cut: report.phases_cut,
        decisions: Vec::new(),
        decisions_cut: 0,
        scenarios: report.scenarios.iter().map(|it| scenario(it, shut, report.findings_dropped)).collect(),
        runs: reported.runs.iter().map(run).collect(),
        manual_checks: report.manual_checks.iter().map(manual).collect(),
        failed_undos: report.failed_undos.iter().map(failed).collect(),
        overrides: report.overrides.iter().map(overridden).collect(),
        rollback: Some(rollback(&report.rollback)),
        rollback_ended_time: ended,
        rollback_ended_why: why,
        recovery_ms: report.recovery.map(millis),
        agents_lost: lost,
        blind_spots,
        switched_time: report.switched.and_then(time),
        back_time: report.back.and_then(time),
        people: report.people.iter().map(person).collect(),
        head_sequence: 0,
        head_hash: Vec::new(),
        edition: None,
        loud,
        findings_dropped: report.findings_dropped,
        said_cut: report.said_cut,
        account_cut: report.cut,
        accounted_time: report.filed.and_then(time),
    }
}

/// What the checks cannot see, and what people must know of agents, with the moment at which it was heard first: it
/// stays in the report when nobody says it any more.
fn said(report: &Report) -> (Vec<String>, Vec<String>) {
    let (mut blind_spots, mut loud) = (Vec::new(), Vec::new());
    let first = |at: Timestamp| text::local(at, Some(&report.timezone), "%Y-%m-%d %H:%M");
    for (Remark { about, text: said }, at) in &report.said {
        match about {
            About::Check(check) => blind_spots.push(format!("{check}: {said}")),
            About::Agent(agent) => loud.push(format!("agent {agent}: {said} (first at {})", first(*at))),
        }
    }
    (blind_spots, loud)
}

fn person((name, full_name, role): &(Name, String, String)) -> v1::ReportPerson {
    v1::ReportPerson { name: name.to_string(), full_name: full_name.clone(), role: role.clone() }
}

fn phase(phase: &ReportPhase) -> v1::ReportPhase {
    v1::ReportPhase {
        phase: phase.phase.word().to_owned(),
        from_time: time(phase.from),
        to_time: phase.to.and_then(time),
        planned_ms: phase.planned.map(millis),
    }
}

/// `shut` is the longest time in which nobody could write. How long it was away nobody knows without findings.
fn scenario(scenario: &ReportScenario, shut: Option<Duration>, dropped: bool) -> v1::ReportScenario {
    let away = |span: &&ReportSpan| span.phase == Phase::Cutover && span.state == EvidenceState::Refuted;
    let asked = scenario.spans.iter().any(|span| span.phase == Phase::Cutover);
    let wrong: Duration = scenario.spans.iter().filter(away).map(|span| span.time).sum();
    let shut = shut.filter(|_| scenario.writes);
    let dip = (!dropped && (asked || shut.is_some())).then(|| wrong.max(shut.unwrap_or_default()));
    let spans = scenario.spans.iter().map(|span| v1::ReportSpan {
        phase: span.phase.word().to_owned(),
        state: evidence(span.state),
        ms: millis(span.time),
    });
    v1::ReportScenario {
        name: scenario.name.to_string(),
        title: scenario.title.clone(),
        level: scenario.level.map(|level| level.word().to_owned()).unwrap_or_default(),
        spans: spans.collect(),
        longest_hold_ms: millis(scenario.longest_hold),
        may_dip_ms: scenario.may_dip.map(millis),
        dip_ms: dip.map(millis),
    }
}

fn agent_lost(lost: &AgentLost, zone: &str) -> String {
    let day = |at| text::local(at, Some(zone), "%Y-%m-%d %H:%M");
    let until = match lost.until {
        Some(until) => format!(" until {}", day(until)),
        None if lost.what == AgentState::Silent => ", and was not heard again".to_owned(),
        None => String::new(),
    };
    let why = if lost.text.is_empty() { String::new() } else { format!(": {}", lost.text) };
    format!("agent {} was {} from {}{until}{why}", lost.agent, lost.what.word(), day(lost.since))
}
