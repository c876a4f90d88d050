//! `tidelock help`: a command's help, or one of the long topics that belong to no single command.

use clap::{Command, CommandFactory as _};

use super::Call;
use crate::args::Args;
use crate::exit::{Exit, Trouble};
use crate::out;

/// The long topics: word, what it is about, text.
pub(crate) const TOPICS: [(&str, &str, &str); 5] = [
    ("cutover-day", "what to type on the day, in order", include_str!("../help/cutover-day.txt")),
    ("decisions", "who decides, holds, overrides and looser plans", include_str!("../help/decisions.txt")),
    ("clocks", "whose time counts", include_str!("../help/clocks.txt")),
    ("plugin-cases", "how a plugin's cases are written", include_str!("../help/plugin-cases.txt")),
    ("exit-codes", "what the exit codes mean", include_str!("../help/exit-codes.txt")),
];

#[derive(Debug, clap::Args)]
pub(crate) struct HelpArgs {
    /// A command such as gate wait, or a topic such as cutover-day
    words: Vec<String>,
}

pub(crate) fn run(call: &Call, args: &HelpArgs) -> Result<Exit, Trouble> {
    let text = match args.words.as_slice() {
        [] => overview(),
        [word] if topic(word).is_some() => topic(word).unwrap_or_default().to_owned(),
        words => of_command(words)?,
    };
    if call.manner.json() {
        let value = serde_json::json!({ "schema": "tidelock.help/v1", "about": args.words, "text": text });
        out::print_json(call.manner.format, &value)?;
    } else {
        out::print(&text)?;
    }
    Ok(Exit::Done)
}

fn topic(word: &str) -> Option<&'static str> {
    TOPICS.iter().find(|(name, ..)| *name == word).map(|(.., text)| *text)
}

fn overview() -> String {
    let mut text = built().render_long_help().to_string();
    text.push_str("\nTopics (tidelock help TOPIC):\n");
    TOPICS.iter().for_each(|(name, about, _)| text.push_str(&format!("  {name:<14} {about}\n")));
    text
}

/// With the flags that every command takes.
fn built() -> Command {
    let mut command = Args::command();
    command.build();
    command
}

fn of_command(words: &[String]) -> Result<String, Trouble> {
    let mut command = built();
    for word in words {
        let Some(found) = command.find_subcommand(word) else {
            let topics: Vec<&str> = TOPICS.iter().map(|(name, ..)| *name).collect();
            return Err(Trouble::usage(format!("there is no command and no topic {:?}", words.join(" ")))
                .hint(format!("topics: {}", topics.join(", ")))
                .hint("commands: tidelock --help"));
        };
        command = found.clone();
    }
    Ok(command.render_long_help().to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    /// The words of a line as a shell takes them, as far as our examples go.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ' ' if !quoted => {
                    words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()))
                }
                c => word.push(c),
            }
        }
        words.extend(Some(word).filter(|word| !word.is_empty()));
        words
    }

    #[test]
    fn each_example_of_a_topic_can_be_typed_and_fits_a_terminal() {
        let mut count = 0;
        for (topic, _, text) in TOPICS {
            for line in text.lines() {
                assert!(line.chars().count() <= 120, "{topic}: {line}");
                let Some(example) = line.trim_start().strip_prefix("$ ") else { continue };
                if let Err(error) = Args::try_parse_from(words(example)) {
                    panic!("{topic}: {example}: {error}");
                }
                count += 1;
            }
        }
        assert!(count > 30, "only {count} examples are found");
    }

    #[test]
    fn a_command_and_a_topic_have_their_help_and_nothing_else_has() {
        let said =
            |words: &[&str]| of_command(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert!(said(&["gate", "wait"]).unwrap().contains("--timeout"));
        assert_eq!(said(&["gate", "leap"]).unwrap_err().exit, Exit::Usage);
        let all = overview();
        for (topic, ..) in TOPICS {
            assert!(all.contains(topic) && super::topic(topic).is_some(), "{topic}");
            assert!(Args::command().find_subcommand(topic).is_none(), "{topic} would hide a command");
        }
    }
}
