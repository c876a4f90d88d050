//! A name that is free is one agent's, however many ask for it.

use tidelock_proto::v1;
use tonic::Code;

use crate::agent::{enrol, enrol_as, join_token_for};
use crate::support::{Collector, PLAN};

const AT_ONCE: u32 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_ask_for_one_free_name_at_once_one_gets_it_and_no_use_is_lost() {
    let collector = Collector::start().await;
    collector.apply(&PLAN.replace("at_most: 3", "at_most: 20")).await.unwrap();
    let token = join_token_for(&collector, v1::Side::Target, "", AT_ONCE).await;
    let asked = (0..AT_ONCE).map(|_| enrol_as(&collector, &token, "twin"));
    let answers = futures::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "a certificate for one of them");
    for status in answers.into_iter().filter_map(Result::err) {
        assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
        assert!(status.message().contains("there is an agent target/twin already"), "{status:?}");
    }
    let late = enrol_as(&collector, &token, "twin").await.map(drop).unwrap_err();
    assert_eq!(late.code(), Code::FailedPrecondition, "{late:?}");
    // Whoever was refused has used nothing up.
    for _ in 1..AT_ONCE {
        enrol(&collector, &token).await.unwrap();
    }
    let more = enrol(&collector, &token).await.map(drop).unwrap_err();
    assert_eq!(more.code(), Code::PermissionDenied, "{more:?}");
    // A token that names it is for this very agent.
    let named = join_token_for(&collector, v1::Side::Target, "twin", 1).await;
    assert_eq!(enrol(&collector, &named).await.unwrap().name, "twin");
}
