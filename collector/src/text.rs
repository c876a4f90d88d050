//! Events in words. Verdicts and holds bring their own sentences from the core.

mod switch;

pub(crate) use switch::part_of;

use tidelock_core::AccessChange;
use tidelock_core::record::EventKind;
use tidelock_model::{Name, Timestamp};
use tidelock_proto::v1;

use crate::fold::EventLine;
use crate::records::notice_word;

/// All words of events, for whoever asks for those of one kind.
pub(crate) const EVENT_KINDS: [&str; 35] = [
    "access",
    "agent_back",
    "agent_enrolled",
    "agent_lost",
    "agent_revoked",
    "asked",
    "check_run",
    "confirmed",
    "conflict",
    "cutovers",
    "decision",
    "degraded",
    "deputies_asked",
    "fact",
    "filed",
    "fix_forward",
    "hold",
    "join_token",
    "leftover",
    "lease",
    "manual_check",
    "no_return",
    "override",
    "phase",
    "plan_applied",
    "plan_proposed",
    "release",
    "revision",
    "rollback_recommended",
    "run",
    "step",
    "switched",
    "unanswered",
    "window_closed",
    "window_closing",
];

/// The stable word of an event.
pub fn event_kind(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::PlanApplied { .. } => "plan_applied",
        EventKind::PlanProposed { .. } => "plan_proposed",
        EventKind::PhaseChanged { .. } => "phase",
        EventKind::Decided { .. } => "decision",
        EventKind::HoldSet => "hold",
        EventKind::HoldReleased { .. } => "release",
        EventKind::Degraded { .. } => "degraded",
        EventKind::ManualCheckDone { .. } => "manual_check",
        EventKind::LeaseGranted { .. } | EventKind::LeaseRevoked { .. } => "lease",
        EventKind::CutoverConfirmed { .. } => "confirmed",
        EventKind::Switched { .. } => "switched",
        EventKind::AgentEnrolled { .. } => "agent_enrolled",
        EventKind::AgentRevoked { .. } => "agent_revoked",
        EventKind::ConflictFound { .. } => "conflict",
        EventKind::RevisionSet { .. } => "revision",
        EventKind::RunBegun { .. }
        | EventKind::RunTaken { .. }
        | EventKind::RunLeft { .. }
        | EventKind::RunTurned { .. }
        | EventKind::RunEnded { .. } => "run",
        EventKind::StepBegun { .. }
        | EventKind::StepEnded { .. }
        | EventKind::StepProved { .. }
        | EventKind::StepSettled { .. } => "step",
        EventKind::NoReturnPassed { .. } => "no_return",
        EventKind::CutoversSet { .. } => "cutovers",
        EventKind::FactSet { .. } => "fact",
        EventKind::Overridden { .. } => "override",
        EventKind::LeftoverSettled { .. } => "leftover",
        EventKind::AccessChanged(AccessChange { joins: Some(_), .. }) => "join_token",
        EventKind::AccessChanged(_) => "access",
        EventKind::CheckRun { .. } => "check_run",
        EventKind::Filed(_) => "filed",
        EventKind::Noticed(notice) => notice_word(notice),
    }
}

