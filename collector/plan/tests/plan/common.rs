//! Plans from the repository, with everything that they name.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tidelock_model::Sha256;
use tidelock_plan::{Problems, Source, check, named_components, named_files};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A plan file as `plan check` would send it, with a made-up digest for each built-in plugin.
pub(crate) fn load(path: &str) -> Source {
    let file = root().join(path);
    let yaml = std::fs::read_to_string(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
    let beside = file.parent().expect("a file lies in a folder");
    let files = (named_files(&yaml).into_iter())
        .filter_map(|name| Some((name.clone(), std::fs::read_to_string(beside.join(name)).ok()?)))
        .collect();
    source(path, yaml, files)
}

/// A plan with these files.
pub(crate) fn source(path: &str, yaml: String, files: BTreeMap<String, String>) -> Source {
    let components = (named_components(&yaml).into_iter())
        .filter(|word| word.starts_with("builtin:"))
        .map(|word| (word, Sha256::from_bytes([7; 32])))
        .collect();
    Source { path: path.into(), yaml, files, components }
}

/// Everything that is said about a plan.
pub(crate) fn told(source: &Source) -> Problems {
    match check(source) {
        Ok(checked) => checked.problems(),
        Err(problems) => problems,
    }
}

/// The plans that a list of edits makes of a good one, each with its title.
pub(crate) fn edits(good: &str, list: &str) -> Vec<(String, String)> {
    let mut plans = Vec::new();
    for block in list.split("\n=== ").filter(|b| !b.starts_with('#')) {
        let (title, edit) = block.split_once('\n').expect("a title line");
        let mut yaml = good.to_owned();
        for change in edit.trim_end().split("\n+++\n") {
            let (old, new) = change.split_once("\n>>>\n").unwrap_or((change.trim_end_matches("\n>>>"), ""));
            assert_eq!(yaml.matches(old).count(), 1, "{title}: {old:?} must stand once in the good plan");
            yaml = yaml.replace(old, &new.replace("\\t", "\t").replace("\\u202e", "\u{202e}"));
        }
        plans.push((title.trim().to_owned(), yaml));
    }
    plans
}

/// What is said about each, with its place and its way out.
pub(crate) fn page(sources: impl Iterator<Item = (String, Source)>) -> String {
    let mut page = String::new();
    for (title, source) in sources {
        let problems = told(&source);
        assert!(!problems.problems().is_empty(), "{title}: nothing was said");
        writeln!(page, "{title}").expect("a string takes everything");
        for p in problems.problems() {
            let file = p.file.as_deref().unwrap_or("plan.yaml");
            let (line, column) = (p.line.unwrap_or(0), p.column.unwrap_or(0));
            writeln!(page, "    {} {file}:{line}:{column} {}", p.code, p.message)
                .expect("a string takes everything");
            if let Some(help) = &p.help {
                writeln!(page, "         help: {help}").expect("a string takes everything");
            }
        }
    }
    page
}
