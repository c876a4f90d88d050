//! What was found of a check reaches further back than memory: from there on the index goes on, without
//! a hole and without telling anything twice, after a restart and after the index was lost as well.

use tidelock_proto::v1;
use tidelock_proto::v1::session_request::Message as Say;

use crate::agent::{Agent, join};
use crate::support::{Collector, MIGRATION, PLAN, until, with_front};

/// Findings of one batch: as many as one may have.
const IN_BATCH: u64 = 512;
/// Batches sent. Memory has 20,000 findings, so it forgets the first six of them.
const BATCHES: u64 = 45;

/// The usual plan, and beside `login` a check that fills the memory.
fn plan() -> String {
    with_front(PLAN)
}

/// A batch of `front`, with one finding of `login` in it; its round and note are the batch's number.
fn batch(agent: &mut Agent, first_seq: u64, number: u64) -> v1::FindingBatch {
    let mut findings: Vec<_> = (0..IN_BATCH)
        .map(|_| v1::Finding { check: "front".to_owned(), ..agent.finding(v1::Outcome::Pass) })
        .collect();
    let place = usize::try_from(number % IN_BATCH).unwrap();
    findings[place] = v1::Finding {
        check: "login".to_owned(),
        round: number,
        note: format!("batch {number}"),
        ..findings[place].clone()
    };
    agent.batch(first_seq, findings)
}

/// Side, round and note of a check's findings, newest first.
async fn shown(collector: &Collector, check: &str, recent: u32) -> Vec<(v1::Side, u64, String)> {
    let request =
        v1::ExplainCheckRequest { migration: MIGRATION.to_owned(), check: check.to_owned(), recent };
    let mut migrations = collector.migrations(&collector.operator).await;
    let answer = migrations.explain_check(request).await.unwrap().into_inner();
    let told = |recent: v1::RecentFinding| {
        let (agent, finding) = (recent.agent.unwrap(), recent.finding.unwrap());
        assert_eq!((finding.check.as_str(), finding.outcome), (check, v1::Outcome::Pass.into()));
        assert!(recent.received_time.is_some(), "{finding:?}");
        (agent.side(), finding.round, finding.note)
    };
    answer.recent.into_iter().map(told).collect()
}

fn wanted() -> Vec<(v1::Side, u64, String)> {
    let side = |number| if number % 2 == 0 { v1::Side::Target } else { v1::Side::Source };
    (1..=BATCHES).rev().map(|number| (side(number), number, format!("batch {number}"))).collect()
}

/// The whole history is what was sent, each batch once, and a shorter one is its head.
async fn all_is_there(collector: &Collector, when: &str) {
    // The index follows behind the journal.
    until("the index has all of it", || async {
        (shown(collector, "login", 100).await.len() >= wanted().len()).then_some(())
    })
    .await;
    assert_eq!(shown(collector, "login", 100).await, wanted(), "{when}");
    // Within memory, to its end, one beyond it, and to the first of all.
    for last in [0, 1, 38, 39, 40, 44, 45] {
        let head = &wanted()[..last as usize];
        assert_eq!(shown(collector, "login", last).await, head, "the last {last}, {when}");
    }
    assert_eq!(shown(collector, "front", 100).await.len(), 100, "{when}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_findings_of_a_check_go_on_in_the_index_where_memory_ends() {
    let mut collector = Collector::start().await;
    collector.apply(&plan()).await.unwrap();
    let papers =
        [join(&collector, v1::Side::Target, "b").await, join(&collector, v1::Side::Source, "a").await];
    let mut agents = [
        Agent::connect(&collector, &papers[0], 1).await.unwrap(),
        Agent::connect(&collector, &papers[1], 2).await.unwrap(),
    ];
    let mut sent = [0, 0];
    for number in 1..=BATCHES {
        let one = usize::try_from(number % 2).unwrap();
        let batch = batch(&mut agents[one], sent[one] + 1, number);
        agents[one].say(Say::Batch(batch)).await;
        sent[one] += IN_BATCH;
        assert_eq!(agents[one].ack().await.unwrap(), sent[one]);
    }
    all_is_there(&collector, "live").await;
    drop(agents);
    collector.stop().await;
    collector.again().await;
    all_is_there(&collector, "after a restart").await;
    collector.stop().await;
    std::fs::remove_dir_all(collector.path("data/index")).unwrap();
    collector.again().await;
    all_is_there(&collector, "after the index was lost").await;
    collector.stop().await;
}
