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

#[test]
fn the_version_waits_for_a_collector_that_says_nothing_only_for_a_moment_and_says_so_in_a_line() {
    let home = tempfile::tempdir().expect("a folder");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let server = format!("https://{}", silent.local_addr().expect("it has an address"));
    let late = run(home.path(), &["version", "--server", &server]);
    let own = format!("tidelock {}\ncollector ?\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((late.status.code(), text(&late.stdout)), (Some(7), own));
    let why = format!("the collector's version is not known: {server} did not answer within 2s");
    assert_eq!(text(&late.stderr), format!("tidelock: {why}\n"));
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

/// Two collectors that are not there.
fn gone() -> [String; 2] {
    // Both ports are taken before one is given back, so that they are two.
    let gone = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port is free"));
    gone.each_ref().map(|gone| format!("https://{}", gone.local_addr().expect("it has an address")))
}

#[test]
fn a_wait_that_nobody_answers_is_no_gate_on_hold_however_short_and_soft() {
    let home = tempfile::tempdir().expect("a folder");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let [gone, _] = gone();
    let servers = [gone, format!("https://{}", silent.local_addr().expect("it has an address"))];
    for server in &servers {
        let wait = ["gate", "wait", "ready", "-m", "shop", "--call-timeout", "500ms", "--server", server];
        for more in [&["--timeout", "1s"][..], &["--timeout", "1s", "--soft"], &["--timeout", "0s", "--soft"]]
        {
            let waited = run(home.path(), &[&wait[..], more].concat());
            let (out, err) = (text(&waited.stdout), text(&waited.stderr));
            assert_eq!((waited.status.code(), out.as_str()), (Some(7), ""), "{more:?}: {err}");
            assert!(err.contains("the time to wait for gate ready is over"), "{more:?}: {err}");
        }
        let json = run(home.path(), &[&wait[..], &["--timeout", "0s", "-o", "json"]].concat());
        let told: serde_json::Value = serde_json::from_slice(&json.stdout).expect("one document");
        assert_eq!((json.status.code(), &told["error"]["exit"]), (Some(7), &7.into()), "{told}");
    }
}

/// What a command says where the environment names another collector, with access and all.
fn in_another_environment(home: &Path, server: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = command(home, arguments);
    command.env("TIDELOCK_SERVER", server).env("TIDELOCK_MIGRATION", "bank");
    command.env("TIDELOCK_TOKEN_FILE", "/nowhere/token").env("TIDELOCK_CA_FILE", "/nowhere/ca.pem");
    let output = command.output().expect("tidelock starts");
    (output.status.code(), text(&output.stderr))
}

#[test]
fn a_context_that_is_typed_stands_before_the_environment_and_must_be_there() {
    let home = tempfile::tempdir().expect("a folder");
    let [one, other] = gone();
    let contexts = format!(
        "current = \"mine\"\n[contexts.pki1]\nserver = \"{one}\"\nmigration = \"shop\"\n\
         [contexts.mine]\nserver = \"{one}\"\ntoken_file = \"/nowhere/mine\"\n"
    );
    fs::write(home.path().join("contexts.toml"), contexts).expect("written");
    let (code, said) = in_another_environment(home.path(), &other, &["status", "-v", "--context", "pki1"]);
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains(&format!("asks {one} (context pki1)")) && !said.contains(&other), "{said}");
    assert!(!said.contains("/nowhere"), "the access of the other one was read: {said}");
    let typed = ["status", "-v", "--context", "pki1", "--server", &other];
    let (_, said) = in_another_environment(home.path(), &one, &typed);
    assert!(said.contains(&format!("asks {other} (context pki1)")), "what is typed beside it counts: {said}");
    let (code, said) = in_another_environment(home.path(), &other, &["status", "--context", "nosuch"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no context \"nosuch\"") && said.contains("mine, pki1"), "{said}");
    let mut named = command(home.path(), &["status"]);
    let named = named.env("TIDELOCK_SERVER", &other).env("TIDELOCK_CONTEXT", "nosuch").output();
    assert_eq!(named.expect("tidelock starts").status.code(), Some(2));
    // The current one is of its own collector alone.
    let own = run(home.path(), &["status", "-v", "--server", &one]);
    assert_eq!(own.status.code(), Some(4), "{}", text(&own.stderr));
    let elsewhere = run(home.path(), &["status", "-v", "--server", &other]);
    assert_eq!(elsewhere.status.code(), Some(7), "{}", text(&elsewhere.stderr));
    assert!(text(&elsewhere.stderr).contains(&format!("asks {other} (no context)")), "{elsewhere:?}");
}

#[test]
fn what_is_missing_is_told_without_what_the_environment_gives() {
    let home = tempfile::tempdir().expect("a folder");
    let [server, _] = gone();
    let (code, said) = in_another_environment(home.path(), &server, &["gate", "wait"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("Usage: tidelock gate wait <GATE>"), "{said}");
    let (_, said) = in_another_environment(home.path(), &server, &["gate", "wait", "--server", "https://x"]);
    assert!(said.contains("--server") && !said.contains("--token-file"), "what was typed stays: {said}");
}

#[test]
fn files_that_are_not_what_they_must_be_are_named_with_what_to_do() {
    let home = tempfile::tempdir().expect("a folder");
    let [server, _] = gone();
    for (file, bytes) in [("empty.token", ""), ("none.pem", "no certificate"), ("x.wasm", "\0asm")] {
        fs::write(home.path().join(file), bytes).expect("written");
    }
    let rows: [(&[&str], i32, [&str; 2]); 5] = [
        (&["status", "--token-file", "none.token"], 4, ["none.token", "tidelock access issue"]),
        (
            &["status", "--token-file", "empty.token"],
            4,
            ["empty.token holds no access", "tidelock access issue"],
        ),
        (&["status", "--ca-file", "none.pem"], 2, ["none.pem holds no certificate", "ca.pem"]),
        (&["plugin", "verify", "x.wasm"], 1, ["x.wasm.sig", "tidelock plugin sign x.wasm"]),
        (&["plugin", "sign", "x.wasm"], 1, ["tidelock-plugin.key", "tidelock plugin keygen"]),
    ];
    for (words, exit, told) in rows {
        let output = run(home.path(), &[words, &["--server", &server]].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {said}");
        assert!(told.iter().all(|word| said.contains(word)), "{words:?}: {said}");
    }
}

#[test]
fn a_file_that_is_no_component_is_neither_pushed_nor_taken_into_a_plan() {
    let home = tempfile::tempdir().expect("a folder");
    let [server, _] = gone();
    let plan = "tidelock: plan/v1\nname: x\nscenarios:\n  front: { plugin: g.wasm }\n";
    fs::write(home.path().join("plan.yaml"), plan).expect("written");
    let commands: [&[&str]; 4] = [
        &["plugin", "push", "g.wasm"],
        &["plan", "pin", "plan.yaml"],
        &["plan", "check", "--strict", "plan.yaml"],
        &["plan", "apply", "plan.yaml", "--yes"],
    ];
    for (bytes, why) in [
        ("some text", "g.wasm is not a WebAssembly component: build one with `tidelock plugin build`"),
        ("\0asm\u{1}\0\0\0", "g.wasm is a WebAssembly module, not a component: build it with"),
    ] {
        fs::write(home.path().join("g.wasm"), bytes).expect("written");
        for words in commands {
            let output = run(home.path(), &[words, &["--server", &server]].concat());
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
            assert!(said.contains(why), "{words:?}: {said}");
        }
    }
    assert_eq!(fs::read_to_string(home.path().join("plan.yaml")).expect("it is there"), plan);
    // What begins as a component comes to the collector, which is not there.
    fs::write(home.path().join("g.wasm"), "\0asm\r\0\u{1}\0").expect("written");
    let output = run(home.path(), &["plugin", "push", "g.wasm", "--server", &server]);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
}
