//! The files that a plan names: flows and certificates.
//!
//! They become part of the revision and of its hash, so that a plan that was applied can't change
//! behind anyone's back. Only files below the plan's folder are taken.

use serde_json::Value;

use crate::Source;
use crate::problem::{Sink, quote};
use crate::tree::{self, Kind, Node, Plain, Span};

/// The largest flow or certificate file, in bytes.
const MAX_FILE_BYTES: usize = 256 << 10;

/// A relative path that stays below the plan's folder.
pub(crate) fn is_inside(path: &str) -> bool {
    let part = |part: &str| {
        !matches!(part, "" | "..") && !part.contains([':', '\\']) && !part.contains(char::is_control)
    };
    let path = path.strip_prefix("./").unwrap_or(path);
    path.len() <= 200 && path.split('/').all(part) && !path.starts_with('~')
}

/// The text of a named file.
pub(crate) fn named(path: &str, span: Span, what: &str, source: &Source, sink: &mut Sink) -> Option<String> {
    if !is_inside(path) {
        sink.say("E034", span, format!("{what} is {}, which is not below the plan's folder", quote(path)))
            .help("name a file beside the plan or in a folder below it, without `..`");
        return None;
    }
    let Some(text) = source.files.get(path) else {
        sink.say("E034", span, format!("{what} names {}, which was not found", quote(path)))
            .label("no such file")
            .help("paths count from the plan's own folder");
        return None;
    };
    if text.len() > MAX_FILE_BYTES {
        sink.say(
            "E034",
            span,
            format!("{} has {} bytes, the most is {MAX_FILE_BYTES}", quote(path), text.len()),
        );
        return None;
    }
    Some(text.clone())
}

/// The content of a flow file.
pub(crate) fn flow(path: &str, span: Span, what: &str, source: &Source, sink: &mut Sink) -> Option<Node> {
    let text = named(path, span, what, source, sink)?;
    let outer = sink.file.replace(path.into());
    let node = tree::parse(&text, sink);
    if let Some(node) = &node
        && !matches!(node.kind, Kind::Map(_))
    {
        sink.say("E035", node.span, format!("a flow is a mapping, this is {}", node.describe()))
            .help("begin with `steps:` and a list of requests");
    }
    sink.file = outer;
    node.filter(|n| matches!(n.kind, Kind::Map(_)))
}

/// A value as JSON. What YAML readers disagree on is refused.
pub(crate) fn json(node: &Node, place: &str, sink: &mut Sink) -> Value {
    match &node.kind {
        Kind::Seq(items) => items.iter().map(|item| json(item, place, sink)).collect(),
        Kind::Map(entries) => entries.iter().map(|e| (e.key.clone(), json(&e.value, place, sink))).collect(),
        Kind::Scalar { text, .. } => match node.plain() {
            Some(Plain::Null) => Value::Null,
            Some(Plain::Bool(value)) => Value::Bool(value),
            Some(Plain::Number) => number(text, node, place, sink),
            Some(Plain::Text) | None => Value::String(text.clone()),
            Some(Plain::OldBool) => {
                sink.say(
                    "E005",
                    node.span,
                    format!("{text} in {place} is a boolean for older readers of YAML"),
                )
                .help(format!("write true or false, or put the text in quotes: \"{text}\""));
                Value::Null
            }
            Some(Plain::OddNumber) => {
                sink.say(
                    "E013",
                    node.span,
                    format!("{text} in {place} is a number for some readers and text for others"),
                )
                .help(format!("write a finite decimal number, or put the text in quotes: \"{text}\""));
                Value::Null
            }
        },
    }
}

fn number(text: &str, node: &Node, place: &str, sink: &mut Sink) -> Value {
    let exact = text.contains(['.', 'e', 'E']) || text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
    match serde_json::from_str::<Value>(text) {
        Ok(value) if exact => value,
        Ok(_) | Err(_) => {
            sink.say(
                "E013",
                node.span,
                format!("the number {text} in {place} is too large to be kept exactly"),
            )
            .help("put it in quotes");
            Value::Null
        }
    }
}

/// JSON with its keys in order and no blanks: the same settings give the same bytes.
pub(crate) fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let text: Vec<_> = entries
                .iter()
                .map(|(k, v)| format!("{}:{}", Value::from(k.as_str()), canonical(v)))
                .collect();
            format!("{{{}}}", text.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
