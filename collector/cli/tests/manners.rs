//! How the command behaves where there is no terminal, no room, no reader and no time: the CLI's part of the
//! bad-input corpus that needs no collector, or one that never answers.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// How often something is looked for, on a busy machine: for at least a minute.
const LOOKS: u32 = 3000;

fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidelock"));
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).current_dir(home);
    command.env("TIDELOCK_CONFIG", home.join("contexts.toml")).stdin(Stdio::null());
    command
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    command(home, arguments).output().expect("tidelock starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it speaks UTF-8")
}

/// What `init` is told where nobody can be asked.
const ANSWERS: [&str; 16] = [
    "--name",
    "shop-moves",
    "--source",
    "https://shop.example",
    "--target",
    "https://new.shop.example",
    "--person",
    "olga=Olga Petrova",
    "--person",
    "ben=Ben Okafor",
    "--scenario",
    "checkout",
    "--if-broken",
    "Money is lost",
    "--path",
    "/cart",
];

#[test]
fn init_writes_a_plan_from_flags_alone_and_over_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let whole = [&["init", "first.yaml", "--no-input"][..], &ANSWERS].concat();
    let made = run(home.path(), &whole);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let plan = fs::read_to_string(home.path().join("first.yaml")).expect("it is written");
    assert!(plan.contains("name: shop-moves") && plan.contains("\"Olga Petrova\""), "{plan}");
    // A second time it is in the way, whatever is in it.
    fs::write(home.path().join("first.yaml"), "mine").expect("written");
    let again = run(home.path(), &whole);
    assert_eq!(again.status.code(), Some(2), "{}", text(&again.stderr));
    assert_eq!(fs::read_to_string(home.path().join("first.yaml")).expect("it is there"), "mine");
    let forced = [&whole[..], &["--force", "-o", "json"]].concat();
    let forced: serde_json::Value =
        serde_json::from_slice(&run(home.path(), &forced).stdout).expect("it answers in JSON");
    assert_eq!((&forced["schema"], &forced["migration"]), (&"tidelock.init/v1".into(), &"shop-moves".into()));
    let left: Vec<_> =
        fs::read_dir(home.path()).expect("a folder").flatten().map(|it| it.file_name()).collect();
    assert_eq!(left, ["first.yaml"], "no draft is left behind");
}

#[test]
fn init_names_all_that_is_missing_or_wrong_at_once_and_writes_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let bare = run(home.path(), &["init", "--source", "shop.example", "--person", "olga"]);
    assert_eq!(bare.status.code(), Some(2));
    let said = text(&bare.stderr);
    for word in ["--name is missing", "--source: ", "--target is missing", "--person: ", "--path is missing"]
    {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
    let one_place = |word: &&'static str| if word.contains("new.") { "https://shop.example" } else { *word };
    let same: Vec<&str> = ANSWERS.iter().map(one_place).collect();
    let same = run(home.path(), &[&["init", "--no-input"][..], &same[..]].concat());
    assert_eq!(same.status.code(), Some(2), "both sides are one: {}", text(&same.stdout));
    assert!(!home.path().join("plan.yaml").exists());
    fs::create_dir(home.path().join("folder")).expect("a folder");
    let folder = run(home.path(), &[&["init", "folder", "--force"][..], &ANSWERS].concat());
    assert_eq!(folder.status.code(), Some(2), "{}", text(&folder.stderr));
}

#[test]
fn pages_and_topics_are_written_and_a_full_disk_is_named() {
    let home = tempfile::tempdir().expect("a folder");
    let made = run(home.path(), &["man", "--dir", "man1", "-o", "json"]);
    let told: serde_json::Value = serde_json::from_slice(&made.stdout).expect("it answers in JSON");
    let files = told["files"].as_array().expect("a list").len();
    assert_eq!(fs::read_dir(home.path().join("man1")).expect("a folder").count(), files);
    for page in ["tidelock.1", "tidelock-gate-wait.1", "tidelock-plan-diff.1", "tidelock-init.1"] {
        let page = fs::read_to_string(home.path().join("man1").join(page)).expect(page);
        assert!(page.contains(".TH") && page.contains(".SH NAME"), "{page}");
    }
    assert!(!home.path().join("man1/tidelock-keep-command.1").exists());
    assert_eq!(run(home.path(), &["man", "--dir", "/dev/full/man"]).status.code(), Some(1));
    for topic in ["cutover-day", "decisions", "clocks", "exit-codes"] {
        let told = run(home.path(), &["help", topic]);
        assert!(told.status.success() && told.stdout.len() > 300, "{topic}");
    }
    let none = run(home.path(), &["help", "no-such-topic"]);
    assert!(none.status.code() == Some(2) && text(&none.stderr).contains("cutover-day"));
    assert!(text(&run(home.path(), &["help", "plan", "diff"]).stdout).contains("revision in force"));
    assert!(text(&run(home.path(), &["help"]).stdout).contains("Topics (tidelock help TOPIC)"));
}

