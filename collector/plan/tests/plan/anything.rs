//! Whatever stands in the file, it is read or refused, and never takes the reader down.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tidelock_plan::{Problems, Source, check, expanded, named_components, named_files, pin};

use crate::common::source;

const GOOD: &str = include_str!("good-plan.yaml");
/// Has every claim.
const FULL: &str = include_str!("design-plan.yaml");
/// Has everything about the switch.
const SWITCH: &str = include_str!("../../../../deploy/examples/with-runbook.yaml");

fn told(yaml: &str) -> Problems {
    let files = BTreeMap::from([("flows/login.yaml".to_owned(), yaml.to_owned())]);
    let source = source("plan.yaml", yaml.to_owned(), files);
    let problems = match check(&source) {
        Ok(checked) => checked.problems(),
        Err(problems) => {
            assert!(
                problems.problems().iter().any(tidelock_plan::Problem::is_error),
                "refused without a reason"
            );
            problems
        }
    };
    shown(&problems, &source);
    assert!(named_files(yaml).iter().all(|path| !path.contains("..") && !path.starts_with('/')));
    named_components(yaml);
    pin(yaml, &source.components);
    problems
}

fn shown(problems: &Problems, source: &Source) {
    let text = problems.render(source, false, 80) + &problems.drawn(source, false, 20);
    let quiet = |c: char| !c.is_control() || c == '\n';
    assert!(text.chars().all(quiet), "a control character reaches the terminal: {text:?}");
    problems.to_json(source);
}

fn codes(yaml: &str) -> Vec<&'static str> {
    told(yaml).problems().iter().map(|p| p.code).collect()
}

#[test]
fn files_that_are_no_plan_are_refused_in_a_word() {
    for empty in ["", "\n\n", "# only a comment\n", "\u{feff}", "~", "---\n"] {
        assert_eq!(codes(empty), ["E002"], "{empty:?}");
    }
    assert_eq!(codes("just text"), ["E009"]);
    assert_eq!(codes("[1, 2]"), ["E009"]);
    assert_eq!(codes(&"a".repeat(2 << 20)), ["E002"]);
    for deep in ["[", "- ", "{a: ", "? "] {
        let codes = codes(&deep.repeat(10_000));
        assert!(matches!(codes[..], ["E001" | "E002" | "E009"]), "{deep:?}: {codes:?}");
    }
    assert!(codes("a: \u{0}").contains(&"E001"));
}

#[test]
fn aliases_are_counted_with_what_they_stand_for() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let list = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{list}]\n"));
    }
    assert!(codes(&bomb).contains(&"E002"));
    let long = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(500_000), vec!["*a"; 2_000].join(", "));
    assert!(codes(&long).contains(&"E002"));
    assert!(codes("a: &a [*a]\n").contains(&"E006"));
    let shared = GOOD
        .replace("agents: { at_least: 2, at_most: 3 }", "agents: &two { at_least: 2, at_most: 3 }")
        .replace("title: the new place", "title: the new place\n    agents: *two");
    assert_eq!(codes(&shared), [""; 0]);
}

#[test]
fn anchors_inside_of_anchors_are_counted_each() {
    let open: String = (0..38).map(|n| format!("&a{n} [")).collect();
    let nested = format!("a: {open}{}{}\n", vec!["x"; 2_000].join(","), "]".repeat(38));
    assert!(codes(&nested).contains(&"E002"));
}

#[test]
fn a_refusal_in_few_words_is_short_whatever_the_file() {
    let keys: Vec<String> = (0..400).map(|n| format!("k{n}: 1")).collect();
    // All of it on one line, which would be shown with each problem.
    let yaml = format!("{{{}, z: \"{}\"}}\n", keys.join(", "), "x".repeat(900_000));
    let problems = check(&source("plan.yaml", yaml, BTreeMap::new())).expect_err("it is no plan");
    let brief = problems.brief();
    assert!(brief.len() < 4_096, "{} bytes", brief.len());
    assert!(brief.starts_with("the plan has ") && brief.contains("\nline 1: E007: "), "{brief}");
    assert!(brief.ends_with("`tidelock plan check` shows all of them"), "{brief}");
}

