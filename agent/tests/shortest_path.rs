//! The shortest path, with the real program, the real sandbox and the release's own component.
//!
//! It needs the first-party components: `make plugins`.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test fails it")]

#[expect(unreachable_pub, reason = "shared between test programs")]
mod shop;

use std::path::Path;
use std::process::{Command, Output};

use shop::{Fault, serve};
use tempfile::TempDir;

const FLOW: &str = r#"
steps:
  - name: open
    request: { path: /login }
    extract: { csrf: { css: "input[name=csrf]", attr: value } }
  - name: log-in
    request: { path: /login, form: { user: "{{user}}", csrf: "{{csrf}}" } }
    expect: { status: 303 }
  - name: account
    request: { path: /account }
    expect: { status: 200, contains: "Signed in as ann" }
"#;

fn agent(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidelock-agent"))
        .args(args)
        .current_dir(dir)
        .env("XDG_CACHE_HOME", dir.join("cache"))
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn folder() -> TempDir {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("login.yaml"), FLOW).unwrap();
    dir
}

fn compare(dir: &Path, old: &str, new: &str, more: &[&str]) -> Output {
    let mut args = vec![
        "compare",
        "--flow",
        "login.yaml",
        "--with",
        "user=ann",
        "--for",
        "2s",
        "--every",
        "200ms",
        old,
        new,
    ];
    args.extend(more);
    agent(dir, &args)
}

#[test]
fn two_good_sides_pass_and_open_no_gate() {
    let (dir, old, new) = (folder(), serve(Fault::None), serve(Fault::None));
    let out = compare(dir.path(), &old, &new, &["--save", "plan.yaml"]);
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{said}\n{}", text(&out.stderr));
    assert_eq!(said.lines().last(), Some("one observer: this opens no gate"));
    assert!(said.contains("no difference seen"), "{said}");
    for step in ["open", "log-in", "account", "whole run"] {
        assert!(said.lines().any(|line| line.starts_with(step)), "{said}");
    }
    let plan = std::fs::read_to_string(dir.path().join("plan.yaml")).unwrap();
    assert!(plan.contains("builtin:http-flow") && plan.contains("addresses: [\"127.0.0.1\"]"), "{plan}");
}

#[test]
fn a_side_that_loses_the_session_is_named_though_every_page_answers() {
    let (dir, old, new) = (folder(), serve(Fault::None), serve(Fault::LosesSession));
    let out = compare(dir.path(), &old, &new, &[]);
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{said}\n{}", text(&out.stderr));
    assert!(said.contains("first difference: round 1: account: old pass, new fail"), "{said}");
}

#[test]
fn a_wrong_flow_is_told_at_once() {
    let (dir, old) = (folder(), serve(Fault::None));
    std::fs::write(dir.path().join("login.yaml"), FLOW.replace("{{user}}", "{{usr}}")).unwrap();
    let out = compare(dir.path(), &old, &old, &[]);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stdout));
    let said = text(&out.stderr);
    assert!(said.contains("usr") && said.contains("--with KEY=VALUE"), "{said}");
    // A file that is no component is told in a word, and not by its bytes.
    for command in ["inspect", "try"] {
        let out = agent(dir.path(), &[command, "login.yaml"]);
        assert_eq!(out.status.code(), Some(2), "{}", text(&out.stdout));
        let said = text(&out.stderr);
        assert!(said.contains("login.yaml is no WebAssembly") && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn one_run_is_shown_whole() {
    let (dir, shop) = (folder(), serve(Fault::None));
    let target = format!("shop={shop}");
    let args = ["try", "builtin:http-flow", "--with", "flow=@login.yaml", "--with", "target=shop"];
    let mut good = args.to_vec();
    good.extend(["--with", "user=ann", "--target", &target, "--side", "target", "--timeout", "20s"]);
    let out = agent(dir.path(), &good);
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{said}\n{}", text(&out.stderr));
    assert!(
        said.starts_with("pass\n") && said.contains("step     log-in") && said.contains("used     3 calls"),
        "{said}"
    );

    let told = |args: &[&str]| {
        let out = agent(dir.path(), &[args, &["--json"]].concat());
        let value: serde_json::Value =
            serde_json::from_slice(&out.stdout).unwrap_or_else(|error| panic!("{error}: {out:?}"));
        (out.status.code(), value)
    };
    let (code, value) = told(&good);
    assert_eq!((code, &value["outcome"], &value["calls"]), (Some(0), &"pass".into(), &3.into()), "{value}");
    assert_eq!(
        (&value["plugin"]["name"], &value["side"]),
        (&"http-flow".into(), &"target".into()),
        "{value}"
    );
    let steps = value["report"]["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["name"] == "log-in" && step["outcome"] == "pass"), "{value}");
    let (code, value) = told(&["try", "no-such.wasm"]);
    assert_eq!((code, &value["error"]["code"]), (Some(2), &"USAGE".into()), "{value}");
    assert!(value["error"]["message"].as_str().is_some_and(|why| why.contains("no-such.wasm")), "{value}");

    // A time is read as in a plan, and so is one without its unit.
    let out = agent(dir.path(), &[&good[..good.len() - 1], &["20"]].concat());
    let said = text(&out.stderr);
    assert!(out.status.code() == Some(2) && said.contains("write 20s"), "{said}");

    let mut wrong = args.to_vec();
    wrong.extend(["--with", "user=bob", "--target", &target]);
    assert_eq!(agent(dir.path(), &wrong).status.code(), Some(1));

    let mut denied = args.to_vec();
    denied.extend(["--with", "user=ann"]);
    let out = agent(dir.path(), &denied);
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(6), "{said}");
    assert!(said.starts_with("not run: "), "{said}");
}
