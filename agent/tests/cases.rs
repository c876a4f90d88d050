//! Cases of a plugin, with the real program, the real sandbox and the test guest.
//!
//! A case must fail by whatever it does not say: each way to prove less than it seems has its row here.
//! It needs the guest: `cargo run -p tidelock-components --bin componentize -- tidelock-test-guest`.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test fails it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const PAGE: &str = "
settings: { act: http, target: shop, path: /page }
targets:
  shop:
    http:
      - { request: GET /page, status: 200, body: hello, takes: 30ms }
expect: { outcome: pass, note: hello, measures: { body-bytes: 5, total-us: 30000 }, calls: 1 }
";
const ROWS: &str = "
settings: { act: sql, target: db, statement: 'select  count(*) from orders where id > $1', params: [7] }
targets:
  db:
    sql: postgres
    answers:
      - { statement: select count(*) from orders where id > $1, params: [7], columns: [count], rows: [[3]] }
expect: { outcome: pass, note: Integer(3), measures: { rows: 1 } }
";

fn guest() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins/test-guest.wasm");
    assert!(path.is_file(), "{} is missing: see above", path.display());
    path
}

fn cases(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir(dir.path().join("cases")).unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join("cases").join(name), text).unwrap();
    }
    dir
}

fn play(dir: &TempDir, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidelock-agent"))
        .arg("test")
        .arg(guest())
        .args(more)
        .current_dir(dir.path())
        .env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases-cache"))
        .output()
        .unwrap()
}

/// What each case says of itself, by its name.
fn played(files: &[(&str, &str)]) -> (Option<i32>, Vec<Value>) {
    let done = play(&cases(files), &["--json"]);
    let told: Value = serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&done.stderr)));
    (done.status.code(), told["cases"].as_array().unwrap().clone())
}

/// Plays one case after another in one go; each must say its words, and none means that it holds.
#[track_caller]
fn all(table: &[(&str, String, &[&str])]) {
    let files: Vec<(&str, &str)> = table.iter().map(|(name, text, _)| (*name, text.as_str())).collect();
    let (code, told) = played(&files);
    for (name, _, words) in table {
        let case =
            told.iter().find(|case| case["case"] == *name).unwrap_or_else(|| panic!("no {name}: {told:?}"));
        let said = case["differences"].to_string();
        assert_eq!(case["passed"].as_bool(), Some(words.is_empty()), "{name}: {said}");
        for word in *words {
            assert!(said.contains(word), "{name}: no {word:?} in {said}");
        }
    }
    let held = table.iter().all(|(_, _, words)| words.is_empty());
    assert_eq!(code, Some(if held { 0 } else { 1 }));
}

#[test]
fn a_case_holds_by_its_fakes_and_its_clock_alone() {
    let sleeps =
        "settings: { act: sleep, ms: 5000 }\ntimeout: 1m\nexpect: { outcome: pass, note: woke up }\n";
    let late =
        "settings: { act: sleep, ms: 5000 }\ntimeout: 2s\nexpect: { outcome: not run, cause: timeout }\n";
    let silent = PAGE.replace("status: 200, body: hello, takes: 30ms", "broken: silent").replace(
        "outcome: pass, note: hello, measures: { body-bytes: 5, total-us: 30000 }, calls: 1",
        "outcome: fail, note: no answer from target shop",
    );
    let kept = "settings: { act: count }\nstate: { count: \"\\x29\" }\nexpect: { outcome: pass, note: run 42, state: { count: '*' } }\n";
    let refused = ROWS
        .replace("columns: [count], rows: [[3]]", "error: { code: '42P01', message: no such table }")
        .replace(
            "outcome: pass, note: Integer(3), measures: { rows: 1 }",
            "outcome: fail, note: no such table",
        );
    all(&[
        ("page.yaml", PAGE.to_owned(), &[]),
        ("rows.yaml", ROWS.to_owned(), &[]),
        ("sleeps.yaml", sleeps.to_owned(), &[]),
        ("late.yaml", late.to_owned(), &[]),
        ("silent.yaml", silent, &[]),
        ("kept.yaml", kept.to_owned(), &[]),
        ("refused.yaml", refused, &[]),
    ]);
}

