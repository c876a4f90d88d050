//! One list of numbers, in `docs/OPERATING.md`: what services tell, what alarms and the dashboard ask for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

pub(super) fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the project");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every word of a text that is a number's name, without what a histogram adds.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names = words.filter(|word| word.starts_with("tidelock_")).map(|word| {
        let histogram = word.contains("_duration_seconds");
        let plain = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
        plain.filter(|_| histogram).unwrap_or(word).to_owned()
    });
    names.collect()
}

/// Every number of a scrape stands in the list.
pub(super) fn all_are_documented(scrape: &str) {
    let known = names(&file("docs/OPERATING.md"));
    let unknown: Vec<_> = names(scrape).difference(&known).cloned().collect();
    assert!(unknown.is_empty(), "docs/OPERATING.md does not say what {unknown:?} are");
}

#[test]
fn alarms_and_dashboard_ask_for_numbers_that_there_are() {
    let known = names(&file("docs/OPERATING.md"));
    for path in
        ["deploy/prometheus/rules.yaml", "deploy/prometheus/tests.yaml", "deploy/grafana/tidelock.json"]
    {
        let asked = names(&file(path));
        assert!(!asked.is_empty(), "{path} asks for nothing");
        let unknown: Vec<_> = asked.difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "{path} asks for {unknown:?}, which nobody tells");
    }
    let told = [
        "collector/src/server/numbers.rs",
        "collector/src/server/ops.rs",
        "collector/src/ingest/tally.rs",
        "agent/src/ops.rs",
        "proto/ops/src/dropped.rs",
        "proto/ops/src/metrics.rs",
    ];
    let source: String = told.into_iter().map(file).collect();
    let told = names(&source);
    let made_up: Vec<_> =
        known.iter().filter(|name| !told.contains(*name)).filter(|name| *name != "tidelock_ops").collect();
    assert!(made_up.is_empty(), "docs/OPERATING.md lists {made_up:?}, which nobody tells");
}

#[test]
fn the_dashboard_is_json_with_panels_that_ask() {
    let board: serde_json::Value = serde_json::from_str(&file("deploy/grafana/tidelock.json")).expect("JSON");
    let panels = board["panels"].as_array().expect("panels");
    assert!(panels.len() > 10);
    for panel in panels {
        let asks = panel["targets"].as_array().is_some_and(|targets| !targets.is_empty());
        assert!(asks && panel["title"].is_string(), "{panel}");
    }
}
