//! Secrets: a plan names them and never holds one.
//!
//! A plan is shown, mailed, kept in the journal for ever and printed when a migration is looked
//! back at. What looks like a secret in it is refused without being repeated.

use std::collections::BTreeSet;

use tidelock_core::plan::Credential;
use tidelock_model::Name;

use crate::fields::{Fields, text};
use crate::keys;
use crate::problem::{Sink, quote};
use crate::tree::{Kind, Node};

const HELP: &str = "write \"secret:NAME\" and give the agents the value: [secrets.NAME] in agent.toml";
/// Keys whose value is a secret, whole or after `_` or `-`.
const SECRET_WORDS: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "access_key",
];
/// Beginnings of values that are secrets wherever they stand.
const SECRET_STARTS: [&str; 8] =
    ["AKIA", "ASIA", "ghp_", "glpat-", "xoxb-", "xoxp-", "sk_live_", "Bearer ey"];

/// Reads `secret:NAME`.
pub(crate) fn reference(node: &Node, what: &str, sink: &mut Sink) -> Option<Name> {
    let found = node.scalar().unwrap_or_default();
    let Some(name) = found.strip_prefix("secret:") else {
        sink.say("E024", node.span, format!("{what} is not a reference to a secret"))
            .label("hidden")
            .help(HELP);
        return None;
    };
    let name = Name::new(name);
    if let Err(why) = &name {
        sink.say("E025", node.span, format!("{what} is {}: {why}", quote(found)))
            .help("write secret: and a name without blanks: secret:partner-token");
    }
    name.ok()
}

/// Reads how a credential is put in.
pub(crate) fn credential(node: &Node, place: &str, sink: &mut Sink) -> Option<Credential> {
    let place = format!("the credential of {place}");
    if node.entry("aws-sigv4").is_some() {
        sink.say("E910", node.span, "not yet: requests signed for AWS")
            .label("not yet")
            .help("this release knows bearer, basic, header and form");
        return None;
    }
    let fields = Fields::of(node, &keys::CREDENTIAL, &place, node.span, sink)?;
    let ways: Vec<&str> =
        ["bearer", "basic", "header", "form"].into_iter().filter(|way| fields.get(way).is_some()).collect();
    let [way] = ways[..] else {
        sink.say("E022", node.span, format!("{place} has {} of bearer, basic, header and form", ways.len()))
            .help("write exactly one: credential: { bearer: secret:partner-token }");
        return None;
    };
    let secret = reference(fields.get(way)?, &fields.what(way), sink)?;
    match way {
        "bearer" => Some(Credential::Bearer(secret)),
        "basic" => Some(Credential::Basic(secret)),
        _ => {
            let named =
                fields.need("name", "say which one: { header: secret:NAME, name: X-Api-Key }", sink)?;
            let name = text(named, &fields.what("name"), sink)?;
            let safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'[' | b']');
            if !name.bytes().all(safe) {
                sink.say("E011", named.span, format!("{} is {}", fields.what("name"), quote(&name)))
                    .help("a header's or form field's name has letters, digits, `-`, `_` and `.`");
                return None;
            }
            Some(if way == "header" {
                Credential::Header(name, secret)
            } else {
                Credential::Form(name, secret)
            })
        }
    }
}

/// The names of the secrets that a text mentions.
pub(crate) fn mentioned(text: &str, names: &mut BTreeSet<Name>) {
    for (at, _) in text.match_indices("secret:") {
        if text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            continue;
        }
        let rest = &text[at + "secret:".len()..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
            .unwrap_or(rest.len());
        if let Ok(name) = Name::new(rest[..end].trim_end_matches(['.', '-', '_'])) {
            names.insert(name);
        }
    }
}

/// Refuses what looks like a secret in the settings of a scenario.
pub(crate) fn clear_text(node: &Node, place: &str, sink: &mut Sink) {
    match &node.kind {
        Kind::Scalar { text, .. } => {
            if SECRET_STARTS.iter().any(|s| text.starts_with(s))
                || text.contains("PRIVATE KEY-----")
                || has_login(text)
            {
                tell(node, place, "a value", sink);
            }
            if let Some(name) = text.strip_prefix("secret:")
                && let Err(why) = Name::new(name)
            {
                sink.say("E025", node.span, format!("{place} names the secret {}: {why}", quote(name)));
            }
        }
        Kind::Seq(items) => items.iter().for_each(|item| clear_text(item, place, sink)),
        Kind::Map(entries) => {
            for entry in entries {
                match entry.value.scalar() {
                    Some(value) if is_secret_key(&entry.key) && is_literal(value) => {
                        tell(&entry.value, place, &format!("{:?}", entry.key), sink);
                    }
                    Some(_) | None => clear_text(&entry.value, place, sink),
                }
            }
        }
    }
}

fn tell(node: &Node, place: &str, what: &str, sink: &mut Sink) {
    sink.say("E024", node.span, format!("{what} in {place} looks like a secret in clear text"))
        .label("hidden")
        .help(HELP);
}

fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    let about_it = ["csrf", "xsrf", "wrong", "bad", "invalid"].iter().any(|word| key.starts_with(word));
    !about_it && SECRET_WORDS.iter().any(|word| key == *word || key.ends_with(&format!("_{word}")))
}

/// A value that stands for itself: no reference, template, pointer or selector.
fn is_literal(value: &str) -> bool {
    let refers = value.starts_with("secret:") || value.starts_with(['/', '$', '.', '#']);
    !refers && !value.contains(['{', '[', '<', '*']) && !matches!(value, "" | "true" | "false" | "null" | "~")
}

fn has_login(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.split_once('@').is_some_and(|(login, _)| login.contains(':') && !login.contains('{'))
}
