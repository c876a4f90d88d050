//! The text as a tree in which everything knows where it stands.
//!
//! Reading into structs would stop at the first wrong field. A person who writes a plan wants all
//! mistakes in one go, so the text becomes a plain tree first, and the readers walk that.
//!
//! YAML has corners where the same text means different things to different readers. They are
//! refused here rather than interpreted: tags, tabs, doubled keys, the booleans of YAML 1.1.

use crate::problem::{Sink, quote};
use build::Builder;

mod build;

/// The largest file that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// A place in the text: byte offset and length.
pub(crate) type Span = (usize, usize);

/// One value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// Text; `plain` when it stands without quotes, so that it may mean a number or `true`.
    Scalar { text: String, plain: bool },
    /// A list.
    Seq(Vec<Node>),
    /// A mapping; its keys are text and different.
    Map(Vec<Entry>),
}

/// One line of a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

/// What text without quotes means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Plain {
    /// Nothing: empty, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as JSON writes it.
    Number,
    /// A number for some readers of YAML and text for others: `010`, `.inf`, `0x1f`.
    OddNumber,
    /// A boolean of YAML 1.1: `yes`, `off`, `True`.
    OldBool,
    /// Text.
    Text,
}

impl Node {
    /// The entries of a mapping.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            Kind::Scalar { .. } | Kind::Seq(_) => &[],
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::Seq(items) => items,
            Kind::Scalar { .. } | Kind::Map(_) => &[],
        }
    }

    /// The entry of that key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entry at the end of a path of keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Entry> {
        let (last, first) = path.split_last()?;
        first.iter().try_fold(self, |node, key| Some(&node.entry(key)?.value))?.entry(last)
    }

    /// The text of a scalar, whatever it means.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            Kind::Seq(_) | Kind::Map(_) => None,
        }
    }

    /// What the scalar means; text in quotes is text.
    pub(crate) fn plain(&self) -> Option<Plain> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => Some(meaning(text)),
            Kind::Scalar { plain: false, .. } => Some(Plain::Text),
            Kind::Seq(_) | Kind::Map(_) => None,
        }
    }

    /// Nothing is there.
    pub(crate) fn is_null(&self) -> bool {
        self.plain() == Some(Plain::Null)
    }

    /// In words, for messages.
    pub(crate) fn describe(&self) -> String {
        match &self.kind {
            Kind::Seq(_) => "a list".into(),
            Kind::Map(_) => "a mapping".into(),
            Kind::Scalar { text, .. } => match self.plain() {
                Some(Plain::Null) => "empty".into(),
                Some(Plain::Bool(value)) => format!("the boolean {value}"),
                Some(Plain::Number) => format!("the number {text}"),
                Some(Plain::OddNumber | Plain::OldBool | Plain::Text) | None => {
                    format!("the text {}", quote(text))
                }
            },
        }
    }

    fn weight(&self) -> (usize, usize) {
        let add = |(n, b): (usize, usize), (m, c): (usize, usize)| (n + m, b + c);
        match &self.kind {
            Kind::Scalar { text, .. } => (1, text.len()),
            Kind::Seq(items) => items.iter().map(Node::weight).fold((1, 0), add),
            Kind::Map(entries) => {
                entries.iter().map(|e| add((1, e.key.len()), e.value.weight())).fold((1, 0), add)
            }
        }
    }
}

/// What text without quotes means.
pub(crate) fn meaning(text: &str) -> Plain {
    match text {
        "" | "~" | "null" => Plain::Null,
        "true" => Plain::Bool(true),
        "false" => Plain::Bool(false),
        "Null" | "NULL" => Plain::OddNumber,
        _ if ["yes", "no", "on", "off", "true", "false"].contains(&text.to_ascii_lowercase().as_str()) => {
            Plain::OldBool
        }
        _ => number_meaning(text),
    }
}

fn number_meaning(text: &str) -> Plain {
    let bare = text.trim_start_matches(['+', '-']);
    let odd_word = [".inf", ".nan", "inf", "nan", "infinity"].contains(&bare.to_ascii_lowercase().as_str());
    let based = bare.len() > 2
        && ((bare.starts_with("0x") && bare[2..].bytes().all(|b| b.is_ascii_hexdigit()))
            || (bare.starts_with("0o") && bare[2..].bytes().all(|b| b.is_ascii_digit())));
    if odd_word || based {
        return Plain::OddNumber;
    }
    let digits = bare.bytes().any(|b| b.is_ascii_digit());
    if !digits || !bare.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-')) {
        return Plain::Text;
    }
    match serde_json::from_str::<serde_json::Number>(text) {
        Ok(number) if number.as_f64().is_some_and(f64::is_finite) => Plain::Number,
        Ok(_) | Err(_) if text.parse::<f64>().is_ok() => Plain::OddNumber,
        Ok(_) | Err(_) => Plain::Text,
    }
}

/// Reads a text as one tree, or says why it can't be.
pub(crate) fn parse(text: &str, sink: &mut Sink) -> Option<Node> {
    if text.len() > MAX_BYTES {
        sink.say("E002", None, format!("the file has {} bytes, the most is {MAX_BYTES}", text.len()));
        return None;
    }
    let skipped = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let body = &text[skipped..];
    tabs(body, skipped, sink);
    let root = Builder::new(skipped).build(body, sink)?;
    if root.is_null() {
        sink.say("E002", None, "the file is empty")
            .help("deploy/examples/minimal.yaml is a whole plan in fifteen lines");
        return None;
    }
    Some(root)
}

fn tabs(text: &str, skipped: usize, sink: &mut Sink) {
    let mut at = skipped;
    for line in text.split_inclusive('\n') {
        if sink.full() {
            return;
        }
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..blank].find('\t')
            && !line.trim().is_empty()
        {
            sink.say("E003", (at + tab, 1), "a tab stands in the indentation")
                .help("indent with spaces; readers of YAML disagree on how wide a tab is")
                .label("tab");
        }
        at += line.len();
    }
}
