//! Findings of a migration that is over go by whole segments; what was decided is read for ever.

use std::time::Duration;

use tidelock_collector::config::Config;
use tidelock_collector::journal::{Journal, Position, Record, Settings, Store as _, verify};
use tidelock_collector::records::{FINDING_KIND, Seen, seen_to_bytes};
use tidelock_collector::server;
use tidelock_core::record::{Observation, Refusal};
use tidelock_model::{AgentKey, Name, Side};
use tidelock_proto::v1;

use crate::restart::journal;
use crate::support::{Collector, MIGRATION, PLAN, until};

/// More findings than a segment holds, as somebody else's might be.
pub(crate) async fn fill(collector: &Collector) {
    let (journal, _) = Journal::open(&Settings::new(collector.path("data"))).unwrap();
    let agent = AgentKey { side: Side::Source, name: Name::new("a").unwrap() };
    let check = Name::new("login").unwrap();
    let refusal = Refusal { check, cause: "c".into(), reason: "x".repeat(3 << 20), refused: true };
    let observation = Observation::Refused(agent, refusal);
    let seen = Seen { migration: Some(Name::new(MIGRATION).unwrap()), observation, boot_id: String::new() };
    let at_unix_ms = journal.read_decisions(journal.heads().decisions).next().unwrap().unwrap();
    let at_unix_ms = at_unix_ms.record.at_unix_ms;
    for _ in 0..12 {
        let record = Record { kind: FINDING_KIND, at_unix_ms, body: seen_to_bytes(&seen) };
        journal.append_findings(record).await.unwrap();
    }
    journal.close().await;
}

/// Starts it with findings that are kept for no longer than their migration.
pub(crate) async fn start_that_forgets(collector: &mut Collector) {
    let mut config = Config::read(&collector.path("collector.toml")).unwrap();
    config.keep_findings = Duration::ZERO;
    collector.running = Some(server::start(config).await.unwrap());
    until("it is ready", || async {
        let request = v1::GetStatusRequest { migration: MIGRATION.to_owned() };
        collector.migrations(&collector.operator).await.get_status(request).await.ok().map(drop)
    })
    .await;
}

pub(crate) fn oldest(collector: &Collector) -> Position {
    verify(&collector.path("data")).unwrap().findings.oldest
}

pub(crate) async fn abort(collector: &Collector) {
    let request = v1::AbortRequest {
        migration: MIGRATION.to_owned(),
        reason: "it is given up".to_owned(),
        request_id: "abort".to_owned(),
    };
    let olga = collector.issue("olga", "person", "").await;
    collector.orders(&olga).await.abort(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn findings_go_when_their_migration_is_over_and_decisions_stay() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    collector.stop().await;
    fill(&collector).await;
    // Open: nothing goes, however short the time.
    start_that_forgets(&mut collector).await;
    abort(&collector).await;
    collector.stop().await;
    assert_eq!(oldest(&collector), Position::new(1), "an open migration lost findings");
    let decided = verify(&collector.path("data")).unwrap().decisions.records;

    start_that_forgets(&mut collector).await;
    until("old segments go", || async { (oldest(&collector) > Position::new(1)).then_some(()) }).await;
    collector.stop().await;
    assert_eq!(verify(&collector.path("data")).unwrap().decisions.records, decided);
    assert!(journal("replay", &collector));
    collector.again().await;
    assert_eq!(collector.status().await.phase, "aborted");
    collector.stop().await;
    assert_eq!(verify(&collector.path("data")).unwrap().decisions.records, decided, "it decided anew");
}

/// The next migration has begun meanwhile, and is open: what lies before its beginning is nothing to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn findings_from_before_an_open_migration_go_with_the_one_that_is_over() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    collector.stop().await;
    fill(&collector).await;
    collector.again().await;
    collector.apply(&PLAN.replace("name: shop-moves", "name: bank-moves")).await.unwrap();
    abort(&collector).await;
    collector.stop().await;
    let decided = verify(&collector.path("data")).unwrap().decisions.records;

    start_that_forgets(&mut collector).await;
    until("old segments go", || async { (oldest(&collector) > Position::new(1)).then_some(()) }).await;
    collector.stop().await;
    assert_eq!(verify(&collector.path("data")).unwrap().decisions.records, decided);
    assert!(journal("replay", &collector));
    collector.again().await;
    let request = v1::GetStatusRequest { migration: "bank-moves".to_owned() };
    let status = collector.migrations(&collector.operator).await.get_status(request).await.unwrap();
    assert_eq!(status.into_inner().status.unwrap().phase, "sync");
}
