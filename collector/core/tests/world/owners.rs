//! Who owns what, and what must always hold, in a line each.

use tidelock_core::plan::{Assertion, AssertionRule, OwnedThing, Plan};

use super::name;

/// Takes the line; false where it is another's.
pub(crate) fn line(plan: &mut Plan, word: &str, rest: &str) -> bool {
    match word {
        "owner" => {
            let (thing, owned) = owner(rest);
            plan.switch.owners.insert(name(&thing), owned);
        }
        "assert" => plan.switch.assertions.push(assertion(rest)),
        _ => return false,
    }
    true
}

/// `invoices, job, source then target, seen by cron, measure runs.invoices`
fn owner(text: &str) -> (String, OwnedThing) {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let (until_switch, then) = parts[2].split_once(" then ").unwrap();
    let owned = OwnedThing {
        kind: parts[1].into(),
        until_switch: until_switch.parse().unwrap(),
        then: then.parse().unwrap(),
        seen_by: name(parts[3].trim_start_matches("seen by ")),
        measure: parts[4].trim_start_matches("measure ").into(),
    };
    (parts[0].into(), owned)
}

/// `one side accepts writes: orders`, `some side serves: the catalogue`
fn assertion(text: &str) -> Assertion {
    let (rule, about) = text.split_once(": ").unwrap();
    let rule = match rule {
        "one side accepts writes" => AssertionRule::ExactlyOneSideAcceptsWrites,
        "some side serves" => AssertionRule::AtLeastOneSideServes,
        other => panic!("{other:?} is no rule"),
    };
    Assertion { about: about.into(), rule }
}
