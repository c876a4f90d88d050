//! Every command tells what it has to tell as JSON, from the real programs against a running collector, whether
//! it worked or not: a pipeline must not find out at night that one of them prints words. In the same world: a
//! run that somebody asks for, and a command behind a gate whose operator goes.

mod asked;
mod exec;
mod two_people;

use std::fs;
use std::time::Duration;

use serde_json::Value;
use tidelock_tests::{Answer, Cli, World, WorldOptions, eventually_for, target_folder};

use crate::golden::leaves;

/// On a busy machine, or of a journal that is written to meanwhile, more than one exit is right.
const ANY: i32 = -1;

/// What is asked, in an order in which each can be answered, and the exit that it has. `{x}` is filled in.
const ASKED: [(&str, i32); 71] = [
    ("status", 0),
    ("why", 0),
    ("why login", 0),
    ("gate ls", 0),
    ("gate check ready", 0),
    ("gate check committed", 3),
    ("gate wait ready --timeout 60s", 0),
    ("gate wait committed --timeout 1s", 8),
    ("brief", 0),
    ("events --since 1h", 0),
    ("report", 0),
    ("report --verify {folder}/report.md", 0),
    ("check ls", 0),
    ("check show login", 0),
    ("check run login", ANY),
    ("agent ls", 0),
    ("agent token --side source", 0),
    ("agent token ls", 0),
    ("agent token revoke {token}", 0),
    ("access ls", 0),
    ("access issue ana --role person", 0),
    ("access revoke {access}", 0),
    ("access refused", 0),
    ("plan check {plan}", 0),
    ("plan diff {plan}", 0),
    ("plan pin {plan}", 0),
    ("plan pin {plan}", 0),
    ("plan apply {plan} --yes --dry-run", 0),
    ("plan show", 0),
    ("plan show {plan}", 0),
    ("plan schema", 0),
    ("plan explain E015", 0),
    ("plan explain {plan}", 0),
    ("plan explain", 0),
    ("plan timeline {plan}", 0),
    ("plugin ls", 0),
    ("plugin keygen {folder}/a.key", 0),
    ("plugin inspect builtin:login", 0),
    // Nobody has signed it yet: a signature that no agent trusts does not reach the collector.
    ("plugin push {folder}/login.wasm", 0),
    ("plugin pull {pinned} --out {folder}/pulled.wasm", 0),
    ("plugin sign {folder}/login.wasm --key {folder}/a.key", 0),
    ("plugin verify {folder}/login.wasm", 0),
    ("plugin new stock-level", 0),
    // The cases are those of another plugin.
    ("plugin test --component {folder}/login.wasm --cases {folder}/stock-level/cases", 1),
    // It has no settings, and says so.
    ("plugin try {folder}/login.wasm", 6),
    ("manual ls", 0),
    ("rollback", 0),
    ("hold --reason test", 0),
    ("release --reason test", 0),
    ("cutovers off --reason test", 0),
    ("cutovers on --reason test", 0),
    ("revision set source r1", 0),
    ("journal accept", 0),
    ("doctor", ANY),
    ("version", 0),
    ("help", 0),
    ("help exit-codes", 0),
    ("man", 0),
    ("completion bash", 0),
    ("context set night --server https://collector.example:7480", 0),
    ("context use night", 0),
    ("context ls", 0),
    ("context rm night", 0),
    ("context ls", 0),
    ("pki init --dir {folder}/new --agents-listen 127.0.0.1:0 --api-listen 127.0.0.1:0", 0),
    ("journal verify {data}", ANY),
    ("journal export {data}", ANY),
    ("journal compare {data} {data}", ANY),
    ("journal replay {data}", ANY),
    ("rollback leftovers", 0),
    (
        "init {folder}/first.yaml --no-input --name x --source https://a.example --target https://b.example --person a=A --person b=B --scenario s --if-broken c --path /",
        0,
    ),
];

