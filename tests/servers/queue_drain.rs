//! A queue is drained when nothing is ready, nothing is in flight, nothing is a dead letter, and all of that
//! was read. One story, because a broker takes its time to start.

use serde_json::json;
use tidelock_model::Outcome;

use crate::broker::Broker;
use crate::rig::{Check, fails, measured, not_run, passes, says};

/// Runs until the broker's statistics show `(visible, in flight, consumers, dead letters)`.
async fn until(check: &mut Check, want: (f64, f64, f64, f64)) -> tidelock_sandbox::protocol::RunResult {
    let mut seen = String::new();
    // The broker hands its numbers out once a second.
    for _ in 0..100 {
        let result = check.run().await;
        if result.outcome == Outcome::Pass {
            let now =
                ["visible", "in_flight", "consumers", "dead_letters"].map(|name| measured(&result, name));
            if now == [want.0, want.1, want.2, want.3] {
                return result;
            }
        }
        seen = format!("{result:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("expected within 10 s: {want:?}; seen last: {seen}");
}

/// Runs until the broker has counted so many messages; it does so later than it counts what is waiting.
async fn put_in(check: &mut Check, want: f64) {
    let mut seen = None;
    for _ in 0..100 {
        let result = check.run().await;
        seen = result.report.measure("enqueued").map(|measure| measure.value);
        if seen == Some(want) {
            return;
        }
        assert!(seen.is_none_or(|seen| seen < want), "{result:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("expected within 10 s: {want} ever put in; seen last: {seen:?}");
}

/// A broker that counts nothing describes a queue as one that counts and was never used.
#[tokio::test]
async fn a_broker_that_counts_nothing_has_no_counter() {
    let broker = Broker::start_with("management.rates_mode = none\n");
    broker.queue("orders", &json!({}));
    let mut check = broker.queue_drain(json!({ "queues": ["orders"] }), "guest:guest").await;
    // No dead letter queue is named: the measure is not there, so the plain run is awaited.
    let mut result = check.run().await;
    for _ in 0..100 {
        if result.outcome == Outcome::Pass {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        result = check.run().await;
    }
    passes(&result);
    assert_eq!(measured(&result, "visible"), 0.0);
    assert!(result.report.measure("enqueued").is_none(), "{result:?}");
}

#[tokio::test]
async fn a_queue_is_drained_only_when_nothing_is_left_anywhere() {
    let mut broker = Broker::start();
    broker.queue("orders-dlq", &json!({}));
    let to_dlq = json!({ "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "orders-dlq" });
    broker.queue("orders", &to_dlq);
    let settings = json!({ "queues": ["orders"], "dead_letter_queues": ["orders-dlq"] });
    let mut check = broker.queue_drain(settings, "guest:guest").await;

    // Empty, and nobody consumes: that is told, because messages would stay here.
    let result = until(&mut check, (0.0, 0.0, 0.0, 0.0)).await;
    says(&result, "no consumer");
    assert_eq!(passes(&result), "nothing is left in the queues");
    assert_eq!(measured(&result, "oldest_age"), 0.0);
    assert_eq!(measured(&result, "enqueued"), 0.0, "the broker counts, and nothing came yet");

    // Ready.
    broker.publish("orders", 3, &json!({ "timestamp": 1_700_000_000 }));
    let result = until(&mut check, (3.0, 0.0, 0.0, 0.0)).await;
    says(&result, "queue orders: 3 visible, 0 in flight");
    assert!(measured(&result, "oldest_age") > 1e6, "{result:?}");
    put_in(&mut check, 3.0).await;
    assert_eq!(
        (result.report.remaining[0].count, result.report.remaining[0].what.as_str()),
        (3, "messages on queue orders")
    );

    // Taken, not acknowledged: nothing is visible any more, and nothing is done.
    let mut consumer = broker.consume("orders", 3);
    let numbers = [consumer.take(), consumer.take(), consumer.take()];
    let result = until(&mut check, (0.0, 3.0, 1.0, 0.0)).await;
    assert_eq!(result.report.remaining[0].count, 3);
    says(&result, "queue orders: 0 visible, 3 in flight");

    // One done, one refused for good, one dropped with its consumer: that one comes back.
    consumer.ack(numbers[0]);
    consumer.refuse(numbers[1]);
    until(&mut check, (0.0, 1.0, 1.0, 1.0)).await;
    drop(consumer);
    let result = until(&mut check, (1.0, 0.0, 0.0, 1.0)).await;
    let left: Vec<&str> = result.report.remaining.iter().map(|left| left.what.as_str()).collect();
    assert_eq!(left, ["messages on queue orders", "dead letters on queue orders-dlq"]);

    // Drained by a consumer that does its work, and the dead letter is still there to be told.
    let mut consumer = broker.consume("orders", 1);
    let number = consumer.take();
    consumer.ack(number);
    let result = until(&mut check, (0.0, 0.0, 1.0, 1.0)).await;
    assert_eq!(result.report.remaining.len(), 1, "{result:?}");
    // The queue is as empty as before a fourth message came and went; the counter is not.
    put_in(&mut check, 3.0).await;
    broker.publish("orders", 1, &json!({}));
    let number = consumer.take();
    consumer.ack(number);
    put_in(&mut check, 4.0).await;
    until(&mut check, (0.0, 0.0, 1.0, 1.0)).await;

    missing_and_refused(&broker).await;

    // A broker that is gone is a target that does not answer.
    broker.stop();
    fails(&check.run().await, "takes no connection");
}

/// What cannot be read is not drained.
async fn missing_and_refused(broker: &Broker) {
    let missing = json!({ "queues": ["orders", "order"] });
    let result = broker.queue_drain(missing, "guest:guest").await.run().await;
    fails(&result, "what is not there is not drained");
    assert!(result.report.measure("visible").is_none(), "a sum without one of its queues: {result:?}");

    let wanted = json!({ "queues": ["orders"] });
    for (user, tags) in [("monitor", "monitoring"), ("nobody", ""), ("stranger", "management")] {
        broker.tell(
            "PUT",
            &format!("/api/users/{user}"),
            &json!({ "password": "a word for it", "tags": tags }),
        );
    }
    // Monitoring without rights on the queues: reads them, and can do nothing else.
    let rights = json!({ "configure": "^$", "write": "^$", "read": "^$" });
    broker.tell("PUT", "/api/permissions/%2F/monitor", &rights);
    passes(&broker.queue_drain(wanted.clone(), "monitor:a word for it").await.run().await);

    let refused = "the broker refuses this account (401)";
    not_run(&broker.queue_drain(wanted.clone(), "monitor:another word").await.run().await, refused);
    not_run(&broker.queue_drain(wanted.clone(), "nobody:a word for it").await.run().await, refused);
    // May log in to the management, and has no rights on this virtual host.
    not_run(
        &broker.queue_drain(wanted, "stranger:a word for it").await.run().await,
        "the broker refuses this account",
    );
}
