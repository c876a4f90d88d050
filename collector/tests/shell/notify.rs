//! Messages to receivers, over real connections: nothing is lost, nothing comes out of order, and nobody waits.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use tidelock_proto::v1;

use crate::agent::now_ms;
use crate::gate::pair;
use crate::receiver::{Came, Receiver};
use crate::support::{Collector, MIGRATION, PLAN, until};

/// A collector whose configuration goes on with this.
async fn started(config: &str) -> Collector {
    let mut collector = Collector::start().await;
    collector.stop().await;
    let path = collector.path("collector.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}\n{config}")).unwrap();
    collector.again().await;
    collector
}

fn notifying(receivers: &str) -> String {
    format!("{PLAN}\nnotify:\n{receivers}\n")
}

fn cloudevents(port: u16, more: &str) -> String {
    format!("  - {{ cloudevents: \"http://127.0.0.1:{port}/in\"{more} }}")
}

async fn hold(collector: &Collector, reason: &str) {
    let request = v1::HoldRequest {
        migration: MIGRATION.to_owned(),
        reason: reason.to_owned(),
        request_id: String::new(),
    };
    collector.orders(&collector.operator).await.hold(request).await.unwrap();
    let request = v1::ReleaseRequest {
        migration: MIGRATION.to_owned(),
        reason: reason.to_owned(),
        request_id: String::new(),
        of: String::new(),
    };
    collector.orders(&collector.operator).await.release(request).await.unwrap();
}

pub(crate) async fn events(collector: &Collector) -> Vec<v1::Event> {
    let request = v1::ListEventsRequest { migration: MIGRATION.to_owned(), ..Default::default() };
    collector.migrations(&collector.operator).await.list_events(request).await.unwrap().into_inner().events
}

