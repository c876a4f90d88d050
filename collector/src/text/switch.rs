//! The switch in words: runs, what people said beside their decisions, and what they were told.

use std::time::Duration;

use tidelock_core::record::{EventKind, Notice, StepOutcome};
use tidelock_core::{About, AccessChange, Filed, Joins};
use tidelock_model::{Name, Timestamp};

use super::event_kind;

fn whole_seconds(shut: Duration) -> String {
    format!("{:.1} s", shut.as_secs_f64())
}

/// A moment of a message, in UTC: what is journaled is read in more than one place.
fn moment(at: Timestamp) -> String {
    let ms = at.as_millis();
    let stamp = prost_types::Timestamp {
        seconds: i64::try_from(ms / 1000).unwrap_or(i64::MAX),
        nanos: i32::try_from(ms % 1000).unwrap_or(0) * 1_000_000,
    };
    stamp.to_string()
}

fn ended(part: u32, undo: bool, outcome: StepOutcome, durable: bool) -> String {
    let of = if undo { format!("taking part {part} back") } else { format!("part {part}") };
    let changed = if durable { "something durable happened" } else { "nothing durable happened" };
    match outcome {
        StepOutcome::Done => format!("{of} is done"),
        StepOutcome::Failed => format!("{of} failed: {changed}"),
        StepOutcome::Unknown => format!("nobody knows what became of {of}: a person must say"),
    }
}

/// The run and its part that an event is about.
pub(crate) fn part_of(kind: &EventKind) -> Option<(u64, u32)> {
    if let EventKind::StepBegun { run, part, .. }
    | EventKind::StepEnded { run, part, .. }
    | EventKind::StepProved { run, part }
    | EventKind::StepSettled { run, part, .. }
    | EventKind::NoReturnPassed { run, part, .. } = kind
    {
        return Some((*run, *part));
    }
    None
}

/// An event of a run as one sentence.
pub(super) fn of_run(kind: &EventKind) -> String {
    if let EventKind::StepEnded { part, undo, outcome, durable, .. } = kind {
        return ended(*part, *undo, *outcome, *durable);
    }
    if let EventKind::RunEnded { run, outcome, writes_shut } = kind {
        let shut = writes_shut
            .map(|shut| format!("; writes were shut for {}", whole_seconds(shut)))
            .unwrap_or_default();
        return format!("run {run} is {}{shut}", outcome.word());
    }
    if let EventKind::StepSettled { part, undo, done, .. } = kind {
        let of = if *undo {
            format!("part {part} was taken back")
        } else {
            format!("part {part} was carried out")
        };
        return format!("a person says whether {of}: {}", if *done { "yes" } else { "no" });
    }
    match kind {
        EventKind::RunBegun { run, direction, rehearsal, .. } => {
            let what = if *rehearsal { "a rehearsal of " } else { "" };
            format!("run {run} begins: {what}the {} runbook", direction.word())
        }
        EventKind::RunTaken { run, .. } => format!("run {run} has another operator"),
        EventKind::RunLeft { run, .. } => format!("run {run} has no operator"),
        EventKind::StepBegun { part, undo: false, .. } => format!("part {part} begins"),
        EventKind::StepBegun { part, undo: true, .. } => format!("part {part} is being taken back"),
        EventKind::StepProved { part, .. } => format!("part {part} is proved"),
        EventKind::RunTurned { run, why } => format!("run {run} goes back: {why}"),
        EventKind::NoReturnPassed { run, part, .. } => {
            format!("run {run} is past its point of no return, part {part}")
        }
        EventKind::PlanApplied { .. }
        | EventKind::PhaseChanged { .. }
        | EventKind::Decided { .. }
        | EventKind::HoldSet
        | EventKind::HoldReleased { .. }
        | EventKind::Degraded { .. }
        | EventKind::ManualCheckDone { .. }
        | EventKind::LeaseGranted { .. }
        | EventKind::LeaseRevoked { .. }
        | EventKind::CutoverConfirmed { .. }
        | EventKind::Switched { .. }
        | EventKind::AgentEnrolled { .. }
        | EventKind::AgentRevoked { .. }
        | EventKind::ConflictFound { .. }
        | EventKind::RevisionSet { .. }
        | EventKind::StepEnded { .. }
        | EventKind::StepSettled { .. }
        | EventKind::RunEnded { .. }
        | EventKind::PlanProposed { .. }
        | EventKind::CutoversSet { .. }
        | EventKind::FactSet { .. }
        | EventKind::Overridden { .. }
        | EventKind::LeftoverSettled { .. }
        | EventKind::AccessChanged(_)
        | EventKind::CheckRun { .. }
        | EventKind::Filed(_)
        | EventKind::Noticed(_) => event_kind(kind).to_owned(),
    }
}