#[test]
fn line_ends_and_byte_order_marks_change_no_place() {
    let wrong = GOOD.replace("level: important", "level: vital");
    let place = |yaml: &str| {
        let problems = told(yaml);
        let problem = &problems.problems()[0];
        (problem.code, problem.line, problem.column)
    };
    assert_eq!(place(&wrong), ("E010", Some(33), Some(12)));
    assert_eq!(place(&format!("\u{feff}{}", wrong.replace('\n', "\r\n"))), place(&wrong));
}

/// The good plan without one of its parts.
fn without(part: &str) -> String {
    let mut inside = false;
    let kept = GOOD.split_inclusive('\n').filter(|line| {
        if !line.starts_with(' ') {
            inside = line.starts_with(&format!("{part}:"));
        }
        !inside
    });
    kept.collect()
}

#[test]
fn what_is_too_large_too_long_or_not_there_is_refused() {
    assert_eq!(codes(&"a".repeat(100 << 20)), ["E002"], "100 MiB");
    let long = "n".repeat(10_000);
    let names = [
        long.as_str(),
        "lоgin",
        "log\u{200b}in",
        "login\u{202e}",
        "Login",
        "log in",
        "login ",
        "login\t",
        "../login",
        "/dev/zero",
        ".login",
        "1e309",
        "null",
    ];
    for name in names {
        for (old, new) in [
            ("name: shop-moves", format!("name: {name:?}")),
            ("  checkout:\n", format!("  {name:?}:\n")),
            ("  ben: { name", format!("  {name:?}: {{ name")),
            ("      db: {", format!("      {name:?}: {{")),
        ] {
            assert_eq!(GOOD.matches(old).count(), 1, "{old:?}");
            let found = told(&GOOD.replace(old, &new));
            // A name that is written as a word or number is still one where it has the letters for it.
            let plain = matches!(name, "1e309" | "null");
            let refused = found.problems().iter().any(tidelock_plan::Problem::is_error);
            assert!(refused || plain, "{:.20} in the place of {old:?} was taken", name);
        }
    }
    for part in ["tidelock", "name", "environments", "people", "scenarios", "manual_checks"] {
        let found = told(&without(part));
        assert!(
            found.problems().iter().any(tidelock_plan::Problem::is_error),
            "a plan without {part} was taken"
        );
    }
    for share in ["100.0001%", "-1%", ".nan%", "1e309%", "NaN", "0%"] {
        let claims = format!("claims: {{ success: {{ margin: 5%, slo: {share} }} }}");
        let found = told(&GOOD.replace("claims: { passes: { in_a_row: 5 } }", &claims));
        assert!(
            found.problems().iter().any(tidelock_plan::Problem::is_error),
            "an objective of {share} was taken"
        );
    }
}

