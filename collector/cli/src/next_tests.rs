//! Whatever a hold tells people to do next is a command of this program.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;

use crate::args::Args;

/// What the collector's sources say in place of a name.
const FILLED: [(&str, &str); 4] =
    [("{undo}", " --undo"), ("{gate}", "ready"), ("{part}", "3"), ("{side}", "source")];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|ending| ending == "rs") => found.push(path),
            false => {}
        }
    }
}

/// Every text that begins with the program's name, where verdicts and their holds are made.
fn commands() -> Vec<(PathBuf, String)> {
    let collector = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    ["core/src", "src/api"].iter().for_each(|dir| sources(&collector.join(dir), &mut files));
    let mut found = Vec::new();
    for file in files {
        // The domain of a hash is no command.
        if file.ends_with("core/src/hash.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for rest in text.split("\"tidelock ").skip(1) {
            found.push((file.clone(), rest.split('"').next().unwrap_or_default().to_owned()));
        }
    }
    found
}

/// The forms that a command has once it is filled in: one for each direction, one for each choice.
fn filled(command: &str) -> Vec<String> {
    let known = FILLED.iter().fold(command.to_owned(), |text, (name, value)| text.replace(name, value));
    let ways = ["run", "resume", "show", "settle"];
    let of_a_way = known.split_whitespace().nth(1).is_some_and(|word| ways.contains(&word));
    let firsts = if of_a_way { vec!["cutover", "rollback"] } else { vec!["login"] };
    let mut forms = Vec::new();
    for first in firsts {
        let mut text = known.clone();
        while let Some((before, rest)) = text.split_once('{') {
            let (name, after) = rest.split_once('}').expect("a place that is filled in ends");
            let value = if name == "name" && before.starts_with("decide") { "cutover" } else { first };
            text = format!("{before}{value}{after}");
        }
        let choice = text.split_whitespace().find(|word| word.contains('|')).map(str::to_owned);
        match choice {
            Some(choice) => forms.extend(choice.split('|').map(|one| text.replace(&choice, one))),
            None => forms.push(text),
        }
    }
    forms
}

#[test]
fn what_a_hold_says_is_next_can_be_typed() {
    let commands = commands();
    assert!(commands.len() > 30, "only {} commands are found", commands.len());
    let mut wrong = Vec::new();
    for (file, command) in commands {
        for form in filled(&command) {
            let words = std::iter::once("tidelock").chain(form.split_whitespace());
            if let Err(error) = Args::try_parse_from(words) {
                let why = error.to_string().lines().next().unwrap_or_default().to_owned();
                wrong.push(format!("{}: tidelock {form}: {why}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
