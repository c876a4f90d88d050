//! Trouble as a program reads it: with `-o json` standard output is one document whatever the exit, so that a
//! pipeline need not guess from words what went wrong. The words for people stay on standard error.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use serde_json::{Value, json};

use crate::exit::{Exit, Trouble};
use crate::out::{self, Format};

/// The words of `-o` whose answers are JSON.
const FORMATS: [(&str, Format); 2] = [("json", Format::Json), ("ndjson", Format::Ndjson)];

/// The one object: what happened, what it is about, what to do. No place or hint is `null`.
pub(crate) fn document(trouble: &Trouble) -> Value {
    let hint = Some(trouble.hints.join("\n")).filter(|hint| !hint.is_empty());
    let code = trouble.code.as_deref().unwrap_or_else(|| trouble.exit.word());
    json!({
        "schema": "tidelock.error/v1",
        "error": {
            "code": code, "exit": trouble.exit.number(), "message": trouble.message, "place": trouble.place,
            "hint": hint,
        },
    })
}

/// Tells it on standard output, unless the answer stands there already: one document, and never two.
pub(crate) fn tell(format: Format, trouble: &Trouble) {
    if format == Format::Json && out::answered() {
        return;
    }
    // Nobody is left to be told when standard output is gone; the exit says it, too.
    drop(out::print_json(format, &document(trouble)));
}

/// An exit that is no answer and had no words of its own.
pub(crate) fn of_exit(exit: Exit) -> Trouble {
    Trouble::new(exit, format!("it ended with exit {}", exit.number()))
        .hint("standard error says more; see: tidelock help exit-codes")
}

/// The JSON that arguments ask for which make no command.
pub(crate) fn wanted(arguments: impl IntoIterator<Item = OsString>) -> Option<Format> {
    let mut format = None;
    let mut arguments = arguments.into_iter().skip(1).take_while(|word| word != "--");
    while let Some(word) = arguments.next() {
        let word = word.to_string_lossy();
        let value = match word.as_ref() {
            "-o" | "--output" => arguments.next().map(|next| next.to_string_lossy().into_owned()),
            word => word
                .strip_prefix("--output=")
                .or_else(|| word.strip_prefix("-o").map(|rest| rest.trim_start_matches('=')))
                .map(str::to_owned),
        };
        if let Some(value) = value {
            format = FORMATS.iter().find(|(name, _)| *name == value).map(|(_, format)| *format);
        }
    }
    format
}

/// What the reader of the arguments says.
pub(crate) fn of_arguments(error: &clap::Error) -> Trouble {
    let text = error.render().to_string();
    let mut parts = text.splitn(2, "\n\n");
    let first = parts.next().unwrap_or_default().trim();
    let message = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    let mut trouble = Trouble::usage(message);
    let place = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand].into_iter();
    trouble.place = place.filter_map(|kind| error.get(kind)).find_map(|value| {
        if let ContextValue::String(word) = value {
            Some(word.clone())
        } else if let ContextValue::Strings(words) = value {
            Some(words.join(" "))
        } else {
            None
        }
    });
    let rest = parts.next().unwrap_or_default();
    rest.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .fold(trouble, |trouble, line| trouble.hint(line))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Args;

    #[test]
    fn trouble_is_one_object_with_what_to_do() {
        let trouble = Trouble::new(Exit::Hold, "not now").hint("wait").hint("ask").at("login");
        let error = document(&trouble)["error"].clone();
        assert_eq!(
            error,
            json!({ "code": "HOLD", "exit": 3, "message": "not now", "place": "login", "hint": "wait\nask" })
        );
        let bare = document(&Trouble::failed("x"))["error"].clone();
        assert_eq!((&bare["place"], &bare["hint"]), (&Value::Null, &Value::Null));
    }

    #[test]
    fn json_is_asked_for_in_every_way_that_arguments_have() {
        let of = |line: &str| wanted(line.split(' ').map(OsString::from));
        for line in ["t x -o json", "t -ojson x", "t -o=json x", "t --output json", "t --output=json nope"] {
            assert_eq!(of(line), Some(Format::Json), "{line}");
        }
        assert_eq!(of("t x -o ndjson"), Some(Format::Ndjson));
        for line in ["t x", "t x -o text", "t x -o", "t gate exec ready -- jq -o json", "-o json"] {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn arguments_that_make_no_command_name_the_one_that_is_wrong() {
        let of = |line: &str| of_arguments(&Args::try_parse_from(line.split(' ')).unwrap_err());
        let unknown = of("tidelock status --nope");
        assert_eq!((unknown.exit, unknown.place.as_deref()), (Exit::Usage, Some("--nope")));
        assert_eq!(unknown.message, "unexpected argument '--nope' found");
        assert!(unknown.hints.iter().any(|hint| hint.starts_with("Usage: ")), "{unknown:?}");
        assert_eq!(of("tidelock stattus").place.as_deref(), Some("stattus"));
        let missing = of("tidelock gate wait");
        assert!(missing.place.is_some_and(|place| place.contains("<GATE>")), "{:?}", missing.message);
    }
}
