//! Who only asks costs no more either: pages, reports and answers over a journal with many events cost
//! the collector at most 100 times their sender's work, and a bounded piece of memory.

use prost::Message;
use tidelock_proto::v1;
use tidelock_tests::{World, WorldOptions};
use tonic::Code;

use crate::call::{call, message};
use crate::costs::Costs;

/// Decisions that are in the journal before anybody asks; one person may order 200 at once.
const EVENTS: usize = 180;
/// What all of it may add to the collector's memory, for good and for a moment.
const MAY_GROW: [u64; 2] = [64 << 20, 128 << 20];
/// The largest answer.
const ANSWER_BYTES: usize = 4 << 20;

/// The questions.
const EVENTS_PATH: &str = "/tidelock.v1.MigrationService/ListEvents";
const REPORT: &str = "/tidelock.v1.ReportService/GetReport";
const WHY: &str = "/tidelock.v1.MigrationService/ExplainCheck";
const STATUS: &str = "/tidelock.v1.MigrationService/GetStatus";
const GATE: &str = "/tidelock.v1.GateService/GetGate";

/// One call with the operator's access; gives the bytes of its answer.
async fn ask(world: &World, path: &str, request: &impl Message) -> usize {
    let token = std::fs::read_to_string(&world.operator.token).expect("a token");
    let bearer = format!("Bearer {}", token.trim());
    let headers = [("content-type", "application/grpc"), ("te", "trailers"), ("authorization", &*bearer)];
    let body = message(&request.encode_to_vec());
    let answer = call(world, ("api", path), None, &headers, body, true).await.expect("an answer");
    assert_eq!(answer.grpc, Some(Code::Ok), "{path}: {answer:?}");
    answer.bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_question_over_many_events_costs_more_than_a_hundred_times_its_sender() {
    let mut world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    let shop = || "shop".to_owned();
    for n in 0..EVENTS {
        let (enabled, reason) = (n % 2 == 1, format!("reason {n}: {}", "x".repeat(500)));
        let request_id = String::new();
        let order = v1::SetCutoversRequest { migration: shop(), enabled, reason, request_id };
        ask(&world, "/tidelock.v1.OrderService/SetCutovers", &order).await;
    }
    let events = v1::ListEventsRequest { migration: shop(), page_size: u32::MAX, ..Default::default() };
    let report = v1::GetReportRequest { migration: shop(), edition: None };
    let why = v1::ExplainCheckRequest { migration: shop(), check: "login".to_owned(), recent: u32::MAX };
    let status = v1::GetStatusRequest { migration: shop() };
    let gate = v1::GetGateRequest { migration: shop(), gate: "ready".to_owned() };
    let costs = Costs::of(&world, MAY_GROW);
    let bounded = |what: &str, bytes: usize| assert!(bytes <= ANSWER_BYTES, "{what}: {bytes} bytes");
    costs.weigh("events", async || bounded("events", ask(&world, EVENTS_PATH, &events).await)).await;
    costs.weigh("report", async || bounded("report", ask(&world, REPORT, &report).await)).await;
    costs.weigh("why", async || bounded("why", ask(&world, WHY, &why).await)).await;
    costs.weigh("status", async || bounded("status", ask(&world, STATUS, &status).await)).await;
    costs.weigh("gate", async || bounded("gate", ask(&world, GATE, &gate).await)).await;
    // The report tells of them all: it was no small journal.
    assert!(ask(&world, REPORT, &report).await > EVENTS * 100, "the report leaves them out");
    costs.is_well(&mut world, "questions");
}
