//! The command line's words and manners: help, version, usage errors, small terminals, closed pipes.
//!
//! The texts lie in `golden/`; `UPDATE_EXPECT=1` rewrites them, and the difference is the review.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use expect_test::{expect, expect_file};
use tempfile::TempDir;
use tidelock_tests::{Shown, Terminal, World, WorldOptions, program};

/// The command, with nothing of the caller's own around it.
fn tidelock(home: &TempDir) -> Command {
    let mut command = Command::new(program("tidelock"));
    command
        .stdin(Stdio::null())
        .env("COLUMNS", "100")
        .env("TIDELOCK_CONFIG", home.path().join("contexts.toml"));
    for name in ["SERVER", "CONTEXT", "TOKEN_FILE", "CA_FILE", "MIGRATION"] {
        command.env_remove(format!("TIDELOCK_{name}"));
    }
    command.env_remove("NO_COLOR").env_remove("GITHUB_ACTIONS");
    command
}

fn run(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a folder");
    tidelock(&home).args(arguments).output().expect("tidelock starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it speaks UTF-8")
}

/// The commands that a help lists.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    // Wrapped lines are further in.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// Each command below this one that has none below it, in words, as the help tells them.
pub(super) fn leaves(path: &[String]) -> Vec<String> {
    let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let output = run(&words);
    assert!(output.status.success(), "{words:?}");
    let below = listed(&text(&output.stdout));
    if below.is_empty() {
        return vec![path.join(" ")];
    }
    below.into_iter().flat_map(|name| leaves(&[path, &[name]].concat())).collect()
}

/// The help of a command and of every command below it. What is the same everywhere is shown once.
fn helps(path: &[String], global: &str, all: &mut String) {
    let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let output = run(&words);
    assert!(output.status.success(), "{words:?}");
    let help = text(&output.stdout);
    let (own, flags) = help.split_once("\nGlobal:\n").unwrap_or_else(|| panic!("{words:?}: {help}"));
    // Examples stand below all flags.
    let (flags, examples) = flags.split_once("\nExamples:\n").unwrap_or((flags, ""));
    assert!(path.is_empty() || flags == global, "{words:?} has other global flags:\n{flags}");
    *all += &format!("==== tidelock {}\n{own}\n", path.join(" "));
    if !examples.is_empty() {
        *all += &format!("Examples:\n{examples}\n");
    }
    for name in listed(own) {
        helps(&[path, &[name]].concat(), flags, all);
    }
    if path.is_empty() {
        *all += &format!("==== everywhere\n{flags}");
    }
}