/// What cannot be answered, the exit, and the code that its error has.
const FAILING: [(&str, i32, &str); 48] = [
    ("status --nope", 2, "USAGE"),
    ("nope", 2, "USAGE"),
    ("gate wait", 2, "USAGE"),
    ("gate wait ready", 2, "USAGE"),
    ("gate check leap", 2, "NO_GATE"),
    ("gate confirm ready", 2, "USAGE"),
    ("gate confirm cutover", 3, "HOLD"),
    ("gate exec ready --timeout 60s -- ./no-such-switch.sh", 2, "USAGE"),
    ("why nope", 2, "NOT_FOUND"),
    ("check show nope", 2, "NOT_FOUND"),
    ("check run nope", 2, "NOT_FOUND"),
    ("check run login --agent nobody", 3, "NO_AGENT"),
    ("switched --reason test", 3, "WRONG_PHASE"),
    ("decide cutover --go --reason test", 2, "USAGE"),
    ("manual done nope --evidence seen", 2, "UNKNOWN_CHECK"),
    ("fact nope --reason test", 2, "UNKNOWN_FACT"),
    ("agent revoke source/nobody --reason test", 2, "UNKNOWN_AGENT"),
    ("agent token revoke nope", 2, "NOT_FOUND"),
    ("access issue collector --role operator", 2, "INVALID"),
    ("cutover run --rehearse", 2, "NO_RUNBOOK"),
    ("cutover resume", 2, "USAGE"),
    ("cutover show", 2, "USAGE"),
    ("cutover leave", 2, "USAGE"),
    ("cutover confirm fence --reason test", 2, "USAGE"),
    ("cutover settle fence --done --reason test", 2, "USAGE"),
    ("cutover back --reason test", 2, "USAGE"),
    ("rollback run --rehearse", 2, "NO_RUNBOOK"),
    ("rollback resume", 2, "USAGE"),
    ("rollback show", 2, "USAGE"),
    ("rollback leave", 2, "USAGE"),
    ("rollback confirm fence --reason test", 2, "USAGE"),
    ("rollback settle fence --done --reason test", 2, "USAGE"),
    ("rollback leftovers settle orders/1 --owner ana --disposition gone", 4, "NOT_YOURS"),
    ("report --verify {folder}/nope.md", 2, "USAGE"),
    ("report --verify {plan}", 1, "FAILED"),
    ("evidence show login", 2, "NOT_FOUND"),
    ("evidence replay {plan}", 2, "USAGE"),
    ("plugin build {folder}/nope", 1, "FAILED"),
    ("plugin test {folder}/nope", 2, "USAGE"),
    ("plugin try {folder}/nope.wasm", 2, "USAGE"),
    ("plugin pull login@9.9.9 --out {folder}/nope.wasm", 2, "NOT_FOUND"),
    ("plugin pull login", 2, "USAGE"),
    ("plan check {folder}/nope.yaml", 2, "USAGE"),
    ("plan explain E999", 2, "USAGE"),
    ("context use nope", 2, "USAGE"),
    ("help nope", 2, "USAGE"),
    ("status -m other", 2, "NO_MIGRATION"),
    ("status --server https://127.0.0.1:1", 7, "UNREACHABLE"),
];

/// What somebody asks who decides and may put agents out: the end, after which nothing else has its sense.
const LAST: [&str; 3] = [
    "decide cutover --no --reason test",
    "agent revoke source/source-1 --reason test",
    "abort --reason test",
];

/// The commands that answer in no JSON, and why.
const OTHERS: [(&str, &str); 1] = [("demo", "it becomes tidelock-demo, a play for people")];

/// Each comes to one event, and says so in the same words.
const ORDERS: [&str; 4] = ["hold ", "release ", "cutovers ", "revision set"];

/// One document and nothing beside it: a document a line is what `-o ndjson` asks for.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok()
}

/// A journal is exported a record a line, however large it is.
fn is_answer(asked: &str, text: &str) -> bool {
    match asked.starts_with("journal export") {
        true => !text.is_empty() && text.lines().all(is_json),
        false => is_json(text),
    }
}

