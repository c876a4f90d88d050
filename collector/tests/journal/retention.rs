//! What may be forgotten, and what a forgotten part must not be taken for. Checkpoints and components.

use tidelock_collector::journal::{
    Checkpoint, ComponentError, Heads, JournalError, Position, ReadError, Store, verify,
};

use crate::support::{
    appended, copy_dir, decision, fill, findings, name, open, record, refused, segments, small,
};

fn checkpoint(migration: &str, decisions: u64, findings: u64) -> Checkpoint {
    let at = Heads { findings: Position::new(findings), decisions: Position::new(decisions) };
    Checkpoint { migration: name(migration), at, state: format!("{migration} at {findings}").into_bytes() }
}

#[tokio::test]
async fn findings_go_by_whole_segments_and_only_behind_checkpoints() {
    let dir = tempfile::tempdir().unwrap();
    let settings = small(dir.path());
    fill(&settings, 60, 2).await;
    let (journal, _) = open(&settings);
    let before = Position::new(50);
    let needed = journal.drop_findings_before(before).await.unwrap_err();
    assert!(needed.to_string().contains("has no checkpoint"), "{needed}");
    journal.write_checkpoint(&checkpoint("shop", 2, 60)).unwrap();
    journal.write_checkpoint(&checkpoint("bank", 2, 30)).unwrap();
    let needed = journal.drop_findings_before(before).await.unwrap_err();
    assert!(needed.to_string().contains("bank holds them up to 30"), "{needed}");
    for newer in [55, 56, 57] {
        journal.write_checkpoint(&checkpoint("bank", 2, newer)).unwrap();
    }
    let dropped = journal.drop_findings_before(before).await.unwrap();
    assert!(dropped.segments >= 2 && dropped.oldest <= before, "{dropped:?}");
    assert_eq!(journal.oldest_findings(), dropped.oldest);
    assert_eq!(findings(&journal).first().map(|stored| stored.position), Some(dropped.oldest));
    let early = journal.read_findings(Position::new(1)).next();
    assert!(matches!(early, Some(Err(ReadError::Dropped { .. }))), "{early:?}");
    let last = journal.append_findings(record("more")).await.unwrap();
    journal.close().await;
    let (journal, _) = open(&settings);
    assert_eq!((journal.oldest_findings(), journal.heads().findings), (dropped.oldest, last));
    assert_eq!(verify(dir.path()).unwrap().findings.oldest, dropped.oldest);
    journal.close().await;
    // What is kept must be there: the floor is no excuse for a hole.
    std::fs::remove_file(&segments(dir.path(), "findings")[0]).unwrap();
    assert!(refused(&settings).contains("missing"));
}

#[tokio::test]
async fn a_drop_cut_short_is_finished_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let settings = small(&dir.path().join("journal"));
    let old = dir.path().join("old");
    fill(&settings, 60, 1).await;
    copy_dir(&settings.dir, &old);
    let (journal, _) = open(&settings);
    journal.write_checkpoint(&checkpoint("shop", 1, 60)).unwrap();
    let dropped = journal.drop_findings_before(Position::new(60)).await.unwrap();
    journal.close().await;
    std::fs::copy(old.join("findings/0000000001.seg"), settings.dir.join("findings/0000000001.seg")).unwrap();
    let (journal, report) = open(&settings);
    assert_eq!(report.notes.len(), 1);
    assert_eq!(journal.oldest_findings(), dropped.oldest);
    assert!(!settings.dir.join("findings/0000000001.seg").exists());
}

#[tokio::test]
async fn a_damaged_floor_is_not_guessed() {
    let dir = tempfile::tempdir().unwrap();
    let settings = small(dir.path());
    fill(&settings, 5, 1).await;
    std::fs::write(dir.path().join("floor"), b"TLF1 what is this").unwrap();
    assert!(refused(&settings).contains("oldest kept segment"));
}

#[tokio::test]
async fn the_newest_readable_checkpoint_is_found_and_damaged_ones_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let settings = small(dir.path());
    let (journal, _) = open(&settings);
    assert!(journal.latest_checkpoint(&name("shop")).unwrap().checkpoint.is_none());
    for n in 1..=6 {
        journal.append_findings(record(format!("{n}"))).await.unwrap();
        journal.write_checkpoint(&checkpoint("shop", 0, n)).unwrap();
    }
    let folder = dir.path().join("checkpoints/shop");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 3);
    let newest = files.pop().unwrap();
    let whole = std::fs::read(&newest).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        std::fs::write(&newest, bytes).unwrap();
        let found = journal.latest_checkpoint(&name("shop")).unwrap();
        assert_eq!(found.checkpoint, Some(checkpoint("shop", 0, 5)), "byte {at}");
        assert_eq!(found.damaged, std::slice::from_ref(&newest));
    }
    std::fs::write(&newest, &whole).unwrap();
    assert_eq!(journal.latest_checkpoint(&name("shop")).unwrap().checkpoint, Some(checkpoint("shop", 0, 6)));
    let early = journal.write_checkpoint(&checkpoint("shop", 0, 7));
    assert!(matches!(early, Err(JournalError::RestsOnMissing { .. })), "{early:?}");
}

#[tokio::test]
async fn components_are_what_their_name_says() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(&small(dir.path()));
    let components = journal.components();
    let sha256 = components.put(b"component").unwrap();
    assert_eq!(components.put(b"component").unwrap(), sha256);
    assert_eq!(components.get(&sha256).unwrap(), b"component");
    assert!(components.contains(&sha256));
    let path = dir.path().join(format!("components/{sha256}.wasm"));
    std::fs::write(&path, b"Component").unwrap();
    assert!(matches!(components.get(&sha256), Err(ComponentError::Changed { .. })));
    // The true bytes mend it.
    components.put(b"component").unwrap();
    assert_eq!(components.get(&sha256).unwrap(), b"component");
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(components.get(&sha256), Err(ComponentError::Missing { .. })));
    appended(journal.append_decision(decision("shop", None, 0, "d")).await.unwrap());
}
