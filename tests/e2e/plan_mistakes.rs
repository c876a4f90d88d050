//! A plan with every kind of mistake: all of them are told in one go, each with its line, its code and the
//! way out, and nothing of it is applied.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{expect, expect_file};
use tempfile::TempDir;
use tidelock_tests::{Answer, Cli, Terminal, World};

/// The plan, and the flow that it names.
const PLAN: &str = include_str!("golden/mistakes.yaml");
const FLOW: &str = "- a\n- b\n";

/// What is said of a flow that is not there, in JSON.
const NOT_FOUND: &str = r#"list.yaml\", which was not found"#;

/// A folder with the plan in it.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("list.yaml"), FLOW).expect("written");
    let plan = folder.path().join("mistakes.yaml");
    fs::write(&plan, PLAN).expect("written");
    (folder, plan)
}

/// A command in the plan's folder, without a collector.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let nowhere = PathBuf::from("/dev/null");
    let server = "https://127.0.0.1:9".to_owned();
    let cli = Cli { server, ca: nowhere.clone(), token: nowhere, home: folder.to_owned() };
    let mut command = cli.command(arguments);
    command.current_dir(folder);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Answer {
    let output = command(folder, arguments).env("COLUMNS", "100").output().expect("tidelock starts");
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn every_mistake_is_told_in_one_go_with_its_line_and_the_way_out() {
    let (folder, _) = folder();
    let text = run(folder.path(), &["plan", "check", "mistakes.yaml"]);
    assert_eq!(text.code, 2, "{}{}", text.out, text.err);
    expect_file!["golden/mistakes.txt"].assert_eq(&text.out);
    for secret in ["hunter2", "swordfish"] {
        assert!(!text.out.contains(secret), "what was taken for a secret is repeated: {secret}");
    }
    let json = run(folder.path(), &["plan", "check", "mistakes.yaml", "-o", "json"]);
    assert_eq!(json.code, 2, "{}", json.err);
    let answer = json.json();
    assert_eq!(answer["ok"], false);
    let problems = answer["problems"]["problems"].as_array().expect("a list");
    let mut kinds = BTreeSet::new();
    for problem in problems {
        let code = problem["code"].as_str().expect("a code");
        assert!(problem["line"].as_u64().is_some_and(|line| line > 0), "no line: {problem}");
        assert!(problem["help"].as_str().is_some_and(|help| !help.is_empty()), "no way out: {problem}");
        assert!(text.out.contains(code), "{code} is in the JSON and not in the text");
        kinds.insert(code.to_owned());
    }
    assert!(kinds.len() >= 30, "only {} kinds: {kinds:?}", kinds.len());
    let codes: Vec<String> = (problems.iter())
        .map(|problem| format!("{} line {}", problem["code"].as_str().unwrap_or(""), problem["line"]))
        .collect();
    expect_file!["golden/mistakes.codes"].assert_eq(&(codes.join("\n") + "\n"));
}

/// What stands over a mark.
fn over(line: &str, mark: &str) -> String {
    let mark: Vec<char> = mark.chars().collect();
    let from = mark.iter().position(|c| ['─', '┬', '▲'].contains(c)).expect("a mark");
    line.chars().skip(from).take(mark.len() - from).collect()
}

#[test]
fn the_lines_of_a_plan_fit_the_terminal_and_are_cut_around_their_marks() {
    let (folder, _) = folder();
    for columns in [20, 60] {
        let shown =
            Terminal::open(&command(folder.path(), &["plan", "check", "mistakes.yaml"]), columns).ended();
        assert_eq!(shown.code, 2, "{}", shown.text);
        let lines = shown.lines();
        let framed = |line: &&String| ["╭─[", " │ ", " · ", "╰──"].iter().any(|frame| line.contains(frame));
        assert!(lines.iter().filter(framed).count() > 100, "{}", shown.text);
        let wide = lines.iter().filter(framed).find(|line| line.chars().count() > columns as usize);
        assert_eq!(wide, None, "wider than {columns} columns: {}", shown.text);
        let marked =
            |pair: &&[String]| pair[0].contains(": fense, o") && pair[1].trim_start().starts_with('·');
        let pair = lines.windows(2).find(marked).unwrap_or_else(|| panic!("no mark: {}", shown.text));
        assert_eq!(over(&pair[0], &pair[1]), "fense", "{columns} columns: {}", shown.text);
    }
}

#[test]
fn nothing_of_a_plan_with_mistakes_is_applied() {
    let world = World::collector_alone();
    let (_folder, plan) = folder();
    let path = plan.display().to_string();
    // What is wrong and what only looks wrong are counted apart.
    let codes = include_str!("golden/mistakes.codes");
    let count = |letter: char| codes.lines().filter(|code| code.starts_with(letter)).count();
    let counted = format!("has {} mistakes and {} warnings; nothing was done", count('E'), count('W'));
    for more in [&["--yes", "--reason", "I want it"][..], &["--dry-run"]] {
        let applied = world.operator.run(&[&["plan", "apply", &path][..], more].concat());
        assert_eq!(applied.code, 2, "{}{}", applied.out, applied.err);
        assert!(applied.err.contains(&counted), "{counted}: {}", applied.err);
        assert!(
            applied.err.contains("E015") && applied.err.contains("E043"),
            "not all of it: {}",
            applied.err
        );
    }
    assert_eq!(world.operator.run(&["status"]).code, 2, "there is a migration");
    assert!(world.operator.run(&["plugin", "ls"]).good().out.is_empty(), "a component was pushed");
}

#[test]
fn a_text_that_cannot_be_read_as_a_plan_says_where_it_breaks() {
    let (folder, _) = folder();
    let deep = "a: ".to_owned() + &"[".repeat(200) + &"]".repeat(200);
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\n".to_owned()
        + &(0..20).map(|i| format!("c{i}: [*b, *b, *b]\n")).collect::<String>();
    let cases: [(&str, Vec<u8>); 11] = [
        ("empty", Vec::new()),
        ("comments alone", b"# nothing\n".to_vec()),
        ("a list", b"- a\n".to_vec()),
        ("two documents", b"tidelock: plan/v1\n---\ntidelock: plan/v1\n".to_vec()),
        ("a tab", b"tidelock: plan/v1\nenvironments:\n\tsource: {}\n".to_vec()),
        ("an open bracket", b"tidelock: plan/v1\npeople: { ana: {\n".to_vec()),
        ("a newer format", b"tidelock: plan/v2\nname: shop\n".to_vec()),
        ("too deep", deep.into_bytes()),
        ("aliases of aliases", bomb.into_bytes()),
        ("no text", b"name: \xff\xfe\n".to_vec()),
        ("too large", vec![b'#'; (1 << 20) + 1]),
    ];
    let mut told = String::new();
    for (what, bytes) in cases {
        fs::write(folder.path().join("plan.yaml"), bytes).expect("written");
        let answer = run(folder.path(), &["plan", "check", "plan.yaml", "-o", "json"]);
        assert_eq!(answer.code, 2, "{what}: {}{}", answer.out, answer.err);
        let list = serde_json::from_str::<serde_json::Value>(&answer.out).map(|json| {
            if json["schema"] == "tidelock.error/v1" {
                return answer.err.trim().to_owned();
            }
            let problems = json["problems"]["problems"].as_array().cloned().unwrap_or_default();
            let codes: BTreeSet<String> =
                problems.iter().filter_map(|p| p["code"].as_str().map(str::to_owned)).collect();
            codes.into_iter().collect::<Vec<_>>().join(" ")
        });
        // A file that is not even text has no places: the sentence is all there is.
        told += &format!("{what}: {}\n", list.unwrap_or_else(|_| answer.err.trim().to_owned()));
    }
    expect![[r#"
        empty: E002
        comments alone: E002
        a list: E009
        two documents: E002
        a tab: E001 E003
        an open bracket: E001
        a newer format: E008 E014 W007
        too deep: E002
        aliases of aliases: E007 E008 W007
        no text: tidelock: plan.yaml is not UTF-8 text from byte 6 on
        too large: tidelock: plan.yaml has 1048577 bytes, at most 1048576 are taken
    "#]]
    .assert_eq(&told);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_no_mistakes() {
    let (folder, _) = folder();
    let minimal =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/examples/minimal.yaml"));
    let minimal = minimal.expect("the example is there");
    for text in [minimal.replace('\n', "\r\n"), format!("\u{feff}{minimal}")] {
        fs::write(folder.path().join("plan.yaml"), text).expect("written");
        let answer = run(folder.path(), &["plan", "check", "--strict"]);
        assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    }
    let missing = run(folder.path(), &["plan", "check", "no-such-plan.yaml"]);
    assert!(missing.code == 2 && missing.err.contains("no-such-plan.yaml"), "{}", missing.err);
    assert_eq!(run(folder.path(), &["plan", "check", "."]).code, 2, "a folder is no plan");
}

/// The flow that a plan names is a pipe that nobody writes into, a device without end, or a folder: none of them is
/// opened, and the plan's check says where the flow was to be.
#[test]
fn a_pipe_or_a_device_that_a_plan_names_is_not_read_and_holds_nobody_up() {
    let (folder, _) = folder();
    let flow = folder.path().join("list.yaml");
    let none = || fs::remove_file(&flow).or_else(|_| fs::remove_dir(&flow)).expect("it was there");
    let check = |what: &str| {
        let json = run(folder.path(), &["plan", "check", "mistakes.yaml", "-o", "json"]);
        assert_eq!(json.code, 2, "{what}: {}{}", json.out, json.err);
        assert!(json.out.contains(NOT_FOUND), "{what}: {}", json.out);
    };
    let regular = run(folder.path(), &["plan", "check", "mistakes.yaml", "-o", "json"]);
    assert!(!regular.out.contains(NOT_FOUND), "{}", regular.out);
    none();
    assert!(Command::new("mkfifo").arg(&flow).status().expect("mkfifo starts").success());
    check("a pipe");
    none();
    std::os::unix::fs::symlink("/dev/zero", &flow).expect("a link");
    check("a device");
    none();
    fs::create_dir(&flow).expect("a folder");
    check("a folder");
}
