//! Everything that was ever put in: an empty queue between two looks proves nothing, this number does.
//!
//! RabbitMQ leaves the counter out as long as nothing was counted. That is zero where the broker counts, and
//! nothing at all where counting is switched off (`management.rates_mode = none`), and the description of the
//! queue is the same in both cases. So the broker is asked, unless another counter of the same run shows it.

use serde_json::Value;
use tidelock_plugin::Scenario;

use crate::tally::Tally;

/// What the broker tells of one queue or exchange.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Enqueued {
    /// So many since the broker began to count.
    Counted(u64),
    /// It has no statistics: zero, if the broker counts at all.
    NoneYet,
    /// It cannot be known.
    Unknown,
}

impl Enqueued {
    /// Reads a queue's statistics; `waiting` is what is in it now.
    pub(crate) fn of(stats: &Value, field: &str, waiting: u64) -> Enqueued {
        let none = stats.is_null() || stats.as_object().is_some_and(serde_json::Map::is_empty);
        match stats.get(field).map(Value::as_u64) {
            Some(Some(count)) => Enqueued::Counted(count),
            // Messages that nobody has counted came from somewhere.
            None if none && waiting == 0 => Enqueued::NoneYet,
            Some(None) | None => Enqueued::Unknown,
        }
    }
}

/// Reports the counters and their sum; the sum only when all are known. `overview` asks the broker.
pub(crate) fn measure(
    put_in: &[(&str, Enqueued)],
    run: &mut Scenario,
    overview: impl FnOnce() -> Option<Value>,
) {
    let is = |kind: fn(&Enqueued) -> bool| put_in.iter().any(|(_, enqueued)| kind(enqueued));
    let asks = is(|one| *one == Enqueued::NoneYet);
    let counts =
        is(|one| matches!(one, Enqueued::Counted(_))) || asks && overview().is_some_and(|o| counts(&o));
    let mut sum = Tally::new();
    for (name, enqueued) in put_in {
        let number = match enqueued {
            Enqueued::Counted(count) => Some(*count as f64),
            Enqueued::NoneYet if counts => Some(0.0),
            Enqueued::NoneYet | Enqueued::Unknown => None,
        };
        sum.add(number);
        if let Some(number) = number {
            run.measure(&format!("enqueued.{name}"), number, "messages");
        }
    }
    sum.measure(run, "enqueued", "messages");
}

/// Whether the broker counts what is published.
fn counts(overview: &Value) -> bool {
    let rates = matches!(overview["rates_mode"].as_str(), Some("basic" | "detailed"));
    rates && overview["disable_stats"].as_bool() != Some(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_counter_is_read_or_unknown() {
        for (stats, waiting, want) in [
            (json!({ "publish": 7 }), 0, Enqueued::Counted(7)),
            (json!({ "publish": 0 }), 0, Enqueued::Counted(0)),
            (Value::Null, 0, Enqueued::NoneYet),
            (json!({}), 0, Enqueued::NoneYet),
            (Value::Null, 1, Enqueued::Unknown),
            (json!({ "deliver_get": 1 }), 0, Enqueued::Unknown),
            (json!({ "publish": -1 }), 0, Enqueued::Unknown),
            (json!({ "publish": 1.5 }), 0, Enqueued::Unknown),
            (json!({ "publish": "7" }), 0, Enqueued::Unknown),
        ] {
            assert_eq!(Enqueued::of(&stats, "publish", waiting), want, "{stats}");
        }
    }

    #[test]
    fn a_broker_that_does_not_say_that_it_counts_does_not() {
        assert!(counts(&json!({ "rates_mode": "basic" })));
        assert!(counts(&json!({ "rates_mode": "detailed", "disable_stats": false })));
        for overview in [
            json!({}),
            json!({ "rates_mode": "none" }),
            json!({ "rates_mode": "basic", "disable_stats": true }),
        ] {
            assert!(!counts(&overview), "{overview}");
        }
    }
}
