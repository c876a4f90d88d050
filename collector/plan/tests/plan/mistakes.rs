//! What people get wrong, and what they are told.
//!
//! Each mistake is one edit of a plan that is fine. The answers lie in `mistakes.txt`;
//! `UPDATE_EXPECT=1` rewrites them, and the difference is the review.

use std::collections::BTreeMap;

use tidelock_core::HoldCode;
use tidelock_plan::{Source, check, codes, explain};

use crate::common::{edits, page, told};

const GOOD: &str = include_str!("good-plan.yaml");
const FLOW: &str = "steps:\n  - name: open\n    request: { path: /login }\n";

fn with(yaml: String) -> Source {
    let files = BTreeMap::from([
        ("flows/login.yaml".to_owned(), FLOW.to_owned()),
        ("flows/list.yaml".to_owned(), "- a\n- b\n".to_owned()),
        ("flows/broken.yaml".to_owned(), "steps: [\n".to_owned()),
        ("ca.pem".to_owned(), "no certificate\n".to_owned()),
    ]);
    let mut source = crate::common::source("plan.yaml", yaml, files);
    source.components.retain(|word, _| word != "builtin:checkout");
    source
}

/// What is wrong, the text in the good plan, and what stands there instead.
const MISTAKES: &str = include_str!("mistakes.in");

fn mistakes() -> Vec<(String, String)> {
    edits(GOOD, MISTAKES)
}

#[test]
fn the_plan_that_the_mistakes_are_made_in_is_fine() {
    let mut source = with(GOOD.to_owned());
    source = crate::common::source("plan.yaml", source.yaml, source.files);
    match check(&source) {
        Ok(checked) => assert_eq!(checked.warnings, []),
        Err(problems) => panic!("{}", problems.render(&source, false, 100)),
    }
}

#[test]
fn a_manual_check_of_the_last_phase_holds_the_retirement_by_itself() {
    let by_hand = "phase: committed }\ngates:\n  retired: { needs: [login] }";
    let yaml = GOOD
        .replace("phase: watch, within: 45m }\ngates:", by_hand)
        .replace("[all, back-office]", "[all]")
        .replace("    level: critical\n    plugin: builtin:login", "    level: critical\n    phases: [sync, ready, cutover, watch, rolling-back, committed]\n    plugin: builtin:login");
    let mut source = with(yaml);
    source = crate::common::source("plan.yaml", source.yaml, source.files);
    match check(&source) {
        Ok(checked) => assert_eq!(checked.warnings, []),
        Err(problems) => panic!("{}", problems.render(&source, false, 100)),
    }
}

#[test]
fn every_mistake_is_named_with_its_place_and_its_way_out() {
    let list = mistakes();
    assert!(list.len() >= 30, "{} mistakes", list.len());
    let sources = list
        .into_iter()
        .map(|(title, yaml)| (title, crate::common::source("plan.yaml", yaml, with(String::new()).files)));
    expect_test::expect_file!["mistakes.txt"].assert_eq(&page(sources));
}

#[test]
fn all_mistakes_are_told_in_one_go() {
    let mut yaml = GOOD.to_owned();
    for (old, new) in [
        ("timezone: Europe/Berlin", "timezone: Europe/Berlim"),
        ("approvals: 2", "approvals: 7"),
        ("stable_for: 10m", "stable_for: 10"),
        ("[login, restore-tested]", "[logn, restore-tested]"),
        ("level: critical", "level: vital"),
        ("window: 6h", "windows: 6h"),
        ("owner: ben", "owner: bne"),
    ] {
        yaml = yaml.replacen(old, new, 1);
    }
    let source = with(yaml);
    let problems = told(&source);
    let codes: std::collections::BTreeSet<&str> = problems.problems().iter().map(|p| p.code).collect();
    for code in ["E010", "E019", "E012", "E015", "E007", "E018"] {
        assert!(codes.contains(code), "{code} is missing in {codes:?}");
    }
}