/// What people said beside their decisions, or were told, as one sentence.
pub(super) fn of_desk(kind: &EventKind) -> String {
    if let EventKind::Noticed(notice) = kind {
        return told(notice);
    }
    if let EventKind::CutoversSet { enabled } = kind {
        return format!("cutovers are switched {}", if *enabled { "on" } else { "off" });
    }
    if let EventKind::FactSet { fact } = kind {
        return format!("there is no way back from this: {fact}");
    }
    if let EventKind::Overridden { gate, checks, complete } = kind {
        let checks: Vec<&str> = checks.iter().map(Name::as_str).collect();
        let rest = if *complete { "" } else { ", more voices are needed" };
        return format!("gate {gate} is to open over {}{rest}", checks.join(", "));
    }
    if let EventKind::AccessChanged(change) = kind {
        return access(change);
    }
    if let EventKind::CheckRun { check, agents, other_settings } = kind {
        let on = if *agents == 1 { "1 agent".to_owned() } else { format!("{agents} agents") };
        let with = if *other_settings { ", with other settings than the plan's" } else { "" };
        return format!("{check} is run once on {on}{with}: no evidence");
    }
    if let EventKind::Filed(filed) = kind {
        return for_report(filed);
    }
    if let EventKind::LeftoverSettled { key, owner, disposition } = kind {
        return format!("{key} is for {owner}: {disposition}");
    }
    event_kind(kind).to_owned()
}

fn for_report(filed: &Filed) -> String {
    match filed {
        Filed::Account(account) => {
            let number = account.scenarios.len();
            let scenarios = if number == 1 { "scenario" } else { "scenarios" };
            format!("filed for the report: how long {number} {scenarios} were in which state")
        }
        Filed::Said { remarks, cut } => {
            let blind = remarks.iter().filter(|remark| matches!(remark.about, About::Check(_))).count();
            let more = if *cut { "; more is said than is kept" } else { "" };
            format!(
                "filed for the report, as agents say it: {blind} of what checks cannot see, {} of themselves{more}",
                remarks.len() - blind
            )
        }
    }
}

fn access(change: &AccessChange) -> String {
    if let Some(joins) = change.joins {
        return join_token(change, joins);
    }
    let AccessChange { grant, subject, role, gate, everywhere, ends, joins: _ } = change;
    let gate = gate.map(|gate| format!(" for gate {gate} alone")).unwrap_or_default();
    let all = if *everywhere { " of every migration" } else { "" };
    match ends {
        Some(ends) => format!("{subject} gets access as {role}{all}{gate} until {} ({grant})", moment(*ends)),
        None => format!("the access of {subject} as {role}{all}{gate} is taken back ({grant})"),
    }
}

fn join_token(change: &AccessChange, Joins { side, agents }: Joins) -> String {
    let AccessChange { grant, subject, ends, .. } = change;
    // Where it names no agent its subject is the side.
    let whom = match agents {
        1 if subject.as_str() != side.word() => format!("{side}/{subject}"),
        1 => format!("1 agent of {side}"),
        _ => format!("{agents} agents of {side}"),
    };
    match ends {
        Some(ends) => format!("join token {grant} lets {whom} in until {}", moment(*ends)),
        None => format!("join token {grant} is taken back: it would have let {whom} in"),
    }
}

fn told(notice: &Notice) -> String {
    match notice {
        Notice::Asked { decision, .. } => format!("decision {decision} waits for people"),
        Notice::DeputiesAsked { decision } => {
            format!("nobody answered for {decision} in time: the deputies are asked")
        }
        Notice::Unanswered { decision } => format!("nobody answered for {decision}, and nobody is next"),
        Notice::WindowClosing { until } => format!("the way back closes at {}", moment(*until)),
        Notice::WindowClosed { why } => format!("the way back is closed: {why}"),
        Notice::RollbackRecommended { check } => {
            format!("a rollback is recommended: {check} fails since the switch")
        }
        Notice::AgentLost { agent } => format!("agent {agent} is lost: it is not heard any more"),
        Notice::AgentBack { agent } => format!("agent {agent} is heard again"),
        Notice::FixForward { check, why } => {
            format!("fix forward: {check} fails since the switch, and there is no way back: {why}")
        }
    }
}

#[cfg(test)]
mod tests {
    use tidelock_core::record::RunOutcome;
    use tidelock_model::Phase;

    use super::*;
    use crate::text::event;

    #[test]
    fn a_failure_says_whether_something_durable_happened() {
        let failed = |undo, durable| {
            let (outcome, output) = (StepOutcome::Failed, String::new());
            event(&EventKind::StepEnded { run: 1, lease: 1, part: 2, undo, outcome, durable, output })
        };
        assert_eq!(failed(false, true), "part 2 failed: something durable happened");
        assert_eq!(failed(true, false), "taking part 2 back failed: nothing durable happened");
    }

    #[test]
    fn what_is_told_names_what_it_is_about() {
        let told = |kind| event(&kind);
        let shut = Some(Duration::from_millis(1250));
        let ended = EventKind::RunEnded { run: 3, outcome: RunOutcome::Completed, writes_shut: shut };
        assert_eq!(told(ended), "run 3 is completed; writes were shut for 1.2 s");
        let checks = vec![Name::new("login").unwrap(), Name::new("stable").unwrap()];
        let over = EventKind::Overridden { gate: Phase::Cutover, checks, complete: false };
        assert_eq!(told(over), "gate cutover is to open over login, stable, more voices are needed");
        let until = Timestamp::from_millis(1_795_352_770_250);
        let closing = EventKind::Noticed(Notice::WindowClosing { until });
        assert_eq!(told(closing), "the way back closes at 2026-11-22T13:06:10.250Z");
    }
}
