//! The scripts of `deploy/`, with their tools made up: what they say of the machine, and the end that they have.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the project").to_owned()
}

/// Tools that are found before the real ones. Without each of them a script would begin to build.
struct Tools {
    folder: tempfile::TempDir,
}

impl Tools {
    fn new(tools: &[(&str, &str)]) -> Tools {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, does) in tools {
            let path = folder.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{does}\n")).expect("it can be written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be run");
        }
        Tools { folder }
    }

    fn run(&self, script: &str, variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(root().join(script));
        command.env_clear().env("PATH", format!("{}:/usr/bin:/bin", self.folder.path().display()));
        command.envs(variables.iter().copied()).output().expect("the script starts")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Builds nothing; the tests tell what they were given, and pass.
const CARGO: &str = "[ \"$1\" != nextest ] || { echo \"incremental ${CARGO_INCREMENTAL:-unset}\"; \
                     echo 'Summary [ 0.1s] 3 tests run: 3 passed, 1 skipped'; }";
/// A disk with so many KiB free.
const DISK: &str = "printf 'Filesystem 1024-blocks Used Available Capacity Mounted\\n/dev/x 1 1 %s 1%% /\\n'";

fn disk(free_gib: u64) -> String {
    format!("{DISK} {}", free_gib * 1_048_576)
}

#[test]
fn the_tests_say_beforehand_that_a_disk_is_too_small_and_run_all_the_same() {
    let run = |free_gib| {
        let disk = disk(free_gib);
        let tools = Tools::new(&[("cargo", CARGO), ("make", ":"), ("df", disk.as_str())]);
        let output = tools.run("deploy/test.sh", &[("TMPDIR", "/tmp")]);
        let out = text(&output.stdout);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(out.lines().last(), Some("3 passed, 0 failed, 1 skipped"), "{out}");
        text(&output.stderr)
    };
    let said = run(1);
    assert!(
        said.contains("only 1 GiB are free for what is built") && said.contains("12 GiB are needed"),
        "{said}"
    );
    assert!(said.contains("only 1 GiB are free for the tests' folders (/tmp); 2 GiB are needed"), "{said}");
    let said = run(11);
    assert_eq!(said.matches("warning").count(), 1, "{said}");
    assert_eq!(run(12), "");
}

#[test]
fn a_build_that_nobody_goes_on_with_keeps_nothing_for_the_next() {
    let disk = disk(100);
    let tools = Tools::new(&[
        ("cargo", CARGO),
        ("make", "echo \"incremental ${CARGO_INCREMENTAL:-unset}\""),
        ("df", disk.as_str()),
    ]);
    let built = |script: &str, variables: &[(&str, &str)]| {
        let out = text(&tools.run(script, variables).stdout);
        let last = out.lines().rfind(|line| line.starts_with("incremental")).map(str::to_owned);
        last.unwrap_or_else(|| panic!("{script}: {out}"))
    };
    assert_eq!(built("deploy/test.sh", &[]), "incremental unset");
    assert_eq!(built("deploy/test.sh", &[("CI", "true")]), "incremental 0");
    assert_eq!(built("deploy/test.sh", &[("CI", "true"), ("CARGO_INCREMENTAL", "1")]), "incremental 1");
    assert_eq!(built(".ci/run", &[]), "incremental 0");
}

#[test]
fn a_bench_ends_with_the_bars_that_were_missed_and_fails_for_them() {
    let bench = |last: &str, exit: i32| {
        let cargo = format!("[ \"$1\" != bench ] || {{ printf 'a row\\n{last}\\n'; exit {exit}; }}");
        let output = Tools::new(&[("cargo", cargo.as_str())]).run("deploy/bench.sh", &[("TMPDIR", "/tmp")]);
        (output.status.code(), text(&output.stdout))
    };
    assert_eq!(bench("all is well", 0), (Some(0), "a row\nall is well\n".to_owned()));
    let missed = "bars missed: week: clean stop; idle: memory, both";
    assert_eq!(bench(missed, 0), (Some(1), format!("a row\n{missed}\n")));
    // One that breaks is no missed bar, and no success.
    assert_eq!(bench("all is well", 101).0, Some(101));
}