#[test]
fn a_case_fails_by_whatever_it_does_not_say() {
    let page = |from: &str, to: &str| {
        assert!(PAGE.contains(from), "{from}");
        PAGE.replace(from, to)
    };
    let rows = |from: &str, to: &str| {
        assert!(ROWS.contains(from), "{from}");
        ROWS.replace(from, to)
    };
    all(&[
        ("outcome.yaml", page("outcome: pass", "outcome: fail"), &["outcome: expected fail, is pass"]),
        ("note.yaml", page("note: hello", "note: bye"), &["note: expected to hold"]),
        ("measure.yaml", page("body-bytes: 5", "body-bytes: 6"), &["measure body-bytes: expected 6, is 5"]),
        ("calls.yaml", page("calls: 1", "calls: 2"), &["calls: expected 2, is 1"]),
        ("misspelt.yaml", page("outcome: pass", "outcom: pass"), &["outcom"]),
        ("misspelt-deep.yaml", page("status: 200", "stauts: 200"), &["stauts"]),
        (
            "no-answer.yaml",
            page("GET /page", "GET /other"),
            &["nothing answers GET /page of target shop", "nobody asked for GET /other"],
        ),
        ("method.yaml", page("GET /page", "POST /page"), &["nothing answers GET /page"]),
        (
            "often.yaml",
            page("status: 200", "times: 2, status: 200"),
            &["was asked for 1 times, the case says 2"],
        ),
        ("params.yaml", rows("[7], columns", "[8], columns"), &["nothing answers", "with [7] of target db"]),
        ("not-granted.yaml", page("    http:", "    paths: [/api]\n    http:"), &["denied"]),
        ("both.yaml", page("status: 200", "broken: silent, status: 200"), &["what is broken has no status"]),
        ("ragged.yaml", rows("rows: [[3]]", "rows: [[3, 4]]"), &["a row has 2 cells"]),
        (
            "cause.yaml",
            page("outcome: pass", "outcome: pass, cause: denied"),
            &["only what did not run has one"],
        ),
        ("empty.yaml", String::new(), &["cannot be played"]),
    ]);
}

#[test]
fn a_trap_tells_the_plugin_the_function_that_broke_and_the_last_twenty_lines_of_its_log() {
    let trap = "settings: { act: trap, lines: 30 }\nexpect: { outcome: pass }\n";
    let dir = cases(&[("trap.yaml", trap)]);
    let done = play(&dir, &[]);
    let said = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.lines().any(|line| line.starts_with("test-guest 1.0.0, ")), "{said}");
    let told = said.lines().find_map(|line| line.split_once("expected pass, is not run (trap): "));
    let (why, place) =
        told.and_then(|(_, told)| told.split_once(", in ")).unwrap_or_else(|| panic!("{said}"));
    assert!(why.contains("unreachable"), "{said}");
    // The innermost first: what the panic itself called, then whoever broke, then whoever called it.
    assert!(place.split(" < ").any(|function| function == "tidelock_test_guest::acts::trap"), "{said}");
    let log: Vec<&str> = said.lines().filter_map(|line| line.trim_start().strip_prefix("log: ")).collect();
    let last: Vec<String> = (10..30).map(|number| format!("[info] line {number}")).collect();
    assert_eq!(log, last, "{said}");
}

#[test]
fn a_test_of_nothing_is_none() {
    let bare = play(&cases(&[]), &[]);
    assert_eq!(bare.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&bare.stderr).contains("a test of nothing proves nothing"));
    let other = play(&cases(&[("page.yaml", PAGE)]), &["--case", "pages"]);
    assert!(other.status.code() == Some(2) && other.stdout.is_empty(), "{other:?}");
    let one = play(&cases(&[("page.yaml", PAGE), ("broken.yaml", "no")]), &["--case", "page"]);
    assert_eq!(one.status.code(), Some(0), "{one:?}");
}

const STALE: &str = "# why it is here
about: a page   # two
settings: { act: http, target: shop, path: /page }
targets:
  shop:
    http:
      - { request: GET /page, status: 200, body: hello, takes: 30ms }   # three
expect:
  # four
  outcome: fail   # five
  note: 'gone'
  measures: { body-bytes: 6, lost: 1, total-us: 30000 }
  calls: 2

# six
now: 2026-01-01T00:00:00Z
";
const LATE: &str = "settings: { act: sleep, ms: 5000 }\ntimeout: 2s\nexpect: { outcome: pass } # one\n";
const EARLY: &str =
    "settings: { act: sleep, ms: 5 }\nexpect: { outcome: not run, cause: could_not_look } # one\n";

fn case(dir: &TempDir, name: &str) -> String {
    std::fs::read_to_string(dir.path().join("cases").join(name)).unwrap()
}

