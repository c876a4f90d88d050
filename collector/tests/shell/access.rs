//! Who gets an answer at the API, and to what.

use tidelock_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::gate::{decide, pair, phase};
use crate::http;
use crate::support::{COMPONENT, Collector, MIGRATION, PLAN, until};

fn hold() -> v1::HoldRequest {
    v1::HoldRequest { migration: MIGRATION.to_owned(), reason: "stop".to_owned(), request_id: String::new() }
}

fn look() -> v1::GetStatusRequest {
    v1::GetStatusRequest { migration: MIGRATION.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_looks_or_changes_without_a_live_token() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let viewer = collector.issue("vera", "viewer", "").await;
    assert!(collector.migrations(&viewer).await.get_status(look()).await.is_ok());
    let mut cut = viewer.clone();
    cut.pop();
    for bad in ["", "tlk1.", &cut, &viewer.to_uppercase()] {
        let status = collector.migrations(bad).await.get_status(look()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{bad:?} was let in");
        assert_eq!(collector.orders(bad).await.hold(hold()).await.unwrap_err().code(), Code::Unauthenticated);
    }
    let grants = collector.accesses(&collector.operator).await.list_access(v1::ListAccessRequest {}).await;
    let grants = grants.unwrap().into_inner().grants;
    let id = grants.iter().find(|grant| grant.subject == "vera").unwrap().id.clone();
    collector
        .accesses(&collector.operator)
        .await
        .revoke_access(v1::RevokeAccessRequest { id })
        .await
        .unwrap();
    let status = collector.migrations(&viewer).await.get_status(look()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    // The file knows no token, only its hash.
    let file = std::fs::read_to_string(collector.path("access.toml")).unwrap();
    assert!(!file.contains(&viewer) && !file.contains(&collector.operator));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_whose_time_is_over_is_refused_over_grpc_http_and_flaggers_hook() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let issue = v1::IssueAccessRequest {
        subject: "vera".to_owned(),
        role: "viewer".to_owned(),
        // Long enough for three calls on a machine that is busy.
        ttl_duration: Some(prost_types::Duration { seconds: 3, nanos: 0 }),
        ..Default::default()
    };
    let issued = collector.accesses(&collector.operator).await.issue_access(issue).await.unwrap();
    let token = issued.into_inner().token;
    let bearer = format!("Bearer {token}");
    let signed = [("authorization", bearer.as_str())];
    let ready = format!("/v1/migrations/{MIGRATION}/gates/ready");
    let hook = format!("/v1/migrations/{MIGRATION}/hooks/flagger/gates/ready");
    let json = [("content-type", "application/json")];
    let flagger = format!(r#"{{"name":"shop","phase":"Progressing","metadata":{{"token":"{token}"}}}}"#);

    collector.migrations(&token).await.get_status(look()).await.expect("its time is not over");
    let (head, _) = http::get(&collector, &ready, &signed).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (head, body) = http::ask(&collector, "POST", &hook, &json, &flagger).await;
    assert!(head.starts_with("HTTP/1.1 403"), "it is known, and the gate is not open: {head}\n{body}");

    let status = until("its time is over", || async {
        let answer = collector.migrations(&token).await.get_status(look()).await;
        answer.err()
    })
    .await;
    let words = "no or wrong token; ask an operator for access";
    assert_eq!((status.code(), status.message()), (Code::Unauthenticated, words));
    assert_eq!(status.get_details_error_info().unwrap().reason, "NOT_SIGNED_IN");
    for (head, body) in [
        http::get(&collector, &ready, &signed).await,
        http::ask(&collector, "POST", &hook, &json, &flagger).await,
    ] {
        assert!(head.starts_with("HTTP/1.1 401"), "{head}");
        assert_eq!(body.trim_end(), words);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_does_what_it_may_and_nothing_else() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let viewer = collector.issue("vera", "viewer", "").await;
    let pipeline = collector.issue("ci", "pipeline", "").await;
    let stranger = collector.issue("zoe", "person", "").await;
    for token in [&viewer, &pipeline, &stranger] {
        let status = collector.orders(token).await.hold(hold()).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
        assert_eq!(status.get_details_error_info().unwrap().domain, "tidelock.dev");
        let apply = v1::ApplyPlanRequest::default();
        let status = collector.plans(token).await.apply_plan(apply).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
        let issue =
            v1::IssueAccessRequest { subject: "eve".into(), role: "operator".into(), ..Default::default() };
        let status = collector.accesses(token).await.issue_access(issue).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
    }
    let olga = collector.issue("olga", "person", "").await;
    assert!(collector.orders(&olga).await.hold(hold()).await.unwrap().into_inner().event.is_some());
    let gate = collector.gate(&viewer, "ready").await;
    assert!(gate.holds.iter().any(|hold| hold.code == "operator"), "{gate:?}");
    assert!(gate.token.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bound_token_sees_one_migration_and_two_migrations_are_apart() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    collector.apply(&PLAN.replace("name: shop-moves", "name: bank-moves")).await.unwrap();
    let bound = collector.issue("olga", "person", "bank-moves").await;
    let status = collector.migrations(&bound).await.get_status(look()).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let listed = collector.migrations(&bound).await.list_migrations(v1::ListMigrationsRequest {}).await;
    let listed: Vec<_> =
        listed.unwrap().into_inner().migrations.into_iter().map(|one| one.migration).collect();
    assert_eq!(listed, ["bank-moves"]);
    let wanted = v1::HoldRequest { migration: "bank-moves".to_owned(), ..hold() };
    collector.orders(&bound).await.hold(wanted).await.unwrap();
    let shop = collector.gate(&collector.operator, "ready").await;
    assert!(shop.holds.iter().all(|hold| hold.code != "operator"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_applied_once_and_only_with_its_components() {
    let collector = Collector::start().await;
    let first = collector.apply(PLAN).await.unwrap();
    assert_eq!((first.changed, first.plan.as_ref().unwrap().revision), (true, 1));
    let again = collector.apply(PLAN).await.unwrap();
    assert_eq!((again.changed, again.plan.as_ref().unwrap().revision), (false, 1));
    let looser = collector.apply(&PLAN.replace("stable_for: 2s, decision", "stable_for: 1s, decision")).await;
    let looser = looser.unwrap();
    assert!(looser.changed && looser.proposal.is_empty(), "before it was ever ready one person is enough");
    assert!(looser.changes.iter().any(|change| change.contains("LOOSER")), "{:?}", looser.changes);
    let source = v1::PlanSource {
        yaml: PLAN.to_owned(),
        components: [("builtin:login".to_owned(), vec![9; 32])].into(),
        ..Default::default()
    };
    let missing = v1::ApplyPlanRequest { source: Some(source), ..Default::default() };
    let status = collector.plans(&collector.operator).await.apply_plan(missing.clone()).await.unwrap_err();
    assert_eq!(status.get_details_error_info().unwrap().reason, "COMPONENT_MISSING");
    // A dry run may say what would be pushed; to apply the plan it must be here.
    let brings = |dry_run| v1::ApplyPlanRequest { dry_run, brings: vec![vec![9; 32]], ..missing.clone() };
    let dry = collector.plans(&collector.operator).await.apply_plan(brings(true)).await.unwrap().into_inner();
    assert_eq!((dry.changed, dry.missing), (true, vec![vec![9; 32]]));
    let status = collector.plans(&collector.operator).await.apply_plan(brings(false)).await.unwrap_err();
    assert_eq!(status.get_details_error_info().unwrap().reason, "COMPONENT_MISSING");
    let status = collector.apply("name: [").await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let get = v1::GetPlanRequest { migration: MIGRATION.to_owned(), revision: 1 };
    let got = collector.plans(&collector.operator).await.get_plan(get).await.unwrap().into_inner();
    assert_eq!(got.source.unwrap().yaml, PLAN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_it_was_ready_a_looser_plan_waits_for_a_second_person() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    {
        let _pair = crate::gate::pair(&collector).await;
        crate::gate::phase(&collector, "ready").await;
    }
    let looser = PLAN.replace("stable_for: 2s, decision", "stable_for: 1s, decision");
    let proposed = collector.apply(&looser).await.unwrap();
    let revision = |answer: &v1::ApplyPlanResponse| answer.plan.as_ref().map(|plan| plan.revision);
    assert!(!proposed.changed && proposed.proposal.len() >= 8, "{proposed:?}");
    assert_eq!(revision(&proposed), Some(1), "it is not in force");
    let (olga, ben) =
        (collector.issue("olga", "person", "").await, collector.issue("ben", "person", "").await);
    let vera = collector.issue("vera", "viewer", "").await;
    let source = v1::PlanSource {
        yaml: looser.clone(),
        components: [(
            "builtin:login".to_owned(),
            tidelock_collector::secret::sha256(COMPONENT).as_bytes().to_vec(),
        )]
        .into(),
        ..Default::default()
    };
    let confirm = |word: &str| v1::ApplyPlanRequest {
        source: Some(source.clone()),
        reason: "I looked at it".to_owned(),
        confirm: word.to_owned(),
        ..Default::default()
    };
    for (token, word, code) in [
        (&vera, proposed.proposal.as_str(), Code::PermissionDenied),
        // Whoever proposed it is not the second person.
        (&collector.operator, &proposed.proposal, Code::PermissionDenied),
        (&olga, "0123456789ab", Code::InvalidArgument),
        (&olga, "0", Code::InvalidArgument),
        // A person may confirm, and not apply.
        (&olga, "", Code::PermissionDenied),
    ] {
        let status = collector.plans(token).await.apply_plan(confirm(word)).await.unwrap_err();
        assert_eq!(status.code(), code, "{word:?}: {status:?}");
    }
    let confirmed = collector.plans(&ben).await.apply_plan(confirm(&proposed.proposal)).await;
    let confirmed = confirmed.unwrap().into_inner();
    assert_eq!((confirmed.changed, revision(&confirmed)), (true, Some(2)));
    let events =
        v1::ListEventsRequest { migration: MIGRATION.to_owned(), page_size: 100, ..Default::default() };
    let events = collector.migrations(&ben).await.list_events(events).await.unwrap().into_inner().events;
    let told: Vec<_> = events.iter().filter(|event| event.kind.starts_with("plan_")).collect();
    assert_eq!(
        told.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(),
        ["plan_applied", "plan_proposed", "plan_applied"]
    );
    assert!(told[1].text.contains("gates.committed.stable_for"), "{}", told[1].text);
    assert!(told[2].by == "ben" && told[2].reason.contains("proposed by"), "{:?}", told[2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_that_is_given_and_taken_is_in_the_journal_and_a_quorum_of_one_hand_is_told() {
    let mut collector = Collector::start().await;
    let early = collector.issue("vera", "viewer", "").await;
    collector
        .apply(&PLAN.replace("{ who: [olga], approvals: 1 }", "{ who: [olga, ben], approvals: 2 }"))
        .await
        .unwrap();
    let bank = PLAN.replace("name: shop-moves", "name: bank-moves");
    collector.apply(&bank).await.unwrap();
    let olga = collector.issue("olga", "person", MIGRATION).await;
    let ben = collector.issue("ben", "person", "").await;
    collector.issue_for("ci", "pipeline", (MIGRATION, "ready")).await;
    collector.issue("zoe", "person", "bank-moves").await;
    let told = access_events(&collector).await;
    let texts: Vec<&str> = told.iter().map(|event| event.text.as_str()).collect();
    assert_eq!(told.len(), 3, "{texts:?}");
    assert!(texts[0].starts_with("olga gets access as person until "), "{texts:?}");
    assert!(texts[1].starts_with("ben gets access as person of every migration until "), "{texts:?}");
    assert!(texts[2].starts_with("ci gets access as pipeline for gate ready alone until "), "{texts:?}");
    assert!(told.iter().all(|event| event.by == "operator"), "{told:?}");
    let secrets = [&olga, &ben, &early, &collector.operator];
    assert!(secrets.iter().all(|secret| !format!("{told:?}").contains(secret.as_str())), "{told:?}");
    let _pair = pair(&collector).await;
    phase(&collector, "ready").await;
    assert_eq!(collector.gate(&olga, "cutover").await.warnings, Vec::<String>::new());
    collector.orders(&olga).await.decide(decide("cutover", "one")).await.unwrap();
    collector.orders(&ben).await.decide(decide("cutover", "two")).await.unwrap();
    let one_hand = "decision cutover: operator gave ben and olga access since the plan is in force: \
                    2 of 2 voices may be one person";
    assert_eq!(collector.gate(&olga, "cutover").await.warnings, [one_hand]);
    assert_eq!(collector.status().await.next_gate.unwrap().warnings, [one_hand]);
    let id = told[1].text.rsplit_once('(').unwrap().1.trim_end_matches(')').to_owned();
    for _ in 0..2 {
        let revoke = v1::RevokeAccessRequest { id: id.clone() };
        collector.accesses(&collector.operator).await.revoke_access(revoke).await.unwrap();
    }
    collector.stop().await;
    collector.again().await;
    let told = access_events(&collector).await;
    assert_eq!(told.len(), 4, "{told:?}");
    let taken = format!("the access of ben as person of every migration is taken back ({id})");
    assert_eq!((told[3].text.as_str(), told[3].by.as_str()), (taken.as_str(), "operator"));
}

pub(crate) async fn access_events(collector: &Collector) -> Vec<v1::Event> {
    let mut told = crate::notify::events(collector).await;
    told.retain(|event| event.kind == "access");
    told
}

/// Spans and moments that no honest client sends: refused by their name, or read as the nearest that can be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_span_or_moment_that_cannot_be_is_refused_or_read_as_its_bound() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let spans =
        [(0, 0), (-1, 0), (0, -1), (i64::MIN, 0), (i64::MIN, i32::MIN), (i64::MAX, 0), (i64::MAX, i32::MAX)];
    for (seconds, nanos) in spans {
        let ttl_duration = Some(prost_types::Duration { seconds, nanos });
        let ask = v1::IssueAccessRequest {
            subject: "eve".to_owned(),
            role: "viewer".to_owned(),
            ttl_duration,
            ..Default::default()
        };
        let refused = collector.accesses(&collector.operator).await.issue_access(ask).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{seconds} s {nanos} ns: {refused:?}");
        assert!(refused.message().contains("ttl_duration"), "{refused:?}");
        let token = v1::IssueAgentTokenRequest {
            migration: MIGRATION.to_owned(),
            side: v1::Side::Source.into(),
            ttl_duration,
            ..Default::default()
        };
        let refused = collector.accesses(&collector.operator).await.issue_agent_token(token).await;
        let refused = refused.expect_err("a join token that lives for no time, or for ever");
        assert_eq!(refused.code(), Code::InvalidArgument, "{seconds} s {nanos} ns: {refused:?}");
    }
    // The year 0, the year 10000, the ends of the numbers, and nanoseconds that are none.
    for (seconds, nanos) in [(-62_135_596_801, 0), (253_402_300_800, 0), (i64::MIN, -1), (i64::MAX, i32::MAX)]
    {
        let request = v1::ListEventsRequest {
            migration: MIGRATION.to_owned(),
            since_time: Some(prost_types::Timestamp { seconds, nanos }),
            ..Default::default()
        };
        let events = collector.migrations(&collector.operator).await.list_events(request).await.unwrap();
        assert_eq!(events.into_inner().events.is_empty(), seconds > 0, "{seconds} s {nanos} ns");
    }
}
