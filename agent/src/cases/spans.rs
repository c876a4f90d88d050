//! Where the parts of a case's `expect` stand in its text, and how one of them is changed there.
//!
//! The text belongs to its author: only the bytes of what changes are touched, so that comments, quotes and
//! order stay as they are. Where that cannot be done for certain, a person is asked to do it.

use std::fmt;
use std::ops::Range;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle};

/// How deep lists and mappings may lie in each other.
const MAX_DEPTH: usize = 64;

/// A key of `expect`, or what stands below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) key: &'static str,
    pub(super) below: Option<Below>,
}

/// An entry below a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Below {
    /// Of a mapping.
    Key(String),
    /// Of a list, counted from 0.
    Item(usize),
}

/// One change of what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// Another value, as YAML that fits on a line.
    Set(Place, String),
    /// Nothing is expected of it any more.
    Drop(Place),
    /// The word of a cause behind the outcome, where there was none.
    AddCause(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.below {
            None => f.write_str(self.key),
            Some(Below::Key(key)) => write!(f, "{}.{key}", self.key),
            Some(Below::Item(at)) => write!(f, "{}, entry {}", self.key, at + 1),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Set(place, to) => write!(f, "set {place} to {to}"),
            Change::Drop(place) => write!(f, "take {place} out"),
            Change::AddCause(cause) => write!(f, "add cause: {cause}"),
        }
    }
}

/// A text as a YAML value that fits on a line, also inside of braces.
pub(super) fn yaml(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '.' | '/' | '-');
    let word =
        |word: &str| matches!(word, "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n");
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(bare)
        && !text.ends_with(' ')
        && !word(&text.to_ascii_lowercase());
    // A string of JSON is one of YAML.
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// The text after one change of its `expect`.
pub(super) fn changed(text: &str, change: &Change) -> Result<String> {
    let expect = expect(text)?;
    let (range, new) = match change {
        Change::Set(place, to) => {
            let (parts, at) = find(&expect, place)?;
            (set(&parts.list[at].value)?, to.clone())
        }
        Change::Drop(place) => {
            let (parts, at) = find(&expect, place)?;
            (drop_of(text, parts, at)?, String::new())
        }
        Change::AddCause(cause) => {
            let (parts, at) = find(&expect, &Place { key: "outcome", below: None })?;
            add_behind(text, parts, at, &format!("cause: {cause}"))?
        }
    };
    let (before, after) = (text.get(..range.start), text.get(range.end..));
    let (before, after) = before.zip(after).context("a place in it is not known")?;
    Ok([before, &new, after].concat())
}

fn set(value: &Node) -> Result<Range<usize>> {
    ensure!(
        value.parts.is_none() && !value.odd,
        "it is a block of text, or has an anchor, an alias or a tag"
    );
    Ok(value.range.clone())
}

/// The bytes of an entry with what parts it from its neighbours.
fn drop_of(text: &str, parts: &Parts, at: usize) -> Result<Range<usize>> {
    let part = &parts.list[at];
    ensure!(!part.value.odd, "it holds a block of text, an anchor, an alias or a tag");
    let (start, end) = (part.start(), part.value.range.end);
    let range = if parts.flow {
        match (parts.list.get(at + 1), at.checked_sub(1).and_then(|at| parts.list.get(at))) {
            (Some(next), _) => start..next.start(),
            (None, Some(before)) => before.value.range.end..end,
            (None, None) => bail!("it stands alone between its brackets"),
        }
    } else {
        let line = line_of(text, start);
        let lead = text.get(line..start).unwrap_or_default().trim();
        ensure!(lead.is_empty() || lead == "-" && part.key.is_none(), "it does not begin a line");
        line..text.get(end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| end + at + 1)
    };
    let gone = text.get(range.clone()).unwrap_or("#");
    ensure!(!gone.contains('#'), "a comment may stand beside it");
    Ok(range)
}

/// Where an entry goes behind this one, and its text there.
fn add_behind(text: &str, parts: &Parts, at: usize, entry: &str) -> Result<(Range<usize>, String)> {
    let part = &parts.list[at];
    ensure!(!part.value.odd, "the entry before it is a block of text, or has an anchor, an alias or a tag");
    let end = part.value.range.end;
    if parts.flow {
        return Ok((end..end, format!(", {entry}")));
    }
    let line = line_of(text, part.start());
    let indent = text.get(line..part.start()).unwrap_or("?");
    ensure!(indent.trim().is_empty(), "the entry before it does not begin a line");
    let rest = text.get(end..).unwrap_or_default();
    let rest = rest.split('\n').next().unwrap_or_default();
    let (rest, break_) = rest.strip_suffix('\r').map_or((rest, "\n"), |rest| (rest, "\r\n"));
    let end = end + rest.len();
    Ok((end..end, format!("{break_}{indent}{entry}")))
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
}

