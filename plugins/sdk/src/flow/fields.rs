//! An answer taken apart into fields: status, headers, and the body as far as its kind is known.
//!
//! A field is as small as it can be without depending on what stands before it: one number of a list that
//! moves must not make the whole page another one. Addresses of the side itself are written as the target's
//! name, because they differ by nature.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use super::blocks::blocks;
use super::compare::SameResponse;
use crate::{Browser, Reply};

/// Fields of one answer that are told apart.
const MAX_KNOWN: usize = 4096;
/// Addresses whose target is asked for.
const MAX_ORIGINS: usize = 64;

/// The fields of one answer, by path.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) known: BTreeMap<String, String>,
    /// What did not fit, in order.
    pub(crate) rest: Option<String>,
}

impl Fields {
    fn put(&mut self, path: String, value: String) {
        if self.known.len() < MAX_KNOWN {
            self.known.insert(path, value);
        } else {
            let rest = self.rest.get_or_insert_default();
            rest.push_str(&path);
            rest.push('=');
            rest.push_str(&value);
            rest.push('\n');
        }
    }
}

/// Takes an answer apart.
pub(crate) fn fields(reply: &Reply, same: &SameResponse, browser: &Browser) -> Fields {
    let own = Own { browser, origins: RefCell::default() };
    let mut fields = Fields::default();
    fields.put("status".to_owned(), reply.status.to_string());
    let kind = reply.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let named = same.headers.iter().map(|name| name.to_ascii_lowercase());
    for name in std::iter::once("content-type".to_owned()).chain(named) {
        let values: Vec<&str> = (reply.headers.iter())
            .filter(|(key, _)| key.eq_ignore_ascii_case(&name))
            .map(|(_, value)| value.trim())
            .collect();
        if !values.is_empty() {
            fields.put(format!("header/{name}"), own.plain(&values.join(", ")));
        }
    }
    body(reply, &kind, &own, &mut fields);
    fields
}

fn body(reply: &Reply, kind: &str, own: &Own<'_>, fields: &mut Fields) {
    let Ok(text) = std::str::from_utf8(&reply.body) else {
        let bytes = reply.body.iter().map(|byte| format!("{byte:02x}")).collect();
        return fields.put("body".to_owned(), bytes);
    };
    let begins = text.trim_start();
    if (kind.contains("json") || begins.starts_with(['{', '[']))
        && let Ok(json) = serde_json::from_str(text)
    {
        return leaves("body", &json, own, fields);
    }
    let head = begins.get(..15).unwrap_or(begins).to_ascii_lowercase();
    if kind.contains("html") || head.starts_with("<!doctype html") || head.starts_with("<html") {
        for (name, block) in blocks(text) {
            fields.put(format!("body/{name}"), own.plain(&block));
        }
        return;
    }
    let lines = text.lines().map(squeeze).filter(|line| !line.is_empty());
    for (at, line) in lines.enumerate() {
        fields.put(format!("body/line-{}", at + 1), own.plain(&line));
    }
}

/// Each value that is neither a list nor an object, by the way to it; an empty one of these is a value too.
fn leaves(path: &str, json: &Value, own: &Own<'_>, fields: &mut Fields) {
    match json {
        Value::Object(members) if !members.is_empty() => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            for (name, value) in sorted {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(&format!("{path}/{name}"), value, own, fields);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, value) in items.iter().enumerate() {
                leaves(&format!("{path}/{at}"), value, own, fields);
            }
        }
        Value::String(text) => fields.put(path.to_owned(), format!("\"{}", own.plain(text))),
        Value::Number(number) => {
            // 1 and 1.0 are one number.
            let whole = number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15);
            let plain = whole.map_or_else(|| number.to_string(), |whole| format!("{whole:.0}"));
            fields.put(path.to_owned(), plain);
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            fields.put(path.to_owned(), json.to_string());
        }
    }
}

/// One space where there are several, none at the ends.
pub(crate) fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Knows which addresses are the side's own.
struct Own<'b> {
    browser: &'b Browser,
    origins: RefCell<BTreeMap<String, Option<String>>>,
}

impl Own<'_> {
    /// The text with the side's own addresses written as their target.
    fn plain(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("http") {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            let scheme = ["http://", "https://"].into_iter().find(|scheme| from.starts_with(scheme));
            let Some(scheme) = scheme else {
                out.push_str("http");
                rest = &from[4..];
                continue;
            };
            let inside =
                |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_');
            let place = &from[scheme.len()..];
            let end = scheme.len() + place.find(|c| !inside(c)).unwrap_or(place.len());
            let (origin, after) = from.split_at(end);
            match self.target(origin) {
                Some(target) => out.push_str(&format!("target:{target}")),
                None => out.push_str(origin),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn target(&self, origin: &str) -> Option<String> {
        let mut origins = self.origins.borrow_mut();
        if let Some(known) = origins.get(origin) {
            return known.clone();
        }
        if origins.len() == MAX_ORIGINS {
            return None;
        }
        let target = self.browser.target_of(&format!("{origin}/"));
        origins.insert(origin.to_owned(), target.clone());
        target
    }
}
