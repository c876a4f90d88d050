//! The examples of the help are not only words that parse: each is typed on a terminal as it stands there, in a world
//! with a runbook, and does what the page says. They are the course of one night: rehearsed, stopped, taken back,
//! decided anew, switched, and gone back from.

mod night;
mod table;

use std::collections::BTreeSet;
use std::time::Duration;

use night::Night;
use table::{ELSEWHERE, EXAMPLES};
use tidelock_tests::Cli;

use crate::golden::leaves;

/// The topics with examples.
const TOPICS: [&str; 5] = ["cutover-day", "decisions", "clocks", "exit-codes", "plugin-cases"];
/// How long things may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// The words of a line as a shell takes them, as far as our examples go.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// Those of the topics, and those below the help of a command.
fn of_help(cli: &Cli) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let line = |line: &str| line.split("  ").next().unwrap_or(line).trim().to_owned();
    for topic in TOPICS {
        let text = cli.run(&["help", topic]).good().out;
        found.extend(text.lines().filter_map(|it| it.trim_start().strip_prefix("$ tidelock ")).map(line));
    }
    for leaf in leaves(&[]) {
        let words: Vec<&str> = leaf.split(' ').chain(["--help"]).collect();
        let text = cli.run(&words).good().out;
        let below = text.split_once("\nExamples:\n").map_or("", |(_, below)| below);
        found.extend(below.lines().filter_map(|it| it.strip_prefix("  tidelock ")).map(line));
    }
    found
}

#[test]
fn each_example_of_the_help_does_what_it_says() {
    let mut night = Night::begin();
    let told = of_help(&night.world.operator);
    let lines = EXAMPLES.iter().map(|example| example.line).chain(ELSEWHERE.iter().map(|(line, _)| *line));
    let listed: BTreeSet<String> = lines.map(str::to_owned).collect();
    let missing: Vec<_> = told.difference(&listed).collect();
    assert!(missing.is_empty(), "examples that nobody runs: {missing:#?}");
    let gone: Vec<_> = listed.difference(&told).filter(|line| !line.starts_with("help ")).collect();
    assert!(gone.is_empty(), "no help has these any more: {gone:#?}");
    for example in &EXAMPLES {
        assert_eq!(example.exit == 0, example.why.is_empty(), "{}: why {}?", example.line, example.exit);
        let shown = night.types(example);
        let (line, text) = (example.line, shown.text);
        assert_eq!(shown.code, example.exit, "tidelock {line}: {}\n{text}", example.why);
        assert!(!text.contains("panicked"), "tidelock {line}: {text}");
    }
    night.world.until_phase("rolled-back");
    night.is_over();
}
