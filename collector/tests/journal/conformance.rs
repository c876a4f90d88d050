//! What every backend of the journal must do, run against memory and files alike.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::future::join_all;
use tidelock_collector::journal::{
    Answer, JournalError, Lane, MemoryFault, MemoryJournal, Position, ReadError, Settings, Store,
};

use crate::support::{Faulty, appended, bodies, decision, decisions, findings, name, open, record, small};

async fn check(store: Arc<dyn Store>) {
    empty(&*store);
    findings_keep_their_order(&*store).await;
    decisions_chain(&*store).await;
    a_decision_rests_on_durable_findings(&*store).await;
    followers_see_the_heads(&*store).await;
    one_of_many_decides(store.clone()).await;
    crowds_are_whole(store).await;
}

fn empty(store: &dyn Store) {
    assert_eq!((store.heads().findings, store.heads().decisions), (Position::START, Position::START));
    assert_eq!(store.oldest_findings(), Position::new(1));
    assert_eq!((findings(store).len(), decisions(store).len()), (0, 0));
    assert!(store.migrations().is_empty());
}

async fn findings_keep_their_order(store: &dyn Store) {
    for n in 1..=40_u64 {
        let position = store.append_findings(record(format!("f{n} {}", "x".repeat(200)))).await.unwrap();
        assert_eq!(position, Position::new(n));
    }
    let read = findings(store);
    assert_eq!(read.len(), 40);
    assert!(read.iter().zip(1..).all(|(stored, n)| stored.position == Position::new(n)));
    assert!(read[6].record.body.starts_with(b"f7 "));
    let tail: Vec<_> =
        store.read_findings(Position::new(39)).map(|stored| stored.unwrap().position).collect();
    assert_eq!(tail, [Position::new(39), Position::new(40)]);
    assert_eq!(store.read_findings(Position::new(41)).count(), 0);
    let chains: std::collections::BTreeSet<_> = read.iter().map(|stored| stored.chain).collect();
    assert_eq!(chains.len(), 40);
}

async fn decisions_chain(store: &dyn Store) {
    let first = appended(store.append_decision(decision("shop", None, 40, "a")).await.unwrap());
    let other = appended(store.append_decision(decision("bank", None, 0, "b")).await.unwrap());
    let second =
        appended(store.append_decision(decision("shop", Some(first.number()), 40, "c")).await.unwrap());
    assert_eq!((first, other, second), (Position::new(1), Position::new(2), Position::new(3)));
    for wrong in [None, Some(first.number()), Some(99)] {
        let answer = store.append_decision(decision("shop", wrong, 0, "late")).await.unwrap();
        assert_eq!(answer, Answer::Conflict { head: Some(second) });
    }
    let answer = store.append_decision(decision("new", Some(1), 0, "late")).await.unwrap();
    assert_eq!(answer, Answer::Conflict { head: None });
    let read = decisions(store);
    assert_eq!(bodies(&read), ["a", "b", "c"]);
    let frame = read[2].decision.clone().unwrap();
    assert_eq!(
        (frame.migration, frame.previous, frame.rests_on),
        (name("shop"), Some(first), Position::new(40))
    );
    assert_eq!(
        store.decision_head(&name("shop")).map(|head| (head.position, head.link)),
        Some((second, frame.link))
    );
    assert_eq!(store.migrations(), [name("bank"), name("shop")]);
}

async fn a_decision_rests_on_durable_findings(store: &dyn Store) {
    let refused = store.append_decision(decision("shop", Some(3), 41, "early")).await;
    assert!(matches!(refused, Err(JournalError::RestsOnMissing { .. })), "{refused:?}");
    assert_eq!(store.heads().decisions, Position::new(3));
}

async fn followers_see_the_heads(store: &dyn Store) {
    let mut heads = store.subscribe();
    heads.mark_unchanged();
    let position = store.append_findings(record("news")).await.unwrap();
    heads.changed().await.unwrap();
    assert_eq!(heads.borrow().findings, position);
    assert!(store.failed().borrow().is_none());
}

async fn one_of_many_decides(store: Arc<dyn Store>) {
    let mut head: Option<u64> = None;
    for round in 0..20 {
        let tasks = (0..16).map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .append_decision(decision("race", head, 0, &format!("round {round} by {n}")))
                    .await
                    .unwrap()
            })
        });
        let answers: Vec<Answer> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
        let won: Vec<_> = answers.iter().filter(|answer| matches!(answer, Answer::Appended { .. })).collect();
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        let position = appended(won[0].clone());
        let told = Answer::Conflict { head: Some(position) };
        assert!(answers.iter().all(|answer| *answer == told || answer == won[0]), "{answers:?}");
        head = Some(position.number());
    }
}