#[test]
fn linked_as_a_plugin_of_kubectl_it_says_what_people_type_then() {
    let home = tempfile::tempdir().expect("a folder");
    let link = home.path().join("kubectl-tidelock");
    symlink(env!("CARGO_BIN_EXE_tidelock"), &link).expect("a link");
    let help = Command::new(&link).args(["gate", "wait", "--help"]).output().expect("tidelock starts");
    assert!(text(&help.stdout).contains("Usage: kubectl tidelock gate wait"), "{}", text(&help.stdout));
    let mut version = Command::new(&link);
    version.arg("version").env("TIDELOCK_CONFIG", home.path().join("contexts.toml"));
    let version = version.output().expect("tidelock starts");
    assert!(version.status.success());
    let own = run(home.path(), &["gate", "wait", "--help"]);
    assert!(text(&own.stdout).contains("Usage: tidelock gate wait"), "{}", text(&own.stdout));
}

#[test]
fn a_reader_that_went_and_a_stream_that_is_shut_break_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    for arguments in [&["help", "cutover-day"][..], &["man"], &["help"], &["version", "-o", "json"]] {
        let mut child = command(home.path(), arguments);
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("tidelock starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
        // Closed altogether, by a shell.
        let line = format!("exec {} {} >&-", env!("CARGO_BIN_EXE_tidelock"), arguments.join(" "));
        let shut = Command::new("sh").args(["-c", &line]).env("HOME", home.path()).output().expect("a shell");
        assert!(
            !text(&shut.stderr).contains("panicked") && shut.status.code().is_some(),
            "{arguments:?}: {shut:?}"
        );
        let full = fs::File::options().write(true).open("/dev/full").expect("/dev/full is there");
        let full = command(home.path(), arguments).stdout(full).output().expect("tidelock starts");
        assert_eq!(full.status.code(), Some(1), "{arguments:?}: {}", text(&full.stderr));
    }
}

#[test]
fn the_version_of_a_collector_that_does_not_answer_is_asked_for_and_not_left_out() {
    let home = tempfile::tempdir().expect("a folder");
    let own = format!("tidelock {}\n", env!("CARGO_PKG_VERSION"));
    let alone = run(home.path(), &["version"]);
    assert_eq!((alone.status.code(), text(&alone.stdout)), (Some(0), own.clone()), "nobody was asked");
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let server = format!("https://{}", gone.local_addr().expect("it has an address"));
    drop(gone);
    let away = run(home.path(), &["version", "--server", &server]);
    assert_eq!(away.status.code(), Some(7), "{}", text(&away.stderr));
    assert_eq!(text(&away.stdout), format!("{own}collector ?\n"));
    assert!(text(&away.stderr).contains("version is not known"), "{}", text(&away.stderr));
    let json = run(home.path(), &["version", "--server", &server, "-o", "json"]);
    let value: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!((&value["client"], &value["exit_code"]), (&env!("CARGO_PKG_VERSION").into(), &7.into()));
    assert!(value["collector"].is_null() && value["trouble"].is_string(), "{value}");
    let none = run(home.path(), &["version", "--context", "nobody"]);
    assert_eq!((none.status.code(), text(&none.stdout)), (Some(2), format!("{own}collector ?\n")));
}

/// A collector that takes connections and says nothing, and a command that waits for it.
fn waiting(home: &Path) -> (TcpListener, Child) {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let server = format!("https://{}", silent.local_addr().expect("it has an address"));
    let arguments = ["gate", "wait", "ready", "--timeout", "10m", "-m", "shop", "--server", &server];
    let mut waits = command(home, &arguments);
    let mut child = waits.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("tidelock starts");
    // From the first connection on it waits, and hears signals.
    silent.set_nonblocking(true).expect("a listener of ours");
    for _ in 0..LOOKS {
        if silent.accept().is_ok() {
            return (silent, child);
        }
        assert!(child.try_wait().expect("a child of ours").is_none(), "it ended before it connected");
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it never connected");
}

#[test]
fn whoever_waits_at_a_gate_goes_when_told_and_says_so_by_the_exit() {
    let home = tempfile::tempdir().expect("a folder");
    for (signal, exit) in [("-INT", 130), ("-TERM", 143)] {
        let (_silent, child) = waiting(home.path());
        let sent =
            Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(exit), "{signal}: {:?} {output:?}", output.status.signal());
        assert!(!text(&output.stderr).contains("panicked"), "{output:?}");
    }
}