#[test]
fn every_command_has_its_help() {
    let mut all = String::new();
    helps(&[], "", &mut all);
    let commands: Vec<&str> = all.lines().filter_map(|line| line.strip_prefix("==== tidelock ")).collect();
    // Each of these is in somebody's pipeline.
    for needed in [
        "status",
        "why",
        "gate ls",
        "gate check",
        "gate wait",
        "gate exec",
        "gate confirm",
        "switched",
        "brief",
        "decide",
        "hold",
        "release",
        "manual ls",
        "manual done",
        "events",
        "evidence show",
        "evidence replay",
        "plan check",
        "plan apply",
        "plan diff",
        "init",
        "man",
        "plan show",
        "plan schema",
        "plan explain",
        "plan pin",
        "plan timeline",
        "check ls",
        "check show",
        "agent ls",
        "agent token",
        "plugin new",
        "plugin build",
        "plugin push",
        "plugin pull",
        "plugin keygen",
        "plugin sign",
        "plugin verify",
        "plugin inspect",
        "plugin test",
        "plugin try",
        "plugin ls",
        "pki init",
        "access issue",
        "access ls",
        "access revoke",
        "journal replay",
        "journal verify",
        "demo",
        "completion",
        "version",
        "rollback",
        "cutover run",
        "cutover resume",
        "cutover show",
        "cutover leave",
        "cutover confirm",
        "cutover settle",
        "cutover back",
        "cutovers",
        "rollback run",
        "rollback resume",
        "rollback show",
        "rollback confirm",
        "rollback settle",
        "rollback leftovers",
        "rollback leftovers settle",
        "fact",
        "report",
    ] {
        assert!(commands.contains(&needed), "tidelock {needed} is gone; there are {commands:?}");
    }
    expect_file!["golden/help.txt"].assert_eq(&all.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_version_in_every_form() {
    let version = env!("CARGO_PKG_VERSION");
    for arguments in [&["version"][..], &["--version"], &["-V"]] {
        assert_eq!(text(&run(arguments).stdout), format!("tidelock {version}\n"), "{arguments:?}");
    }
    let json: serde_json::Value =
        serde_json::from_slice(&run(&["version", "-o", "json"]).stdout).expect("JSON");
    assert_eq!(json["client"], version);
}

#[test]
fn wrong_arguments_end_with_2_and_say_what_is_wrong() {
    for (arguments, word) in [
        (&[][..], "Usage"),
        (&["no-such-command"], "no-such-command"),
        (&["status", "--no-such-flag"], "--no-such-flag"),
        (&["status", "--timeout", "1s", "--timeout", "2s"], "--timeout"),
        (&["gate", "check"], "<GATE>"),
        (&["gate", "wait", "ready", "--timeout"], "--timeout"),
        (&["gate", "wait", "ready", "--timeout", "ten"], "ten"),
        (&["gate", "wait", "ready"], "--timeout"),
        (&["gate", "check", "ready", "-o", "yaml"], "yaml"),
        (&["decide", "cutover"], "--go"),
        (&["decide", "cutover", "--go", "--no"], "--no"),
        (&["hold"], "--reason"),
        (&["cutover", "settle", "fence", "--reason", "x"], "--done"),
        (&["cutover", "settle", "fence", "--done", "--not-done", "--reason", "x"], "--not-done"),
        (&["cutover", "confirm", "fence"], "--reason"),
        (&["cutover", "run", "--rehearse", "--timeout", "1m"], "--timeout"),
        (&["cutover", "run", "--timeout", "1m"], "--yes"),
        (&["cutovers", "maybe", "--reason", "x"], "maybe"),
        (&["decide", "cutover", "--no", "--override", "login"], "--override"),
        (&["decide", "override", "--go", "--dry-run", "--override", "login"], "--dry-run"),
        (&["status", "-o", "html"], "report"),
        (&["report", "-o", "csv"], "leftovers"),
        (&["report", "--key", "x"], "--verify"),
        (&["report", "--verify", "x", "--from", "y"], "--from"),
        (&["switched", "--to", "elsewhere"], "elsewhere"),
        (&["plan", "explain", "E999"], "E999"),
        (&["plugin", "test", "--fuel", "0"], "--fuel"),
        (&["plugin", "try"], "<COMPONENT>"),
        (&["plugin", "pull", "login"], "NAME@VERSION"),
        (&["agent", "token", "--side", "both"], "both"),
        (&["completion", "tcsh"], "tcsh"),
        (&["status"], "TIDELOCK_SERVER"),
    ] {
        let output = run(arguments);
        let said = text(&output.stderr) + &text(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(word), "{arguments:?} does not say {word:?}: {said}");
        assert!(arguments.is_empty() || output.stdout.is_empty(), "{arguments:?} talks on stdout: {said}");
    }
}

#[test]
fn arguments_that_are_no_text_are_refused_and_break_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let odd = |text: &[u8]| OsStr::from_bytes(text).to_owned();
    for arguments in [
        vec![odd(b"\xff")],
        vec![odd(b"plan"), odd(b"check"), odd(b"\xff.yaml")],
        vec![odd(b"status"), odd(b"-m"), odd(b"\xff\xfe")],
        vec![odd(b"hold"), odd(b"--reason"), odd(b"caf\xe9")],
    ] {
        let output = tidelock(&home).args(&arguments).output().expect("tidelock starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{output:?}");
    }
    // A file may be called anything.
    let name: OsString = odd(b"caf\xe9.yaml");
    fs::copy(example("minimal.yaml"), home.path().join(&name)).expect("copied");
    let output = tidelock(&home).args(["plan", "check"]).arg(&name).current_dir(home.path()).output();
    assert!(output.expect("tidelock starts").status.success());
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/examples").join(name)
}

#[test]
fn every_plan_of_ours_passes_strictly() {
    let examples =
        fs::read_dir(example("")).expect("the examples are there").flatten().map(|entry| entry.path());
    let mut plans: Vec<PathBuf> =
        examples.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    assert!(plans.len() >= 2, "{plans:?}");
    plans.push(example("../demo/plan.yaml"));
    for plan in plans {
        let path = plan.display().to_string();
        let output = run(&["plan", "check", "--strict", &path]);
        assert!(output.status.success(), "{path}: {}", text(&output.stdout));
    }
    let lines = fs::read_to_string(example("minimal.yaml")).expect("it is there").lines().count();
    assert!(lines <= 15, "the smallest plan has {lines} lines");
}

#[test]
fn every_code_is_explained() {
    let mut count = 0;
    for (code, short) in tidelock_plan::codes() {
        let output = run(&["plan", "explain", code]);
        let long = text(&output.stdout);
        assert!(output.status.success() && long.trim().len() > 20, "{code} ({short}): {long}");
        count += 1;
    }
    assert!(count >= 50, "only {count} codes");
    assert!(run(&["plan", "explain", "e015"]).status.success(), "small letters are fine");
}

#[test]
fn shells_take_their_completion() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completion", shell]);
        let script = text(&output.stdout);
        assert!(output.status.success() && script.contains("tidelock"), "{shell}");
        for command in ["gate", "switched", "journal"] {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tidelock.bash");
    fs::write(&file, run(&["completion", "bash"]).stdout).expect("written");
    let checked = Command::new("bash").arg("-n").arg(&file).output().expect("bash is there");
    assert!(checked.status.success(), "{}", text(&checked.stderr));
}

#[test]
fn a_closed_pipe_is_the_readers_wish() {
    let home = tempfile::tempdir().expect("a folder");
    for arguments in [
        &["plan", "schema"][..],
        &["completion", "bash"],
        &["--help"],
        &["version"],
        &["plan", "explain", "E001"],
    ] {
        let mut child = tidelock(&home).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.as_mut().expect("tidelock starts");
        drop(child.stdout.take());
        let mut said = String::new();
        std::io::Read::read_to_string(child.stderr.as_mut().expect("piped"), &mut said)
            .expect("it can be read");
        let status = child.wait().expect("it ends");
        assert!(status.success() && said.is_empty(), "{arguments:?}: {status} {said}");
    }
    // A full disk is another thing: the answer is lost, and that is said.
    let full = fs::File::options().write(true).open("/dev/full").expect("/dev/full is there");
    let output = tidelock(&home).args(["plan", "schema"]).stdout(full).output().expect("tidelock starts");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("write to standard output"), "{}", text(&output.stderr));
}

