//! From the parser's events to the tree, inside bounds.

use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle};

use super::{Entry, Kind, Node, Plain, Span, meaning};
use crate::problem::{Sink, quote};

/// The most nodes of one file, aliases counted with what they stand for.
const MAX_NODES: usize = 50_000;
/// The most text of one file after aliases are resolved, in bytes.
const MAX_TEXT_BYTES: usize = 4 << 20;
/// How deep lists and mappings may lie in each other.
const MAX_DEPTH: usize = 40;

enum Open {
    Seq {
        items: Vec<Node>,
        span: Span,
        anchor: usize,
    },
    Map {
        entries: Vec<Entry>,
        seen: BTreeMap<String, Span>,
        key: Option<(String, Span)>,
        span: Span,
        anchor: usize,
    },
}

/// Takes the parser's events one by one; what is open lies on a stack, so depth costs no stack of ours.
pub(super) struct Builder {
    skipped: usize,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    nodes: usize,
    text_bytes: usize,
}

/// The text can't be read on; the reason has been said.
struct Stop;

impl Builder {
    pub(super) fn new(skipped: usize) -> Builder {
        Builder { skipped, open: Vec::new(), anchors: BTreeMap::new(), root: None, nodes: 0, text_bytes: 0 }
    }

    pub(super) fn build(mut self, text: &str, sink: &mut Sink) -> Option<Node> {
        let mut documents = 0;
        for next in Parser::new_from_str(text) {
            let (event, span) = match next {
                Ok(next) => next,
                Err(error) => {
                    self.broken(&error, text, sink);
                    return None;
                }
            };
            let span = span.byte_range().map_or((self.skipped, 0), |r| (r.start + self.skipped, r.len()));
            if matches!(event, Event::DocumentStart(..)) {
                documents += 1;
                if documents > 1 {
                    sink.say("E002", span, "the file holds more than one document")
                        .help("one file is one plan: take the line `---` and what follows it out");
                    return None;
                }
            }
            self.take(event, span, sink).ok()?;
            if sink.full() {
                return None;
            }
        }
        Some(
            self.root
                .unwrap_or(Node { span: (0, 0), kind: Kind::Scalar { text: String::new(), plain: true } }),
        )
    }

    fn broken(&self, error: &granit_parser::ScanError, text: &str, sink: &mut Sink) {
        let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
        let line = text.get(..at).map_or(0, |before| before.matches('\n').count()) + 1;
        sink.say("E001", (at + self.skipped, 1), format!("this is not YAML: {}", error.info()))
            .label("here")
            .help(format!(
                "often the cause is on line {line} or the one before it: an indent, a quote or a bracket"
            ));
    }

