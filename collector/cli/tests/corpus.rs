//! Words that make no command, a row each: every one is answered with exit 2 and with what is wrong, on a screen
//! of 20 columns, without a colour, in no locale, and before any collector is asked.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A collector that nobody will ever reach.
const NOWHERE: &str = "https://127.0.0.1:1";

fn run(home: &Path, arguments: &[&OsStr], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidelock"));
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).current_dir(home);
    command.env("COLUMNS", "20").env("NO_COLOR", "1").env("LC_ALL", "C").env("TERM", "xterm-256color");
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    command.output().expect("tidelock starts")
}

/// What was said, for people: never a sign that turns a terminal around, never a crash.
fn said(label: &str, output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8(both).unwrap_or_else(|error| panic!("{label}: it speaks no UTF-8: {error}"));
    let odd = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(odd, None, "{label}: {text:?}");
    assert!(!text.contains("panicked"), "{label}: {text}");
    text
}

/// The commands that a monitor may ask.
const MONITORS: &str = "status, gate check and doctor";

/// Words, and what the answer must hold.
const ROWS: [(&[&str], &str); 56] = [
    (&[], "Usage: tidelock"),
    (&["--nope"], "unexpected argument '--nope'"),
    (&["stat\u{1b}us"], "unrecognized subcommand"),
    (&["status", "extra"], "unexpected argument 'extra'"),
    (&["status", "-m", "a", "-m", "b"], "cannot be used multiple times"),
    (&["status", "--server"], "a value is required for '--server"),
    (&["status", "-o", "yaml"], "possible values: text, json"),
    (&["status", "-o", "csv", "--server", NOWHERE], "-o"),
    (&["status", "--color", "blue"], "possible values: auto, always, never"),
    (&["status"], "no collector is named"),
    (&["status", "--server", "http://collector.example"], "not https"),
    (&["status", "--server", "https://"], "is not a collector's URL"),
    (&["status", "--server", "https://collector.example:99999"], "no number from 1 to 65535"),
    (&["status", "--server", "https://[::1]:x"], "is not a collector's URL"),
    (&["status", "--server", "https://collector.example:0"], "no number from 1 to 65535"),
    (&["status", "--server", ""], "--server is empty"),
    (&["status", "--server", NOWHERE, "--migration", ""], "--migration is empty"),
    (&["status", "--context", "nope"], "there is no context \"nope\""),
    (&["status", "--context", ""], "--context is empty"),
    (&["gate", "wait"], "<GATE>"),
    (&["gate", "wait", "ready", "--server", NOWHERE], "no terminal is there, so say how long"),
    (&["gate", "wait", "ready", "--timeout=-5s"], "whole number and a unit"),
    (&["gate", "wait", "ready", "--timeout", "5parsecs"], "the units are ms, s, m, h and d"),
    (&["gate", "wait", "ready", "--timeout", "1m30s"], "not 1m30s"),
    (&["gate", "wait", "ready", "--timeout", "99999999999999999d"], "no duration may be over"),
    (&["gate", "wait", "ready", "--quiet-every", "0s"], "comes once a second at most"),
    (&["gate", "exec", "ready", "--quiet-every", "999ms", "--", "true"], "write 1s or more"),
    (&["gate", "exec", "ready", "--"], "<COMMAND>"),
    (&["events", "--since", "0"], "a bare number has no unit"),
    (&["decide", "cutover"], "--go"),
    (&["decide", "cutover", "--go", "--no"], "cannot be used with"),
    (&["decide", "cutover", "--no", "--override", "login"], "cannot be used with"),
    (&["hold"], "--reason"),
    (&["manual", "done"], "<CHECK>"),
    (&["fact"], "--reason"),
    (&["cutover", "run", "--rehearse", "--rehearse"], "cannot be used multiple times"),
    (&["rollback", "leftovers", "settle"], "--disposition"),
    (&["access", "issue", "x", "--role", "boss"], "possible values: viewer, person, pipeline, operator"),
    (&["agent", "token", "--side", "left"], "possible values: source, target"),
    (&["completion", "tcsh"], "possible values: bash"),
    (&["plan", "check", "/nope.yaml"], "/nope.yaml"),
    (&["help", "nope"], "there is no command and no topic \"nope\""),
    (&["context", "use", "nope"], "there is no context \"nope\""),
    (&["context", "rm", "nope"], "known contexts: none"),
    (&["context", "set", "x", "--server", "http://a.example"], "not https"),
    (&["gate", "exec", "ready", "--soft", "--", "true"], "unexpected argument '--soft'"),
    (&["check", "show", "login", "--last", "0"], "0 is not in 1..=100"),
    (&["plugin", "try", "x.wasm", "--timeout", "10"], "write 10s"),
    (&["plugin", "try", "x.wasm", "--timeout", "999ms"], "a run takes from 1s to 10m"),
    (&["plugin", "push", "oci:x/y:1"], "not yet"),
    // What it would mean there is no monitor's business.
    (&["why", "-o", "nagios"], MONITORS),
    (&["gate", "ls", "-o", "nagios"], MONITORS),
    (&["agent", "ls", "-o", "nagios"], MONITORS),
    (&["rollback", "-o", "nagios"], MONITORS),
    (&["plan", "check", "/nope.yaml", "-o", "nagios"], MONITORS),
    (&["brief", "-o", "nagios"], MONITORS),
];

#[test]
fn words_that_make_no_command_are_answered_with_what_is_wrong() {
    let home = tempfile::tempdir().expect("a folder");
    for (words, told) in ROWS {
        let arguments: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
        let output = run(home.path(), &arguments, &[]);
        let label = words.join(" ");
        // A narrow screen breaks lines; the words stay.
        let text = said(&label, &output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "tidelock {label}: {text}");
        assert!(text.contains(told), "tidelock {label} does not say {told:?}: {text}");
    }
}

#[test]
fn words_that_are_no_text_are_refused_and_break_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let odd = OsStr::from_bytes(b"caf\xe9\xff");
    for before in [&["status"][..], &["status", "--migration"], &["decide"], &["help"]] {
        let arguments: Vec<&OsStr> = before.iter().map(OsStr::new).chain([odd]).collect();
        let output = run(home.path(), &arguments, &[]);
        let _ = said("no text", &output);
        assert_eq!(output.status.code(), Some(2), "{before:?}: {output:?}");
    }
}

#[test]
fn an_empty_variable_sends_nobody_to_another_migration() {
    let home = tempfile::tempdir().expect("a folder");
    for (variable, flag) in [
        ("TIDELOCK_MIGRATION", "--migration"),
        ("TIDELOCK_SERVER", "--server"),
        ("TIDELOCK_CONTEXT", "--context"),
    ] {
        let variables = [("TIDELOCK_SERVER", NOWHERE), (variable, "")];
        let output = run(home.path(), &[OsStr::new("status")], &variables);
        let text = said(variable, &output);
        assert_eq!(output.status.code(), Some(2), "{variable}: {text}");
        assert!(text.contains(&format!("{flag} is empty")), "{variable}: {text}");
    }
}
