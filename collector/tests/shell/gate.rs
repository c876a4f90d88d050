//! From evidence to an open gate, a decision, a confirmation, and the way back.

use std::time::Duration;

use tidelock_proto::v1;
use tokio_stream::StreamExt as _;
use tonic::Code;

use crate::agent::{Agent, join};
use crate::support::{Collector, MIGRATION, PLAN, until};

/// Two agents that find everything well, for as long as this lives.
pub(crate) struct Pair {
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

pub(crate) async fn pair(collector: &Collector) -> Pair {
    let mut tasks = Vec::new();
    for (side, name) in [(v1::Side::Source, "a"), (v1::Side::Target, "b")] {
        let papers = join(collector, side, name).await;
        let mut agent = Agent::connect(collector, &papers, 1).await.unwrap();
        tasks.push(tokio::spawn(async move {
            for seq in 1.. {
                agent.heartbeats().await;
                agent.tell(seq, v1::Outcome::Pass).await;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }));
    }
    Pair { tasks }
}

pub(crate) async fn phase(collector: &Collector, wanted: &str) {
    until(wanted, || async { (collector.status().await.phase == wanted).then_some(()) }).await;
}

pub(crate) fn decide(decision: &str, request_id: &str) -> v1::DecideRequest {
    v1::DecideRequest {
        migration: MIGRATION.to_owned(),
        decision: decision.to_owned(),
        go: true,
        reason: "all green".to_owned(),
        request_id: request_id.to_owned(),
        ..v1::DecideRequest::default()
    }
}

pub(crate) fn confirm(token: &str, request_id: &str) -> v1::ConfirmCutoverRequest {
    v1::ConfirmCutoverRequest {
        migration: MIGRATION.to_owned(),
        token: token.to_owned(),
        request_id: request_id.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_way_to_the_switch_and_back() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let (olga, ci) =
        (collector.issue("olga", "person", "").await, collector.issue("ci", "pipeline", "").await);
    let shut = collector.gate(&ci, "ready").await;
    assert_ne!(shut.verdict, i32::from(v1::Verdict::Open));
    let early = collector.orders(&olga).await.decide(decide("cutover", "early")).await;
    assert!(early.is_err(), "a decision on nothing was taken");
    let _pair = pair(&collector).await;
    phase(&collector, "ready").await;
    let dry = v1::DecideRequest { dry_run: true, ..decide("cutover", "go") };
    assert!(!collector.orders(&olga).await.decide(dry).await.unwrap().into_inner().recorded);
    let first = collector.orders(&olga).await.decide(decide("cutover", "go")).await.unwrap().into_inner();
    let again = collector.orders(&olga).await.decide(decide("cutover", "go")).await.unwrap().into_inner();
    assert!(first.recorded);
    assert_eq!(first.event.unwrap().sequence, again.event.unwrap().sequence, "one ask, two events");
    let open = until("the gate cutover is open", || async {
        let gate = collector.gate(&ci, "cutover").await;
        (gate.verdict == i32::from(v1::Verdict::Open)).then_some(gate)
    })
    .await;
    assert!(open.valid_until_time.is_some() && !open.token.is_empty());
    let viewer = collector.issue("vera", "viewer", "").await;
    assert!(collector.gate(&viewer, "cutover").await.token.is_empty());
    for forged in ["", "tlg1.AAAA", &format!("{}A", open.token)] {
        assert!(collector.gates(&ci).await.confirm_cutover(confirm(forged, "")).await.is_err());
    }
    let token = collector.gate(&ci, "cutover").await.token;
    collector.gates(&ci).await.confirm_cutover(confirm(&token, "one")).await.unwrap();
    phase(&collector, "cutover").await;
    assert!(collector.gates(&ci).await.confirm_cutover(confirm(&token, "two")).await.is_err(), "taken twice");
    let switched = v1::ReportSwitchedRequest {
        migration: MIGRATION.to_owned(),
        to: v1::Side::Target.into(),
        ..v1::ReportSwitchedRequest::default()
    };
    collector.orders(&ci).await.report_switched(switched.clone()).await.unwrap();
    phase(&collector, "watch").await;
    collector.orders(&olga).await.decide(decide("rollback", "back")).await.unwrap();
    phase(&collector, "rolling-back").await;
    let verdict = collector.gate(&ci, "committed").await.verdict;
    assert_eq!(verdict, i32::from(v1::Verdict::Rollback));
    let back = v1::ReportSwitchedRequest { to: v1::Side::Source.into(), ..switched };
    collector.orders(&ci).await.report_switched(back).await.unwrap();
    let events =
        v1::ListEventsRequest { migration: MIGRATION.to_owned(), page_size: 3, ..Default::default() };
    let page = collector.migrations(&ci).await.list_events(events).await.unwrap().into_inner();
    assert_eq!((page.events.len(), page.events[0].kind.as_str()), (3, "plan_applied"));
    assert!(!page.next_page_token.is_empty());
    let of_kind = |kind: &str| v1::ListEventsRequest {
        migration: MIGRATION.to_owned(),
        kind: kind.to_owned(),
        ..Default::default()
    };
    let phases = collector.migrations(&ci).await.list_events(of_kind("phase")).await.unwrap().into_inner();
    assert!(phases.events.len() > 3 && phases.events.iter().all(|event| event.kind == "phase"));
    // A misspelt kind would read as if nothing had happened.
    let unknown = collector.migrations(&ci).await.list_events(of_kind("nosuch")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::InvalidArgument);
    assert!(unknown.message().contains("phase, plan_applied"), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_hears_the_state_first_and_a_slow_one_the_latest() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let olga = collector.issue("olga", "person", "").await;
    let request = v1::WatchGateRequest { migration: MIGRATION.to_owned(), gate: "ready".to_owned() };
    let mut watch = collector.gates(&olga).await.watch_gate(request.clone()).await.unwrap().into_inner();
    let first = watch.next().await.unwrap().unwrap().gate.unwrap();
    assert!(first.holds.iter().all(|hold| hold.code != "operator"));
    let mut orders = collector.orders(&olga).await;
    let (migration, reason) = (MIGRATION.to_owned(), "again".to_owned());
    for _ in 0..20 {
        let (migration, reason, request_id) = (migration.clone(), reason.clone(), String::new());
        let hold = v1::HoldRequest { migration, reason, request_id };
        orders.hold(hold.clone()).await.unwrap();
        let release = v1::ReleaseRequest {
            migration: hold.migration,
            reason: hold.reason,
            request_id: hold.request_id,
            of: String::new(),
        };
        orders.release(release).await.unwrap();
    }
    orders.hold(v1::HoldRequest { migration, reason, request_id: String::new() }).await.unwrap();
    // Forty-one changes were not read; the latest is near, and not the fortieth message.
    let mut messages = 0;
    loop {
        let message = tokio::time::timeout(Duration::from_secs(10), watch.next()).await.unwrap();
        let gate = message.unwrap().unwrap().gate.unwrap();
        messages += 1;
        let held = gate.holds.iter().any(|hold| hold.code == "operator");
        let present = collector.gate(&olga, "ready").await;
        if held && gate.holds.len() == present.holds.len() {
            break;
        }
    }
    assert!(messages <= 41, "{messages} messages for 41 changes");
    let unknown = v1::WatchGateRequest { gate: "nowhere".to_owned(), ..request };
    let status = collector.gates(&olga).await.watch_gate(unknown).await.map(drop).unwrap_err();
    assert_eq!(status.code(), tonic::Code::NotFound);
}
