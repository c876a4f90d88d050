//! Whoever reads leaves, or presses Ctrl-C: a command that only tells ends, one whose exit is the answer goes on to it,
//! nothing breaks, nobody is left behind, and no GO is spent.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tidelock_tests::{CTRL_C, Cli, Terminal, World, eventually_for};

use super::LIMIT;
use super::tree::{ANY, Kind, Lasts, Row, STOPPED, TREE};

/// What every process of a command carries along.
const MARK: &str = "TIDELOCK_TEST_MARK";

/// A command of this world's folder, and the mark that it and everybody whom it starts has.
fn marked(cli: &Cli, world: &World, words: &[String]) -> (Command, String) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = cli.command(&words);
    let mark = format!("{}-{}", std::process::id(), words.join("-").replace(['/', ' '], "-"));
    command.current_dir(world.folder.path()).env(MARK, &mark);
    (command, mark)
}

fn until_nobody_is_left(mark: &str) {
    let line = format!("{MARK}={mark}");
    eventually_for(LIMIT, &format!("nobody of {mark} is left"), || {
        let processes = fs::read_dir("/proc").expect("/proc is there").flatten();
        let left: Vec<String> = processes
            .filter(|one| {
                let environ = fs::read(one.path().join("environ")).unwrap_or_default();
                environ.split(|byte| *byte == 0).any(|variable| variable == line.as_bytes())
            })
            .map(|one| one.path().display().to_string())
            .collect();
        if left.is_empty() { Ok(()) } else { Err(left.join(", ")) }
    });
}

/// Its exit as a shell has it, and what it said beside its data.
fn ended(mut child: Child) -> (i32, String) {
    let status = eventually_for(LIMIT, "the command ends", || {
        let status = child.try_wait().map_err(|error| error.to_string())?;
        status.ok_or_else(|| "it runs".to_owned())
    });
    let mut said = String::new();
    if let Some(mut errors) = child.stderr.take() {
        errors.read_to_string(&mut said).expect("it speaks UTF-8");
    }
    let signalled = status.signal().map_or(-1, |signal| 128 + signal);
    (status.code().unwrap_or(signalled), said)
}

/// Somebody takes the connection and says nothing: every command that asks the collector waits, and hears Ctrl-C.
pub(super) fn each_ask_ends_with_ctrl_c(world: &World, fill: &dyn Fn(&str) -> String) {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    silent.set_nonblocking(true).expect("a listener of ours");
    let server = format!("https://{}", silent.local_addr().expect("it has an address"));
    let cli = Cli { server, ..world.operator.clone() };
    for row in TREE.iter().filter(|row| row.asks) {
        let words = row.words(fill);
        let (mut command, mark) = marked(&cli, world, &words);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("tidelock starts");
        let _held = eventually_for(LIMIT, &format!("{words:?} asks"), || {
            assert!(child.try_wait().expect("a child of ours").is_none(), "{words:?} asks nobody");
            silent.accept().map_err(|error| error.to_string())
        });
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a child has a number");
        kill_process(pid, Signal::INT).expect("a process of ours takes a signal");
        let (exit, said) = ended(child);
        assert_eq!(exit, STOPPED, "{words:?}: {said}");
        assert!(!said.contains("panicked"), "{words:?}: {said}");
        until_nobody_is_left(&mark);
    }
}

/// A command whose reader goes after the first line: how it ends, and what it says beside its data.
pub(crate) fn reader_leaves(cli: &Cli, world: &World, words: &[String]) -> (i32, String) {
    let (mut command, mark) = marked(cli, world, words);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("tidelock starts");
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    reader.read_line(&mut String::new()).expect("it can be read");
    drop(reader);
    let ended = ended(child);
    until_nobody_is_left(&mark);
    ended
}

/// The same of a command that tells what comes: it tells this, and then its reader goes.
fn follower_is_left(world: &World, words: &[String], reason: &str) -> (i32, String) {
    let (mut command, mark) = marked(&world.operator, world, words);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("tidelock starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert!(lines.next().is_some(), "{words:?} says nothing");
    let _ = world.operator.run(&["hold", "--reason", reason]).good();
    assert!(lines.any(|line| line.contains(reason)), "{words:?} ended before it told of {reason:?}");
    drop(lines);
    // What it says next reaches nobody.
    let _ = world.operator.run(&["release", "--reason", "test"]).good();
    let ended = ended(child);
    until_nobody_is_left(&mark);
    ended
}

/// The reader goes after the first line, or in the middle of what comes.
pub(super) fn whoever_reads_may_leave(world: &World, fill: &dyn Fn(&str) -> String) {
    for (at, row) in TREE.iter().filter(|row| row.is_shown()).enumerate() {
        let words = row.words(fill);
        let ((exit, said), right) = match row.lasts {
            Lasts::Follows => (follower_is_left(world, &words, &format!("gone {at}")), 0),
            Lasts::Ends | Lasts::Waits => (reader_leaves(&world.operator, world, &words), row.exit),
        };
        assert!(right == ANY || exit == right, "{words:?}: exit {exit}, not {right}: {said}");
        assert!(!said.contains("panicked") && !said.contains("Broken pipe"), "{words:?}: {said}");
    }
}

fn stays(row: &&Row) -> bool {
    row.lasts != Lasts::Ends && !matches!(row.kind, Kind::Other(_))
}

/// Ctrl-C on a terminal, at whatever stays: 130, and the terminal is as it was.
pub(super) fn a_terminal_is_left_as_it_was(world: &World, fill: &dyn Fn(&str) -> String) {
    for row in TREE.iter().filter(stays) {
        let words: Vec<String> = row.words(fill).iter().map(|word| word.replace("2s", "10m")).collect();
        let (command, mark) = marked(&world.operator, world, &words);
        let mut terminal = Terminal::open(&command, 80);
        terminal.until_said("\n");
        terminal.types(CTRL_C);
        let shown = terminal.ended();
        assert_eq!(shown.code, STOPPED, "{words:?}: {}", shown.text);
        assert!(!shown.text.contains("panicked"), "{words:?}: {}", shown.text);
        until_nobody_is_left(&mark);
    }
    assert!(!world.folder.path().join("switched").exists(), "a command behind a shut gate was run");
}

/// The gate is open, and whoever began the switch reads no more what it says: nothing begins.
pub(super) fn no_go_is_spent_where_nobody_reads(world: &World) {
    let ana = world.person("ana");
    eventually_for(LIMIT, "Ana's GO opens the gate cutover", || {
        let words = ["decide", "cutover", "--go", "--reason", "all green", "--confirm", "shop", "--no-input"];
        let decided = ana.run(&words);
        let gate = world.operator.run(&["gate", "check", "cutover"]);
        if gate.code == 0 { Ok(()) } else { Err(gate.out + &decided.err) }
    });
    for words in ["gate exec cutover --timeout 60s -- touch switched", "cutover run --yes --timeout 60s"] {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let (mut command, mark) = marked(&world.operator, world, &words);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("tidelock starts");
        drop(child.stdout.take());
        let (exit, said) = ended(child);
        assert!(exit == 1 && said.contains("no decision was used"), "{words:?}: exit {exit}: {said}");
        until_nobody_is_left(&mark);
    }
    let confirmed = world.operator.run(&["events", "--type", "confirmed", "-o", "ndjson"]).good();
    assert_eq!(confirmed.out, "", "a GO was spent");
    assert!(!world.folder.path().join("switched").exists(), "the switch was begun");
}
