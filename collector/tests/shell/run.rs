//! Runbooks over real connections: one operator, every change told at once, and nothing by halves.

use std::time::Duration;

use tidelock_proto::signed_report;
use tidelock_proto::v1;
use tidelock_proto::v1::report_service_client::ReportServiceClient;
use tidelock_proto::v1::run_service_client::RunServiceClient;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::gate::{decide, pair, phase};
use crate::support::{Bearer, Collector, MIGRATION, PLAN, Signed, until};

const RUNBOOK: &str = r#"
runbook:
  - { step: prepare, kind: command, owner: ben, planned: 5s, run: [./ops/prepare, go], undo: [./ops/prepare, back], rehearsal: [./ops/prepare, dry], env: [OPS_CONFIG] }
  - { step: no-return, kind: point-of-no-return, owner: olga }
  - { step: traffic, kind: route, owner: ben, planned: 5s, run: [./ops/weight, "{weight}"], weights: [10%, 100%], bake: 1s, after: [login], deadline: 5m }
  - { step: seen, kind: confirm, owner: olga, after: [login], deadline: 10m }
"#;

fn plan() -> String {
    format!("{PLAN}{RUNBOOK}")
}

fn name() -> String {
    MIGRATION.to_owned()
}

async fn runs(collector: &Collector, token: &str) -> RunServiceClient<Signed> {
    RunServiceClient::with_interceptor(collector.channel().await, Bearer(token.to_owned()))
}

fn begin(rehearsal: bool) -> v1::BeginRunRequest {
    v1::BeginRunRequest {
        migration: name(),
        direction: "cutover".to_owned(),
        rehearsal,
        request_id: format!("begin {rehearsal}"),
    }
}

async fn begun(collector: &Collector, token: &str, rehearsal: bool) -> v1::Run {
    let answer = runs(collector, token).await.begin_run(begin(rehearsal)).await;
    answer.unwrap().into_inner().run.unwrap()
}

async fn run(collector: &Collector) -> Option<v1::Run> {
    let request = v1::GetRunRequest { migration: name() };
    runs(collector, &collector.operator).await.get_run(request).await.unwrap().into_inner().run
}

fn step(lease: u64, part: u32) -> v1::BeginStepRequest {
    v1::BeginStepRequest { migration: name(), lease, part, undo: false, request_id: String::new() }
}

fn done(lease: u64, part: u32, output: &str) -> v1::EndStepRequest {
    v1::EndStepRequest {
        migration: name(),
        lease,
        part,
        outcome: "done".to_owned(),
        durable_mutation: true,
        output: output.to_owned(),
        ..v1::EndStepRequest::default()
    }
}

