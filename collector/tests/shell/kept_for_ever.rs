//! What is decided is kept for ever: nobody fills it by asking again and again.

use tidelock_proto::v1;
use tokio_stream::StreamExt as _;
use tonic::{Code, Status, Streaming};

use crate::agent::{Agent, join};
use crate::support::{Collector, MIGRATION, PLAN};

type Answers = Streaming<v1::RunCheckResponse>;

async fn run(collector: &Collector, token: &str, side: v1::Side) -> Result<Answers, Status> {
    let request = v1::RunCheckRequest {
        migration: MIGRATION.to_owned(),
        check: "login".to_owned(),
        side: side.into(),
        ..v1::RunCheckRequest::default()
    };
    Ok(collector.migrations(token).await.run_check(request).await?.into_inner())
}

async fn recorded(collector: &Collector, kind: &str) -> usize {
    let request = v1::ListEventsRequest {
        migration: MIGRATION.to_owned(),
        kind: kind.to_owned(),
        ..v1::ListEventsRequest::default()
    };
    let answer = collector.migrations(&collector.operator).await.list_events(request).await;
    answer.unwrap().into_inner().events.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_somebody_has_run_is_recorded_where_an_agent_is_asked_and_not_without_end() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let (source, target) = (v1::Side::Source, v1::Side::Target);
    let papers = join(&collector, source, "a").await;
    let _away = join(&collector, target, "b").await;
    let eve = collector.issue("eve", "person", "").await;
    let olga = collector.issue("olga", "person", "").await;
    let ben = collector.issue("ben", "person", "").await;

    let denied = run(&collector, &eve, target).await.map(drop).unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied, "{denied:?}");
    assert!(denied.message().contains("eve is not in the plan"), "{denied:?}");
    assert_eq!(recorded(&collector, "check_run").await, 0);

    // One that is asked and does not answer: whoever asks it again asks nobody.
    let _silent = Agent::connect(&collector, &papers, 1).await.unwrap();
    let _going = run(&collector, &olga, source).await.unwrap();
    let again = run(&collector, &ben, source).await.unwrap().next().await.unwrap().unwrap();
    assert!(again.refused.contains("is still going"), "{again:?}");
    let denied = run(&collector, &eve, source).await.map(drop).unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied, "also where nobody would be asked: {denied:?}");
    assert_eq!(recorded(&collector, "check_run").await, 1);

    // Each of these asks an agent that is away, and is recorded; but not without end.
    let mut asked = 1;
    let refused = loop {
        match run(&collector, &olga, target).await {
            Ok(answers) => asked += answers.collect::<Vec<_>>().await.len(),
            Err(refused) => break refused,
        }
        assert!(asked < 200, "nobody says that it is enough");
    };
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    assert_eq!(recorded(&collector, "check_run").await, asked);
    assert!(run(&collector, &ben, target).await.is_ok(), "each person for themselves");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_changes_nothing_is_answered_by_the_one_that_stands() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let olga = collector.issue("olga", "person", "").await;
    let mut orders = collector.orders(&olga).await;
    let hold = |reason: &str| v1::HoldRequest {
        migration: MIGRATION.to_owned(),
        reason: reason.to_owned(),
        request_id: String::new(),
    };
    let first = orders.hold(hold("look at checkout")).await.unwrap().into_inner().event.unwrap();
    for _ in 0..30 {
        let again = orders.hold(hold("look at checkout")).await.unwrap().into_inner().event.unwrap();
        assert_eq!(again.sequence, first.sequence);
    }
    assert_eq!(recorded(&collector, "hold").await, 1);
    // Nobody waits to press hold, for whatever reason; only so many of those are kept.
    for number in 0..300 {
        let answer = orders.hold(hold(&format!("reason {number}"))).await.unwrap();
        assert!(answer.into_inner().event.is_some_and(|event| event.by == "olga"));
    }
    assert_eq!(recorded(&collector, "hold").await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_of_one_person_have_a_pace_and_hold_is_none_of_them() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let olga = collector.issue("olga", "person", "").await;
    let ben = collector.issue("ben", "person", "").await;
    let release = || v1::ReleaseRequest {
        migration: MIGRATION.to_owned(),
        reason: "look at checkout".to_owned(),
        ..v1::ReleaseRequest::default()
    };
    let mut orders = collector.orders(&olga).await;
    let (mut asked, nothing) = (0, "nobody has pressed hold");
    let refused = loop {
        let refused = orders.release(release()).await.unwrap_err();
        if refused.code() == Code::ResourceExhausted {
            break refused;
        }
        asked += 1;
        assert!(refused.message().contains(nothing), "{refused:?}");
        assert!(asked < 1_000, "nobody says that it is enough");
    };
    assert!(asked >= 200 && refused.message().contains("wait a few seconds"), "{asked}: {refused:?}");
    let other = collector.orders(&ben).await.release(release()).await.unwrap_err();
    assert!(other.message().contains(nothing), "each person for themselves: {other:?}");
    let hold = v1::HoldRequest {
        migration: MIGRATION.to_owned(),
        reason: "look at checkout".to_owned(),
        request_id: String::new(),
    };
    let held = orders.hold(hold).await.unwrap().into_inner().event;
    assert!(held.is_some_and(|event| event.by == "olga"), "nobody waits to press hold");
}
