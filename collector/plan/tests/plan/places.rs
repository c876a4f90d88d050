//! What pages must not come from, as both sides of a plan say it together.

use tidelock_core::plan::Plan;
use tidelock_model::Side;
use tidelock_plan::{Source, check, diff};

const GOOD: &str = include_str!("good-plan.yaml");
const LOGIN: &str = "claims: { passes: { in_a_row: 5 } }";
const APART: (&str, &str) = (LOGIN, "claims: { no_dependency_on: source }");
/// The last target of each side, and one more below it.
const OLD_CDN: (&str, &str) = (
    "password: \"secret:old-db\" }\n",
    "password: \"secret:old-db\" }\n      cdn: \"https://old-cdn.example\"\n",
);
const MY_CDN: (&str, &str) = (
    "credential: { bearer: \"secret:partner\" } }\n",
    "credential: { bearer: \"secret:partner\" } }\n      mycdn: \"https://old-cdn.example\"\n",
);

fn source(edits: &[(&str, &str)]) -> Source {
    let mut yaml = GOOD.to_owned();
    for (old, new) in edits {
        assert_eq!(yaml.matches(old).count(), 1, "{old:?} must stand once in the good plan");
        yaml = yaml.replace(old, new);
    }
    let files = [("flows/login.yaml".to_owned(), "steps: []\n".to_owned())].into();
    crate::common::source("plan.yaml", yaml, files)
}

fn plan(edits: &[(&str, &str)]) -> Plan {
    let source = source(edits);
    check(&source).unwrap_or_else(|p| panic!("{}", p.render(&source, false, 100))).plan
}

/// Targets that are said to be of no use.
fn unused(edits: &[(&str, &str)]) -> usize {
    let told = crate::common::told(&source(edits));
    told.problems().iter().filter(|problem| problem.code == "W003").count()
}

/// What of a change is looser, and what is stricter.
fn changes(old: &[(&str, &str)], new: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let (mut looser, mut stricter) = (Vec::new(), Vec::new());
    for change in diff(&plan(old), &plan(new)) {
        let words: Vec<&str> = change.text.split_whitespace().collect();
        let line = words.join(" ");
        match (change.looser, change.stricter) {
            (true, _) => looser.push(line),
            (false, true) => stricter.push(line),
            (false, false) => {}
        }
    }
    (looser, stricter)
}

#[test]
fn a_host_of_both_sides_belongs_to_neither() {
    let hosts = |edits: &[(&str, &str)]| -> Vec<String> {
        plan(edits).places_of(Side::Source).hosts.into_iter().collect()
    };
    assert_eq!(hosts(&[]), ["db.shop.example", "shop.example"]);
    assert_eq!(hosts(&[OLD_CDN]), ["db.shop.example", "old-cdn.example", "shop.example"]);
    assert_eq!(hosts(&[OLD_CDN, MY_CDN]), ["db.shop.example", "shop.example"]);
}

#[test]
fn what_pages_must_not_come_from_is_not_called_unused() {
    assert_eq!(unused(&[OLD_CDN]), 1, "no check names it, and no claim looks for it");
    assert_eq!(unused(&[APART, OLD_CDN]), 0);
    assert_eq!(
        unused(&[APART, OLD_CDN, MY_CDN]),
        1,
        "what hides a place from the claim may well be taken out"
    );
}

#[test]
fn a_place_that_pages_may_come_from_again_is_looser_whichever_side_says_so() {
    let none: [String; 0] = [];
    let gone = ["- no_dependency_on.source.host old-cdn.example removed"];
    let (looser, stricter) = changes(&[APART, OLD_CDN], &[APART]);
    assert_eq!((looser, stricter), (gone.map(String::from).to_vec(), none.to_vec()), "its target went");
    let (looser, stricter) = changes(&[APART, OLD_CDN], &[APART, OLD_CDN, MY_CDN]);
    assert_eq!(
        (looser, stricter),
        (gone.map(String::from).to_vec(), none.to_vec()),
        "the target has it, too"
    );
    let (looser, stricter) = changes(&[APART], &[APART, OLD_CDN]);
    let come = ["+ no_dependency_on.source.host old-cdn.example"];
    assert_eq!((looser, stricter), (none.to_vec(), come.map(String::from).to_vec()));
    // Where nothing is claimed a target is a grant, and no more.
    assert_eq!(changes(&[OLD_CDN], &[]), (none.to_vec(), none.to_vec()));
}