fn renew(run: u64, lease: u64) -> v1::RenewRunRequest {
    v1::RenewRunRequest { migration: name(), run, lease }
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

fn argv(command: Option<&v1::RunCommand>) -> String {
    command.map(|command| command.argv.join(" ")).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_operator_walks_and_nobody_else() {
    let mut collector = Collector::start().await;
    collector.apply(&plan()).await.unwrap();
    assert_eq!(run(&collector).await, None);
    let (ci, ben) = (collector.issue("ci", "pipeline", "").await, collector.issue("ben", "person", "").await);
    let viewer = collector.issue("vera", "viewer", "").await;
    let denied = runs(&collector, &viewer).await.begin_run(begin(true)).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    let first = begun(&collector, &ci, true).await;
    assert_eq!((first.run, first.operator.as_str(), first.state.as_str()), (1, "ci", "forward"));
    assert_eq!((first.next.as_str(), first.next_part, first.parts.len()), ("carry", 0, 5));
    assert_eq!(argv(first.parts[0].command.as_ref()), "./ops/prepare dry", "a rehearsal runs nothing else");
    assert!(first.parts.iter().skip(1).all(|part| part.command.is_none()));
    assert!(first.parts.iter().all(|part| part.undo.is_none()));
    assert_eq!(begun(&collector, &ci, true).await.lease, first.lease, "the same ask again is the same run");
    let other = runs(&collector, &ben).await.begin_run(begin(true)).await.unwrap_err();
    assert_eq!((other.code(), reason(&other).as_str()), (Code::FailedPrecondition, "LEASED"));
    assert!(other.message().contains("ci"), "{}", other.message());
    // Who renews must be the operator, with the present lease.
    let renewed = runs(&collector, &ci).await.renew_run(renew(1, first.lease)).await.unwrap().into_inner();
    let seen = run(&collector).await.unwrap();
    assert_eq!(seen.lease_until_time, renewed.lease_until_time, "answered before it was believed");
    for (token, number, lease) in [(&ci, 1, first.lease + 7), (&ci, 2, first.lease), (&ben, 1, first.lease)] {
        let old = runs(&collector, token).await.renew_run(renew(number, lease)).await.unwrap_err();
        assert_eq!((old.code(), reason(&old).as_str()), (Code::Aborted, "OLD_LEASE"));
    }
    // Nobody only looks like somebody who will go back.
    let eve = collector.issue("eve", "person", "").await;
    let denied = runs(&collector, &eve).await.renew_run(renew(0, 0)).await.unwrap_err();
    assert_eq!((denied.code(), reason(&denied).as_str()), (Code::PermissionDenied, "NOT_YOURS"));
    let _ = runs(&collector, &ben).await.renew_run(renew(0, 0)).await.unwrap();
    let leave = v1::LeaveRunRequest { migration: name(), lease: first.lease, request_id: String::new() };
    let left = runs(&collector, &ci).await.leave_run(leave).await.unwrap().into_inner().run.unwrap();
    assert_eq!(left.operator, "");
    let take = v1::TakeRunRequest { migration: name(), request_id: String::new() };
    let taken = runs(&collector, &ben).await.take_run(take).await.unwrap().into_inner().run.unwrap();
    assert_eq!(taken.operator, "ben");
    assert!(taken.lease > first.lease);
    let old = runs(&collector, &ci).await.renew_run(renew(1, first.lease)).await.unwrap_err();
    assert!(reason(&old) == "OLD_LEASE" && old.message().contains("ben"), "{}", old.message());
    // The journal knows all of it.
    collector.stop().await;
    collector.again().await;
    let again = run(&collector).await.unwrap();
    assert_eq!((again.lease, again.operator.as_str(), again.run), (taken.lease, "ben", 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_is_told_each_step_within_moments() {
    let collector = Collector::start().await;
    collector.apply(&plan()).await.unwrap();
    let ci = collector.issue("ci", "pipeline", "").await;
    let mut client = runs(&collector, &ci).await;
    let watch = client.watch_run(v1::WatchRunRequest { migration: name() }).await.unwrap();
    let mut watch = watch.into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().run, None, "the state comes first");
    let started = begun(&collector, &ci, true).await;
    assert_eq!(watch.message().await.unwrap().unwrap().run.unwrap().run, 1);
    let asked = tokio::time::Instant::now();
    let answer = client.begin_step(step(started.lease, 0)).await.unwrap().into_inner().run.unwrap();
    assert_eq!(answer.parts[0].state, "begun");
    let told = tokio::time::timeout(Duration::from_secs(5), watch.message()).await.unwrap();
    assert_eq!(told.unwrap().unwrap().run.unwrap().parts[0].state, "begun");
    // The bar of 50 ms is the benchmark's; this says that nothing waits for a tick.
    assert!(asked.elapsed() < Duration::from_millis(500), "{:?}", asked.elapsed());
    let wrong = v1::EndStepRequest { outcome: "half".to_owned(), ..done(started.lease, 0, "") };
    assert_eq!(client.end_step(wrong).await.unwrap_err().code(), Code::InvalidArgument);
    let early = client.begin_step(step(started.lease, 2)).await.unwrap_err();
    assert_eq!(early.code(), Code::FailedPrecondition, "{early:?}");
    let ended = client.end_step(done(started.lease, 0, "well\u{1b}[2J\n")).await.unwrap();
    let ended = ended.into_inner().run.unwrap();
    assert_eq!(ended.parts[0].output, "well\u{fffd}[2J\n");
    assert!(ended.parts[0].durable_mutation && ended.parts[0].outcome == "done");
    let said = v1::ConfirmStepRequest { migration: name(), part: 4, done: true, ..Default::default() };
    let denied = client.confirm_step(said).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied, "a pipeline confirms nothing");
}

/// The same report, in the place of the plain one, with how it is to be printed.
async fn is_signed_for_who_prints_it(reports: &mut ReportServiceClient<Signed>, plain: &v1::Report) {
    let ask = |form: &str| {
        let edition = v1::ReportEdition { form: form.to_owned(), ..v1::ReportEdition::default() };
        v1::GetReportRequest { migration: name(), edition: Some(edition) }
    };
    let answer = reports.get_report(ask("md")).await.unwrap().into_inner();
    assert_eq!(answer.report, None, "twice it might not fit");
    let signed = signed_report::Signed::read(answer.signed.unwrap()).unwrap();
    assert_eq!(signed.report().edition, ask("md").edition);
    assert_eq!(signed.report().decisions, plain.decisions);
    let endless = reports.get_report(ask(&"m".repeat(65))).await.unwrap_err();
    assert_eq!(endless.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cutover_is_walked_turned_back_and_reported() {
    let collector = Collector::start().await;
    collector.apply(&plan()).await.unwrap();
    let (ci, olga) =
        (collector.issue("ci", "pipeline", "").await, collector.issue("olga", "person", "").await);
    let _pair = pair(&collector).await;
    phase(&collector, "ready").await;
    collector.orders(&olga).await.decide(decide("cutover", "go")).await.unwrap();
    let token = until("the gate cutover is open", || async {
        Some(collector.gate(&ci, "cutover").await.token).filter(|token| !token.is_empty())
    })
    .await;
    let confirm = v1::ConfirmCutoverRequest { migration: name(), token, request_id: "one".to_owned() };
    collector.gates(&ci).await.confirm_cutover(confirm).await.unwrap();
    phase(&collector, "cutover").await;
    let started = begun(&collector, &ci, false).await;
    let commands: Vec<String> = started.parts.iter().map(|part| argv(part.command.as_ref())).collect();
    assert_eq!(commands, ["./ops/prepare go", "", "./ops/weight 10", "./ops/weight 100", ""]);
    assert_eq!(argv(started.parts[0].undo.as_ref()), "./ops/prepare back");
    assert_eq!(started.parts[0].command.as_ref().unwrap().env, ["OPS_CONFIG"]);
    // A revision in between changes nothing for who walks already.
    let changed = plan()
        .replace("./ops/weight", "./ops/other")
        .replace("stable_for: 2s, decision", "stable_for: 1s, decision");
    let revised = collector.apply(&changed).await;
    assert_eq!(argv(run(&collector).await.unwrap().parts[2].command.as_ref()), "./ops/weight 10");
    let mut client = runs(&collector, &ci).await;
    client.begin_step(step(started.lease, 0)).await.unwrap();
    client.end_step(done(started.lease, 0, "ready")).await.unwrap();
    let turn =
        v1::TurnRunRequest { migration: name(), reason: "it smells".to_owned(), request_id: String::new() };
    assert_eq!(client.turn_run(turn.clone()).await.unwrap_err().code(), Code::PermissionDenied);
    let turned = runs(&collector, &olga).await.turn_run(turn).await.unwrap().into_inner().run.unwrap();
    assert_eq!((turned.state.as_str(), turned.next.as_str(), turned.next_undo), ("undoing", "undo", true));
    assert!(turned.why.contains("it smells"), "{}", turned.why);
    let undo = v1::BeginStepRequest { undo: true, ..step(started.lease, 0) };
    client.begin_step(undo).await.unwrap();
    let undone = v1::EndStepRequest { undo: true, ..done(started.lease, 0, "back") };
    let over = client.end_step(undone).await.unwrap().into_inner().run.unwrap();
    assert_eq!((over.state.as_str(), over.next.as_str()), ("undone", "over"), "{over:?}");
    let mut reports = ReportServiceClient::with_interceptor(collector.channel().await, Bearer(ci.clone()));
    let plain = v1::GetReportRequest { migration: name(), edition: None };
    let answer = reports.get_report(plain).await.unwrap().into_inner();
    assert_eq!(answer.signed, None, "whoever does not print it needs no signature");
    let report = answer.report.unwrap();
    is_signed_for_who_prints_it(&mut reports, &report).await;
    let kinds: Vec<&str> = report
        .decisions
        .iter()
        .filter_map(|told| told.event.as_ref())
        .map(|event| event.kind.as_str())
        .collect();
    for kind in ["decision", "confirmed", "run"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert_eq!(report.runs.len(), 1);
    assert_eq!((report.runs[0].state.as_str(), report.runs[0].parts[0].state.as_str()), ("undone", "undone"));
    assert_eq!(report.revisions.len(), 1 + usize::from(revised.is_ok()));
    if revised.is_ok() {
        assert!(
            report.revisions[1].looser.iter().any(|line| line.contains("stable_for")),
            "{:?}",
            report.revisions
        );
    }
    assert!(report.phases.iter().any(|visit| visit.phase == "cutover"), "{:?}", report.phases);
    assert!(report.scenarios.iter().any(|scenario| scenario.name == "login"));
}