/// An event as one sentence.
pub fn event(kind: &EventKind) -> String {
    match kind {
        EventKind::PlanApplied { revision, hash, .. } => {
            format!("plan revision {revision} ({}) is in force", hash.short())
        }
        EventKind::PlanProposed { base, hash, looser } => format!(
            "plan {} is proposed over revision {base}, and looser in {}; another person of the plan confirms it",
            hash.short(),
            looser.join("; ")
        ),
        EventKind::PhaseChanged { from, to } => format!("{from} -> {to}"),
        EventKind::Decided { decision, go, complete, .. } => {
            let word = if *go { "GO" } else { "NO" };
            let rest = if *go && !*complete { ", more voices are needed" } else { "" };
            format!("{word} for {decision}{rest}")
        }
        EventKind::HoldSet => "every gate is shut by hand".to_owned(),
        EventKind::HoldReleased { of: Some(of) } => format!("the hold of {of} is taken back"),
        EventKind::HoldReleased { of: None } => "the hold by hand is taken back".to_owned(),
        EventKind::Degraded { ended: false } => {
            "DEGRADED: findings are not kept, every gate is shut".to_owned()
        }
        EventKind::Degraded { ended: true } => "findings are kept again".to_owned(),
        EventKind::ManualCheckDone { check, evidence, failed } => {
            let word = if *failed { "failed" } else { "is done" };
            let evidence = if evidence.is_empty() { String::new() } else { format!(": {evidence}") };
            format!("manual check {check} {word}{evidence}")
        }
        EventKind::LeaseGranted { gate, .. } => format!("gate {gate} is open"),
        EventKind::LeaseRevoked { gate, .. } => format!("gate {gate} is shut"),
        EventKind::CutoverConfirmed { .. } => "the cutover is confirmed: the switch begins".to_owned(),
        EventKind::Switched { to } => format!("traffic is on the {to}"),
        EventKind::AgentEnrolled { agent, .. } => format!("agent {agent} has a certificate"),
        EventKind::AgentRevoked { agent } => format!("agent {agent} is revoked"),
        EventKind::ConflictFound { agent, text } => format!("agent {agent} is suspended: {text}"),
        EventKind::RevisionSet { side, revision } => {
            format!("the {side} is on revision {revision}; its evidence starts anew")
        }
        EventKind::RunBegun { .. }
        | EventKind::RunTaken { .. }
        | EventKind::RunLeft { .. }
        | EventKind::StepBegun { .. }
        | EventKind::StepEnded { .. }
        | EventKind::StepProved { .. }
        | EventKind::StepSettled { .. }
        | EventKind::RunTurned { .. }
        | EventKind::NoReturnPassed { .. }
        | EventKind::RunEnded { .. } => switch::of_run(kind),
        EventKind::CutoversSet { .. }
        | EventKind::FactSet { .. }
        | EventKind::Overridden { .. }
        | EventKind::LeftoverSettled { .. }
        | EventKind::AccessChanged(_)
        | EventKind::CheckRun { .. }
        | EventKind::Filed(_)
        | EventKind::Noticed(_) => switch::of_desk(kind),
    }
}

/// A moment on people's clocks: hours and minutes of the zone, or of UTC, which is named then.
pub fn clock(at: Timestamp, zone: Option<&str>) -> String {
    local(at, zone, "%H:%M")
}

/// A moment on people's clocks, written so; in UTC, which is named then, where there is no zone.
pub fn local(at: Timestamp, zone: Option<&str>, format: &str) -> String {
    let ms = i64::try_from(at.as_millis()).unwrap_or(i64::MAX);
    let Ok(moment) = jiff::Timestamp::from_millisecond(ms) else { return "no time at all".to_owned() };
    match zone.and_then(|zone| jiff::tz::TimeZone::get(zone).ok()) {
        Some(zone) => moment.to_zoned(zone).strftime(format).to_string(),
        None => format!("{} UTC", moment.to_zoned(jiff::tz::TimeZone::UTC).strftime(format)),
    }
}

/// A moment as the wire has it.
pub fn time_to_wire(at: Timestamp) -> Option<prost_types::Timestamp> {
    let ms = at.as_millis();
    Some(prost_types::Timestamp {
        seconds: i64::try_from(ms / 1000).unwrap_or(i64::MAX),
        nanos: i32::try_from(ms % 1000).unwrap_or(0) * 1_000_000,
    })
}

/// An event as the wire has it.
pub fn event_to_wire(line: &EventLine) -> v1::Event {
    let (run, part) = part_of(&line.event.kind).unzip();
    v1::Event {
        sequence: line.sequence,
        time: time_to_wire(line.at),
        kind: event_kind(&line.event.kind).to_owned(),
        text: event(&line.event.kind),
        by: line.event.by.as_ref().map(Name::to_string).unwrap_or_default(),
        reason: line.event.reason.clone(),
        evidence_hash: line.event.evidence_hash.as_bytes().to_vec(),
        findings_position: line.event.findings_position,
        run,
        part,
        // Whoever shows it knows the runs, and names it there.
        step: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::EVENT_KINDS;

    /// The words that a function of these sources answers with.
    fn words<'a>(source: &'a str, function: &str) -> BTreeSet<&'a str> {
        let body = source
            .split_once(function)
            .and_then(|(_, rest)| rest.split_once("\n}\n"))
            .expect("it is there")
            .0;
        body.split("=> \"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect()
    }

    #[test]
    fn whoever_asks_for_one_kind_of_event_may_ask_for_every_kind_that_there_is() {
        let mut given = words(include_str!("text.rs"), "fn event_kind(");
        given.extend(words(include_str!("records/desk.rs"), "fn notice_word("));
        assert!(given.len() > 20, "{given:?}");
        assert_eq!(given, EVENT_KINDS.into());
    }
}