/// Whoever was refused once is refused until it starts a new lane; others are not.
async fn a_lane_ends_at_its_first_refusal(store: &dyn Store, full: impl Fn(bool)) {
    let (lane, other) = (Lane::default(), Lane::default());
    let submit = async |lane: &Lane, body: &str| {
        store.submit_in_lane(lane.clone(), record(body)).await.unwrap().durable().await
    };
    submit(&lane, "a").await.unwrap();
    full(true);
    let refused = submit(&lane, "b").await;
    assert!(matches!(refused, Err(JournalError::Full { .. })), "{refused:?}");
    full(false);
    for _ in 0..2 {
        let behind = submit(&lane, "c").await.unwrap_err();
        assert!(matches!(behind, JournalError::Behind) && behind.passes_by_itself(), "{behind:?}");
    }
    submit(&other, "x").await.unwrap();
    store.append_findings(record("y")).await.unwrap();
    let again = Lane::default();
    for body in ["b", "c"] {
        submit(&again, body).await.unwrap();
    }
    assert_eq!(bodies(&findings(store)), ["a", "x", "y", "b", "c"]);
}

/// Tasks that queue without waiting: each keeps its own order, and nothing is lost or doubled.
async fn crowds_are_whole(store: Arc<dyn Store>) {
    let before = store.heads().findings;
    let tasks = (0..8_u64).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut pending = Vec::new();
            for n in 0..50_u64 {
                pending.push(store.submit_findings(record(format!("{task}/{n}"))).await.unwrap());
            }
            let mut positions = Vec::new();
            for one in pending {
                positions.push(one.durable().await.unwrap());
            }
            assert!(positions.is_sorted());
            positions
        })
    });
    let mut positions: Vec<Position> = join_all(tasks).await.into_iter().flat_map(Result::unwrap).collect();
    positions.sort();
    positions.dedup();
    assert_eq!(positions.len(), 400);
    let read = bodies(&store.read_findings(before.next()).map(Result::unwrap).collect::<Vec<_>>());
    for task in 0..8 {
        let own: Vec<_> = read.iter().filter(|body| body.starts_with(&format!("{task}/"))).cloned().collect();
        assert_eq!(own, (0..50).map(|n| format!("{task}/{n}")).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_promise() {
    check(Arc::new(MemoryJournal::new([7; 16]))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn files_keep_the_promise() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, report) = open(&small(dir.path()));
    assert!(report.created);
    check(Arc::new(journal)).await;
}

#[tokio::test]
async fn memory_keeps_nothing_behind_a_refusal() {
    let store = MemoryJournal::new([7; 16]);
    a_lane_ends_at_its_first_refusal(&store, |full| store.set_full(full)).await;
}

#[tokio::test]
async fn files_keep_nothing_behind_a_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Faulty::new();
    let settings = Settings { low_space_bytes: 10_000, disk: disk.clone(), ..small(dir.path()) };
    let (store, _) = open(&settings);
    let full = |full| disk.free.store(if full { 0 } else { u64::MAX }, Ordering::SeqCst);
    a_lane_ends_at_its_first_refusal(&store, full).await;
}

#[tokio::test]
async fn files_and_memory_make_the_same_chains() {
    let dir = tempfile::tempdir().unwrap();
    let (files, _) = open(&small(dir.path()));
    let memory = MemoryJournal::new(files.identity());
    for store in [&files as &dyn Store, &memory] {
        for n in 0..30 {
            store.append_findings(record(format!("finding {n} {}", "y".repeat(300)))).await.unwrap();
        }
        let first = appended(store.append_decision(decision("shop", None, 30, "a")).await.unwrap());
        appended(store.append_decision(decision("shop", Some(first.number()), 30, "b")).await.unwrap());
    }
    let plain = |store: &dyn Store| (findings(store), decisions(store));
    assert_eq!(plain(&files), plain(&memory));
}

#[tokio::test]
async fn memory_can_answer_that_nobody_knows() {
    let store = MemoryJournal::new([1; 16]);
    store.fault(MemoryFault::UnknownAbsent);
    store.fault(MemoryFault::UnknownCommitted);
    store.fault(MemoryFault::Stop);
    let unknown = |answer| matches!(answer, Answer::Unknown { .. });
    assert!(unknown(store.append_decision(decision("shop", None, 0, "a")).await.unwrap()));
    assert_eq!(store.heads().decisions, Position::START);
    assert!(unknown(store.append_decision(decision("shop", None, 0, "b")).await.unwrap()));
    assert_eq!(bodies(&decisions(&store)), ["b"]);
    assert!(unknown(store.append_decision(decision("shop", Some(1), 0, "c")).await.unwrap()));
    assert!(store.failed().borrow().is_some());
    assert!(matches!(store.append_findings(record("d")).await, Err(JournalError::Failed(_))));
}

#[tokio::test]
async fn memory_forgets_as_files_do() {
    let store = MemoryJournal::new([1; 16]);
    for n in 0..5 {
        store.append_findings(record(format!("{n}"))).await.unwrap();
    }
    store.drop_findings_before(Position::new(4));
    assert_eq!(bodies(&findings(&store)), ["3", "4"]);
    let early = store.read_findings(Position::new(1)).next();
    assert!(matches!(early, Some(Err(ReadError::Dropped { .. }))), "{early:?}");
}
