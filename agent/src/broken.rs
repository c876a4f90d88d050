//! What is told of a plugin that broke down: which one, where in it, and what it said last. A trap without words
//! leaves its author with nothing to look for at night.
//!
//! It goes with the finding, so it is bounded like any note; secrets were taken out of it by the sandbox already.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidelock_model::Sha256;
use tidelock_proto::Limits;
use tidelock_sandbox::protocol::RunResult;

/// Log lines that are told.
const LINES: usize = 20;
/// Characters of one of them.
const LINE_CHARS: usize = 180;
/// Components whose names are known; more than any plan has.
const MOST: usize = 2048;

/// What the components call themselves. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Names(Arc<Mutex<BTreeMap<Sha256, String>>>);

impl Names {
    /// Takes the name and the version that a component says.
    pub fn set(&self, component: Sha256, (name, version): (&str, &str)) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MOST {
            names.clear();
        }
        names.insert(component, format!("{name} {version}").chars().take(Limits::NAME_BYTES).collect());
    }

    /// How it is called, or the beginning of its digest.
    pub fn get(&self, component: Sha256) -> String {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(&component).cloned().unwrap_or_else(|| component.short())
    }
}

/// The sentence, and below it the end of the log, a line each. Where not all of it has room, the oldest lines go.
pub fn told(plugin: &str, result: &RunResult) -> String {
    let head = format!("{plugin} broke down: {}", result.detail);
    let mut room = Limits::TEXT_BYTES.saturating_sub(head.len() + 64);
    let mut lines = Vec::new();
    for line in result.log.iter().rev().take(LINES) {
        let message: String = line.message.chars().take(LINE_CHARS).collect();
        let line = format!("\n{}: {message}", line.level.word());
        if line.len() > room {
            break;
        }
        room -= line.len();
        lines.push(line);
    }
    lines.reverse();
    match lines.len() {
        0 => head,
        count => format!("{head}\nthe last {count} lines of its log:{}", lines.concat()),
    }
}

#[cfg(test)]
mod tests {
    use tidelock_model::Cause;
    use tidelock_sandbox::protocol::{LogLevel, LogLine};

    use super::*;

    #[test]
    fn a_trap_is_told_with_the_plugin_the_place_and_the_last_lines() {
        let mut result =
            RunResult::not_run(Cause::Trap, "wasm trap: unreachable, in login::cart < login::run");
        let names = Names::default();
        let component = Sha256::from_bytes([7; 32]);
        assert_eq!(names.get(component), component.short());
        names.set(component, ("login", "0.2.0"));
        let plugin = names.get(component);
        assert!(told(&plugin, &result).ends_with("login::cart < login::run"));
        let line = |n: usize| LogLine { level: LogLevel::Warn, message: format!("line {n}") };
        result.log = (0..50).map(line).collect();
        let said = told(&plugin, &result);
        assert!(said.starts_with("login 0.2.0 broke down: wasm trap: unreachable, in login::cart"), "{said}");
        assert!(said.contains("the last 20 lines") && said.ends_with("\nwarn: line 49"), "{said}");
        assert!(!said.contains("line 29") && said.contains("line 30"), "{said}");
    }

    #[test]
    fn what_is_told_has_room_in_a_finding_and_the_newest_lines_stay() {
        let mut result = RunResult::not_run(Cause::Trap, "x".repeat(1024));
        let line =
            |n: usize| LogLine { level: LogLevel::Error, message: format!("{n} {}", "ü".repeat(400)) };
        result.log = (0..40).map(line).collect();
        let said = told("login", &result);
        assert!(said.len() <= Limits::TEXT_BYTES, "{}", said.len());
        assert!(said.contains("\nerror: 39 ü") && !said.contains("\nerror: 20 ü"), "{said}");
    }
}
