//! Whatever a page tells people to type is a command of this program, with flags that there are.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser as _};

use crate::args::Args;

/// A page, and a command that stands on it.
type Found = (String, String);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The pages that tell people what to type.
fn pages() -> Vec<PathBuf> {
    let mut pages =
        vec![root().join("README.md"), root().join("SECURITY.md"), root().join("deploy/demo/README.md")];
    for (folder, ending) in [("docs", "md"), ("collector/cli/src/help", "txt"), ("plugins", "")] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            match ending {
                "" => pages.extend(Some(path.join("README.md")).filter(|page| page.is_file())),
                _ => pages.extend(Some(path).filter(|page| page.extension().is_some_and(|it| it == ending))),
            }
        }
    }
    pages
}

/// The commands of blocks and of words in backticks; a line that ends in a backslash goes on.
fn commands() -> Vec<Found> {
    let mut found = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap().replace("\\\n", " ");
        let name = page.strip_prefix(root()).unwrap().display().to_string();
        // A topic of the help has its commands behind a dollar.
        let topic = page.extension().is_some_and(|ending| ending == "txt");
        let mut block = false;
        for line in text.lines() {
            if topic {
                found.extend(line.trim().strip_prefix("$ ").map(|word| (name.clone(), word.to_owned())));
            } else if line.starts_with("```") {
                block = !block && line == "```sh";
            } else if block {
                let line = line.trim();
                let inside =
                    line.split_once("/usr/bin/tidelock ").map(|(_, rest)| format!("tidelock {rest}"));
                found.push((name.clone(), inside.unwrap_or_else(|| line.to_owned())));
            } else {
                found.extend(line.split('`').skip(1).step_by(2).map(|word| (name.clone(), word.to_owned())));
            }
        }
    }
    found.retain(|(_, command)| command.starts_with("tidelock "));
    found
}

/// The examples below the help of a command and of those below it.
fn examples(of: &clap::Command) -> Vec<String> {
    let text = of.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.strip_prefix("  tidelock "));
    let own = lines.map(|line| format!("tidelock {line}"));
    own.chain(of.get_subcommands().flat_map(examples)).collect()
}

/// As a shell splits it, up to a pipe or whatever else is not the program's.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    for c in command.chars() {
        match (quote, c) {
            (None, '"' | '\'') => (quote, any) = (Some(c), true),
            (Some(open), c) if open == c => quote = None,
            (None, ' ') if any => {
                words.push(std::mem::take(&mut word));
                any = false;
            }
            (None, ' ') => {}
            (_, c) => {
                word.push(c);
                any = true;
            }
        }
    }
    words.extend(Some(word).filter(|_| any));
    let ends = |word: &String| matches!(word.as_str(), "|" | "&" | ">" | "#" | "&&");
    let end = words.iter().position(ends).unwrap_or(words.len());
    words.truncate(end);
    words
}

#[test]
fn a_command_is_split_as_a_shell_does() {
    assert_eq!(words("tidelock hold --reason \"a b\" | tee x"), ["tidelock", "hold", "--reason", "a b"]);
    assert_eq!(words("tidelock why  ''"), ["tidelock", "why", ""]);
}

#[test]
fn every_example_below_a_help_can_be_typed() {
    let all = examples(&Args::command());
    assert!(all.len() >= 4, "only {all:?} were found");
    for example in all {
        if let Err(error) = Args::try_parse_from(words(&example)) {
            panic!("{example}: {error}");
        }
    }
}

#[test]
fn every_command_on_a_page_is_one() {
    let all = commands();
    assert!(all.len() > 80, "only {} commands were found", all.len());
    let mut wrong = Vec::new();
    for (page, command) in all {
        // What is left out, or stands for something, is no command line.
        if command.contains(['…', '<', '|', '*']) || command.contains("...") {
            continue;
        }
        if let Err(error) = Args::try_parse_from(words(&command)) {
            // The help of a command, or its name alone, is what the page speaks of.
            use clap::error::ErrorKind as Kind;
            let named = [
                Kind::DisplayHelp,
                Kind::DisplayHelpOnMissingArgumentOrSubcommand,
                Kind::DisplayVersion,
                Kind::MissingRequiredArgument,
                Kind::MissingSubcommand,
            ];
            if !named.contains(&error.kind()) {
                wrong.push(format!(
                    "{page}: {command}: {}",
                    error.to_string().lines().next().unwrap_or_default()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