#[test]
fn an_update_writes_what_the_component_gave_and_leaves_every_other_byte() {
    let files = [("early.yaml", EARLY), ("late.yaml", LATE), ("page.yaml", PAGE), ("stale.yaml", STALE)];
    let dir = cases(&files);
    let done = play(&dir, &["--update"]);
    let said = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let stale = STALE
        .replace("outcome: fail", "outcome: pass")
        .replace("'gone'", "\"200 /page [] hello\"")
        .replace("body-bytes: 6, lost: 1,", "body-bytes: 5,")
        .replace("calls: 2", "calls: 1");
    assert_eq!(case(&dir, "stale.yaml"), stale);
    assert_eq!(case(&dir, "late.yaml"), LATE.replace("pass }", "not run, cause: timeout }"));
    assert_eq!(case(&dir, "early.yaml"), EARLY.replace("not run, cause: could_not_look", "pass"));
    assert_eq!(case(&dir, "page.yaml"), PAGE);
    // What is expected less than before is shouted, and what is expected more is not.
    for word in [
        "~ case stale.yaml",
        "10 -   outcome: fail   # five",
        "10 +   outcome: pass   # five",
        "! LOOSER: fail was expected, and pass is now",
        "! LOOSER: nothing is expected of measures.lost any more",
        "! LOOSER: not run was expected, and pass is now",
        "4 of 4 cases hold.",
        "3 of them hold because --update wrote",
        "they refuse less than before: early.yaml, stale.yaml",
    ] {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
    let left = std::fs::read_dir(dir.path().join("cases")).unwrap().count();
    assert_eq!(left, files.len(), "a draft is left behind");
    // A second time there is nothing to write.
    let again = play(&dir, &["--update", "--json"]);
    let told: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((&told["written"], &told["failed"]), (&0.into(), &0.into()), "{told}");
    assert_eq!(case(&dir, "stale.yaml"), stale);
}

#[test]
fn an_update_of_one_case_is_told_to_programs_and_touches_no_other() {
    let dir = cases(&[("early.yaml", EARLY), ("late.yaml", LATE)]);
    let done = play(&dir, &["--update", "--case", "early", "--json"]);
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((done.status.code(), &told["written"]), (Some(0), &1.into()), "{told}");
    let written = &told["cases"][0]["written"];
    assert!(written["was"][0].as_str().unwrap().contains("expected not run, is pass"), "{told}");
    assert_eq!(written["diff"].as_array().unwrap().len(), 2, "{told}");
    assert_eq!(written["looser"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(case(&dir, "late.yaml"), LATE);
}

#[test]
fn a_case_that_broke_off_or_whose_world_does_not_fit_is_never_written() {
    let world = "its world does not fit, mend that first";
    let unused = "settings: { act: sleep, ms: 5 }\ntargets: { shop: { http: [{ request: GET /x, status: 200 }] } }\nexpect: { outcome: fail }\n";
    let forgotten = "settings: { act: http, target: shop, path: /page }\nexpect: { outcome: pass }\n";
    let anchored = "about: &a gone\nsettings: { act: sleep, ms: 5 }\nexpect: { outcome: pass, note: *a }\n";
    let (unanswered, misspelt) =
        (PAGE.replace("GET /page", "GET /other"), PAGE.replace("outcome: pass", "outcom: fail"));
    let files = [
        ("trap.yaml", "settings: { act: trap }\nexpect: { outcome: pass }\n", "trap is no finding"),
        (
            "bad-report.yaml",
            "settings: { act: garbage, kind: nan }\nexpect: { outcome: pass }\n",
            "bad_report",
        ),
        ("unanswered.yaml", unanswered.as_str(), world),
        ("unused.yaml", unused, world),
        ("forgotten.yaml", forgotten, "denied is no finding"),
        ("anchored.yaml", anchored, "by hand"),
        ("misspelt.yaml", misspelt.as_str(), ""),
    ];
    let dir = cases(&files.map(|(name, text, _)| (name, text)));
    let done = play(&dir, &["--update", "--json"]);
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((done.status.code(), &told["written"]), (Some(1), &0.into()), "{told}");
    for (name, text, why) in files {
        assert_eq!(case(&dir, name), text, "{name} was written");
        let played = told["cases"].as_array().unwrap().iter().find(|played| played["case"] == name).unwrap();
        assert_eq!(played["passed"], false, "{played}");
        let said = played["not_written"].as_str().unwrap_or_default();
        assert!(said.contains(why), "{name}: no {why:?} in {played}");
    }
    let said = play(&dir, &["--update", "--case", "trap"]);
    let said = String::from_utf8_lossy(&said.stdout);
    assert!(said.contains("not written: trap is no finding of the check"), "{said}");
}

#[test]
fn fuel_is_the_same_each_time_and_a_case_that_uses_more_fails() {
    let dir = cases(&[("page.yaml", PAGE)]);
    let fuel = || {
        let done = play(&dir, &["--fuel", "1000000000", "--json"]);
        let told: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(done.status.code(), Some(0), "{told}");
        told["cases"][0]["fuel"].as_u64().unwrap()
    };
    let used = fuel();
    assert!(used > 100, "{used}");
    assert_eq!(fuel(), used);
    let less = play(&dir, &["--fuel", "100", "--update"]);
    let said = String::from_utf8_lossy(&less.stdout);
    assert_eq!(less.status.code(), Some(1), "{said}");
    assert!(said.contains("is not run (cpu): the run has used up its 100 units of fuel"), "{said}");
    assert_eq!(case(&dir, "page.yaml"), PAGE);
    // Nobody counts where nobody asks.
    let told: Value = serde_json::from_slice(&play(&dir, &["--json"]).stdout).unwrap();
    assert_eq!(told["cases"][0]["fuel"], Value::Null, "{told}");
}
