//! The readers of single fields.
//!
//! Each takes what it can and puts the rest into the sink: a field that can't be read gives `None`,
//! never a value that nobody wrote.

use std::time::Duration;

use tidelock_model::{Name, mutated};

use crate::keys::Keys;
use crate::problem::{Sink, choices, listed, quote};
use crate::tree::{Entry, Node, Plain, Span};
use crate::units;

/// The longest text of one field, in bytes.
const MAX_TEXT_BYTES: usize = 2_000;

/// A mapping whose keys are known.
pub(crate) struct Fields<'a> {
    entries: &'a [Entry],
    /// In words: `scenario "login"`.
    pub(crate) place: String,
    /// What to point at when something is missing.
    pub(crate) span: Span,
}

impl<'a> Fields<'a> {
    /// Takes a mapping and refuses what does not belong there.
    pub(crate) fn of(
        node: &'a Node,
        keys: &Keys,
        place: &str,
        span: Span,
        sink: &mut Sink,
    ) -> Option<Fields<'a>> {
        if node.is_null() || !matches!(node.kind, crate::tree::Kind::Map(_)) {
            sink.say("E009", node.span_or(span), format!("{place} is {}, not a mapping", node.describe()))
                .help(format!("its fields are: {}", keys.now.join(", ")));
            return None;
        }
        for entry in node.entries() {
            if sink.full() {
                break;
            }
            if let Some((_, code, what)) = keys.later.iter().find(|(key, _, _)| *key == entry.key) {
                sink.say(code, entry.key_span, format!("not yet: {what} ({} of {place})", quote(&entry.key)))
                    .label("not yet")
                    .help("this release refuses what it would not honour: take it out");
            } else if !keys.now.contains(&entry.key.as_str()) {
                sink.say("E007", entry.key_span, format!("{place} has no field {}", quote(&entry.key)))
                    .label("unknown")
                    .help(choices(&entry.key, keys.now));
            } else if entry.value.is_null() {
                sink.say("E009", entry.key_span, format!("{} of {place} is empty", quote(&entry.key)))
                    .help("give it a value, or take the line out");
            }
        }
        Some(Fields { entries: node.entries(), place: place.into(), span })
    }

    /// The value of a key, when there is one.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|e| e.key == key).map(|e| &e.value).filter(|v| !v.is_null())
    }

    /// The key is there, even if its value is of no use.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|e| e.key == key)
    }

    /// The value of a key that must be there.
    pub(crate) fn need(&self, key: &str, help: &str, sink: &mut Sink) -> Option<&'a Node> {
        if !self.has(key) {
            sink.say("E008", self.span, format!("{} has no {key:?}", self.place))
                .label(format!("needs {key:?}"))
                .help(help);
        }
        self.get(key)
    }

    /// "`every` of scenario …".
    pub(crate) fn what(&self, key: &str) -> String {
        format!("{key:?} of {}", self.place)
    }

    pub(crate) fn text(&self, key: &str, sink: &mut Sink) -> Option<String> {
        text(self.get(key)?, &self.what(key), sink)
    }

    pub(crate) fn bool(&self, key: &str, sink: &mut Sink) -> Option<bool> {
        let node = self.get(key)?;
        match node.plain() {
            Some(Plain::Bool(value)) => Some(value),
            Some(Plain::OldBool) => {
                sink.say("E005", node.span, format!("{} is {}", self.what(key), node.describe()))
                    .help("write true or false");
                None
            }
            Some(Plain::Null | Plain::Number | Plain::OddNumber | Plain::Text) | None => {
                wrong(node, &self.what(key), "true or false", sink);
                None
            }
        }
    }

    /// A whole number inside bounds.
    pub(crate) fn count(&self, key: &str, least: u32, most: u32, sink: &mut Sink) -> Option<u32> {
        let node = self.get(key)?;
        let value =
            node.scalar().filter(|_| node.plain() == Some(Plain::Number)).and_then(|t| t.parse::<u32>().ok());
        if let Some(value) = value.filter(|v| (least..=most).contains(v)) {
            return Some(value);
        }
        sink.say("E013", node.span, format!("{} is {}", self.what(key), node.describe()))
            .help(format!("it is a whole number from {least} to {most}"));
        None
    }

    /// The value of a measure: a number in its own unit, a time (seconds) or a percentage.
    pub(crate) fn number(&self, key: &str, sink: &mut Sink) -> Option<f64> {
        let node = self.get(key)?;
        let value = match (node.scalar(), node.plain()) {
            (Some(found), Some(Plain::Number)) => found.parse::<f64>().ok(),
            (Some(found), Some(Plain::Text)) => units::measured(found).ok(),
            _ => None,
        };
        match value {
            Some(value) if value.is_finite() => Some(value),
            Some(_) | None => {
                let odd = node.plain() == Some(Plain::OddNumber);
                let code = if odd { "E013" } else { "E009" };
                sink.say(code, node.span, format!("{} is {}, not a number", self.what(key), node.describe()))
                    .help("write a finite number in the measure's own unit, such as 0, 200 or 0.5, or a time such as 5s");
                None
            }
        }
    }

    /// A percentage that is a share of all.
    pub(crate) fn share(&self, key: &str, sink: &mut Sink) -> Option<f64> {
        self.percentage(key, "a share of all", units::share, sink)
    }

    /// A percentage that may be none, and more than the whole.
    pub(crate) fn slack(&self, key: &str, sink: &mut Sink) -> Option<f64> {
        let bounded = |text: &str| match units::percent(text)? {
            slack if slack <= 10.0 => Ok(slack),
            _ => Err("it is from 0% to 1000%".to_owned()),
        };
        self.percentage(key, "a percentage", bounded, sink)
    }

    fn percentage(
        &self,
        key: &str,
        wanted: &str,
        read: impl Fn(&str) -> Result<f64, String>,
        sink: &mut Sink,
    ) -> Option<f64> {
        let node = self.get(key)?;
        match read(node.scalar().unwrap_or_default()) {
            Ok(share) => Some(share),
            Err(help) => {
                sink.say(
                    "E045",
                    node.span,
                    format!("{} is {}, not {wanted}", self.what(key), node.describe()),
                )
                .help(help);
                None
            }
        }
    }

    /// Events a second.
    pub(crate) fn rate(&self, key: &str, sink: &mut Sink) -> Option<f64> {
        let node = self.get(key)?;
        match units::rate(node.scalar().unwrap_or_default()) {
            Ok(rate) => Some(rate),
            Err(help) => {
                sink.say("E013", node.span, format!("{} is {}, not a rate", self.what(key), node.describe()))
                    .help(help);
                None
            }
        }
    }

    /// A duration above zero.
    pub(crate) fn duration(&self, key: &str, sink: &mut Sink) -> Option<Duration> {
        let node = self.get(key)?;
        let value = duration(node, &self.what(key), sink)?;
        if value.is_zero() {
            sink.say("E012", node.span, format!("{} is zero", self.what(key)))
                .help("give it a length, or take the line out");
            return None;
        }
        Some(value)
    }

    /// A duration that may be zero.
    pub(crate) fn duration_or_zero(&self, key: &str, sink: &mut Sink) -> Option<Duration> {
        duration(self.get(key)?, &self.what(key), sink)
    }

    /// One of the words.
    pub(crate) fn word(&self, key: &str, words: &[&'static str], sink: &mut Sink) -> Option<&'static str> {
        word(self.get(key)?, &self.what(key), words, sink)
    }

    /// A list; a single value is refused.
    pub(crate) fn list(&self, key: &str, sink: &mut Sink) -> &'a [Node] {
        let Some(node) = self.get(key) else { return &[] };
        if !matches!(node.kind, crate::tree::Kind::Seq(_)) {
            let one = node.scalar().filter(|text| !text.contains([' ', ',', ':']));
            let help = one.map_or_else(
                || "write a list: each item on a line of its own after `- `".to_owned(),
                |text| format!("write a list: [{text}]"),
            );
            let problem =
                sink.say("E009", node.span, format!("{} is {}, not a list", self.what(key), node.describe()));
            problem.help(help);
        }
        node.items()
    }

    /// A list of names, each once.
    pub(crate) fn names(&self, key: &str, sink: &mut Sink) -> Vec<(Name, Span)> {
        let mut names: Vec<(Name, Span)> = Vec::new();
        for item in self.list(key, sink) {
            let what = format!("an item of {}", self.what(key));
            let Some(name) = text(item, &what, sink).and_then(|t| name(&t, item.span, &what, sink)) else {
                continue;
            };
            if names.iter().any(|(known, _)| *known == name) {
                sink.say("E004", item.span, format!("{} names {name} twice", self.what(key)))
                    .label("again")
                    .help("keep one");
            } else {
                names.push((name, item.span));
            }
        }
        names
    }

    /// A mapping of things by name, such as `people`.
    pub(crate) fn named(&self, key: &str, sink: &mut Sink) -> Vec<(Name, &'a Entry)> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        named(node, &self.what(key), sink)
    }
}

