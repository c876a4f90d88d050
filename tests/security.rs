//! SECURITY.md names its tests and mutations: each name is there, and each threat has at least one of both.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Threats that nothing of ours can carry out.
const NONE_OF_OURS: [&str; 1] = ["T13"];

/// Plays stories: all of them, or the one that `make mutate` names.
const STORIES: &str = "every_story_ends_as_it_says";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the project").to_owned()
}

/// The names of all tests, and the file names of all stories.
fn known(dir: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).expect("a folder of the project").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(name.as_str(), "target" | ".git" | "node_modules") {
            known(&path, names);
        } else if name.ends_with(".story") {
            names.insert(name);
        } else if name.ends_with(".rs") {
            tests_of(&fs::read_to_string(&path).expect("a source file is text"), names);
        }
    }
}

/// A function counts when an attribute of a test stands above it.
fn tests_of(text: &str, names: &mut BTreeSet<String>) {
    let mut test = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            test |= line.contains("test");
            continue;
        }
        let head = line.strip_prefix("async ").unwrap_or(line);
        if let Some((name, _)) = head.strip_prefix("fn ").and_then(|rest| rest.split_once('('))
            && test
        {
            names.insert(name.to_owned());
        }
        test &= line.starts_with("//");
    }
}

fn security() -> String {
    fs::read_to_string(root().join("SECURITY.md")).expect("SECURITY.md is there")
}

/// Each threat's number, and what is said of it.
fn sections(text: &str) -> Vec<(&str, &str)> {
    let parts = text.split("\n### ").skip(1).map(|part| part.split("\n## ").next().unwrap_or(part));
    parts.map(|part| (part.split(' ').next().unwrap_or(part), part)).collect()
}

/// What stands behind this title, up to the next one.
fn paragraph<'a>(part: &'a str, title: &str) -> &'a str {
    let rest = part.split_once(title).map(|(_, rest)| rest).unwrap_or_default();
    rest.split("\n**").next().unwrap_or(rest).trim()
}

fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_test_that_security_md_names_exists() {
    let mut names = BTreeSet::new();
    known(&root(), &mut names);
    let mut threats = Vec::new();
    let text = security();
    for (threat, part) in sections(&text) {
        let named = quoted(paragraph(part, "**Tests.**"));
        let missing: Vec<_> = named.iter().filter(|name| !names.contains(**name)).collect();
        assert!(missing.is_empty(), "{threat}: no test is called {missing:?}");
        assert_eq!(named.is_empty(), NONE_OF_OURS.contains(&threat), "{threat} has no test");
        assert!(part.contains("**Defence.**"), "{threat} says nothing of its defence");
        threats.push(threat.to_owned());
    }
    let expected: Vec<String> = (1..=18).map(|number| format!("T{number}")).collect();
    assert_eq!(threats, expected);
}

/// Every file below `dir` that ends like this.
fn files(dir: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a folder of the project").flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() && !matches!(name.as_str(), "target" | ".git" | "node_modules") {
            files(&path, ending, found);
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

/// The names in `mutated("…")` of all sources but the function's own.
fn defences() -> BTreeSet<String> {
    let (mut sources, mut names) = (Vec::new(), BTreeSet::new());
    files(&root(), ".rs", &mut sources);
    for path in sources.iter().filter(|path| !path.starts_with(root().join("tests"))) {
        let text = fs::read_to_string(path).expect("a source file is text");
        for part in text.split("mutated(\"").skip(1) {
            assert!(
                names.insert(part.split('"').next().unwrap_or(part).to_owned()),
                "{part:.40} is there twice"
            );
        }
    }
    names
}

/// Each defence of the list, and the test that notices: of a test that plays stories the story, by its file.
fn noticed_by() -> BTreeMap<String, String> {
    let list = fs::read_to_string(root().join("tests/mutations.txt")).expect("the list is there");
    let line = |line: &str| match line.split_whitespace().collect::<Vec<_>>()[..] {
        [defence, _, test] if test != STORIES => (defence.to_owned(), test.to_owned()),
        [defence, _, STORIES, story] if story.ends_with(".story") => (defence.to_owned(), story.to_owned()),
        _ => panic!("{line:?} is no defence, crate, test, and story where the test plays stories"),
    };
    list.lines().filter(|line| !line.starts_with('#')).map(line).collect()
}

#[test]
fn every_defence_that_can_be_taken_away_has_a_test_that_notices() {
    let mut names = BTreeSet::new();
    known(&root(), &mut names);
    let noticed_by = noticed_by();
    for (defence, test) in &noticed_by {
        assert!(names.contains(test), "{defence}: no test is called {test}");
    }
    let listed: BTreeSet<String> = noticed_by.into_keys().collect();
    assert_eq!(listed, defences(), "tests/mutations.txt and the sources name other defences");
    assert!(listed.len() >= 10);
}

#[test]
fn every_threat_names_a_defence_that_can_be_taken_away_and_the_test_that_notices_or_says_why_not() {
    let (text, noticed_by, mut named) = (security(), noticed_by(), BTreeSet::new());
    for (threat, part) in sections(&text) {
        let said = paragraph(part, "**Mutations.**");
        if let Some(why) = said.strip_prefix("None:") {
            assert!(why.split_whitespace().count() >= 5, "{threat} does not say why it names none");
            assert!(quoted(why).is_empty(), "{threat} says none and names one");
            continue;
        }
        let mutations = quoted(said);
        assert!(!mutations.is_empty(), "{threat} names no defence that can be taken away");
        let tests = quoted(paragraph(part, "**Tests.**"));
        for mutation in mutations {
            let test = noticed_by.get(mutation).map_or("no test", String::as_str);
            assert!(tests.contains(&test), "{threat}: {test} notices {mutation}, and is not named");
            assert!(named.insert(mutation.to_owned()), "{threat}: {mutation} is named already");
        }
    }
    // What the sources have is what the list has: the test above compares them.
    assert_eq!(named, defences(), "SECURITY.md and the sources name other defences");
}

#[test]
fn nothing_that_is_released_can_lose_a_defence() {
    let model = fs::read_to_string(root().join("proto/model/src/mutate.rs")).expect("the model has it");
    assert!(
        model.contains("#[cfg(all(feature = \"mutate\", not(debug_assertions)))]\ncompile_error!"),
        "a release may be built with it"
    );
    let mut manifests = Vec::new();
    files(&root(), "Cargo.toml", &mut manifests);
    for path in manifests {
        let text = fs::read_to_string(&path).expect("a manifest is text");
        let lines =
            text.lines().filter(|line| !line.trim_start().starts_with('#') && line.contains("mutate"));
        let named: Vec<&str> = lines.collect();
        let allowed: &[&str] = if path.ends_with("proto/model/Cargo.toml") { &["mutate = []"] } else { &[] };
        assert_eq!(named, allowed, "{}: nothing may turn mutations on", path.display());
    }
    let mut scripts = Vec::new();
    files(&root().join("deploy"), "", &mut scripts);
    for path in scripts.iter().filter(|path| !path.ends_with("mutate.sh")) {
        let text =
            fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        assert!(!text.contains("tidelock-model/mutate"), "{} builds without a defence", path.display());
    }
}
