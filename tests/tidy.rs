//! The house rules that a machine can check: which crate may name which, what a core may not touch,
//! how long a file may be, and that the README's commands exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the project").to_owned()
}

/// Our crates, each with our crates that it needs outside its tests.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let names: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    (packages.iter())
        .map(|package| {
            let needs = (package["dependencies"].as_array().expect("dependencies").iter())
                .filter(|d| d["kind"].is_null())
                .filter_map(|d| d["name"].as_str())
                .filter(|name| names.contains(name))
                .map(str::to_owned)
                .collect();
            (package["name"].as_str().expect("name").to_owned(), needs)
        })
        .collect()
}

#[test]
fn arrows_point_from_shells_to_cores_to_the_model() {
    let arrows = arrows();
    let allowed = BTreeMap::from([
        ("tidelock-model", vec![]),
        ("tidelock-proto", vec!["tidelock-model"]),
        ("tidelock-plugin", vec![]),
        ("tidelock-components", vec![]),
        ("tidelock-ops", vec![]),
        ("tidelock-agent-core", vec!["tidelock-model"]),
        ("tidelock-sandbox", vec!["tidelock-model"]),
        (
            "tidelock-agent",
            vec![
                "tidelock-model",
                "tidelock-proto",
                "tidelock-agent-core",
                "tidelock-sandbox",
                "tidelock-components",
                "tidelock-ops",
            ],
        ),
        ("tidelock-core", vec!["tidelock-model"]),
        ("tidelock-plan", vec!["tidelock-model", "tidelock-core"]),
        (
            "tidelock-collector",
            vec!["tidelock-model", "tidelock-proto", "tidelock-core", "tidelock-plan", "tidelock-ops"],
        ),
        (
            "tidelock-cli",
            vec!["tidelock-model", "tidelock-proto", "tidelock-core", "tidelock-plan", "tidelock-components"],
        ),
    ]);
    for (name, may) in allowed {
        let needs = arrows.get(name).unwrap_or_else(|| panic!("the crate {name} is gone"));
        let too_much: Vec<_> = needs.iter().filter(|need| !may.contains(&need.as_str())).collect();
        assert!(too_much.is_empty(), "{name} must not need {too_much:?}");
    }
}

/// Every file below `dir` with this ending, without what was built.
fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if path.is_dir() && !matches!(name, "target" | ".git" | "node_modules") {
                open.push(path);
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_core_names_no_runtime_no_clock_and_no_disk() {
    let banned = [
        "tokio",
        "SystemTime",
        "Instant",
        "std::fs",
        "std::net",
        "std::io",
        "std::process",
        "std::thread",
        "async fn",
        "rand::",
        "getrandom",
        "HashMap",
        "HashSet",
        "unsafe",
    ];
    for core in ["collector/core/src", "agent/core/src", "proto/model/src"] {
        let sources = files(&root().join(core), ".rs");
        assert!(!sources.is_empty(), "{core} has no source");
        for file in sources {
            let text = fs::read_to_string(&file).expect("a source file is text");
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                let named = banned.iter().find(|word| code.contains(**word));
                assert!(named.is_none(), "{}:{}: a core names {named:?}", file.display(), number + 1);
            }
        }
    }
}

#[test]
fn no_file_is_longer_than_500_lines_and_half_are_short() {
    let mut lengths = Vec::new();
    for file in files(&root(), ".rs") {
        let lines = fs::read_to_string(&file).expect("a source file is text").lines().count();
        assert!(lines <= 500, "{} has {lines} lines: split it by phase or stage", file.display());
        lengths.push(lines);
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= 170, "half of the files have more than {median} lines");
}

#[test]
fn nothing_is_left_unfinished() {
    for file in files(&root(), ".rs") {
        let text = fs::read_to_string(&file).expect("a source file is text");
        for word in [concat!("to", "do!("), concat!("unimpl", "emented!("), concat!("#[ig", "nore")] {
            assert!(!text.contains(word), "{} has {word}", file.display());
        }
    }
}

