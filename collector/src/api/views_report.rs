//! The report as the wire has it.

use tidelock_core::{AgentLost, AgentState, ReportPhase, ReportScenario};
use tidelock_model::Name;
use tidelock_proto::v1;

use super::views::manual;
use super::views_gate::{evidence, millis, time};
use super::views_run::of_status;
use super::views_switch::{overridden, rollback};
use crate::driver::{Reported, RunSeen};
use crate::text;

/// What the core remembers; revisions, decisions and blind spots come from elsewhere.
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
        scenarios: report.scenarios.iter().map(scenario).collect(),
        runs: reported.runs.iter().map(run).collect(),
        manual_checks: report.manual_checks.iter().map(manual).collect(),
        overrides: report.overrides.iter().map(overridden).collect(),
        rollback: Some(rollback(&report.rollback)),
        rollback_ended_time: ended,
        rollback_ended_why: why,
        recovery_ms: report.recovery.map(millis),
        agents_lost: lost,
        blind_spots: Vec::new(),
        switched_time: report.switched.and_then(time),
    }
}

fn phase(phase: &ReportPhase) -> v1::ReportPhase {
    v1::ReportPhase {
        phase: phase.phase.word().to_owned(),
        from_time: time(phase.from),
        to_time: phase.to.and_then(time),
        planned_ms: phase.planned.map(millis),
    }
}

fn scenario(scenario: &ReportScenario) -> v1::ReportScenario {
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
