//! The index is a cache: it answers what the journal says, and a damaged one is built again.

use std::path::{Path, PathBuf};

use tidelock_collector::journal::{
    Batch, Cursor, Entry, Event, HistoryItem, HistoryLine, Index, IndexSettings, Journal, Position, Seen,
    Set, SledIndex, Store, Stored,
};
use tidelock_model::{AgentKey, Side, SpoolEpoch};

use crate::support::{appended, decision, name, open, record, small};

const SPOOL: SpoolEpoch = SpoolEpoch(42);

fn agent() -> AgentKey {
    AgentKey { side: Side::Target, name: name("a1") }
}

fn hash(seq: u64) -> [u8; 16] {
    std::array::from_fn(|i| (seq as u8).wrapping_mul(31).wrapping_add(i as u8))
}

/// The bodies of these tests: `first seq,count` for a batch, words for an event.
fn fold(set: Set, stored: &Stored) -> Vec<Entry> {
    let text = String::from_utf8(stored.record.body.clone()).unwrap();
    vec![match set {
        Set::Decisions => Entry::Event(Event {
            migration: stored.decision.as_ref().unwrap().migration.clone(),
            at_unix_ms: stored.record.at_unix_ms,
            position: Position::START,
            body: text.into_bytes(),
        }),
        Set::Findings => {
            let (first, count) = text.split_once(',').unwrap();
            let (first, count): (u64, u64) = (first.parse().unwrap(), count.parse().unwrap());
            let item = |seq: u64| HistoryItem {
                at_unix_ms: stored.record.at_unix_ms,
                summary: format!("finding {seq}").into_bytes(),
            };
            Entry::Batch(Batch {
                migration: name("shop"),
                agent: agent(),
                spool_epoch: SPOOL,
                first_seq: first,
                hashes: (first..first + count).map(hash).collect(),
                history: (first..first + count)
                    .map(|seq| (name(["login", "pay"][seq as usize % 2]), item(seq)))
                    .collect(),
            })
        }
    }]
}

fn settings() -> IndexSettings {
    IndexSettings { dedup_window: 1000, history_chunks: 3, ..IndexSettings::default() }
}

/// What a start did: why what was there was not believed, and how much it was handed of each set.
pub(crate) struct Started {
    pub(crate) set_aside: Option<String>,
    pub(crate) set_aside_to: Option<PathBuf>,
    pub(crate) findings: usize,
    pub(crate) decisions: usize,
}

/// Opens the index and hands it what it lacks of the journal, as a start does.
pub(crate) fn open_index(journal: &Journal) -> (SledIndex, Started) {
    let (index, start) = SledIndex::open(&journal.index_dir(), settings(), journal).unwrap();
    let reflects = index.reflects();
    let from = reflects.findings.next().max(journal.oldest_findings());
    let findings = journal.read_findings(from).map(|stored| {
        let stored = stored.unwrap();
        index.add_findings(stored.position, &fold(Set::Findings, &stored)).unwrap();
    });
    let findings = findings.count();
    let decisions = journal.read_decisions(reflects.decisions.next()).map(|stored| {
        let stored = stored.unwrap();
        index.add_decision(stored.position, &fold(Set::Decisions, &stored)).unwrap();
    });
    let decisions = decisions.count();
    index.flush().unwrap();
    (index, Started { set_aside: start.set_aside, set_aside_to: start.set_aside_to, findings, decisions })
}

pub(crate) async fn journal(dir: &Path, batches: u64) -> Journal {
    let (journal, _) = open(&small(dir));
    for n in 0..batches {
        journal.append_findings(record(format!("{},10", 1 + n * 10))).await.unwrap();
    }
    let mut head = None;
    for n in 0..5 {
        let new = decision("shop", head, batches, &format!("event {n}"));
        head = Some(appended(journal.append_decision(new).await.unwrap()).number());
    }
    journal
}

/// What the index says, as far as these tests ask.
pub(crate) fn answers(index: &SledIndex) -> (Vec<HistoryLine>, Vec<Event>, Vec<Cursor>, Vec<Seen>) {
    (
        index.history(&name("shop"), &name("login"), Side::Target, Position::new(u64::MAX), 12).unwrap(),
        index.events_since(&name("shop"), Position::new(2), 100).unwrap(),
        index.cursors(&name("shop"), &agent()).unwrap(),
        (0..60).map(|seq| index.seen(&name("shop"), &agent(), SPOOL, seq).unwrap()).collect(),
    )
}