fn is_signed(came: &Came, secret: &[u8]) -> bool {
    let signed = [came.header("webhook-id"), ".", came.header("webhook-timestamp"), "."].concat();
    let signed = [signed.as_bytes(), &came.body].concat();
    let signature = came.header("webhook-signature").strip_prefix("v1,").unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, &signed, &STANDARD.decode(signature).unwrap()).is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_comes_once_in_order_and_signed() {
    let receiver = Receiver::plain().await;
    let collector = started("[secrets.key]\nfile = \"key\"").await;
    std::fs::write(collector.path("key"), "a long secret\n").unwrap();
    collector.apply(&notifying(&cloudevents(receiver.port, ", secret: \"secret:key\""))).await.unwrap();
    for reason in ["one", "two", "three"] {
        hold(&collector, reason).await;
    }
    let told = events(&collector).await;
    let came = receiver.wait(told.len()).await;
    let ids: Vec<u64> = came.iter().map(Came::id).collect();
    assert_eq!(ids, told.iter().map(|event| event.sequence).collect::<Vec<_>>());
    for (message, event) in came.iter().zip(&told) {
        assert!(is_signed(message, b"a long secret") && !is_signed(message, b"another"));
        assert_eq!(message.header("content-type"), "application/cloudevents+json; charset=utf-8");
        assert_eq!(message.header("webhook-id"), format!("{MIGRATION}-{}", event.sequence));
        let body = message.json();
        assert_eq!(
            (&body["specversion"], &body["source"]),
            (&"1.0".into(), &"/migrations/shop-moves".into())
        );
        assert_eq!(body["data"]["event"]["text"], event.text);
        assert_eq!(message.path, "/in");
    }
    let kinds: Vec<String> = came.iter().map(Came::kind).collect();
    assert!(kinds.contains(&"dev.tidelock.verdict.changed.v1".to_owned()), "{kinds:?}");
    assert!(collector.status().await.failing_receivers.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_stumbles_gets_the_same_message_again_before_the_next() {
    let receiver = Receiver::plain().await;
    for (status, more) in [(500, ""), (301, "location: http://127.0.0.1:1/\r\n"), (429, "retry-after: 4\r\n")]
    {
        receiver.answer(status, more);
    }
    let collector = started("").await;
    collector.apply(&notifying(&cloudevents(receiver.port, ", events: [verdict]"))).await.unwrap();
    hold(&collector, "to say something").await;
    until("it is shown as failing", || async {
        let failing = collector.status().await.failing_receivers;
        failing.first().filter(|said| said.contains("429")).map(|said| assert!(said.contains("127.0.0.1")))
    })
    .await;
    let came = receiver.wait(5).await;
    let ids: Vec<u64> = came.iter().map(Came::id).collect();
    assert_eq!(ids[..4], [ids[0]; 4], "the first comes again until it is taken");
    assert!(ids[4] > ids[0]);
    assert_eq!(came.iter().map(|one| one.status).collect::<Vec<_>>(), [500, 301, 429, 204, 204]);
    assert!(came[3].at - came[2].at >= Duration::from_millis(3900), "Retry-After is obeyed");
    until("it is well again", || async {
        collector.status().await.failing_receivers.is_empty().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_gone_is_left_alone_until_another_plan_names_it() {
    let receiver = Receiver::plain().await;
    receiver.answer(410, "");
    let mut collector = started("").await;
    let plan = notifying(&cloudevents(receiver.port, ", events: [verdict]"));
    collector.apply(&plan).await.unwrap();
    hold(&collector, "one").await;
    until("it is shown", || async {
        let failing = collector.status().await.failing_receivers;
        failing.first().filter(|said| said.contains("410")).map(drop)
    })
    .await;
    collector.stop().await;
    collector.again().await;
    hold(&collector, "two").await;
    assert_eq!(receiver.quiet().await.len(), 1);
    collector.apply(&plan.replace("approvals: 1 }\n  commit", "approvals: 2 }\n  commit")).await.unwrap();
    let came = receiver.wait(5).await;
    assert_eq!(came[0].id(), came[1].id(), "what it did not take comes first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_dead_or_without_its_secret_holds_up_nobody() {
    let (well, unsigned) = (Receiver::plain().await, Receiver::plain().await);
    let dead = {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        gone.local_addr().unwrap().port()
    };
    let collector = started("").await;
    let list = [
        cloudevents(dead, ""),
        cloudevents(unsigned.port, ", secret: \"secret:nowhere\""),
        cloudevents(well.port, ", events: [verdict]"),
    ];
    collector.apply(&notifying(&list.join("\n"))).await.unwrap();
    hold(&collector, "one").await;
    well.wait(2).await;
    let begun = tokio::time::Instant::now();
    hold(&collector, "two").await;
    well.wait(4).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let failing = until("both are shown", || async {
        Some(collector.status().await.failing_receivers).filter(|failing| failing.len() == 2)
    })
    .await;
    assert!(failing.iter().any(|said| said.contains("connect")), "{failing:?}");
    assert!(failing.iter().any(|said| said.contains("[secrets.nowhere]")), "{failing:?}");
    assert!(unsigned.came().is_empty(), "nothing goes out unsigned that should be signed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_goes_on_and_a_lost_cursor_sends_again_with_the_same_ids() {
    let receiver = Receiver::plain().await;
    let mut collector = started("").await;
    collector.apply(&notifying(&cloudevents(receiver.port, ""))).await.unwrap();
    hold(&collector, "one").await;
    let first: Vec<u64> = receiver.quiet().await.iter().map(Came::id).collect();
    collector.stop().await;
    collector.again().await;
    hold(&collector, "two").await;
    let all: Vec<u64> = receiver.quiet().await.iter().map(Came::id).collect();
    assert!(all.len() >= first.len() + 2 && all.is_sorted(), "nothing came twice: {all:?}");
    assert_eq!(all, events(&collector).await.iter().map(|event| event.sequence).collect::<Vec<_>>());
    collector.stop().await;
    std::fs::remove_dir_all(collector.path("data/notify")).unwrap();
    collector.again().await;
    let again: Vec<u64> = receiver.quiet().await.iter().map(Came::id).skip(all.len()).collect();
    assert_eq!(again[..all.len()], all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slack_gets_what_waits_together_over_tls() {
    let (receiver, authority) = Receiver::tls().await;
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("slack-ca.pem");
    std::fs::write(&ca, authority).unwrap();
    let config =
        format!("[notify]\nca_file = {:?}\n[secrets.slack]\nfile = \"slack\"", ca.display().to_string());
    let collector = started(&config).await;
    let address = format!("https://localhost:{}/services/T/B/x", receiver.port);
    std::fs::write(collector.path("slack"), address).unwrap();
    receiver.answer(500, "");
    collector.apply(&notifying("  - { slack: \"secret:slack\", events: [verdict] }")).await.unwrap();
    for reason in ["<!channel> look", "two", "three"] {
        hold(&collector, reason).await;
    }
    let came = receiver.quiet().await;
    let last = came.last().unwrap();
    assert_eq!(
        (last.path.as_str(), last.header("content-type")),
        ("/services/T/B/x", "application/json; charset=utf-8")
    );
    let text: String =
        came.iter().filter(|one| one.status == 204).map(|one| one.json()["text"].to_string()).collect();
    assert_eq!(text.matches("every gate is shut by hand").count(), 3, "{text}");
    assert!(text.contains("&lt;!channel&gt; look") && text.contains("by operator"), "{text}");
    assert!(came.len() < 6, "what waits goes together: {} messages", came.len());
    let blocks = last.json()["blocks"].to_string();
    assert!(blocks.contains("Gate *"), "{blocks}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_asked_hears_of_it_within_ten_seconds() {
    let receiver = Receiver::plain().await;
    let collector = started("").await;
    collector.apply(&notifying(&cloudevents(receiver.port, ", events: [decision]"))).await.unwrap();
    let _pair = pair(&collector).await;
    let asked = until("somebody is asked", || async {
        receiver.came().into_iter().find(|came| came.kind() == "dev.tidelock.decision.requested.v1")
    })
    .await;
    let heard = now_ms();
    let body = asked.json();
    assert_eq!((&body["subject"], &body["data"]["decision"]), (&"cutover".into(), &"cutover".into()));
    assert_eq!(body["data"]["who"], serde_json::json!(["olga"]));
    let known = events(&collector).await;
    let event = known.iter().find(|event| event.sequence == asked.id()).unwrap();
    let at = tidelock_proto::json::unix_ms(event.time.as_ref());
    assert!(heard.saturating_sub(at) < 10_000, "{} ms", heard.saturating_sub(at));
}
