//! Voices over real connections: two at the same moment, one that gives no reason, and a token of another migration.

use tidelock_proto::v1;
use tonic::Code;

use crate::gate::{confirm, decide, pair, phase};
use crate::notify::events;
use crate::support::{Collector, MIGRATION, PLAN, until};

const ALONE: &str = "cutover:  { who: [olga], approvals: 1 }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_approve_at_once_and_twice_each_are_two_voices_and_two_events() {
    let collector = Collector::start().await;
    let both = PLAN.replace(ALONE, "cutover:  { who: [olga, ben], approvals: 2 }");
    assert_ne!(both, PLAN);
    collector.apply(&both).await.unwrap();
    let (olga, ben) =
        (collector.issue("olga", "person", "").await, collector.issue("ben", "person", "").await);
    let _pair = pair(&collector).await;
    phase(&collector, "ready").await;
    let (mut a, mut a_again) = (collector.orders(&olga).await, collector.orders(&olga).await);
    let (mut b, mut b_again) = (collector.orders(&ben).await, collector.orders(&ben).await);
    let (one, one_again, two, two_again) = tokio::join!(
        a.decide(decide("cutover", "one")),
        a_again.decide(decide("cutover", "one")),
        b.decide(decide("cutover", "two")),
        b_again.decide(decide("cutover", "two")),
    );
    let [one, one_again, two, two_again] =
        [one, one_again, two, two_again].map(|told| told.unwrap().into_inner().event.unwrap().sequence);
    assert_eq!((one, two), (one_again, two_again), "one ask, two events");
    assert_ne!(one, two, "one event for two voices");
    until("two voices open the gate", || async {
        let gate = collector.gate(&olga, "cutover").await;
        (gate.verdict == i32::from(v1::Verdict::Open)).then_some(())
    })
    .await;
    let told = events(&collector).await;
    for (who, sequence) in [("olga", one), ("ben", two)] {
        let theirs: Vec<_> = (told.iter().filter(|event| event.kind == "decision" && event.by == who))
            .map(|event| event.sequence)
            .collect();
        assert_eq!(theirs, [sequence], "{who}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_override_without_a_reason_is_refused_and_leaves_no_event() {
    let collector = Collector::start().await;
    let over = PLAN.replace(ALONE, &format!("{ALONE}\n  override: {{ who: [olga], approvals: 1 }}"));
    assert_ne!(over, PLAN);
    collector.apply(&over).await.unwrap();
    let olga = collector.issue("olga", "person", "").await;
    let mut orders = collector.orders(&olga).await;
    let before = events(&collector).await.len();
    for reason in ["", " \n "] {
        let ask = v1::OverrideHoldsRequest {
            migration: MIGRATION.to_owned(),
            gate: "ready".to_owned(),
            checks: vec!["login".to_owned()],
            reason: reason.to_owned(),
            request_id: String::new(),
        };
        let refused = orders.override_holds(ask).await.unwrap_err();
        assert!(refused.message().contains("needs a reason"), "{reason:?}: {refused:?}");
    }
    assert_eq!(events(&collector).await.len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_token_of_another_migration_confirms_nothing() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    collector.apply(&PLAN.replace("name: shop-moves", "name: bank-moves")).await.unwrap();
    let (olga, ci) =
        (collector.issue("olga", "person", "").await, collector.issue("ci", "pipeline", "").await);
    let _pair = pair(&collector).await;
    phase(&collector, "ready").await;
    collector.orders(&olga).await.decide(decide("cutover", "go")).await.unwrap();
    let token = until("the gate cutover is open", || async {
        let gate = collector.gate(&ci, "cutover").await;
        (gate.verdict == i32::from(v1::Verdict::Open)).then_some(gate.token)
    })
    .await;
    let elsewhere =
        v1::ConfirmCutoverRequest { migration: "bank-moves".to_owned(), ..confirm(&token, "elsewhere") };
    let refused = collector.gates(&ci).await.confirm_cutover(elsewhere).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
    assert!(refused.message().contains("no gate token of this migration"), "{refused:?}");
    // It is a good one where it belongs.
    let token = collector.gate(&ci, "cutover").await.token;
    collector.gates(&ci).await.confirm_cutover(confirm(&token, "here")).await.unwrap();
}
