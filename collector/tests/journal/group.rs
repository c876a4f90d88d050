//! Group commit: acks after the sync, bounds on what waits, and no second try after a failure.

use std::{sync::atomic::Ordering, time::Duration};

use tidelock_collector::journal::{Answer, Journal, JournalError, Lane, Position, Space, Store};
use tokio::time::timeout;

use crate::support::{Faulty, appended, bodies, decision, decisions, findings, name, open, record, small};

const SOON: Duration = Duration::from_secs(10);
const NOT_YET: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_told_before_the_sync() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = small(dir.path());
    let disk = Faulty::new();
    settings.disk = disk.clone();
    let (journal, _) = open(&settings);
    journal.append_findings(record("first")).await.unwrap();
    disk.hold();
    let pending = journal.submit_findings(record("second")).await.unwrap();
    let mut durable = Box::pin(pending.durable());
    assert!(timeout(NOT_YET, &mut durable).await.is_err());
    assert_eq!(journal.heads().findings, Position::new(1));
    assert_eq!(findings(&journal).len(), 1);
    disk.release();
    assert_eq!(timeout(SOON, durable).await.unwrap().unwrap(), Position::new(2));
    assert_eq!(findings(&journal).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_wait_share_one_sync() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = small(dir.path());
    settings.segment_bytes = 1024 * 1024;
    let disk = Faulty::new();
    settings.disk = disk.clone();
    let (journal, _) = open(&settings);
    journal.append_findings(record("first")).await.unwrap();
    disk.hold();
    let mut pending = vec![journal.submit_findings(record("in the sync")).await.unwrap()];
    // The writer must have taken it before the others gather.
    while disk.log.lock().unwrap().last().is_none_or(|last| last != "sync findings") {
        tokio::task::yield_now().await;
    }
    let before = disk.syncs.load(Ordering::SeqCst);
    for n in 0..200 {
        pending.push(journal.submit_findings(record(format!("{n}"))).await.unwrap());
    }
    disk.release();
    for one in pending {
        one.durable().await.unwrap();
    }
    assert!(disk.syncs.load(Ordering::SeqCst) - before <= 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_makes_callers_wait() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = small(dir.path());
    settings.segment_bytes = 1024 * 1024;
    settings.queue_records = 4;
    settings.group_records = 2;
    let disk = Faulty::new();
    settings.disk = disk.clone();
    let (journal, _) = open(&settings);
    disk.hold();
    let mut pending = Vec::new();
    let full = loop {
        match timeout(NOT_YET, journal.submit_findings(record(format!("{}", pending.len())))).await {
            Ok(one) => pending.push(one.unwrap()),
            Err(elapsed) => break elapsed,
        }
        assert!(pending.len() <= 4 + 2, "the queue has no bound");
    };
    println!("waits after {}: {full}", pending.len());
    disk.release();
    let count = pending.len();
    for one in pending {
        one.durable().await.unwrap();
    }
    assert_eq!(bodies(&findings(&journal)), (0..count).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_fill_the_queue_by_their_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = small(dir.path());
    settings.segment_bytes = 1024 * 1024;
    settings.queue_bytes = 8 * 1024;
    let disk = Faulty::new();
    settings.disk = disk.clone();
    let (journal, _) = open(&settings);
    disk.hold();
    let mut pending = Vec::new();
    while let Ok(one) = timeout(NOT_YET, journal.submit_findings(record(vec![1; 2000]))).await {
        pending.push(one.unwrap());
    }
    assert_eq!(pending.len(), 4);
    disk.release();
    for one in pending {
        one.durable().await.unwrap();
    }
    let over = journal.append_findings(record(vec![1; 2049])).await;
    assert!(matches!(over, Err(JournalError::TooLarge { .. })), "{over:?}");
}

#[tokio::test]
async fn a_decision_reaches_the_disk_after_its_findings() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = small(dir.path());
    let disk = Faulty::new();
    settings.disk = disk.clone();
    let (journal, _) = open(&settings);
    journal.append_findings(record("f")).await.unwrap();
    appended(journal.append_decision(decision("shop", None, 1, "d")).await.unwrap());
    disk.log.lock().unwrap().clear();
    let (one, two) = tokio::join!(
        journal.append_findings(record("f")),
        journal.append_decision(decision("bank", None, 1, "d"))
    );
    one.unwrap();
    appended(two.unwrap());
    let log = disk.log.lock().unwrap().join(", ");
    let of = |what: &str| log.find(what).unwrap();
    assert!(
        of("sync findings") < of("write decisions") && of("write decisions") < of("sync decisions"),
        "{log}"
    );
}

async fn broken(set: &str) -> (Journal, std::sync::Arc<Faulty>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = small(dir.path());
    let disk = Faulty::new();
    settings.disk = disk.clone();
    let (journal, _) = open(&settings);
    journal.append_findings(record("f1")).await.unwrap();
    appended(journal.append_decision(decision("shop", None, 1, "d1")).await.unwrap());
    *disk.break_sync_of.lock().unwrap() = Some(dir.path().join(set));
    (journal, disk, dir)
}

#[tokio::test]
async fn a_failed_sync_of_findings_stops_the_journal_for_good() {
    let (journal, disk, dir) = broken("findings").await;
    let lost = journal.append_findings(record("f2")).await.unwrap_err();
    assert!(lost.to_string().contains("sync") && lost.to_string().contains("end the process"), "{lost}");
    assert!(!lost.passes_by_itself());
    let failed = journal.failed();
    assert!(failed.borrow().is_some());
    *disk.break_sync_of.lock().unwrap() = None;
    assert!(matches!(journal.append_findings(record("f3")).await, Err(JournalError::Failed(_))));
    assert!(matches!(
        journal.append_decision(decision("shop", Some(1), 1, "d2")).await,
        Err(JournalError::Failed(_))
    ));
    assert_eq!(disk.failed_syncs.load(Ordering::SeqCst), 1, "a failed sync was tried again");
    assert_eq!((findings(&journal).len(), decisions(&journal).len()), (1, 1));
    journal.close().await;
    // Written and never synced: the next start makes it durable before it believes it.
    let (journal, _) = open(&small(dir.path()));
    assert_eq!(bodies(&findings(&journal)), ["f1", "f2"]);
}

#[tokio::test]
async fn a_failed_sync_of_a_decision_is_unknown() {
    let (journal, _, dir) = broken("decisions").await;
    let answer = journal.append_decision(decision("shop", Some(1), 1, "d2")).await.unwrap();
    assert!(matches!(answer, Answer::Unknown { .. }), "{answer:?}");
    assert_eq!(journal.decision_head(&name("shop")).unwrap().position, Position::new(1));
    journal.close().await;
    let (journal, _) = open(&small(dir.path()));
    assert_eq!(bodies(&decisions(&journal)), ["d1", "d2"]);
}

#[tokio::test]
async fn low_space_refuses_findings_and_lets_decisions_pass() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = small(dir.path());
    settings.low_space_bytes = 10_000;
    let disk = Faulty::new();
    settings.disk = disk.clone();
    let (journal, _) = open(&settings);
    journal.append_findings(record("f")).await.unwrap();
    assert_eq!(*journal.space().borrow(), Space::Enough);
    disk.free.store(9_999, Ordering::SeqCst);
    let full = journal.append_findings(record("g")).await.unwrap_err();
    assert!(matches!(full, JournalError::Full { free_bytes: 9_999, need_bytes: 10_000 }), "{full:?}");
    assert!(full.passes_by_itself());
    assert_eq!(*journal.space().borrow(), Space::Low { free_bytes: 9_999, need_bytes: 10_000 });
    appended(journal.append_decision(decision("shop", None, 1, "degraded")).await.unwrap());
    disk.free.store(u64::MAX, Ordering::SeqCst);
    journal.append_findings(record("g")).await.unwrap();
    assert_eq!(*journal.space().borrow(), Space::Enough);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_record_does_not_pass_a_large_one_that_was_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = small(dir.path());
    let disk = Faulty::new();
    settings.disk = disk.clone();
    let (journal, _) = open(&settings);
    journal.append_findings(record("f")).await.unwrap();
    disk.refuse_fill.store(true, Ordering::SeqCst);
    journal.append_findings(record(vec![b'f'; 2000])).await.unwrap();
    // One group: the large record needs another segment, for which there is no room; the small one does not.
    disk.hold();
    let first = journal.submit_findings(record("first")).await.unwrap();
    let lane = Lane::default();
    let mut sent = Vec::new();
    for body in [vec![b'a'; 2000], vec![b'b'; 10]] {
        sent.push(journal.submit_in_lane(lane.clone(), record(body)).await.unwrap().durable());
    }
    disk.release();
    first.durable().await.unwrap();
    let answers = futures::future::join_all(sent).await;
    assert!(
        matches!(answers[..], [Err(JournalError::Full { .. }), Err(JournalError::Behind)]),
        "{answers:?}"
    );
    journal.append_findings(record("another sender")).await.unwrap();
    assert_eq!(findings(&journal).len(), 4);
}

