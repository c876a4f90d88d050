//! What each check may reach, in words.

use tidelock_plan::{check, grants};

use crate::common::load;

#[test]
fn what_a_check_may_reach_is_told_in_words_that_a_reviewer_can_sign() {
    let plan = check(&load("deploy/examples/shop.yaml")).expect("an example").plan;
    let told: Vec<String> =
        grants(&plan).iter().map(|one| format!("{}\n  {}\n", one.check, one.may.join("\n  "))).collect();
    expect_test::expect_file!["grants.txt"].assert_eq(&told.concat());
}

#[test]
fn what_changes_data_or_is_not_public_stands_out() {
    let good = include_str!("good-plan.yaml").replace(
        "password: \"secret:old-db\" }",
        "password: \"secret:old-db\", write: true, addresses: [10.0.0.0/8] }",
    );
    let files = [("flows/login.yaml".to_owned(), "steps: []\n".to_owned())].into();
    let source = crate::common::source("plan.yaml", good, files);
    let plan = check(&source).unwrap_or_else(|p| panic!("{}", p.render(&source, false, 100))).plan;
    let all: Vec<String> = grants(&plan).into_iter().flat_map(|one| one.may).collect();
    let has = |words: &[&str]| all.iter().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(has(&["on the target, as shop, may GET", "with the bearer token partner"]), "{all:#?}");
    assert!(has(&["GET or POST https://shop.example", "10 times a second"]), "{all:#?}");
    if plan.scenarios.values().any(|scenario| scenario.targets.iter().any(|name| name.as_str() == "db")) {
        assert!(
            has(&["read and CHANGE the postgres database", "also at the internal addresses 10.0.0.0/8"]),
            "{all:#?}"
        );
    }
}