/// It is run in the world's folder, where what it leaves behind goes with the world.
fn ask(cli: &Cli, asked: &str) -> Answer {
    // What follows -- is another program's.
    let (own, others) = asked.split_once(" -- ").map_or((asked, None), |(own, others)| (own, Some(others)));
    let mut words: Vec<&str> = own.split(' ').collect();
    words.extend(["-o", "json"]);
    words.extend(others.into_iter().flat_map(|others| std::iter::once("--").chain(others.split(' '))));
    let output = cli.command(&words).current_dir(&cli.home).output().expect("tidelock starts");
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn answers(world: &World, fill: impl Fn(&str) -> String) {
    let (mut wrong, mut access, mut token) = (Vec::new(), String::new(), String::new());
    for (asked, exit) in ASKED {
        let asked = fill(asked).replace("{access}", &access).replace("{token}", &token);
        let answer = ask(&world.operator, &asked);
        let id = || answer.json()["id"].as_str().unwrap_or_default().to_owned();
        if asked.starts_with("access issue") {
            access = id();
        } else if asked.starts_with("agent token --side") {
            token = id();
        }
        let order = ORDERS.iter().any(|order| asked.starts_with(order)) && answer.code == 0;
        let unnamed = order && answer.json()["schema"] != "tidelock.recorded/v1";
        if exit != ANY && answer.code != exit || unnamed || !is_answer(&asked, &answer.out) {
            wrong.push(format!("{asked} (exit {}): {} {}", answer.code, answer.out, answer.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One list of what happened, also where nothing has; a line each is for whoever asks for lines.
fn what_happened_is_one_document(cli: &Cli) {
    let list = |more: &[&str]| {
        let told = cli.run(&[&["events", "-o", "json"][..], more].concat()).good().json();
        assert_eq!(told["schema"], "tidelock.events/v1", "{told}");
        told["events"].as_array().cloned().expect("a list")
    };
    let whole = list(&[]);
    let lines = cli.run(&["events", "-o", "ndjson"]).good().out;
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("a document")).collect();
    // More may have happened in between.
    assert!(whole.len() > 1 && lines.starts_with(&whole), "{whole:?} and {lines:?}");
    let no_runbook = list(&["--type", "step"]);
    assert!(no_runbook.is_empty(), "{no_runbook:?}");
}

/// One object, whatever went wrong, and nothing beside it on standard output.
fn errors(world: &World, fill: impl Fn(&str) -> String) {
    let mut wrong = Vec::new();
    let mut judge = |asked: &str, answer: Answer, exit: i32, code: &str| {
        let told: Value = serde_json::from_str(&answer.out).unwrap_or_default();
        let error = &told["error"];
        let message = error["message"].as_str().unwrap_or_default();
        let whole = told["schema"] == "tidelock.error/v1" && error["code"] == code && error["exit"] == exit;
        if !whole || answer.code != exit || message.is_empty() || !answer.err.contains(first_line(message)) {
            wrong.push(format!("{asked} (exit {}): {} {}", answer.code, answer.out, answer.err));
        }
    };
    for (asked, exit, code) in FAILING {
        judge(asked, ask(&world.operator, &fill(asked)), exit, code);
    }
    let viewer = world.access("eve", "viewer");
    judge("hold, by a viewer", ask(&viewer, "hold --reason test"), 4, "DENIED");
    judge("check run, by a viewer", ask(&viewer, "check run login"), 4, "DENIED");
    let nobody = world.operator.with_token(&world.folder.path().join("no.token"));
    judge("status without a token", ask(&nobody, "status"), 4, "AUTH");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let place = |asked: &str| ask(&world.operator, asked).json()["error"]["place"].clone();
    assert_eq!(place("status --nope"), "--nope");
    assert_eq!(place("check run login --side left"), "--side <SIDE>");
}

fn the_end(world: &World) {
    let ana = world.access("ana", "operator");
    for asked in LAST {
        let answer = ask(&ana, asked);
        assert!(answer.code == 0 && is_json(&answer.out), "{asked} (exit {}): {answer:?}", answer.code);
    }
    assert_eq!(ask(&ana, "status").json()["phase"], "aborted");
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[test]
fn every_command_answers_in_json_that_can_be_read() {
    let mut world = World::start(&WorldOptions::default());
    eventually_for(Duration::from_secs(60), "the gate is open", || {
        let answer = world.operator.run(&["gate", "check", "ready"]);
        if answer.code == 0 { Ok(()) } else { Err(answer.out) }
    });
    let folder = world.folder.path().display().to_string();
    let data = world.collector_folder().join("data").display().to_string();
    let plan = format!("{folder}/plan.yaml");
    let login = target_folder().with_file_name("plugins").join("login.wasm");
    fs::copy(&login, world.folder.path().join("login.wasm")).expect("make plugins has built it");
    let here = world.operator.run(&["plugin", "ls", "-o", "json"]).good().json();
    let pinned = here[0]["sha256"].as_str().expect("the plan names a component").to_owned();
    let fill = move |asked: &str| {
        let asked = asked.replace("{plan}", &plan).replace("{folder}", &folder);
        asked.replace("{data}", &data).replace("{pinned}", &pinned)
    };
    // Before the evidence of a side begins anew.
    exec::a_command_behind_a_gate_goes_with_its_operator(&world);
    errors(&world, &fill);
    let report = fill("{folder}/report.md");
    let _ = world.operator.run(&["report", "-o", "md", "--out", &report]).good();
    answers(&world, &fill);
    what_happened_is_one_document(&world.operator);
    two_people::a_looser_plan_takes_another_person(&world);
    asked::what_is_found_now_is_told_and_proves_nothing(&mut world);
    the_end(&world);
}

#[test]
fn two_documents_are_not_taken_for_one() {
    assert!(is_json("{\n  \"a\": 1\n}\n") && is_json("[]\n"));
    for wrong in ["", "\n", "{}\n{}\n", "{} {}", "{}\nand words\n"] {
        assert!(!is_json(wrong), "{wrong:?}");
    }
}

/// The words are those of this command, whatever follows them.
fn is_of(asked: &str, command: &str) -> bool {
    asked.strip_prefix(command).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

#[test]
fn no_command_is_forgotten_where_each_answers_in_json() {
    let good = ASKED.iter().map(|(asked, _)| *asked);
    let bad = FAILING.iter().map(|(asked, _, _)| *asked);
    let asked: Vec<&str> = good.chain(bad).chain(LAST).collect();
    let is_asked = |command: &str| asked.iter().any(|asked| is_of(asked, command));
    let commands = leaves(&[]);
    assert!(commands.len() > 60, "the help lists too few of them: {commands:?}");
    let excused = |command: &str| OTHERS.iter().any(|(other, _)| *other == command);
    let forgotten: Vec<&String> =
        commands.iter().filter(|command| !is_asked(command) && !excused(command)).collect();
    assert!(forgotten.is_empty(), "nobody asks these for JSON: {forgotten:?}");
    for (command, why) in OTHERS {
        assert!(commands.iter().any(|known| known == command), "{command} is gone; it was here as {why}");
        assert!(!is_asked(command), "{command} is asked, and said to be unable: {why}");
    }
}
