//! A plan in seconds and an agent that runs what nobody has signed are for development: every screen that tells how
//! the migration stands says so.

use tidelock_tests::{Answer, World, eventually_for};

use super::LIMIT;
use super::tree::{Kind, Lasts, TREE};

/// Both switches are named, on whichever stream.
pub(crate) fn says_both(answer: &Answer) -> bool {
    let said = format!("{}{}", answer.out, answer.err).to_lowercase().replace('_', " ");
    said.contains("rehearsal scale") && said.contains("unsigned")
}

pub(super) fn what_is_for_development_stands_on_every_screen(world: &World, fill: &dyn Fn(&str) -> String) {
    eventually_for(LIMIT, "both agents have said what they run", || {
        let status = world.status()?;
        let agents = status["agents"].as_array().cloned().unwrap_or_default();
        let told = agents.iter().filter(|agent| agent["warnings"].to_string().contains("UNSIGNED")).count();
        if told == 2 { Ok(()) } else { Err(status.to_string()) }
    });
    let rows = TREE.iter().filter(|row| matches!(row.kind, Kind::Screen | Kind::Filed));
    let mut silent = Vec::new();
    // What follows begins as the command that does not.
    for row in rows.filter(|row| row.lasts != Lasts::Follows) {
        let words = row.words(fill);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let answer = world.operator.run(&words);
        if !says_both(&answer) {
            silent.push(format!("{} (exit {}): {}{}", words.join(" "), answer.code, answer.out, answer.err));
        }
    }
    for words in [["status", "-o", "short"], ["status", "-o", "nagios"]] {
        let answer = world.operator.run(&words);
        if !says_both(&answer) {
            silent.push(format!("{words:?}: {}", answer.out));
        }
    }
    assert!(
        silent.is_empty(),
        "these screens do not say what is for development alone:\n{}",
        silent.join("\n")
    );
}