#[tokio::test]
async fn a_full_disk_costs_the_ballast_before_a_decision() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = small(dir.path());
    let disk = Faulty::new();
    settings.disk = disk.clone();
    let (journal, _) = open(&settings);
    assert!(dir.path().join("ballast").exists());
    disk.refuse_fill.store(true, Ordering::SeqCst);
    let refused = journal.append_decision(decision("shop", None, 0, "no segment")).await;
    assert!(matches!(refused, Err(JournalError::Full { .. })), "{refused:?}");
    assert!(!dir.path().join("ballast").exists());
    disk.refuse_fill.store(false, Ordering::SeqCst);
    appended(journal.append_decision(decision("shop", None, 0, "room")).await.unwrap());
    // The next look finds room and takes the ballast up again.
    journal.append_findings(record("f")).await.unwrap();
    assert!(dir.path().join("ballast").exists());
}

#[tokio::test]
async fn a_closed_journal_gives_its_folder_back() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(&small(dir.path()));
    let pending = journal.submit_findings(record("last")).await.unwrap();
    journal.close().await;
    pending.durable().await.unwrap();
    assert!(matches!(journal.append_findings(record("late")).await, Err(JournalError::Closed)));
    let (journal, report) = open(&small(dir.path()));
    assert_eq!(bodies(&findings(&journal)), ["last"]);
    assert!(report.torn.is_empty() && report.notes.is_empty() && !report.created, "{report:?}");
}