/// What a command shows on a terminal, and its exit; these variables are set.
fn on_a_terminal(world: &World, more: &[(&str, &str)], arguments: &[&str]) -> Shown {
    let mut command = world.operator.command(arguments);
    command.env_remove("NO_COLOR").envs(more.iter().copied());
    Terminal::open(&command, 100).ended()
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    let colour = |shown: &str| shown.contains("\u{1b}[");
    let Shown { code, text } = on_a_terminal(&world, &[], &["status"]);
    assert!(code == 0 && colour(&text), "a terminal gets no colour: {text}");
    for more in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let Shown { code, text } = on_a_terminal(&world, &[more], &["status"]);
        assert!(code == 0 && !colour(&text), "{more:?}: {text:?}");
    }
    let piped = world.operator.run(&["status"]).good();
    assert!(!colour(&piped.out), "a pipe gets colour: {:?}", piped.out);
    let asked = world.operator.run(&["status", "--color", "always"]).good();
    assert!(colour(&asked.out), "it was asked for: {:?}", asked.out);
    for form in ["json", "ndjson", "short"] {
        let answer = world.operator.run(&["status", "-o", form, "--color", "never"]).good();
        assert!(!colour(&answer.out), "{form}");
    }
}

#[test]
fn the_word_and_the_exit_code_agree() {
    let world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    let first = |form: &str| {
        let answer = world.operator.run(&["gate", "check", "ready", "-o", form]);
        let line = answer.out.lines().next().unwrap_or_default().to_owned();
        // What differs from run to run is not the point.
        let line =
            line.split(" 20").next().unwrap_or_default().split('{').next().unwrap_or_default().to_owned();
        format!("{form} {}: {line}", answer.code)
    };
    let all: Vec<String> = ["text", "short", "nagios"].into_iter().map(first).collect();
    expect![[r#"
        text 6: ? UNKNOWN: gate ready   1 of 1 needed check holds gate ready: login: no agent on source reports it
        short 6: ? UNKNOWN: gate ready   1 of 1 needed check holds gate ready: login: no agent on source reports it
        nagios 3: TIDELOCK UNKNOWN - gate ready: 1 of 1 needed check holds gate ready: login: no agent on source reports it; ‼ rehearsal scale: spans are too short for a real move | holds=4"#]].assert_eq(&all.join("\n"));
}
