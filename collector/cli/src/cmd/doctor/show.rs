//! The doctor's lines as text, JSON and in short.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::examine::{Finding, State};
use crate::cmd::status_text::nagios_line;
use crate::exit::Exit;
use crate::out::Manner;

/// Lines that a monitor is shown.
const SHOWN: usize = 5;

fn counts(findings: &[Finding]) -> (usize, usize) {
    let of = |state: State| findings.iter().filter(|finding| finding.state == state).count();
    (of(State::Failure), of(State::Warning))
}

fn many(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn last(findings: &[Finding]) -> String {
    let (failures, warnings) = counts(findings);
    let exit = i32::from(failures > 0);
    format!("{}, {}. Exit {exit}.", many(failures, "failure"), many(warnings, "warning"))
}

/// For people: a line each, with what to do below.
pub(super) fn long(manner: Manner, findings: &[Finding]) -> String {
    let (mut text, mut section) = (String::new(), "");
    for finding in findings {
        if finding.section != section {
            section = finding.section;
            let _ = writeln!(text, "{}", manner.bold(section));
        }
        let sign = match finding.state {
            State::Good => manner.paint("32", "✔"),
            State::Warning => manner.paint("33", "‼"),
            State::Failure => manner.paint("31", "✖"),
        };
        let _ = writeln!(text, "  {sign} {}", finding.text);
        if !finding.hint.is_empty() {
            let _ = writeln!(text, "      hint: {}", finding.hint);
        }
    }
    text + &last(findings)
}

/// For programs.
pub(super) fn json(findings: &[Finding]) -> Value {
    let (failures, warnings) = counts(findings);
    let lines = findings.iter().map(|finding| {
        let state = match finding.state {
            State::Good => "good",
            State::Warning => "warning",
            State::Failure => "failure",
        };
        json!({ "section": finding.section, "state": state, "text": finding.text, "hint": finding.hint })
    });
    json!({
        "schema": "tidelock.doctor/v1", "failures": failures, "warnings": warnings,
        "findings": lines.collect::<Value>(),
    })
}

/// For a chat: what fails, and how much there is.
pub(super) fn short(findings: &[Finding]) -> String {
    let failing = findings.iter().filter(|finding| finding.state == State::Failure);
    let lines = failing.map(|finding| format!("✖ {}: {}\n", finding.section, finding.text));
    lines.collect::<String>() + &last(findings)
}

/// For a monitor: how much there is, the worst of it, and an exit of Nagios.
pub(super) fn nagios(findings: &[Finding]) -> (String, Exit) {
    let (failures, warnings) = counts(findings);
    let (word, exit, worst) = match (failures, warnings) {
        (0, 0) => ("OK", Exit::Done, None),
        (0, _) => ("WARNING", Exit::Failed, Some(State::Warning)),
        (_, _) => ("CRITICAL", Exit::Usage, Some(State::Failure)),
    };
    let about = format!("doctor: {}, {}", many(failures, "failure"), many(warnings, "warning"));
    let shown = findings.iter().filter(|finding| Some(finding.state) == worst).take(SHOWN);
    let shown: Vec<String> = shown.map(|one| format!("{}: {}", one.section, one.text)).collect();
    (format!("{} | failures={failures} warnings={warnings}", nagios_line(word, &about, &shown)), exit)
}
