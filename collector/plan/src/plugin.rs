//! Which component a scenario runs, and that it is pinned.
//!
//! A component is named by what it is, its digest. A word such as `./stock.wasm` says where the
//! operator keeps it; without the digest beside it the next upload could be anything.

use tidelock_model::Sha256;

use crate::Source;
use crate::fields::Fields;
use crate::keys;
use crate::problem::{Sink, meant, quote};
use crate::tree::Node;

/// What the plan says about a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word<'a> {
    /// The release's own.
    Builtin(&'a str),
    /// A file on the operator's machine.
    File,
    /// The digest itself.
    Digest(&'a str),
}

/// Reads the word behind `plugin:`.
pub(crate) fn word(text: &str) -> Option<Word<'_>> {
    if let Some(name) = text.strip_prefix("builtin:") {
        return Some(Word::Builtin(name));
    }
    if text.starts_with("sha256:") {
        return Some(Word::Digest(text));
    }
    let path = text.strip_prefix("file:").unwrap_or(text);
    let file = path.ends_with(".wasm") && !path.contains("://") && !path.contains(char::is_control);
    file.then_some(Word::File)
}

/// The component of a scenario: its word and its digest.
pub(crate) fn component(fields: &Fields<'_>, source: &Source, sink: &mut Sink) -> Option<(String, Sha256)> {
    let node = fields.need("plugin", "name one: plugin: builtin:login", sink)?;
    let text = crate::fields::text(node, &fields.what("plugin"), sink)?;
    let stated = match fields.get("sha256") {
        Some(pin) => Some(digest(pin.scalar().unwrap_or_default(), pin, &fields.what("sha256"), sink)?),
        None => None,
    };
    let digest = match known(&text, node, fields, sink)? {
        Word::Digest(hex) => Some(digest(hex, node, &fields.what("plugin"), sink)?),
        Word::Builtin(_) => stated.or_else(|| source.components.get(&text).copied()),
        Word::File => stated,
    };
    let given = source.components.get(&text).copied().or(stated);
    match (digest, given) {
        (None, _) => {
            sink.say("E033", node.span, format!("{} is not pinned", fields.what("plugin")))
                .label("which content?")
                .help(
                    "run `tidelock plan pin` on this file: it writes the component's sha256 beside the word",
                );
            None
        }
        (Some(digest), Some(given)) if digest != given => {
            let at = fields.get("sha256").unwrap_or(node);
            sink.say(
                "E033",
                at.span,
                format!("{} is pinned to {digest}, but {text} is {given}", fields.place),
            )
            .label("another content")
            .help("if the new content is meant, run `tidelock plan pin` again");
            None
        }
        (Some(digest), _) => Some((text, digest)),
    }
}

fn known<'a>(text: &'a str, node: &Node, fields: &Fields<'_>, sink: &mut Sink) -> Option<Word<'a>> {
    if text.starts_with("oci:") {
        sink.say("E912", node.span, "not yet: components from a registry (`oci:`)")
            .label("not yet")
            .help("fetch the file, push it with `tidelock plugin push`, and pin it");
        return None;
    }
    let found = word(text);
    match &found {
        Some(Word::Builtin(name)) if !keys::BUILTINS.contains(name) => {
            let near = meant(name, keys::BUILTINS).map(|n| format!("did you mean builtin:{n}? "));
            sink.say("E032", node.span, format!("there is no plugin {}", quote(text)))
                .label("unknown")
                .help(format!("{}this release has: {}", near.unwrap_or_default(), keys::BUILTINS.join(", ")));
            None
        }
        Some(Word::Builtin(_) | Word::File | Word::Digest(_)) => found,
        None => {
            let near = meant(text, keys::BUILTINS).map(|n| format!("did you mean builtin:{n}? "));
            sink.say("E032", node.span, format!("{} is {}", fields.what("plugin"), quote(text))).help(
                format!(
                    "{}write builtin:NAME, a path that ends in .wasm, or sha256:HEX",
                    near.unwrap_or_default()
                ),
            );
            None
        }
    }
}

fn digest(text: &str, node: &Node, what: &str, sink: &mut Sink) -> Option<Sha256> {
    match text.parse::<Sha256>() {
        Ok(digest) => Some(digest),
        Err(why) => {
            sink.say("E033", node.span, format!("{what} is {}: {why}", quote(text)))
                .help("`tidelock plan pin` writes it");
            None
        }
    }
}