/// A value, and where it stands.
#[derive(Debug)]
struct Node {
    range: Range<usize>,
    /// A block of text, or something with an anchor, an alias or a tag, is in it.
    odd: bool,
    /// None for a scalar.
    parts: Option<Parts>,
}

/// The entries of a list or a mapping.
#[derive(Debug)]
struct Parts {
    /// In brackets, not on lines of their own.
    flow: bool,
    list: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    /// The key and where it begins; none in a list.
    key: Option<(String, usize)>,
    value: Node,
}

impl Part {
    fn start(&self) -> usize {
        self.key.as_ref().map_or(self.value.range.start, |(_, at)| *at)
    }

    fn is(&self, key: &str) -> bool {
        self.key.as_ref().is_some_and(|(is, _)| is == key)
    }
}

fn find<'n>(expect: &'n Node, place: &Place) -> Result<(&'n Parts, usize)> {
    let none = || format!("{place} is not found");
    let top = expect.parts.as_ref().context("expect is no mapping")?;
    let at = top.list.iter().position(|part| part.is(place.key)).with_context(none)?;
    let Some(below) = &place.below else { return Ok((top, at)) };
    let parts = top.list[at].value.parts.as_ref().with_context(none)?;
    let at = match below {
        Below::Key(key) => parts.list.iter().position(|part| part.is(key)),
        Below::Item(at) => Some(*at).filter(|at| *at < parts.list.len()),
    };
    Ok((parts, at.with_context(none)?))
}

type Next<'a> = (Event<'a>, Range<usize>);

fn placed<'a>(next: Result<(Event<'a>, Span), ScanError>) -> Result<Next<'a>> {
    let (event, span) = next.map_err(|error| anyhow!("{}", error.info()))?;
    Ok((event, span.byte_range().context("a place in it is not known")?))
}

fn next<'a>(events: &mut impl Iterator<Item = Result<Next<'a>>>) -> Result<Next<'a>> {
    events.next().context("it ends in the middle")?
}

/// What stands behind `expect` at the top of the text.
fn expect(text: &str) -> Result<Node> {
    ensure!(!text.starts_with('\u{feff}'), "the text begins with a byte order mark");
    let events = Parser::new_from_str(text).map(placed);
    let mut events = events.filter(|next| !matches!(next, Ok((Event::Comment(..), _))));
    loop {
        let first = next(&mut events)?;
        if !first.0.is_node() {
            // The beginning of the text and of its document.
            continue;
        }
        let parts = node(first, &mut events, 0)?.parts.context("it is no mapping")?;
        let found = parts.list.into_iter().find(|part| part.is("expect"));
        return found.map(|part| part.value).context("expect is not found");
    }
}

