//! The check against a made-up broker.

use serde_json::{Value, json};
use tidelock_plugin::testing::{FakeHost, assert_schema, reply};
use tidelock_plugin::{Check, HttpFailure, Outcome, Report, Trouble};

use crate::QueueDrain;
use crate::settings::Settings;

/// The fake clock's time, in seconds.
const NOW_S: u64 = 1_700_000_000;

fn queue(ready: u64, unacknowledged: u64, consumers: u64) -> Value {
    json!({
        "name": "orders", "state": "running", "messages": ready + unacknowledged, "messages_ready": ready,
        "messages_unacknowledged": unacknowledged, "consumers": consumers, "head_message_timestamp": null,
    })
}

fn run(orders: (u16, Value), extra: Value) -> Result<Report, Trouble> {
    let host = FakeHost::new().http(move |target, request| {
        assert_eq!((target, request.method.as_str()), ("rabbit", "GET"));
        let mut described = orders.1.clone();
        let name = request.path.rsplit('/').next().unwrap_or_default();
        match request.path.as_str() {
            "/api/queues/%2F/orders" => Ok(reply(orders.0, &[], &described.to_string())),
            "/api/queues/%2F/later" | "/api/queues/%2F/dead" => {
                described = queue(3, 1, 0);
                described["name"] = json!(name);
                Ok(reply(200, &[], &described.to_string()))
            }
            "/api/exchanges/%2F/delay" => {
                Ok(reply(200, &[], r#"{"name":"delay","type":"x-delayed-message","messages_delayed":5}"#))
            }
            "/api/exchanges/%2F/plain" => Ok(reply(200, &[], r#"{"name":"plain","type":"direct"}"#)),
            "/none/overview" => Ok(reply(200, &[], r#"{"rates_mode":"none","disable_stats":false}"#)),
            "/none/queues/%2F/orders" => Ok(reply(200, &[], &described.to_string())),
            "/api/overview" => Ok(reply(200, &[], r#"{"rates_mode":"basic","disable_stats":false}"#)),
            "/api/queues/%2F/slow" => Err(HttpFailure::Timeout("5 s".to_owned())),
            _ => Ok(reply(404, &[], r#"{"error":"Object Not Found","reason":"Not Found"}"#)),
        }
    });
    let mut settings = json!({ "target": "rabbit", "queues": ["orders"] });
    settings.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    host.rc().run::<QueueDrain>(&settings)
}

fn seen(orders: Value) -> Report {
    run((200, orders), json!({})).unwrap()
}

#[test]
fn an_empty_queue_is_a_pass_with_zeros() {
    let report = seen(queue(0, 0, 2));
    assert_eq!((report.outcome, report.note.as_str()), (Outcome::Pass, "nothing is left in the queues"));
    for (name, value) in [("visible", 0.0), ("in_flight", 0.0), ("consumers", 2.0), ("oldest_age", 0.0)] {
        assert_eq!(report.measure(name), Some(value), "{name}");
    }
    assert!(report.remaining.is_empty());
}

#[test]
fn what_was_taken_but_not_acknowledged_remains() {
    let report = seen(queue(0, 4, 1));
    assert_eq!((report.measure("visible"), report.measure("in_flight")), (Some(0.0), Some(4.0)));
    assert_eq!(
        (report.remaining[0].count, report.remaining[0].what.as_str()),
        (4, "messages on queue orders")
    );
    assert_eq!(report.note, "queue orders: 0 visible, 4 in flight");
}

#[test]
fn a_queue_that_nobody_consumes_is_told() {
    let report = seen(queue(14, 0, 0));
    assert_eq!(report.measure("consumers.orders"), Some(0.0));
    assert_eq!(report.note, "queue orders: 14 visible, 0 in flight, no consumer");
}

#[test]
fn the_oldest_age_is_known_only_with_a_timestamp() {
    let mut described = queue(2, 0, 1);
    assert_eq!(seen(described.clone()).measure("oldest_age"), None, "unknown is not zero");
    described["head_message_timestamp"] = json!("");
    assert_eq!(seen(described.clone()).measure("oldest_age"), None);
    described["head_message_timestamp"] = json!(NOW_S - 90);
    assert_eq!(seen(described).measure("oldest_age"), Some(90.0));
}

#[test]
fn a_missing_queue_is_not_drained() {
    let report = run((404, json!({})), json!({})).unwrap();
    assert_eq!((report.outcome, report.measure("visible")), (Outcome::Fail, None));
    assert!(report.note.starts_with("queue-orders: missing on /"), "{}", report.note);
}

#[test]
fn a_missing_queue_keeps_the_sum_unknown_but_the_others_are_read() {
    let report = run((200, queue(7, 0, 1)), json!({ "queues": ["nowhere", "orders"] })).unwrap();
    assert_eq!((report.outcome, report.measure("visible")), (Outcome::Fail, None));
    assert_eq!(report.measure("visible.orders"), Some(7.0));
}

#[test]
fn a_new_queue_without_counts_is_not_zero() {
    let mut described = queue(0, 0, 0);
    described.as_object_mut().unwrap().remove("messages_ready");
    let Err(Trouble::CouldNotLook(why)) = run((200, described), json!({})) else { panic!("it looked") };
    assert!(why.contains("gives no counts"), "{why}");
}

#[test]
fn wrong_rights_are_no_answer() {
    for status in [401, 403] {
        let answer = run((status, json!({ "error": "not_authorised" })), json!({}));
        let Err(Trouble::CouldNotLook(why)) = answer else { panic!("{answer:?}") };
        assert!(why.contains("monitoring"), "{why}");
    }
}

#[test]
fn a_broken_broker_and_a_broken_queue_are_faults() {
    assert_eq!(run((500, json!({})), json!({})).unwrap().outcome, Outcome::Fail);
    assert_eq!(run((200, queue(0, 0, 1)), json!({ "queues": ["slow"] })).unwrap().outcome, Outcome::Fail);
    let mut described = queue(0, 0, 1);
    described["state"] = json!("down");
    assert_eq!(seen(described.clone()).note, "queue-orders: the queue is down");
    described["name"] = json!("others");
    described["state"] = json!("running");
    assert_eq!(seen(described).outcome, Outcome::Fail);
}

#[test]
fn counts_that_disagree_count_as_the_larger() {
    let mut described = queue(1, 1, 1);
    described["messages"] = json!(9);
    assert_eq!(seen(described).measure("visible"), Some(8.0));
}

#[test]
fn delayed_and_dead_messages_are_counted_apart() {
    let extra =
        json!({ "delay_queues": ["later"], "delayed_exchanges": ["delay"], "dead_letter_queues": ["dead"] });
    let report = run((200, queue(0, 0, 1)), extra).unwrap();
    assert_eq!((report.measure("visible"), report.measure("delayed")), (Some(0.0), Some(9.0)));
    assert_eq!((report.measure("dead_letters"), report.measure("delayed.delay")), (Some(4.0), Some(5.0)));
    let unnamed = seen(queue(0, 0, 1));
    assert_eq!((unnamed.measure("delayed"), unnamed.measure("dead_letters")), (None, None), "not looked at");
    let plain = run((200, queue(0, 0, 1)), json!({ "delayed_exchanges": ["plain"] })).unwrap();
    assert_eq!(plain.outcome, Outcome::Fail);
}

#[test]
fn what_was_ever_put_in_is_told_or_not_known() {
    let mut counted = queue(0, 0, 1);
    counted["message_stats"] = json!({ "publish": 12, "deliver_get": 12 });
    let report = seen(counted.clone());
    assert_eq!((report.measure("enqueued"), report.measure("enqueued.orders")), (Some(12.0), Some(12.0)));
    assert_eq!(seen(queue(0, 0, 1)).measure("enqueued"), Some(0.0), "the broker counts, and nothing came");
    let silent = run((200, queue(0, 0, 1)), json!({ "api_path": "/none" })).unwrap();
    assert_eq!((silent.outcome, silent.measure("enqueued")), (Outcome::Pass, None), "it counts nothing");
    assert_eq!(seen(queue(1, 0, 1)).measure("enqueued"), None, "a message that nobody counted");
    counted["message_stats"] = json!({ "deliver_get": 12 });
    assert_eq!(seen(counted.clone()).measure("enqueued"), None);
}

#[test]
fn one_unknown_counter_makes_the_sum_unknown() {
    let mut counted = queue(0, 0, 1);
    counted["message_stats"] = json!({ "publish": 12 });
    let with = |extra: Value| run((200, counted.clone()), extra).unwrap();
    let report = with(json!({ "delay_queues": ["later"] }));
    assert_eq!((report.measure("enqueued"), report.measure("enqueued.orders")), (None, Some(12.0)));
    let report = with(json!({ "dead_letter_queues": ["dead"] }));
    assert_eq!(report.measure("enqueued"), Some(12.0), "a dead letter is no work to be done");
    let report = with(json!({ "delayed_exchanges": ["delay"] }));
    assert_eq!(report.measure("enqueued"), None, "it holds messages that nobody counted");
}

#[test]
fn settings_that_prove_nothing_are_refused() {
    for extra in [
        json!({ "queues": [] }),
        json!({ "kind": "sqs" }),
        json!({ "queues": ["a", "A"] }),
        json!({ "queue": "x" }),
    ] {
        assert!(matches!(run((200, json!({})), extra.clone()), Err(Trouble::BadSettings(_))), "{extra}");
    }
}

#[test]
fn the_schema_knows_every_key() {
    assert_schema::<Settings>(&QueueDrain::manifest().settings_schema);
}
