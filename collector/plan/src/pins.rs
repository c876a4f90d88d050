//! What a plan names outside itself, and writing pins into it.
//!
//! Both work on a plan that is not complete yet: the files must be found and the digests known
//! before it can be checked.

use std::collections::{BTreeMap, BTreeSet};

use tidelock_model::Sha256;

use crate::environment::ca_files;
use crate::files::is_inside;
use crate::problem::Sink;
use crate::tree::{self, Entry, Kind, Node};

/// The flow and certificate files that a plan names, by their paths relative to the plan.
///
/// A path that leaves the plan's folder is not among them; [`crate::check`] refuses it.
pub fn named_files(yaml: &str) -> Vec<String> {
    let Some(root) = tree::parse(yaml, &mut Sink::default()) else {
        return Vec::new();
    };
    let flows = scenarios(&root).filter_map(|s| s.value.at(&["with", "flow"])?.value.scalar());
    let sides = root.entry("environments").map_or(&[][..], |e| e.value.entries());
    let files: BTreeSet<&str> = flows.chain(sides.iter().flat_map(|side| ca_files(&side.value))).collect();
    files.into_iter().filter(|path| is_inside(path)).map(String::from).collect()
}

/// The components that a plan names, in its own words: `builtin:login`, `./stock.wasm`, `sha256:…`.
pub fn named_components(yaml: &str) -> Vec<String> {
    let Some(root) = tree::parse(yaml, &mut Sink::default()) else {
        return Vec::new();
    };
    let words: BTreeSet<&str> =
        checks(&root).filter_map(|s| s.value.entry("plugin")?.value.scalar()).collect();
    words.into_iter().filter(|word| crate::plugin::word(word).is_some()).map(String::from).collect()
}

/// Writes the digests of components beside their words; everything else stays as it is.
pub fn pin(yaml: &str, pins: &BTreeMap<String, Sha256>) -> String {
    let Some(root) = tree::parse(yaml, &mut Sink::default()) else {
        return yaml.to_owned();
    };
    // By place, so that an anchor that several scenarios share is edited once, and from the end, so
    // that earlier places stay where they are.
    let edits: BTreeMap<(usize, usize), String> =
        checks(&root).filter_map(|scenario| edit(yaml, &scenario.value, pins)).collect();
    let mut text = yaml.to_owned();
    for ((start, length), with) in edits.into_iter().rev() {
        if text.is_char_boundary(start) && text.is_char_boundary(start + length) {
            text.replace_range(start..start + length, &with);
        }
    }
    text
}

/// All that names a component: the scenarios, and the check that must fail.
fn checks(root: &Node) -> impl Iterator<Item = &Entry> {
    let canary = root.entry("canary").filter(|canary| matches!(canary.value.kind, Kind::Map(_)));
    scenarios(root).chain(canary)
}

fn scenarios(root: &Node) -> impl Iterator<Item = &Entry> {
    let scenarios = root.entry("scenarios").map_or(&[][..], |e| e.value.entries());
    scenarios.iter().filter(|s| matches!(s.value.kind, Kind::Map(_)))
}

fn edit(yaml: &str, scenario: &Node, pins: &BTreeMap<String, Sha256>) -> Option<((usize, usize), String)> {
    let plugin = scenario.entry("plugin")?;
    let digest = pins.get(plugin.value.scalar()?)?;
    if plugin.value.scalar()?.starts_with("sha256:") {
        return None;
    }
    if let Some(pinned) = scenario.entry("sha256") {
        return Some((pinned.value.span, digest.to_string()));
    }
    let end = plugin.value.span.0 + plugin.value.span.1;
    let line_start = yaml[..plugin.key_span.0].rfind('\n').map_or(0, |at| at + 1);
    let indent = &yaml[line_start..plugin.key_span.0];
    if !indent.trim_start_matches('\u{feff}').bytes().all(|b| b == b' ')
        || yaml[scenario.span.0..].starts_with('{')
    {
        return Some(((end, 0), format!(", sha256: {digest}")));
    }
    let line_end = yaml[end..].find('\n').map_or(yaml.len(), |at| end + at);
    let (at, newline) =
        if yaml[..line_end].ends_with('\r') { (line_end - 1, "\r\n") } else { (line_end, "\n") };
    Some(((at, 0), format!("{newline}{indent}sha256: {digest}")))
}
