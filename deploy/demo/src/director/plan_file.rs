//! The demo's plan: the checked-in file with the world's own addresses in it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::folder::Folder;
use crate::world::Map;

/// The plan as it is checked in; a whole plan by itself.
pub(crate) const TEMPLATE: &str = include_str!("../../plan.yaml");
/// The flows that it names.
const FLOWS: [(&str, &str); 3] = [
    ("flows/replication.yaml", include_str!("../../flows/replication.yaml")),
    ("flows/all-over.yaml", include_str!("../../flows/all-over.yaml")),
    ("flows/front.yaml", include_str!("../../flows/front.yaml")),
];
/// The migration's name in it.
pub(crate) const MIGRATION: &str = "harbour-shop";

const SOURCE_URL: &str = "http://127.0.0.1:18081";
const TARGET_URL: &str = "http://127.0.0.1:18082";
const FRONT_URL: &str = "http://127.0.0.1:18083";
const SOURCE_DB: &str = "/var/lib/harbour/source.db";
const TARGET_DB: &str = "/var/lib/harbour/target.db";

/// The plan of one demo, changed in its course.
#[derive(Debug, Clone)]
pub(crate) struct PlanFile {
    path: PathBuf,
    text: String,
}

impl PlanFile {
    /// Fills in where everything is, and takes a check out where one is not wanted.
    pub(crate) fn make(folder: &Folder, map: &Map, without: Option<&str>) -> anyhow::Result<PlanFile> {
        let mut text = filled(TEMPLATE, map)?;
        if let Some(check) = without {
            text = without_scenario(&text, check)?;
        }
        std::fs::create_dir(folder.at("flows")).context("make the folder of flows")?;
        for (name, flow) in FLOWS {
            std::fs::write(folder.at(name), flow).with_context(|| format!("write {name}"))?;
        }
        let plan = PlanFile { path: folder.at("plan.yaml"), text };
        plan.write()?;
        Ok(plan)
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a scenario.
    pub(crate) fn add(&mut self, scenario: &str) -> anyhow::Result<()> {
        self.text = with_scenario(&self.text, scenario)?;
        self.write()
    }

    /// Takes a scenario out.
    pub(crate) fn take_out(&mut self, check: &str) -> anyhow::Result<()> {
        self.text = without_scenario(&self.text, check)?;
        self.write()
    }

    fn write(&self) -> anyhow::Result<()> {
        std::fs::write(&self.path, &self.text).with_context(|| format!("write {}", self.path.display()))
    }
}

fn filled(template: &str, map: &Map) -> anyhow::Result<String> {
    Ok(template
        .replace(SOURCE_URL, &map.source.url)
        .replace(TARGET_URL, &map.target.url)
        .replace(FRONT_URL, &map.switch)
        .replace(SOURCE_DB, &quoted(&map.source.db)?)
        .replace(TARGET_DB, &quoted(&map.target.db)?))
}

/// A path as a plan holds it.
fn quoted(path: &Path) -> anyhow::Result<String> {
    let path = path.to_str().context("the demo's folder has a name that is no text")?;
    anyhow::ensure!(
        !path.contains(['\'', '\n']),
        "the demo's folder has a name that a plan cannot hold; give another one with --folder"
    );
    Ok(format!("'{path}'"))
}

/// The lines of a scenario: from its name to the next name of the same depth, or of a lesser one.
fn lines_of(text: &str, check: &str) -> Option<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let scenarios = lines.iter().position(|line| *line == "scenarios:")?;
    let head = format!("  {check}:");
    let from = scenarios + lines[scenarios..].iter().position(|line| *line == head)?;
    let inside = |line: &&str| line.trim().is_empty() || line.starts_with("   ");
    let length = lines[from + 1..].iter().take_while(|line| inside(line)).count();
    Some((from, from + 1 + length))
}

fn without_scenario(text: &str, check: &str) -> anyhow::Result<String> {
    let (from, to) =
        lines_of(text, check).with_context(|| format!("the demo's plan has no check {check:?}"))?;
    let named = |line: &&str| line.contains("needs:") && line.contains(check);
    anyhow::ensure!(
        !text.lines().any(|line| named(&line)),
        "a gate of the demo's plan names the check {check:?}: without it nothing could be played"
    );
    let kept = text.lines().enumerate().filter(|(number, _)| !(from..to).contains(number));
    Ok(kept.map(|(_, line)| format!("{line}\n")).collect())
}

fn with_scenario(text: &str, scenario: &str) -> anyhow::Result<String> {
    let (before, after) = text.split_once("\nscenarios:\n").context("the demo's plan has no scenarios")?;
    Ok(format!("{before}\nscenarios:\n{scenario}\n{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::ShopPlace;

    #[test]
    fn the_template_holds_every_place_that_is_filled_in() {
        let place = |url: &str, db: &str| ShopPlace { url: url.to_owned(), db: db.into(), pid: 1 };
        let map = Map {
            source: place("http://s:1", "/x y/source.db"),
            target: place("http://t:2", "/x y/target.db"),
            replicator: "http://r:3".to_owned(),
            switch: "http://f:4".to_owned(),
            shoppers: None,
            token: String::new(),
        };
        let text = filled(TEMPLATE, &map).unwrap();
        assert!(!text.contains("127.0.0.1:1808") && !text.contains("/var/lib"));
        assert_eq!(text.matches("http://s:1").count(), 3);
        assert_eq!(text.matches("http://t:2").count(), 2);
        assert_eq!(text.matches("http://f:4").count(), 2);
        assert!(text.contains("address: '/x y/source.db'") && text.contains("address: '/x y/target.db'"));
        assert!(text.contains(&format!("\nname: {MIGRATION}\n")));
    }

    #[test]
    fn a_scenario_comes_and_goes_without_a_trace() {
        let block = "  shelf:\n    title: x\n";
        let more = with_scenario(TEMPLATE, block).unwrap();
        assert!(more.contains("\n  shelf:\n    title: x\n"));
        let back = without_scenario(&more, "shelf").unwrap();
        assert_eq!(back, TEMPLATE);
    }

    #[test]
    fn one_scenario_goes_and_its_neighbours_stay() {
        let less = without_scenario(TEMPLATE, "old-side-quiet").unwrap();
        assert!(
            !less.contains("  old-side-quiet:")
                && less.contains("order-queue:")
                && less.contains("old-queue-drained:")
        );
        assert!(without_scenario(TEMPLATE, "no-such").is_err());
        assert!(without_scenario(TEMPLATE, "old-queue-drained").is_err());
    }
}