/// The code of a file, without its tests and what is said beside it.
fn code(path: &str) -> String {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// How long an ordinary comparison takes tells where it stopped, and no test can show that.
#[test]
fn what_is_kept_of_a_secret_is_compared_by_rings_verify_and_never_by_signs() {
    let signs = ["==", "!=", ".eq(", ".ne(", ".cmp(", "starts_with("];
    let secret = code("collector/src/secret.rs");
    let same = secret.split("pub fn same(").nth(1).and_then(|rest| rest.split("\n}").next());
    assert!(same.is_some_and(|body| body.contains("hmac::verify(")), "secret::same must ask ring's verify");
    let sign = signs.into_iter().find(|sign| secret.contains(sign));
    assert_eq!(sign, None, "collector/src/secret.rs compares by itself");
    // Where a token is known again. A look into a table goes by `Names`.
    for path in ["collector/src/access/grants.rs", "collector/src/join.rs"] {
        let code = code(path);
        assert!(code.contains("secret::same("), "{path} knows no secret again by secret::same");
        for line in
            code.lines().filter(|line| ["hash", "sha256", "kept"].iter().any(|word| line.contains(word)))
        {
            let sign = signs.into_iter().find(|sign| line.contains(sign));
            assert_eq!(sign, None, "{path} compares a secret by itself, not by secret::same: {line}");
        }
    }
}

/// The commands in the README's shell blocks, a line each.
fn readme_commands() -> Vec<String> {
    let text = fs::read_to_string(root().join("README.md")).expect("README.md is there");
    let mut inside = false;
    let mut commands = Vec::new();
    for line in text.lines() {
        match line.trim_start().strip_prefix("```") {
            Some(kind) => inside = !inside && matches!(kind.trim(), "sh" | "bash" | "console"),
            None if inside => commands.push(line.trim().trim_start_matches("$ ").to_owned()),
            None => {}
        }
    }
    commands.into_iter().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn every_command_of_the_readme_exists() {
    let commands = readme_commands();
    assert!(!commands.is_empty(), "the README shows no command");
    let makefile = fs::read_to_string(root().join("Makefile")).expect("Makefile");
    for line in commands {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["make", target, ..] => {
                assert!(makefile.contains(&format!("\n{target}:")), "README: make has no target {target}");
            }
            [program, rest @ ..] if program.ends_with("tidelock") => exists("tidelock", rest, &line),
            [program, rest @ ..] if program.ends_with("tidelock-agent") => {
                exists("tidelock-agent", rest, &line)
            }
            [program, rest @ ..] if program.ends_with("tidelock-collector") => {
                exists("tidelock-collector", rest, &line);
            }
            ["git" | "cd" | "export" | "curl" | "cargo" | "buf", ..] => {}
            _ => panic!("README: nobody checks the command {line:?}; teach tests/tidy.rs to"),
        }
    }
}

/// Asks the program itself whether it knows the command: `--help` after the leading plain words.
fn exists(program: &str, arguments: &[&str], line: &str) {
    let plain =
        |word: &&&str| !word.starts_with('-') && word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let target = env::current_exe().expect("a test knows its own path");
    let target = target.parent().and_then(Path::parent).expect("target/<profile>/deps");
    let known = |words: usize| {
        let leading: Vec<&&str> = arguments.iter().take_while(plain).take(words).collect();
        let output = Command::new(target.join(program)).args(&leading).arg("--help").output();
        let output =
            output.unwrap_or_else(|error| panic!("{program} does not start ({error}): run make build"));
        (output.status.success(), leading.len())
    };
    // The second word may be an argument rather than a command, so one that is known is enough.
    assert!(known(2).0 || known(1).0, "README: {line:?} is no command of {program}");
    assert!(arguments.is_empty() || known(1).1 == 1 || arguments[0].starts_with('-'), "README: {line:?}");
}
