//! The plans that a newcomer reads first are plans that Tidelock takes.

use tidelock_plan::{Problem, check, diff, expanded, pin};

use crate::common::load;

const EXAMPLES: [&str; 4] = [
    "deploy/examples/minimal.yaml",
    "deploy/examples/shop.yaml",
    "deploy/examples/with-runbook.yaml",
    "deploy/demo/plan.yaml",
];

#[test]
fn every_example_passes_without_a_warning() {
    for path in EXAMPLES {
        let source = load(path);
        match check(&source) {
            Ok(checked) => {
                assert!(checked.warnings.is_empty(), "{}", checked.problems().render(&source, false, 100));
            }
            Err(problems) => panic!("{}", problems.render(&source, false, 100)),
        }
    }
}

#[test]
fn the_smallest_example_fits_on_a_card() {
    assert!(load(EXAMPLES[0]).yaml.lines().count() <= 15);
}

/// The page of the whole design: what this release does not honour yet is refused, and nothing else.
#[test]
fn the_design_example_is_refused_only_for_what_is_not_there_yet() {
    let mut source = load("collector/plan/tests/plan/design-plan.yaml");
    for flow in ["login", "checkout", "orders-api"] {
        source.files.insert(format!("flows/{flow}.yaml"), "steps: []\n".into());
    }
    let problems = check(&source).expect_err("it is ahead of this release");
    let others: Vec<&Problem> = problems.problems().iter().filter(|p| !p.code.starts_with("E9")).collect();
    assert!(others.is_empty(), "{others:#?}");
    let told: Vec<String> = (problems.problems().iter())
        .map(|p| format!("{} {:>3}: {}", p.code, p.line.unwrap_or(0), p.message))
        .collect();
    expect_test::expect_file!["design-plan.txt"].assert_eq(&(told.join("\n") + "\n"));
}

#[test]
fn a_plan_written_out_in_full_reads_back_as_the_same_plan() {
    for path in EXAMPLES {
        let source = load(path);
        let plan = check(&source).expect("an example").plan;
        let mut full = source.clone();
        full.yaml = expanded(&plan);
        match check(&full) {
            Ok(again) => {
                assert_eq!(again.plan, plan, "{path}");
                assert_eq!(diff(&plan, &again.plan), []);
                assert_eq!(expanded(&again.plan), full.yaml);
            }
            Err(problems) => panic!("{}\n{}", full.yaml, problems.render(&full, false, 100)),
        }
    }
}

#[test]
fn pinning_changes_nothing_but_the_pins() {
    for path in EXAMPLES {
        let mut source = load(path);
        let before = check(&source).expect("an example").plan;
        let pinned = pin(&source.yaml, &source.components);
        assert_ne!(pinned, source.yaml);
        assert_eq!(pin(&pinned, &source.components), pinned, "pinning twice is pinning once");
        let digest = source.components.values().next().expect("an example names a plugin").to_string();
        let bare = pinned.replace(&format!(", sha256: {digest}"), "");
        let bare: Vec<&str> =
            bare.lines().filter(|line| line.trim() != format!("sha256: {digest}")).collect();
        assert_eq!(bare, source.yaml.lines().collect::<Vec<_>>());
        source.yaml = pinned;
        source.components.clear();
        assert_eq!(check(&source).expect("a pinned example").plan, before);
    }
}
