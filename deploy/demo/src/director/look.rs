//! Reads `tidelock status -o json`. What is absent counts as not seen.

use serde_json::Value;

/// The phase.
pub(crate) fn phase(status: &Value) -> &str {
    status["phase"].as_str().unwrap_or("unknown")
}

/// The holds of the next gate.
pub(crate) fn holds(status: &Value) -> &[Value] {
    status["next_gate"]["holds"].as_array().map_or(&[], Vec::as_slice)
}

/// The hold of a check, on whichever side.
pub(crate) fn hold_of<'s>(status: &'s Value, check: &str) -> Option<&'s Value> {
    holds(status).iter().find(|hold| hold["check"] == check)
}

/// The hold of a check on a side.
pub(crate) fn hold_on<'s>(status: &'s Value, check: &str, side: &str) -> Option<&'s Value> {
    holds(status).iter().find(|hold| hold["check"] == check && hold["side"] == side)
}

/// The alarm of the watch after the switch.
pub(crate) fn alarm(status: &Value) -> Option<&Value> {
    holds(status).iter().find(|hold| hold["code"] == "alarm")
}

/// Going back is recommended now, by the detector, because of a check.
pub(crate) fn back_recommended(status: &Value, check: &str) -> bool {
    let called = alarm(status).is_some_and(|hold| hold["check"] == check);
    called && status["next_gate"]["rollback"]["recommended"] == true
}

/// What `tidelock why CHECK` says of the target.
pub(crate) fn said_of(why: &Value) -> &str {
    why["scenario"]["sides"]["target"]["value"].as_str().unwrap_or("nothing is known of it")
}

/// A hold's reason.
pub(crate) fn reason(hold: &Value) -> &str {
    hold["reason"].as_str().unwrap_or("")
}

/// How much a hold says is left.
pub(crate) fn remaining(hold: &Value) -> u64 {
    let left = hold["remaining"].as_array().map_or(&[][..], Vec::as_slice);
    left.iter().filter_map(|left| left["count"].as_u64()).sum()
}

/// A scenario.
pub(crate) fn scenario<'s>(status: &'s Value, name: &str) -> Option<&'s Value> {
    status["scenarios"].as_array()?.iter().find(|scenario| scenario["name"] == name)
}

/// Whether a scenario is proved on these sides.
pub(crate) fn proved_on(status: &Value, name: &str, sides: &[&str]) -> bool {
    scenario(status, name)
        .is_some_and(|scenario| sides.iter().all(|side| scenario["sides"][side]["state"] == "proved"))
}

/// The next gate in one line: what was seen when something else was expected.
pub(crate) fn summary(status: &Value) -> String {
    let gate = &status["next_gate"];
    let verdict = gate["verdict"].as_str().unwrap_or("no verdict");
    let mut told =
        format!("phase {}, gate {}: {verdict}", phase(status), gate["gate"].as_str().unwrap_or("none"));
    for hold in holds(status).iter().take(3) {
        let name = hold["check"].as_str().or(hold["code"].as_str()).unwrap_or("?");
        told.push_str(&format!("; {name}: {}", reason(hold)));
    }
    told
}

/// Whether the text names a number above zero.
pub(crate) fn names_a_count(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.parse::<u64>().is_ok_and(|count| count > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_absent_is_not_seen() {
        let nothing = json!({});
        assert!(hold_of(&nothing, "login").is_none() && !proved_on(&nothing, "login", &["source"]));
        assert_eq!(summary(&nothing), "phase unknown, gate none: no verdict");
        assert_eq!(remaining(&json!({ "remaining": null })), 0);
    }

    #[test]
    fn a_scenario_is_proved_on_every_side_that_is_asked_for() {
        let status =
            json!({ "scenarios": [{ "name": "login", "sides": { "source": { "state": "proved" } } }] });
        assert!(proved_on(&status, "login", &["source"]));
        assert!(!proved_on(&status, "login", &["source", "target"]));
    }

    #[test]
    fn an_alarm_alone_recommends_nothing() {
        let status = |recommended: Value, code: &str| {
            json!({ "next_gate": { "rollback": { "recommended": recommended },
                "holds": [{ "code": code, "check": "checkout", "side": null }] } })
        };
        assert!(back_recommended(&status(json!(true), "alarm"), "checkout"));
        for wrong in
            [status(json!(false), "alarm"), status(Value::Null, "alarm"), status(json!(true), "claim")]
        {
            assert!(!back_recommended(&wrong, "checkout"), "{wrong}");
        }
        assert!(!back_recommended(&status(json!(true), "alarm"), "login"));
        assert!(hold_on(&status(json!(true), "alarm"), "checkout", "target").is_none());
    }

    #[test]
    fn zero_is_no_count() {
        assert!(names_a_count("/pending is 214, more than 60") && !names_a_count("0 rows"));
    }
}
