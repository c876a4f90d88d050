//! A refused ask over plain HTTP or of Flagger is told as one over gRPC is, and so is one with a token that has ended.

use tidelock_proto::v1;
use tonic::Code;

use crate::agent::{enrol, join_token};
use crate::http;
use crate::refused::refused;
use crate::support::{Collector, MIGRATION, PLAN, until};

const NO_TOKEN: &str = "no or wrong token";
const OTHER_GATE: &str = "may ask for the gate cutover, and not for ready";
const OTHER_MIGRATION: &str = "for this access, which is for bank-moves alone";

fn ready() -> String {
    format!("/v1/migrations/{MIGRATION}/gates/ready")
}

fn hook() -> String {
    format!("/v1/migrations/{MIGRATION}/hooks/flagger/gates/ready")
}

/// How often somebody was refused that for this reason, as an operator is told.
async fn times(collector: &Collector, (subject, what, why): (&str, &str, &str)) -> u64 {
    let asks = refused(collector, &collector.operator).await.unwrap().asks;
    let fits = |ask: &&v1::RefusedAsk| ask.subject == subject && ask.what == what && ask.why.contains(why);
    asks.iter().filter(fits).inspect(|ask| assert_eq!(ask.address, "127.0.0.1")).map(|ask| ask.times).sum()
}

/// Asks with this token; Flagger has it in the body, everybody else in a header. Gives the status.
async fn ask(collector: &Collector, path: &str, token: &str) -> String {
    let (head, _) = if path.contains("/hooks/") {
        let body = format!(r#"{{"name":"shop","phase":"Progressing","metadata":{{"token":"{token}"}}}}"#);
        http::ask(collector, "POST", path, &[("content-type", "application/json")], &body).await
    } else {
        let bearer = format!("Bearer {token}");
        let signed = [("authorization", bearer.as_str())];
        let headers = if token.is_empty() { &[][..] } else { &signed[..] };
        http::get(collector, path, headers).await
    };
    head.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_refusal_over_http_and_of_flagger_is_told_once_and_outlives_a_restart() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    collector.apply(&PLAN.replace("name: shop-moves", "name: bank-moves")).await.unwrap();
    let ci = collector.issue_for("ci", "pipeline", (MIGRATION, "cutover")).await;
    let bea = collector.issue("bea", "viewer", "bank-moves").await;
    let (ready, hook) = (ready(), hook());
    let open = format!("{ready}/open");
    let back = format!("/v1/migrations/{MIGRATION}/hooks/flagger/rollback");
    let [ready, open, hook, back, ci, bea] = [&ready, &open, &hook, &back, &ci, &bea].map(String::as_str);
    let asks = [
        (ready, "", "401", ("", "sign in", NO_TOKEN)),
        (ready, "tlk1.wrong", "401", ("", "sign in", NO_TOKEN)),
        (hook, "", "401", ("", "sign in", NO_TOKEN)),
        (back, "tlk1.wrong", "401", ("", "sign in", NO_TOKEN)),
        (ready, ci, "403", ("ci", ready, OTHER_GATE)),
        (open, ci, "403", ("ci", open, OTHER_GATE)),
        (hook, ci, "403", ("ci", hook, OTHER_GATE)),
        (ready, bea, "404", ("bea", ready, OTHER_MIGRATION)),
        (hook, bea, "404", ("bea", hook, OTHER_MIGRATION)),
        (back, bea, "404", ("bea", back, OTHER_MIGRATION)),
    ];
    for (path, token, status, line) in asks {
        let before = times(&collector, line).await;
        assert_eq!(ask(&collector, path, token).await, status, "{path}");
        assert_eq!(times(&collector, line).await, before + 1, "{path}: {line:?}");
    }
    // That a gate is shut is an answer, and no refusal.
    let vera = collector.issue("vera", "viewer", MIGRATION).await;
    for path in [open, hook, back] {
        assert_eq!(ask(&collector, path, &vera).await, "403", "{path}");
        assert_eq!(times(&collector, ("vera", path, "")).await, 0, "{path}");
    }
    collector.stop().await;
    collector.again().await;
    for (_, _, _, line) in asks {
        assert!(times(&collector, line).await >= 1, "{line:?} is forgotten");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ask_with_a_token_that_has_ended_or_is_used_up_is_told() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let issue = v1::IssueAccessRequest {
        subject: "vera".to_owned(),
        role: "viewer".to_owned(),
        ttl_duration: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        ..Default::default()
    };
    let issued = collector.accesses(&collector.operator).await.issue_access(issue).await.unwrap();
    let token = issued.into_inner().token;
    let line = ("", "sign in", NO_TOKEN);
    assert_eq!(times(&collector, line).await, 0);
    let mut migrations = collector.migrations(&token).await;
    let status = until("its time is over", || {
        let look = v1::GetStatusRequest { migration: MIGRATION.to_owned() };
        let mut migrations = migrations.clone();
        async move { migrations.get_status(look).await.err() }
    })
    .await;
    assert_eq!(status.code(), Code::Unauthenticated, "{status}");
    assert_eq!(times(&collector, line).await, 1, "over gRPC");
    for (path, told) in [(ready(), 2), (hook(), 3)] {
        assert_eq!(ask(&collector, &path, &token).await, "401", "{path}");
        assert_eq!(times(&collector, line).await, told, "{path}");
    }
    let again = v1::GetStatusRequest { migration: MIGRATION.to_owned() };
    assert!(migrations.get_status(again).await.is_err());
    assert_eq!(times(&collector, line).await, 4, "over gRPC once more");

    let joins = join_token(&collector, v1::Side::Target, "").await;
    enrol(&collector, &joins).await.unwrap();
    let line = ("", "EnrolService/Enrol", "the join token is not valid");
    for told in 1..=2 {
        assert!(enrol(&collector, &joins).await.is_err(), "it is used up");
        assert_eq!(times(&collector, line).await, told);
    }
}
