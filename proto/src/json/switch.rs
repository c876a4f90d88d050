//! The way back, what would be lost, and what people overrode.
//!
//! A count that nobody knows is null and never zero: absent must not read as nothing lost.

use prost_types::Timestamp;
use serde_json::{Value, json};

use super::{remaining, seconds_since, side_word, time, word_or_null};
use crate::v1;

/// The way back, as of `now`.
pub fn rollback(rollback: &v1::RollbackView, now: Option<&Timestamp>) -> Value {
    json!({
        "applicable": rollback.applicable, "possible": rollback.possible, "recommended": rollback.recommended,
        "under_way": rollback.under_way,
        "until": time(rollback.until_time.as_ref()),
        "remaining_seconds": seconds_since(now, rollback.until_time.as_ref()), "reason": rollback.reason,
        "asset": word_or_null(&rollback.asset),
        "lost": rollback.lost.iter().map(lost).collect::<Value>(),
        "limits": rollback.limits.iter().map(limit).collect::<Value>(),
        "one_way": rollback.one_way.iter().map(lost).collect::<Value>(),
    })
}

fn lost(lost: &v1::Lost) -> Value {
    json!({ "what": lost.what, "count": lost.count, "unit": word_or_null(&lost.unit) })
}

fn limit(limit: &v1::BackLimit) -> Value {
    json!({
        "name": limit.name, "known": limit.value.is_some(), "value": limit.value, "limit": limit.limit,
        "unit": word_or_null(&limit.unit),
    })
}

/// What would be lost by switching now, by scenario.
pub fn losses(losses: &[v1::Loss]) -> Value {
    let one = |loss: &v1::Loss| {
        let left = if loss.known { remaining(&loss.remaining) } else { Value::Null };
        json!({ "check": loss.check, "known": loss.known, "remaining": left })
    };
    losses.iter().map(one).collect()
}

/// Holds that people overrode.
pub fn overridden(view: &v1::OverrideView) -> Value {
    json!({
        "gate": view.gate, "checks": view.checks, "by": view.by, "reason": view.reason,
        "at": time(view.at_time.as_ref()), "complete": view.complete, "until": time(view.until_time.as_ref()),
        "was": view.was, "outgrown": word_or_null(&view.outgrown),
    })
}

/// A row that only the target has.
pub fn leftover(row: &v1::Leftover) -> Value {
    json!({
        "key": row.key, "made": time(row.made_time.as_ref()), "check": row.check, "side": side_word(row.side),
        "owner": word_or_null(&row.owner), "disposition": word_or_null(&row.disposition),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_knows_is_null_and_never_zero() {
        let unknown = v1::Loss { check: "orders".into(), known: false, remaining: Vec::new() };
        let nothing = v1::Loss { known: true, ..unknown.clone() };
        let value = losses(&[unknown, nothing]);
        assert_eq!((&value[0]["known"], &value[0]["remaining"]), (&json!(false), &Value::Null));
        assert_eq!((&value[1]["known"], &value[1]["remaining"]), (&json!(true), &json!([])));
        let lost = vec![v1::Lost { what: "orders".into(), count: None, unit: "orders".into() }];
        let limits = vec![v1::BackLimit { name: "lag".into(), limit: 5.0, ..v1::BackLimit::default() }];
        let view = v1::RollbackView { asset: "lossy".into(), lost, limits, ..v1::RollbackView::default() };
        let value = rollback(&view, None);
        assert_eq!((&value["asset"], &value["lost"][0]["count"]), (&json!("lossy"), &Value::Null));
        assert_eq!(
            (&value["limits"][0]["known"], &value["limits"][0]["value"]),
            (&json!(false), &Value::Null)
        );
    }
}
