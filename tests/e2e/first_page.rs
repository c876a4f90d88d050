//! `docs/first-check.md`, word for word: what a newcomer types first works, and prints what the page shows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tidelock_tests::{World, program};

/// A fenced block of the page.
#[derive(Debug)]
struct Block {
    line: usize,
    language: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block { line: at + 1, language: language.to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some(block)) => block.text.push_str(&format!("{line}\n")),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed: {open:?}");
    found
}

/// Whether one line holds all that stands between the dots, in order.
fn fits(wanted: &str, line: &str) -> bool {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = squeezed(line);
    let mut rest = line.as_str();
    wanted.split('…').map(squeezed).filter(|part| !part.is_empty()).all(|part| match rest.find(&part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[test]
fn a_line_fits_by_what_stands_between_the_dots() {
    assert!(fits("✔ case a.yaml … pass", "  ✔ case a.yaml     pass as expected"));
    assert!(!fits("pass … a", "a pass"));
    assert!(!fits("a b", "ab"));
}

/// Runs the commands of a block; what they said on both streams.
fn run(world: &World, home: &Path, block: &Block) -> String {
    let tools = program("tidelock");
    let bin = tools.parent().expect("the program lies in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let operator = &world.operator;
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", &format!("exec 2>&1\n{}", block.text)]).current_dir(home);
    shell.env("PATH", format!("{}:{path}", bin.display()));
    shell.env("OLD", &world.source.url).env("NEW", &world.target.url);
    shell.env("TIDELOCK_SERVER", &operator.server).env("TIDELOCK_CA_FILE", &operator.ca);
    shell.env("TIDELOCK_TOKEN_FILE", &operator.token);
    shell.env("TIDELOCK_CONFIG", home.join("contexts.toml")).env("XDG_CACHE_HOME", home.join("cache"));
    let done = shell.output().expect("bash starts");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "docs/first-check.md:{}: {}\n{said}", block.line, block.text);
    said
}

/// An agent on each side that trusts the key of the page.
fn agents(world: &mut World, home: &Path) {
    let public = fs::read_to_string(home.join("team.key.pub")).expect("the page has made a key");
    for (side, name) in [("source", "source-1"), ("target", "target-1")] {
        let folder = world.enrol(side, name);
        let config = folder.join("agent.toml");
        let text = fs::read_to_string(&config).expect("a configuration");
        let trusts = format!("trusted_keys = [{:?}]", public.trim());
        fs::write(&config, text.replace("allow_unsigned = true", &trusts)).expect("written");
        world.adopt(side, name, folder);
    }
}

#[test]
fn the_page_of_the_first_check_is_true_word_for_word() {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("");
    let page = fs::read_to_string(root.join("docs/first-check.md")).expect("the page is there");
    // Inside of the checkout the library is found by itself, and what another test has built is shared.
    let shared = root.join("deploy/examples/plugin-20-lines/target");
    fs::create_dir_all(&shared).expect("a folder");
    let home = tempfile::tempdir_in(&shared).expect("a folder");
    let mut world = World::collector_alone();
    let (mut commands, mut lines, mut said) = (0, 0, String::new());
    for block in blocks(&page) {
        match block.language.as_str() {
            "sh" => {
                said = run(&world, home.path(), &block);
                commands += 1;
                if block.text.contains("plugin new") {
                    std::os::unix::fs::symlink(&shared, home.path().join("front/target")).expect("linked");
                }
                if block.text.contains("plan apply") {
                    agents(&mut world, home.path());
                }
            }
            "text" => {
                for line in block.text.lines() {
                    let at = format!("docs/first-check.md:{}", block.line);
                    assert!(said.lines().any(|it| fits(line, it)), "{at}: {line:?} is not in\n{said}");
                    lines += 1;
                }
            }
            other => panic!("docs/first-check.md:{}: a block of {other:?} is not run", block.line),
        }
    }
    assert!(commands >= 7 && lines >= 20, "the page has {commands} blocks and {lines} lines");
}
