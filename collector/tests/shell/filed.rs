//! A report says the same before a restart and after it, and once the findings of its migration are gone.

use tidelock_collector::journal::Position;
use tidelock_proto::v1;
use tidelock_proto::v1::report_service_client::ReportServiceClient;
use tidelock_proto::v1::session_request::Message as Say;

use crate::agent::{Agent, join};
use crate::restart::journal;
use crate::retention::{abort, fill, oldest, start_that_forgets};
use crate::support::{Bearer, Collector, MIGRATION, PLAN, until};

const UNSIGNED: &str = "UNSIGNED components are let run here";
const BLIND: &str = "what a browser draws";

async fn report(collector: &Collector) -> v1::Report {
    let bearer = Bearer(collector.operator.clone());
    let mut reports = ReportServiceClient::with_interceptor(collector.channel().await, bearer);
    let request = v1::GetReportRequest { migration: MIGRATION.to_owned(), edition: None };
    reports.get_report(request).await.unwrap().into_inner().report.unwrap()
}

/// An agent that says something of itself and of its check, until that is filed.
async fn says(collector: &Collector) -> v1::Report {
    let papers = join(collector, v1::Side::Target, "b").await;
    let mut agent = Agent::connect(collector, &papers, 1).await.unwrap();
    let assignment = &agent.assignments.assignments[0];
    let status = v1::AssignmentStatus {
        assignment_id: assignment.id.clone(),
        check: assignment.check.clone(),
        accepted: true,
        blind_spots: vec![BLIND.to_owned()],
        ..v1::AssignmentStatus::default()
    };
    agent.say(Say::AssignmentStatus(status)).await;
    let warnings = vec![UNSIGNED.to_owned()];
    agent.say(Say::Heartbeat(v1::Heartbeat { sequence: 1, warnings, ..v1::Heartbeat::default() })).await;
    agent.tell(1, v1::Outcome::Pass).await;
    until("what it says is filed", || async {
        let report = report(collector).await;
        (!report.blind_spots.is_empty() && report.loud.len() > 1).then_some(report)
    })
    .await
}

/// What the report tells that no decision of a person does.
fn told(report: &v1::Report) -> v1::Report {
    let v1::Report { scenarios, agents_lost, loud, blind_spots, phases, accounted_time, .. } = report.clone();
    v1::Report { scenarios, agents_lost, loud, blind_spots, phases, accounted_time, ..v1::Report::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_says_the_same_after_a_restart_and_without_the_findings_of_its_migration() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let first = says(&collector).await;
    assert_eq!(first.blind_spots, [format!("login: {BLIND}")]);
    assert!(first.loud[0].starts_with("rehearsal scale"), "{:?}", first.loud);
    assert!(first.loud[1].starts_with(&format!("agent target/b: {UNSIGNED} (first at ")), "{:?}", first.loud);
    assert_eq!(first.accounted_time, None);

    // Nobody is there to say it again.
    collector.stop().await;
    collector.again().await;
    let again = report(&collector).await;
    assert_eq!((&again.loud, &again.blind_spots), (&first.loud, &first.blind_spots));

    abort(&collector).await;
    let ended = report(&collector).await;
    assert!(ended.accounted_time.is_some() && !ended.findings_dropped);
    let login = &ended.scenarios[0];
    assert!(!login.spans.is_empty() && login.longest_hold_ms > 0, "{login:?}");
    collector.stop().await;
    fill(&collector).await;
    start_that_forgets(&mut collector).await;
    until("old segments go", || async { (oldest(&collector) > Position::new(1)).then_some(()) }).await;
    assert_eq!(told(&report(&collector).await), told(&ended), "while it runs");
    collector.stop().await;
    assert!(journal("replay", &collector));
    collector.again().await;
    let last = report(&collector).await;
    assert_eq!(told(&last), told(&ended), "after a start without them");
    assert_eq!((last.head_sequence, last.findings_dropped), (ended.head_sequence, false));
    collector.stop().await;
}
