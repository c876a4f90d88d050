//! The part of the brief about the switch itself: who does which step, and how long it should take.

use std::fmt::Write as _;
use std::time::Duration;

use tidelock_core::plan::{Direction, Step};
use tidelock_plan::Plan;

use crate::words::span;

/// Both runbooks, as far as the plan has them.
pub(super) fn runbooks(plan: &Plan, text: &mut String) {
    for (direction, title) in
        [(Direction::Cutover, "What happens at the cutover"), (Direction::Rollback, "How going back is done")]
    {
        let Some(runbook) = plan.runbook(direction) else { continue };
        let _ = write!(
            text,
            "\n## {title}\n\n| step | kind | who | planned | then it is proved by |\n|---|---|---|---|---|\n"
        );
        for step in &runbook.steps {
            let _ = writeln!(text, "{}", row(plan, step));
        }
        if let Some(shut) = runbook.planned_writes_shut().filter(|_| direction == Direction::Cutover) {
            let _ = writeln!(text, "\nWrites are shut for {}, as planned.", said(shut));
        }
    }
}

fn row(plan: &Plan, step: &Step) -> String {
    let owner =
        plan.people.get(&step.owner).map_or_else(|| step.owner.to_string(), |person| person.name.clone());
    let proofs: Vec<String> = step.after.iter().map(|name| format!("`{name}`")).collect();
    let proofs = match (proofs.is_empty(), step.is_confirmed_by_person()) {
        (true, true) => format!("{owner} says so"),
        (true, false) => "–".to_owned(),
        (false, _) => proofs.join(", "),
    };
    let planned = if step.planned.is_zero() { "–".to_owned() } else { said(step.planned) };
    format!("| `{}` | {} | {owner} | {planned} | {proofs} |", step.name, step.kind.word())
}

fn said(time: Duration) -> String {
    span(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
