//! Who runs what, what no step may break, and undos that failed.

use prost_types::Timestamp;
use serde_json::{Value, json};

use super::{seconds_until, side_word, time, word_or_null};
use crate::v1;

/// Everything of the switch itself, as of `now`.
pub fn switch(view: &v1::SwitchView, now: Option<&Timestamp>) -> Value {
    json!({
        "owners": view.owners.iter().map(owner).collect::<Value>(),
        "assertions": view.assertions.iter().map(|it| assertion(it, now)).collect::<Value>(),
        "failed_undos": view.failed_undos.iter().map(failed_undo).collect::<Value>(),
    })
}

fn owner(view: &v1::OwnershipView) -> Value {
    json!({
        "name": view.name, "kind": view.kind, "owner": word_or_null(side_word(view.owner)),
        // A word that is missing says nothing: it is never taken for an owner.
        "state": if view.state.is_empty() { "not_known" } else { view.state.as_str() },
        "reason": word_or_null(&view.reason), "seen_by": view.seen_by,
        "ran": { "source": time(view.source_ran_time.as_ref()), "target": time(view.target_ran_time.as_ref()) },
    })
}

fn assertion(view: &v1::AssertionView, now: Option<&Timestamp>) -> Value {
    json!({
        "about": view.about, "rule": view.rule, "is": view.is,
        "state": if view.state.is_empty() { "not_known" } else { view.state.as_str() },
        "until": time(view.until_time.as_ref()), "left_seconds": seconds_until(now, view.until_time.as_ref()),
    })
}

/// A step that could not be taken back.
pub(super) fn failed_undo(undo: &v1::FailedUndo) -> Value {
    json!({
        "run": undo.run, "direction": undo.direction, "step": undo.step, "at": time(undo.time.as_ref()),
        "output": undo.output, "settled": undo.settled_time.is_some(),
        "settled_at": time(undo.settled_time.as_ref()), "by": word_or_null(&undo.settled_by),
        "reason": word_or_null(&undo.settled_reason),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_never_good() {
        let view = v1::SwitchView {
            owners: vec![v1::OwnershipView::default()],
            assertions: vec![v1::AssertionView::default()],
            failed_undos: vec![v1::FailedUndo::default()],
        };
        let value = switch(&view, None);
        assert_eq!(value["owners"][0]["state"], "not_known");
        assert_eq!(
            (&value["owners"][0]["owner"], &value["owners"][0]["ran"]["source"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(
            (&value["assertions"][0]["state"], &value["assertions"][0]["left_seconds"]),
            (&json!("not_known"), &Value::Null)
        );
        assert_eq!(value["failed_undos"][0]["settled"], false);
    }
}
