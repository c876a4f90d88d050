//! A run as the wire has it, with the commands of the plan that it walks.

use tidelock_core::plan::{Command, Plan, Step};
use tidelock_core::{NextAction, PartStatus, RunStatus};
use tidelock_model::Name;
use tidelock_proto::v1;

use super::views_gate::{hold, millis, time};
use crate::driver::View;

/// What is kept of what a command said: its end.
const OUTPUT_BYTES: usize = 4096;

/// The newest run of a migration.
pub(super) fn run(view: &View) -> Option<v1::Run> {
    let seen = view.run.as_ref()?;
    let mut shown = of_status(&seen.status, seen.plan.as_deref());
    shown.migration = view.migration.to_string();
    shown.as_of_time = time(view.as_of);
    Some(shown)
}

/// A run, without the migration's name and the moment.
pub(super) fn of_status(status: &RunStatus, plan: Option<&Plan>) -> v1::Run {
    let steps = plan.and_then(|plan| plan.runbook(status.direction)).map(|runbook| runbook.steps.as_slice());
    let (next_part, next_undo) = about(status.next);
    v1::Run {
        run: status.run,
        direction: status.direction.word().to_owned(),
        rehearsal: status.rehearsal,
        plan_revision: status.revision,
        state: status.state.word().to_owned(),
        why: status.why.clone(),
        operator: status.operator.as_ref().map(Name::to_string).unwrap_or_default(),
        lease: status.lease,
        lease_until_time: time(status.lease_until),
        begun_time: time(status.begun),
        ended_time: status.ended.and_then(time),
        no_return_time: status.no_return.and_then(time),
        parts: parts(status, steps),
        writes_shut_since_time: status.writes_shut_since.and_then(time),
        dip_ms: status.dip.as_ref().map(|(_, dip)| millis(*dip)),
        dip_check: status.dip.as_ref().map(|(check, _)| check.to_string()).unwrap_or_default(),
        writes_shut_ms: status.writes_shut.map(millis),
        next: status.next.word().to_owned(),
        next_part,
        next_undo,
        migration: String::new(),
        as_of_time: None,
    }
}

fn about(next: NextAction) -> (u32, bool) {
    match next {
        NextAction::Carry { part, undo } | NextAction::Settle { part, undo } => (part, undo),
        NextAction::Confirm { part } | NextAction::PassNoReturn { part } | NextAction::Wait { part } => {
            (part, false)
        }
        NextAction::Over => (0, false),
    }
}

fn parts(status: &RunStatus, steps: Option<&[Step]>) -> Vec<v1::RunPart> {
    let one = |found: &PartStatus| {
        let step = steps.and_then(|steps| steps.iter().find(|step| step.name == found.name));
        let filled = |command: Option<&Command>| command.map(|command| filled(command, found.weight));
        let (command, undo) = match step {
            // Nothing real is done in a rehearsal, so nothing real is taken back either.
            Some(step) if status.rehearsal => (filled(step.rehearsal.as_ref()), None),
            Some(step) => (filled(step.run.as_ref()), filled(step.undo.as_ref())),
            None => (None, None),
        };
        part(found, command, undo)
    };
    status.parts.iter().map(one).collect()
}

fn part(status: &PartStatus, command: Option<v1::RunCommand>, undo: Option<v1::RunCommand>) -> v1::RunPart {
    v1::RunPart {
        part: status.part,
        name: status.name.to_string(),
        weight: status.weight,
        kind: status.kind.to_owned(),
        owner: status.owner.to_string(),
        planned_ms: millis(status.planned),
        deadline_time: status.deadline.and_then(time),
        state: status.state.word().to_owned(),
        begun_time: status.begun.and_then(time),
        acted_time: status.acted.and_then(time),
        done_time: status.done.and_then(time),
        outcome: status.outcome.map(|outcome| outcome.word().to_owned()).unwrap_or_default(),
        durable_mutation: status.durable,
        output: status.output.clone(),
        holds: status.holds.iter().map(hold).collect(),
        command,
        undo,
    }
}

/// A command with its weight in the place of `{weight}`.
fn filled(command: &Command, weight: Option<u32>) -> v1::RunCommand {
    let fill = |word: &String| match weight {
        Some(weight) => word.replace("{weight}", &weight.to_string()),
        None => word.clone(),
    };
    v1::RunCommand {
        argv: command.argv.iter().map(fill).collect(),
        env: command.env.clone(),
        timeout_ms: millis(command.timeout),
    }
}

/// The end of what a command said, without what could play tricks on a screen. Never refused: the outcome
/// beside it is worth more than its words.
pub(super) fn output(text: &str) -> String {
    let clean = tidelock_model::fit(text);
    let mut from = clean.len().saturating_sub(OUTPUT_BYTES);
    while !clean.is_char_boundary(from) {
        from += 1;
    }
    clean[from..].to_owned()
}

/// What a watcher waits for: everything in it but what only says that time goes by.
pub(super) fn news(run: &v1::Run) -> v1::Run {
    let mut news = v1::Run { as_of_time: None, ..run.clone() };
    for hold in news.parts.iter_mut().flat_map(|part| &mut part.holds) {
        hold.seen_time = None;
    }
    news
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_weight_is_filled_into_every_word_of_its_command() {
        let command = Command {
            argv: ["lb", "--target={weight}", "{weight}"].map(str::to_owned).to_vec(),
            env: vec!["LB_TOKEN".to_owned()],
            timeout: Duration::from_secs(20),
        };
        assert_eq!(filled(&command, Some(10)).argv, ["lb", "--target=10", "10"]);
        assert_eq!(filled(&command, None).argv, command.argv);
    }

    #[test]
    fn the_end_of_an_output_is_kept_and_is_harmless() {
        assert_eq!(output("lag 0\n\u{1b}[2Jdone"), "lag 0\n\u{fffd}[2Jdone");
        let long = format!("first{}last", "ä".repeat(OUTPUT_BYTES));
        let kept = output(&long);
        assert!(kept.len() <= OUTPUT_BYTES && kept.ends_with("last") && !kept.starts_with("first"));
    }
}
