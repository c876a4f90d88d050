//! Twenty columns. A line is broken between words and nothing of it is cut away: what a wide terminal tells, a narrow
//! one tells, too. In one piece stay words, and commands of ours, which somebody may copy; so do whole documents.

use std::process::Command;

use tidelock_tests::{Shown, Terminal, World, eventually_for};

use super::LIMIT;
use super::tree::{ANY, Kind, Lasts, TREE};
use crate::golden::leaves;

const NARROW: u32 = 20;
const WIDE: u32 = 120;
/// A drawing of more slots than fit says so.
const OF_SLOTS: [(&str, &str); 1] = [("theworstofslotsof", "aslotof")];

/// Wider than the terminal though it could be broken.
fn is_too_wide(line: &str) -> bool {
    let begins = line.trim_start().trim_start_matches(['(', '`']);
    let command = ["tidelock ", "tidelock-agent "].iter().any(|ours| begins.starts_with(ours));
    line.chars().count() > NARROW as usize && line.trim().contains(' ') && !command
}

/// Its letters alone: numbers count on while both terminals are looked at, and signs frame what is drawn. The lines of
/// a plan are left out, from their frame's head to the way out: they are cut around a mark.
fn letters(shown: &Shown) -> String {
    let mut of_plan = false;
    let mut lines = shown.lines();
    lines.retain(|line| {
        let ends = line.is_empty() || line.trim_start().starts_with("help:");
        of_plan = (of_plan || line.contains("╭─[")) && !ends;
        !of_plan
    });
    let letters: String = lines.concat().chars().filter(|c| c.is_alphabetic()).collect();
    OF_SLOTS.iter().fold(letters, |text, (many, one)| text.replace(many, one))
}

/// On a narrow terminal nothing is too wide, and nothing is missing that a wide one shows.
pub(crate) fn fits(what: &str, exit: i32, command: impl Fn() -> Command) {
    // What is news between two looks is looked at again.
    eventually_for(LIMIT, &format!("{what} says the same on {NARROW} columns as on {WIDE}"), || {
        let [narrow, wide] = [NARROW, WIDE].map(|columns| Terminal::open(&command(), columns).ended());
        for shown in [&narrow, &wide] {
            assert!(exit == ANY || shown.code == exit, "{what}: exit {}: {}", shown.code, shown.text);
            assert!(!shown.text.contains("panicked"), "{what}: {}", shown.text);
        }
        let wider: Vec<String> = narrow.lines().into_iter().filter(|line| is_too_wide(line)).collect();
        assert!(wider.is_empty(), "{what}: wider than {NARROW} columns: {wider:#?}\n{}", narrow.text);
        if letters(&narrow) == letters(&wide) { Ok(()) } else { Err([narrow.text, wide.text].join("\n")) }
    });
}

pub(super) fn each_screen_fits_twenty_columns(world: &World, fill: &dyn Fn(&str) -> String) {
    let broken = |kind: Kind| matches!(kind, Kind::Screen | Kind::Page);
    for row in TREE.iter().filter(|row| row.lasts != Lasts::Follows) {
        let words = row.words(fill);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let command = || {
            let mut command = world.operator.command(&words);
            command.current_dir(world.folder.path());
            command
        };
        if broken(row.kind) {
            fits(&words.join(" "), row.exit, command);
        } else if row.kind == Kind::Data && !row.asks {
            let piped = command().output().expect("tidelock starts").stdout;
            let shown = Terminal::open(&command(), NARROW).ended().lines().join("\n");
            let whole =
                String::from_utf8_lossy(&piped).lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
            assert_eq!(
                shown.trim_end(),
                whole,
                "{words:?} is for programs, and a terminal breaks no line of it"
            );
        }
    }
}

#[test]
fn the_help_of_every_command_fits_twenty_columns() {
    let home = tempfile::tempdir().expect("a folder");
    for leaf in leaves(&[]).into_iter().chain([String::new()]) {
        fits(&format!("{leaf} --help"), 0, || {
            let mut command = Command::new(tidelock_tests::program("tidelock"));
            command.args(leaf.split_whitespace()).arg("--help");
            command.env("TIDELOCK_CONFIG", home.path().join("contexts.toml"));
            command
        });
    }
}