/// T15: an order waits for the group under way, and for no finding behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_behind_no_crowd_of_findings() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = small(dir.path());
    settings.segment_bytes = 1024 * 1024;
    settings.queue_records = 40;
    settings.queue_bytes = u32::try_from(settings.max_body_bytes).unwrap().max(8 * 1024);
    settings.group_records = 2;
    let disk = Faulty::new();
    settings.disk = disk.clone();
    let (journal, _) = open(&settings);
    journal.append_findings(record("first")).await.unwrap();
    disk.hold();
    // More than the queue has places and room for: these wait in front of it, too.
    let crowd: Vec<_> = (0..200)
        .map(|n| {
            let journal = journal.clone();
            tokio::spawn(
                async move { journal.append_findings(record(format!("{n} {}", "x".repeat(500)))).await },
            )
        })
        .collect();
    let stalled = async {
        while disk.log.lock().unwrap().last().is_none_or(|last| last != "sync findings") {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, stalled).await.unwrap();
    let mut ordered = Box::pin(journal.append_decision(decision("shop", None, 1, "hold")));
    assert!(timeout(NOT_YET, &mut ordered).await.is_err(), "nothing is durable while the disk stands still");
    let before = disk.log.lock().unwrap().len();
    disk.release();
    appended(timeout(SOON, ordered).await.unwrap().unwrap());
    let log = disk.log.lock().unwrap()[before..].to_vec();
    let at = log.iter().position(|line| line == "sync decisions").unwrap();
    let groups = log[..at].iter().filter(|line| *line == "sync findings").count();
    assert!(groups <= 2, "{groups} groups of findings came first: {log:?}");
    for one in crowd {
        timeout(SOON, one).await.unwrap().unwrap().unwrap();
    }
}
