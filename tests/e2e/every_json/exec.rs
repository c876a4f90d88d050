//! The command of `gate exec` gets its operator's signals, and never outlives its operator unseen.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tidelock_tests::{World, eventually_for};

const LIMIT: Duration = Duration::from_secs(60);

/// A command behind the open gate, once it runs; and the process that it is.
fn running(world: &World, name: &str, script: &str) -> (Child, u32, PathBuf) {
    let folder = world.folder.path().join(name);
    fs::create_dir(&folder).expect("a folder");
    let script = format!("{script}; echo $$ > pid.new; mv pid.new pid; while :; do sleep 0.1; done");
    let words = ["gate", "exec", "ready", "--timeout", "60s", "--", "sh", "-c", script.as_str()];
    let mut command = world.operator.command(&words);
    command.current_dir(&folder).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().expect("tidelock starts");
    let pid = eventually_for(LIMIT, "the command runs", || {
        fs::read_to_string(folder.join("pid")).map_err(|error| error.to_string())
    });
    (child, pid.trim().parse().expect("a number"), folder)
}

fn signal(word: &str, pid: u32) {
    assert!(Command::new("kill").args([word, &pid.to_string()]).status().expect("kill is there").success());
}

fn until_gone(pid: u32) {
    eventually_for(LIMIT, "the command has ended", || {
        let gone = !Path::new(&format!("/proc/{pid}")).exists();
        if gone { Ok(()) } else { Err(format!("{pid} lives")) }
    });
}

pub(super) fn a_command_behind_a_gate_goes_with_its_operator(world: &World) {
    // It is told, may tidy up, and its end is told on.
    for (word, exit, trap) in [("-TERM", 143, "TERM"), ("-INT", 130, "INT")] {
        let script = format!("trap 'echo {trap} > told; exit 7' {trap}");
        let (child, pid, folder) = running(world, trap, &script);
        signal(word, child.id());
        let ended = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(exit), "{said}");
        assert!(said.contains("goes on to the command") && said.contains("exit status: 7"), "{said}");
        assert_eq!(fs::read_to_string(folder.join("told")).expect("it was told").trim(), trap);
        until_gone(pid);
    }
    // One that does not listen is ended by a second one.
    let (mut child, pid, _) = running(world, "deaf", "trap '' TERM");
    signal("-TERM", child.id());
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    assert!(
        lines.any(|line| line.is_ok_and(|line| line.contains("goes on to the command"))),
        "it said nothing"
    );
    signal("-TERM", child.id());
    assert_eq!(child.wait().expect("it ends").code(), Some(143));
    until_gone(pid);
    // And with an operator that is killed.
    let (mut child, pid, _) = running(world, "killed", "trap '' TERM");
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    until_gone(pid);
}