impl Node {
    /// Where to point: an empty value has no place of its own.
    fn span_or(&self, other: Span) -> Span {
        if self.span.1 == 0 || !matches!(self.kind, crate::tree::Kind::Scalar { .. }) {
            other
        } else {
            self.span
        }
    }
}

/// The entries of a mapping whose keys are names.
pub(crate) fn named<'a>(node: &'a Node, what: &str, sink: &mut Sink) -> Vec<(Name, &'a Entry)> {
    if !matches!(node.kind, crate::tree::Kind::Map(_)) {
        wrong(node, what, "a mapping from names", sink);
    }
    let mut entries = Vec::new();
    for entry in node.entries() {
        if let Some(name) = name(&entry.key, entry.key_span, &format!("a name in {what}"), sink) {
            entries.push((name, entry));
        }
    }
    entries
}

/// Says that a value is of the wrong kind.
pub(crate) fn wrong(node: &Node, what: &str, wanted: &str, sink: &mut Sink) {
    sink.say("E009", node.span, format!("{what} is {}, not {wanted}", node.describe()))
        .help(format!("write {wanted}"));
}

/// Text that a person can read and nothing can hide in.
pub(crate) fn text(node: &Node, what: &str, sink: &mut Sink) -> Option<String> {
    let found = match (node.plain(), node.scalar()) {
        (Some(Plain::Text), Some(found)) => found,
        (Some(Plain::OldBool), Some(found)) => {
            sink.say("E005", node.span, format!("{what} is {found}, a boolean for older readers of YAML"))
                .help(format!("put it in quotes: \"{found}\""));
            return None;
        }
        (_, Some(found)) if !found.is_empty() => {
            wrong(node, what, "text", sink);
            if let Some(problem) = sink.last() {
                problem.help(format!("put it in quotes: \"{found}\""));
            }
            return None;
        }
        _ => {
            wrong(node, what, "text", sink);
            return None;
        }
    };
    if found.len() > MAX_TEXT_BYTES {
        sink.say(
            "E013",
            node.span,
            format!("{what} has {} bytes, the most is {MAX_TEXT_BYTES}", found.len()),
        )
        .help("put the long form where `links` points");
        return None;
    }
    if let Some(c) = found.chars().find(|c| hidden(*c) && !mutated("nothing-hides-in-a-plan")) {
        sink.say("E011", node.span, format!("{what} holds the invisible character {:?}", c.to_string()))
            .help("invisible characters make two different texts look alike: take it out");
        return None;
    }
    if found.trim() != found || found.is_empty() {
        sink.say("E011", node.span, format!("{what} is empty or begins or ends with a blank"))
            .help("take the blanks out of the quotes");
        return None;
    }
    Some(found.into())
}

