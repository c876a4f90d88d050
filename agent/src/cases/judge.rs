//! What differs between what a case expects and what happened, a sentence each.

use std::fmt::Display;

use tidelock_model::Outcome;
use tidelock_sandbox::protocol::RunResult;
use tidelock_sandbox::protocol::made_up::{MadeUp, Used};

use super::world::Expect;

/// All differences; nothing when the case holds.
pub(super) fn differences(expect: &Expect, made_up: &MadeUp, result: &RunResult, used: &Used) -> Vec<String> {
    let mut found = unanswered(used);
    found.extend(unexpected(expect, result));
    found.extend(unused(made_up, used));
    found
}

/// The calls that the case has no answer for.
pub(super) fn unanswered(used: &Used) -> Vec<String> {
    used.unanswered.iter().map(|call| format!("nothing answers {call}")).collect()
}

/// What the run gave that `expect` does not say.
pub(super) fn unexpected(expect: &Expect, result: &RunResult) -> Vec<String> {
    let mut found = Vec::new();
    outcome(expect, result, &mut found);
    let written = &expect.written;
    if let Some(wanted) = &written.note
        && !noted(wanted, result)
    {
        found.push(format!("note: expected to hold {wanted:?}, is {:?}", said(result)));
    }
    for (name, wanted) in &expect.steps {
        let step = result.report.steps.iter().find(|step| step.name == *name);
        let is = step.map_or("not there", |step| step.outcome.word());
        differ(&mut found, format!("step {name}"), wanted.word(), is);
    }
    for (name, wanted) in &written.measures {
        match result.report.measure(name) {
            None => found.push(format!("measure {name}: expected {wanted}, is not there")),
            Some(measure) if !same(measure.value, *wanted) => {
                found.push(format!(
                    "measure {name}: expected {wanted}, is {} {}",
                    measure.value, measure.unit
                ));
            }
            Some(_) => {}
        }
    }
    for wanted in &written.log {
        if !logged(wanted, result) {
            found.push(format!("log: no line holds {wanted:?}"));
        }
    }
    for (key, wanted) in &written.state {
        let kept = result.state_changes.iter().rev().find(|(changed, _)| changed == key);
        let text = |value: &Option<Vec<u8>>| {
            let shown = |bytes: &Vec<u8>| format!("{:?}", String::from_utf8_lossy(bytes));
            value.as_ref().map_or_else(|| "forgotten".to_owned(), shown)
        };
        let wanted = text(&wanted.as_ref().map(|text| text.clone().into_bytes()));
        let is = kept.map_or_else(|| "not changed".to_owned(), |(_, value)| text(value));
        differ(&mut found, format!("state {key}"), &wanted, &is);
    }
    if let Some(calls) = written.calls {
        differ(&mut found, "calls".to_owned(), calls, result.calls);
    }
    found
}

/// Whether the run, or a step of it, says this.
pub(super) fn noted(wanted: &str, result: &RunResult) -> bool {
    said(result).contains(wanted) || result.report.steps.iter().any(|step| step.note.contains(wanted))
}

/// Whether a line of the log holds this.
pub(super) fn logged(wanted: &str, result: &RunResult) -> bool {
    result.log.iter().any(|line| line.message.contains(wanted))
}

/// Whether a measure is what a case says, as far as a number can be.
pub(super) fn same(value: f64, wanted: f64) -> bool {
    (value - wanted).abs() <= f64::EPSILON * wanted.abs()
}

fn outcome(expect: &Expect, result: &RunResult, found: &mut Vec<String>) {
    let said = said(result);
    let because = if said.is_empty() { String::new() } else { format!(": {said}") };
    let is = match result.cause {
        Some(cause) => format!("{} ({cause}){because}", result.outcome),
        None => format!("{}{because}", result.outcome),
    };
    if result.outcome != expect.outcome {
        found.push(format!("outcome: expected {}, is {is}", expect.outcome));
        if expect.outcome == Outcome::NotRun && result.outcome == Outcome::Fail {
            found.push(
                "hint: a check that could not look is not run; fail means \"I looked, and it is wrong\""
                    .to_owned(),
            );
        }
    } else if let Some(cause) = expect.cause
        && result.cause != Some(cause)
    {
        found.push(format!("cause: expected {cause}, is {is}"));
    }
}

/// What the run says of itself: its own note, that of the step that went wrong, or why it did not look.
fn said(result: &RunResult) -> String {
    let step = result.report.steps.iter().find(|step| step.outcome != Outcome::Pass);
    let step = step.map(|step| format!("{}: {}", step.name, step.note));
    let mut parts: Vec<String> = Vec::new();
    for part in [Some(result.report.note.clone()), Some(result.detail.clone()), step].into_iter().flatten() {
        if !part.is_empty() && !parts.iter().any(|before| before.contains(&part)) {
            parts.push(part);
        }
    }
    parts.join("; ")
}

fn differ<T: Display + PartialEq>(found: &mut Vec<String>, what: String, wanted: T, is: T) {
    if wanted != is {
        found.push(format!("{what}: expected {wanted}, is {is}"));
    }
}

/// The answers that nobody asked for, or not as often as the case says.
pub(super) fn unused(made_up: &MadeUp, used: &Used) -> Vec<String> {
    let mut found = Vec::new();
    let times = |used: &[u32], at: usize| used.get(at).copied().unwrap_or(0);
    let mut tell = |what: String, wanted: Option<u32>, given: u32| match wanted {
        _ if given == 0 => found.push(format!("nobody asked for {what}: leave the answer out")),
        Some(wanted) if given < wanted => {
            found.push(format!("{what} was asked for {given} times, the case says {wanted}"));
        }
        Some(_) | None => {}
    };
    for (at, fake) in made_up.http.iter().enumerate() {
        let what = format!("{} {} of target {}", fake.method, fake.path, fake.target);
        tell(what, fake.times, times(&used.http, at));
    }
    for (at, fake) in made_up.sql.iter().enumerate() {
        let what = format!("{:?} of target {}", fake.statement, fake.target);
        tell(what, fake.times, times(&used.sql, at));
    }
    found
}