#[tokio::test]
async fn the_index_answers_what_the_journal_says() {
    let dir = tempfile::tempdir().unwrap();
    let journal = journal(dir.path(), 5).await;
    let (index, start) = open_index(&journal);
    assert_eq!((start.findings, start.decisions, &start.set_aside), (5, 5, &None));
    let (history, events, cursors, seen) = answers(&index);
    assert_eq!(history.len(), 12);
    assert_eq!(history[0].summary, b"finding 50");
    assert_eq!(
        (history[0].position, history[11].summary.as_slice()),
        (Position::new(5), b"finding 28".as_slice())
    );
    assert_eq!(events.iter().map(|event| event.position.number()).collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!(events[0].body, b"event 2");
    assert_eq!(cursors, [Cursor { spool_epoch: SPOOL, last_seq: 50 }]);
    let wanted = |seq| {
        if (1..=50).contains(&seq) { Seen::Yes(hash(seq)) } else { Seen::No }
    };
    assert_eq!(seen, (0..60).map(wanted).collect::<Vec<_>>());
    assert_eq!(index.seen(&name("bank"), &agent(), SPOOL, 5).unwrap(), Seen::No);
    assert_eq!(index.reflects(), journal.heads());
}

/// sled may never come back from a damaged folder. Here it waits for somebody to write into its settings.
#[tokio::test]
async fn a_database_that_does_not_open_in_time_keeps_its_folder_until_the_next_start_sets_it_aside() {
    let dir = tempfile::tempdir().unwrap();
    let journal = journal(dir.path(), 5).await;
    let (index, _) = open_index(&journal);
    let wanted = answers(&index);
    drop(index);
    let folder = journal.index_dir();
    std::fs::remove_file(folder.join("conf")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(folder.join("conf")).status().unwrap();
    assert!(pipe.success(), "no pipe can be made");
    let open_limit = std::time::Duration::from_secs(1);
    let late = SledIndex::open(&folder, IndexSettings { open_limit, ..settings() }, &journal);
    let told = late.map(drop).unwrap_err().to_string();
    assert!(told.contains("did not open within 1 s; it is rebuilt"), "{told}");
    assert!(folder.join("conf").exists(), "it writes into whatever is made in its place");
    let (index, start) = open_index(&journal);
    assert!(start.set_aside.unwrap().contains("did not open within"), "the next start does not know of it");
    assert!(start.set_aside_to.unwrap().join("conf").exists(), "the old one is not kept");
    assert_eq!((start.findings, start.decisions, answers(&index) == wanted), (5, 5, true));
}

#[tokio::test]
async fn a_second_start_folds_only_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let journal = journal(dir.path(), 5).await;
    let (index, _) = open_index(&journal);
    let before = answers(&index);
    drop(index);
    let (index, start) = open_index(&journal);
    assert_eq!((start.findings, start.decisions, start.set_aside.is_none()), (0, 0, true));
    assert_eq!(answers(&index), before);
    drop(index);
    journal.append_findings(record("51,10")).await.unwrap();
    let (index, start) = open_index(&journal);
    assert_eq!((start.findings, start.decisions), (1, 0));
    assert_eq!(index.seen(&name("shop"), &agent(), SPOOL, 60).unwrap(), Seen::Yes(hash(60)));
}

#[tokio::test]
async fn garbage_is_set_aside_told_and_built_again() {
    let dir = tempfile::tempdir().unwrap();
    let journal = journal(dir.path(), 5).await;
    let (index, _) = open_index(&journal);
    let wanted = answers(&index);
    drop(index);
    let folder = journal.index_dir();
    let garbage: [&dyn Fn(); 5] = [
        &|| std::fs::write(folder.join("db"), vec![0x5a; 700_000]).unwrap(),
        &|| std::fs::write(folder.join("db"), b"").unwrap(),
        &|| std::fs::write(folder.join("conf"), b"no configuration").unwrap(),
        &|| {
            std::fs::remove_dir_all(&folder).unwrap();
            std::fs::write(&folder, b"a file where a folder should be").unwrap();
        },
        &|| std::fs::write(folder.with_extension("broken"), b"it panicked").unwrap(),
    ];
    for (n, spoil) in garbage.iter().enumerate() {
        spoil();
        let (index, start) = open_index(&journal);
        assert!(start.set_aside.is_some(), "garbage {n} was believed");
        assert_eq!((start.findings, start.decisions), (5, 5), "garbage {n}");
        assert!(start.set_aside_to.unwrap().exists());
        assert_eq!(answers(&index), wanted, "garbage {n}");
        drop(index);
        let (_, start) = open_index(&journal);
        assert_eq!(start.set_aside, None, "after garbage {n}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    let (index, start) = open_index(&journal);
    assert_eq!((start.set_aside, start.findings), (None, 5));
    assert_eq!(answers(&index), wanted);
}

#[tokio::test]
async fn an_index_of_another_or_longer_journal_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let one = journal(&dir.path().join("one"), 5).await;
    let other = journal(&dir.path().join("other"), 3).await;
    drop(open_index(&one));
    std::fs::rename(one.index_dir(), other.index_dir()).unwrap();
    let (index, start) = open_index(&other);
    assert!(start.set_aside.unwrap().contains("another journal"));
    assert_eq!(index.reflects(), other.heads());
}

#[tokio::test]
async fn windows_and_histories_are_bounded_and_the_first_hash_stands() {
    let dir = tempfile::tempdir().unwrap();
    let journal = journal(dir.path(), 0).await;
    let (index, _) = open_index(&journal);
    let item = |seq: u64| HistoryItem { at_unix_ms: seq, summary: vec![1; 900] };
    let batch = |first: u64, count: u64, salt: u64| Batch {
        migration: name("shop"),
        agent: agent(),
        spool_epoch: SPOOL,
        first_seq: first,
        hashes: (first..first + count).map(|seq| hash(seq + salt)).collect(),
        history: (first..first + count).map(|seq| (name("login"), item(seq))).collect(),
    };
    for n in 0..300 {
        let entry = Entry::Batch(batch(1 + n * 10, 10, 0));
        index.add_findings(Position::new(n + 1), &[entry]).unwrap();
        if n % 50 == 0 {
            index.flush().unwrap();
        }
    }
    let seen = |seq| index.seen(&name("shop"), &agent(), SPOOL, seq).unwrap();
    assert_eq!((seen(1), seen(1500), seen(2500)), (Seen::No, Seen::No, Seen::Yes(hash(2500))));
    let history = index
        .history(&name("shop"), &name("login"), Side::Target, Position::new(u64::MAX), usize::MAX)
        .unwrap();
    assert!((36..=54).contains(&history.len()), "{} lines", history.len());
    assert_eq!(history[0].at_unix_ms, 3000);
    // A batch that says other things about numbers that are known changes nothing about them.
    index.add_findings(Position::new(301), &[Entry::Batch(batch(2995, 12, 7))]).unwrap();
    assert_eq!(
        (seen(2995), seen(3000), seen(3001)),
        (Seen::Yes(hash(2995)), Seen::Yes(hash(3000)), Seen::Yes(hash(3008)))
    );
    let gap = Entry::Gap { migration: name("shop"), agent: agent(), spool_epoch: SPOOL, to: 4000 };
    index.add_findings(Position::new(302), &[gap]).unwrap();
    assert_eq!(index.cursors(&name("shop"), &agent()).unwrap()[0].last_seq, 4000);
}

/// Holes punched into the database: it is believed and right, or told and built again; never wrong.
#[tokio::test]
async fn a_database_with_holes_never_answers_wrongly() {
    let dir = tempfile::tempdir().unwrap();
    let journal = journal(dir.path(), 5).await;
    let (index, _) = open_index(&journal);
    let wanted = answers(&index);
    drop(index);
    let db = journal.index_dir().join("db");
    let whole = std::fs::read(&db).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let mut aside = 0;
    for hole in 0..40 {
        let mut bytes = whole.clone();
        let at = used * hole / 40;
        for byte in &mut bytes[at..(at + 64).min(used)] {
            *byte ^= 0x55;
        }
        std::fs::write(&db, bytes).unwrap();
        let (index, start) = open_index(&journal);
        aside += usize::from(start.set_aside.is_some());
        let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| answers(&index)));
        drop(index);
        match asked {
            Ok(is) => assert_eq!(is, wanted, "hole {hole} at {at}"),
            Err(_) => {
                let (index, start) = open_index(&journal);
                assert!(start.set_aside.is_some(), "hole {hole} at {at} broke it and was forgotten");
                assert_eq!(answers(&index), wanted);
            }
        }
        std::fs::remove_dir_all(journal.index_dir()).unwrap();
        drop(open_index(&journal));
    }
    assert!(aside > 0);
}