fn hidden(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A checked name.
pub(crate) fn name(found: &str, span: Span, what: &str, sink: &mut Sink) -> Option<Name> {
    match Name::new(found) {
        Ok(name) => Some(name),
        Err(why) => {
            sink.say("E011", span, format!("{what} is {}: {why}", quote(found))).help(
                match near_name(found) {
                    Some(near) => {
                        format!("write {near}: names appear in certificates, file names and metrics")
                    }
                    None => "write 1 to 63 letters, digits, '-', '_' or '.': old-queue-drained".to_owned(),
                },
            );
            None
        }
    }
}

/// The name that a text would be without its capitals and blanks.
fn near_name(found: &str) -> Option<Name> {
    let words: Vec<&str> = found.split_whitespace().collect();
    Name::new(&words.join("-").to_lowercase()).ok()
}

/// A duration with its unit.
pub(crate) fn duration(node: &Node, what: &str, sink: &mut Sink) -> Option<Duration> {
    let Some(found) = node.scalar().filter(|t| !t.is_empty()) else {
        wrong(node, what, "a duration", sink);
        return None;
    };
    match units::duration(found) {
        Ok(duration) => Some(duration),
        Err(help) => {
            sink.say("E012", node.span, format!("{what} is {}, not a duration", quote(found))).help(help);
            None
        }
    }
}

/// One of the words.
pub(crate) fn word(node: &Node, what: &str, words: &[&'static str], sink: &mut Sink) -> Option<&'static str> {
    let found = text(node, what, sink)?;
    let known = words.iter().copied().find(|word| *word == found);
    if known.is_none() {
        sink.say("E010", node.span, format!("{what} is {}", quote(&found)))
            .label(format!("not one of {}", listed(words)))
            .help(choices(&found, words));
    }
    known
}