    fn take(&mut self, event: Event<'_>, span: Span, sink: &mut Sink) -> Result<(), Stop> {
        if event.tag().is_some() {
            sink.say("E006", span, "a tag (`!…`) stands before this value")
                .help("a plan has no tags: put text in quotes and write numbers bare");
        }
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = matches!(style, ScalarStyle::Plain);
                self.scalar(text.into_owned(), plain, span, anchor, sink)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.begin(Open::Seq { items: Vec::new(), span, anchor }, span, sink)
            }
            Event::MappingStart(_, anchor, _) => {
                let map = Open::Map { entries: Vec::new(), seen: BTreeMap::new(), key: None, span, anchor };
                self.begin(map, span, sink)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(sink),
            Event::Alias(anchor) => self.alias(anchor, span, sink),
            Event::UnresolvedAlias(_) => self.alias(0, span, sink),
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(..)
            | Event::DocumentEnd
            | Event::Anchor(..)
            | Event::Comment(..) => Ok(()),
            _ => {
                sink.say("E001", span, "this part of YAML is not known here");
                Err(Stop)
            }
        }
    }

    fn scalar(
        &mut self,
        text: String,
        plain: bool,
        span: Span,
        anchor: usize,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        self.count(1, text.len(), span, sink)?;
        if let Some(Open::Map { seen, key, .. }) = self.open.last_mut()
            && key.is_none()
        {
            if plain && meaning(&text) == Plain::OldBool {
                sink.say("E005", span, format!("the key {text} is a boolean for older readers of YAML"))
                    .help(format!("put it in quotes: \"{text}\""));
            } else if plain && text == "<<" {
                sink.say("E006", span, "merge keys (`<<`) are not part of YAML 1.2")
                    .help("write the fields out, or move them to `defaults`");
            }
            if let Some((at, _)) = seen.get(&text) {
                sink.say("E004", span, format!("{} is given twice in one mapping", quote(&text)))
                    .label("again")
                    .earlier(*at)
                    .help("one of the two would win without a word: keep one");
            }
            *key = Some((text, span));
            return Ok(());
        }
        self.put(Node { span, kind: Kind::Scalar { text, plain } }, anchor, sink)
    }

    fn begin(&mut self, open: Open, span: Span, sink: &mut Sink) -> Result<(), Stop> {
        self.count(1, 0, span, sink)?;
        if matches!(self.open.last(), Some(Open::Map { key: None, .. })) {
            sink.say("E009", span, "a key is text, not a list or a mapping");
            return Err(Stop);
        }
        if self.open.len() >= MAX_DEPTH {
            sink.say(
                "E002",
                span,
                format!("lists and mappings lie more than {MAX_DEPTH} deep in each other"),
            );
            return Err(Stop);
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self, sink: &mut Sink) -> Result<(), Stop> {
        let (node, anchor) = match self.open.pop() {
            Some(Open::Seq { items, span, anchor }) => (Node { span, kind: Kind::Seq(items) }, anchor),
            Some(Open::Map { entries, span, anchor, .. }) => {
                (Node { span, kind: Kind::Map(entries) }, anchor)
            }
            None => return Err(Stop),
        };
        self.put(node, anchor, sink)
    }

    fn alias(&mut self, anchor: usize, span: Span, sink: &mut Sink) -> Result<(), Stop> {
        if matches!(self.open.last(), Some(Open::Map { key: None, .. })) {
            sink.say("E006", span, "an alias can't be a key");
            return Err(Stop);
        }
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            sink.say("E006", span, "this alias has no anchor before it, or stands inside its own anchor");
            return Err(Stop);
        };
        if self.open.len() + depth(&node) > MAX_DEPTH {
            sink.say(
                "E002",
                span,
                format!("with this alias, mappings lie more than {MAX_DEPTH} deep in each other"),
            );
            return Err(Stop);
        }
        let (nodes, bytes) = node.weight();
        self.count(nodes, bytes, span, sink)?;
        self.put(node, 0, sink)
    }

    fn count(&mut self, nodes: usize, bytes: usize, span: Span, sink: &mut Sink) -> Result<(), Stop> {
        self.nodes += nodes;
        self.text_bytes += bytes;
        if self.nodes > MAX_NODES || self.text_bytes > MAX_TEXT_BYTES {
            sink.say(
                "E002",
                span,
                "the file stands for too much: 50000 values or 4 MiB of text are the most",
            )
            .help("an alias counts with everything it stands for, and so does each anchor");
            return Err(Stop);
        }
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize, sink: &mut Sink) -> Result<(), Stop> {
        if anchor != 0 {
            // An anchor keeps a copy, and one inside of another keeps all of it once more.
            let (nodes, bytes) = node.weight();
            self.count(nodes, bytes, node.span, sink)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Seq { items, .. }) => items.push(node),
            Some(Open::Map { entries, seen, key, .. }) => {
                if let Some((key, key_span)) = key.take()
                    && seen.insert(key.clone(), key_span).is_none()
                {
                    entries.push(Entry { key, key_span, value: node });
                }
            }
        }
        Ok(())
    }
}

fn depth(node: &Node) -> usize {
    match &node.kind {
        Kind::Scalar { .. } => 0,
        Kind::Seq(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Kind::Map(entries) => 1 + entries.iter().map(|e| depth(&e.value)).max().unwrap_or(0),
    }
}
