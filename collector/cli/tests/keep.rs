//! A command of a runbook lives no longer than the process that ordered it, and ends as it would have without it.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// How often something is looked for, on a busy machine: for at least a minute.
const LOOKS: u32 = 3000;

/// The keeper of a script, first in a group of its own, with its standard input held open.
fn kept(script: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidelock"));
    command.args(["keep-command", "--", "sh", "-c", script]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command.spawn().expect("tidelock starts")
}

/// Waits for its end, with its standard input held open until then.
fn ended(mut child: Child) -> Output {
    let alive = child.stdin.take();
    let output = child.wait_with_output().expect("it can be waited for");
    drop(alive);
    output
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..LOOKS {
        if is() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("never: {what}");
}

#[test]
fn its_end_is_the_commands_end() {
    for code in [0, 1, 3, 75, 255] {
        let output = ended(kept(&format!("echo out; echo err >&2; exit {code}")));
        assert_eq!(output.status.code(), Some(code));
        assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
    }
    let killed = ended(kept("kill -9 $$"));
    assert_eq!(killed.status.code(), None, "an end by a signal is no exit: {killed:?}");
    assert!(String::from_utf8_lossy(&killed.stderr).contains("somebody ended it"), "{killed:?}");
}

#[test]
fn a_command_that_cannot_be_started_is_named() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidelock"));
    command.args(["keep-command", "--", "./no-such-file", "-x"]).process_group(0);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let output = ended(child.expect("tidelock starts"));
    assert_eq!(output.status.code(), Some(127));
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("tidelock: start ./no-such-file: "),
        "{output:?}"
    );
}

#[test]
fn a_deaf_command_and_what_it_started_die_with_whoever_ordered_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    // Both write down who they are, and neither listens to being asked to end.
    let script = format!(
        "trap '' TERM HUP INT; sh -c 'trap \"\" TERM HUP INT; echo $$ > {}; sleep 300' & echo $$ > {}; sleep 300",
        at("child").display(),
        at("command").display()
    );
    let mut child = kept(&script);
    let number = |name: &str| std::fs::read_to_string(at(name)).ok()?.trim().parse::<u32>().ok();
    until("both run", || number("child").is_some() && number("command").is_some());
    let numbers = [number("child"), number("command")].map(|number| number.expect("just seen"));
    assert!(numbers.iter().all(|number| alive(*number)), "{numbers:?}");
    // What a kill -9 of the operator's process does: the other end is gone.
    drop(child.stdin.take());
    until("both are gone", || numbers.iter().all(|number| !alive(*number)));
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("it can be read");
    assert!(said.contains("the operator is gone"), "{said}");
    assert!(!child.wait().expect("it ends").success());
}

/// The process is there, and no zombie that only waits to be counted.
fn alive(number: u32) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(number.to_string()).join("stat"));
    stat.is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| !rest.starts_with('Z')))
}

#[test]
fn it_is_no_command_for_people() {
    let child = Command::new(env!("CARGO_BIN_EXE_tidelock")).args(["keep-command", "--", "true"]).output();
    assert_eq!(child.expect("tidelock starts").status.code(), Some(2), "it would end the caller's own group");
    let help = Command::new(env!("CARGO_BIN_EXE_tidelock")).arg("--help").output().expect("tidelock starts");
    assert!(!String::from_utf8_lossy(&help.stdout).contains("keep-command"));
}