#[test]
fn very_many_mistakes_are_counted_and_not_all_shown() {
    let mut yaml = GOOD.to_owned();
    (0..1_000).for_each(|n| yaml.push_str(&format!("unknown{n}: 1\n")));
    let problems = told(&yaml);
    assert_eq!(problems.problems().len(), 301);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_takes_the_reader_down(text in any::<String>()) {
        told(&text);
    }

    #[test]
    fn no_yaml_takes_the_reader_down(text in r#"[a-z0-9 :\-\[\]{},&*!|>'"%@`#\n\t~<?.]{0,200}"#) {
        told(&text);
    }

    #[test]
    fn no_edit_of_a_plan_takes_the_reader_down(
        edits in prop::collection::vec((0..GOOD.len(), 0usize..40, r#"[a-z0-9 :\-\[\]{},&*'"\n\u{202e}é]{0,12}"#), 1..6)
    ) {
        let mut yaml = GOOD.to_owned();
        for (at, length, with) in edits {
            let start = yaml.floor_char_boundary(at.min(yaml.len()));
            let end = yaml.floor_char_boundary((start + length).min(yaml.len()));
            yaml.replace_range(start..end, &with);
        }
        told(&yaml);
    }

    #[test]
    fn no_edit_of_a_claim_takes_the_reader_down(
        edits in prop::collection::vec((0usize..400, r#"[0-9a-z.%/{}:, ]{0,10}"#), 1..8)
    ) {
        let mut words: Vec<String> = FULL.split_inclusive([' ', '\n']).map(str::to_owned).collect();
        let claims: Vec<usize> = (0..words.len())
            .filter(|at| words[*at].contains('%') || words[*at].ends_with([',', ' ']) && words[*at].starts_with(|c: char| c.is_ascii_digit()))
            .collect();
        for (at, with) in edits {
            let at = claims[at % claims.len()];
            words[at] = with + " ";
        }
        told(&words.concat());
    }

    #[test]
    fn no_edit_of_the_switch_takes_the_reader_down(
        edits in prop::collection::vec((0usize..2_000, prop::sample::select(vec![
            "", "{", "[", "route", "fence", "open", "reverse", "point-of-no-return", "drain", "manual", "0%", "50%", "100%",
            "0s", "5s", "400d", "login", "feed-back", "{weight}", "target", "source", "all", "500", "-1", "olga", "runbook:",
        ])), 1..8)
    ) {
        // Counted claims: how long a proof takes is not what is edited.
        let plan = SWITCH.replace("proof: standard", "claims: { passes: { in_a_row: 3 } }");
        let at = plan.find("runbook:\n").expect("it has one");
        let (head, switch) = plan.split_at(at);
        let mut words: Vec<String> = switch.split_inclusive([' ', '\n', ',', ']']).map(str::to_owned).collect();
        for (at, with) in edits {
            let at = at % words.len();
            let end = words[at].pop().unwrap_or(' ');
            words[at] = format!("{with}{end}");
        }
        let yaml = format!("{head}{}", words.concat());
        told(&yaml);
        let mut source = source("plan.yaml", yaml, BTreeMap::new());
        if let Ok(checked) = check(&source) {
            source.yaml = expanded(&checked.plan);
            let again = check(&source).map_err(|p| TestCaseError::fail(p.render(&source, false, 100)))?;
            prop_assert_eq!(&again.plan, &checked.plan);
            prop_assert_eq!(tidelock_plan::diff(&checked.plan, &again.plan), []);
        }
    }

    #[test]
    fn every_number_of_a_proof_is_read_back_as_the_same(
        margin in 1u32..9_999, slo in 1u32..9_999, error_rate in 1u32..5_000, outage in 1u64..10_000_000, slack in 0u32..100_000
    ) {
        let share = |n: u32| format!("{}.{:02}%", n / 100, n % 100);
        let claims = format!(
            "claims: {{ success: {{ margin: {}, slo: {}, error_rate: {}, outage: {outage}ms }}, latency: {{ p95: {{ slack: {} }} }} }}",
            share(margin), share(slo), share(error_rate), share(slack)
        );
        let yaml = GOOD
            .replace("claims: { passes: { in_a_row: 5 } }", &claims)
            .replace("timezone: Europe/Berlin", "timezone: Europe/Berlin\nrehearsal_scale: true");
        let files = BTreeMap::from([("flows/login.yaml".to_owned(), "steps: []\n".to_owned())]);
        let mut source = source("plan.yaml", yaml, files);
        match check(&source) {
            Ok(checked) => {
                source.yaml = expanded(&checked.plan);
                let again = check(&source).map_err(|p| TestCaseError::fail(p.render(&source, false, 100)))?;
                prop_assert_eq!(again.plan, checked.plan);
            }
            Err(problems) => prop_assert!(problems.problems().iter().any(|p| p.code == "E036"), "{}", problems),
        }
    }
}