/// Reads one value to its end.
fn node<'a>(
    (event, range): Next<'a>,
    events: &mut impl Iterator<Item = Result<Next<'a>>>,
    depth: usize,
) -> Result<Node> {
    ensure!(depth < MAX_DEPTH, "lists and mappings lie more than {MAX_DEPTH} deep in each other");
    let odd = event.anchor_id().is_some() || event.tag().is_some();
    if let Event::Scalar(_, style, ..) = event {
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        return Ok(Node { range, odd: odd || block, parts: None });
    }
    let (style, keyed) = if let Event::MappingStart(style, ..) = event {
        (style, true)
    } else if let Event::SequenceStart(style, ..) = event {
        (style, false)
    } else {
        // An alias: its value stands elsewhere.
        return Ok(Node { range, odd: true, parts: None });
    };
    let flow = style == StructureStyle::Flow;
    let mut list = Vec::new();
    let closed = loop {
        let (event, at) = next(events)?;
        if matches!(event, Event::MappingEnd | Event::SequenceEnd) {
            break at.end;
        }
        if !keyed {
            list.push(Part { key: None, value: node((event, at), events, depth + 1)? });
            continue;
        }
        let Event::Scalar(key, ..) = event else { bail!("a key in it is no text") };
        let value = next(events)?;
        let value = node(value, events, depth + 1)?;
        list.push(Part { key: Some((key.into_owned(), at.start)), value });
    };
    let odd = odd || list.iter().any(|part| part.value.odd || part.is("<<"));
    // What closes a block is found behind comments and empty lines that are none of its own.
    let last = list.last().map_or(range.end, |part| part.value.range.end);
    Ok(Node { range: range.start..if flow { closed } else { last }, odd, parts: Some(Parts { flow, list }) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: &'static str, below: &str) -> Place {
        Place { key, below: Some(Below::Key(below.to_owned())) }
    }

    #[track_caller]
    fn check(from: &str, change: &Change, to: &str) {
        assert_eq!(changed(from, change).unwrap(), to, "{change}");
    }

    const BLOCK: &str = "# one\nexpect: # two\n  outcome: fail   # three\n  steps:\n    add: pass # four\n    \"pay\": 'fail'\n\n  log:\n    - first\n    - second\n  calls: 2\n# five\nabout: é\n";
    const FLOW: &str = "about: é # one\nexpect: { outcome: fail, note: a b, steps: { add: pass, pay: fail }, log: [first, second] } # two\n";

    #[test]
    fn a_value_is_set_and_every_other_byte_stays() {
        let outcome = Change::Set(Place { key: "outcome", below: None }, "pass".to_owned());
        check(BLOCK, &outcome, &BLOCK.replace("outcome: fail ", "outcome: pass "));
        check(FLOW, &outcome, &FLOW.replace("outcome: fail", "outcome: pass"));
        let pay = Change::Set(of("steps", "pay"), "pass".to_owned());
        check(BLOCK, &pay, &BLOCK.replace("'fail'", "pass"));
        check(FLOW, &pay, &FLOW.replace("pay: fail", "pay: pass"));
        let windows = BLOCK.replace('\n', "\r\n");
        check(&windows, &outcome, &windows.replace("outcome: fail ", "outcome: pass "));
    }

    #[test]
    fn an_entry_is_dropped_with_what_parts_it_from_its_neighbours() {
        let first = |place| changed(FLOW, &Change::Drop(place)).unwrap();
        assert_eq!(first(of("steps", "add")), FLOW.replace("add: pass, ", ""));
        assert_eq!(first(of("steps", "pay")), FLOW.replace(", pay: fail", ""));
        let item = |at| Place { key: "log", below: Some(Below::Item(at)) };
        assert_eq!(first(item(1)), FLOW.replace(", second", ""));
        assert_eq!(first(Place { key: "note", below: None }), FLOW.replace("note: a b, ", ""));
        let second = |place| changed(BLOCK, &Change::Drop(place)).unwrap();
        assert_eq!(second(of("steps", "pay")), BLOCK.replace("    \"pay\": 'fail'\n", ""));
        assert_eq!(second(item(0)), BLOCK.replace("    - first\n", ""));
        assert_eq!(
            second(Place { key: "log", below: None }),
            BLOCK.replace("  log:\n    - first\n    - second\n", "")
        );
    }

    #[test]
    fn a_cause_comes_behind_the_outcome() {
        check(FLOW, &Change::AddCause("timeout"), &FLOW.replace("fail, note", "fail, cause: timeout, note"));
        let behind = "# three\n  cause: timeout\n";
        check(BLOCK, &Change::AddCause("timeout"), &BLOCK.replace("# three\n", behind));
        let windows = |text: &str| text.replace('\n', "\r\n");
        check(&windows(BLOCK), &Change::AddCause("timeout"), &windows(&BLOCK.replace("# three\n", behind)));
        check("expect:\n  outcome: x", &Change::AddCause("cpu"), "expect:\n  outcome: x\n  cause: cpu");
    }

    #[test]
    fn what_a_machine_cannot_be_sure_of_is_left_to_a_person() {
        let drop = |place| Change::Drop(place);
        let set = |place| Change::Set(place, "x".to_owned());
        let (note, add) = (Place { key: "note", below: None }, of("steps", "add"));
        for (text, change) in [
            (BLOCK, drop(add.clone())),
            (BLOCK, drop(note.clone())),
            ("expect:\n  note: |\n    a\n  calls: 1\n", set(note.clone())),
            ("expect:\n  note: |\n    a\n  calls: 1\n", drop(note.clone())),
            ("expect: { note: &a b, calls: 1 }\n", set(note.clone())),
            ("about: &a b\nexpect: { note: *a, calls: 1 }\n", set(note.clone())),
            ("expect: { note: !!str b, calls: 1 }\n", set(note.clone())),
            ("expect: { steps: { add: pass } }\n", drop(add.clone())),
            ("expect: { steps: [add] }\n", drop(add.clone())),
            ("expect: pass\n", set(note.clone())),
            ("\u{feff}expect: { note: b }\n", set(note.clone())),
            ("about: x\n", set(note.clone())),
            ("expect: { note: b\n", set(note)),
            ("", drop(add)),
        ] {
            assert!(changed(text, &change).is_err(), "{change} in {text:?}");
        }
    }

    #[test]
    fn a_text_is_written_so_that_it_reads_back_as_the_same() {
        assert_eq!(yaml("the page says 3"), "the page says 3");
        for odd in ["", "3", "no", "a: b", "a #b", "a, b", "{", "it's \"so\"", "é\\", "a ", "- a", "~"] {
            let written = format!("expect: {{ note: {}, calls: 1 }}", yaml(odd));
            let read: serde_json::Value = serde_saphyr::from_str(&written).unwrap();
            assert_eq!(read["expect"]["note"], odd, "{written}");
            assert_eq!(read["expect"]["calls"], 1, "{written}");
        }
    }
}