#[test]
fn an_error_shows_its_line_and_what_was_meant() {
    let source = with(GOOD.replace("[login, restore-tested]", "[logn, restore-tested]"));
    let source = crate::common::source("plan.yaml", source.yaml, source.files);
    expect_test::expect_file!["shown.txt"].assert_eq(&told(&source).render(&source, false, 80));
}

#[test]
fn programs_get_the_same_as_json() {
    let source = with(GOOD.replace("[login, restore-tested]", "[logn, restore-tested]"));
    let source = crate::common::source("plan.yaml", source.yaml, source.files);
    let json = serde_json::to_string_pretty(&told(&source).to_json(&source)).expect("JSON is JSON");
    expect_test::expect_file!["shown.json"].assert_eq(&(json + "\n"));
}

#[test]
fn a_secret_in_clear_text_is_not_repeated() {
    let source = with(GOOD.replace("\"secret:shopper\"", "hunter2-hunter2"));
    let problems = told(&source);
    assert!(problems.problems().iter().any(|p| p.code == "E024"));
    for width in [40, 80, 200] {
        assert!(!problems.render(&source, true, width).contains("hunter2"));
    }
    assert!(!problems.to_json(&source).to_string().contains("hunter2"));
    assert!(!problems.to_string().contains("hunter2"));
}

#[test]
fn a_plugin_of_ones_own_must_be_pinned_in_the_plan() {
    let yaml = GOOD.replace("plugin: builtin:login", "plugin: ./mine.wasm");
    let mut source = with(yaml.clone());
    let digest = tidelock_model::Sha256::from_bytes([9; 32]);
    source.components.insert("./mine.wasm".into(), digest);
    assert!(told(&source).problems().iter().any(|p| p.code == "E033"));
    source.yaml = tidelock_plan::pin(&yaml, &source.components);
    source.components.insert("builtin:checkout".into(), digest);
    let checked = check(&source).unwrap_or_else(|p| panic!("{}", p.render(&source, false, 100)));
    assert!(checked.plan.scenarios.values().any(|s| s.component == digest));
    source.components.insert("./mine.wasm".into(), tidelock_model::Sha256::from_bytes([8; 32]));
    assert!(told(&source).problems().iter().any(|p| p.code == "E033"));
}

#[test]
fn every_code_that_is_said_is_explained() {
    let known: Vec<&str> = codes().map(|(code, _)| code).collect();
    let mut sorted = known.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(known, sorted, "codes are in order, each once");
    for (_, yaml) in mistakes() {
        for problem in told(&with(yaml)).problems() {
            assert!(explain(problem.code).is_some(), "{} is not explained", problem.code);
        }
    }
    assert_eq!(explain("E999"), None);
    assert_eq!(explain("e015"), explain("E015"));
}

#[test]
fn no_check_is_named_by_the_word_for_a_hold_and_a_new_hold_is_reserved_by_itself() {
    let manual = |yaml: &str, word: &str| yaml.replace("back-office: { title", &format!("{word}: {{ title"));
    let scenario = |yaml: &str, word: &str| yaml.replace("  checkout:\n", &format!("  {word}:\n"));
    let taken = |yaml: String, word: &str| {
        let told = told(&crate::common::source("plan.yaml", yaml, with(String::new()).files));
        let wanted = format!("{word:?} is the word for a hold, not a name");
        told.problems().iter().filter(|p| p.code == "E041" && p.message == wanted).count()
    };
    for word in HoldCode::ALL.iter().map(|code| code.word()) {
        assert_eq!(taken(manual(GOOD, word), word), 1, "a manual check {word}");
        assert_eq!(taken(scenario(GOOD, word), word), 1, "a scenario {word}");
        assert_eq!(taken(scenario(&manual(GOOD, word), word), word), 2, "both are told of {word}");
    }
    assert_eq!(taken(GOOD.to_owned(), "rehearsal"), 0);
}
