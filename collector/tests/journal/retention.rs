//! What may be forgotten, and what a forgotten part must not be taken for. Components.

use std::collections::BTreeSet;

use tidelock_collector::journal::{ComponentError, Position, ReadError, Store, verify};

use crate::support::{
    appended, copy_dir, decision, fill, findings, name, open, record, refused, segments, small,
};

#[tokio::test]
async fn findings_go_by_whole_segments_and_only_of_migrations_that_are_over() {
    let dir = tempfile::tempdir().unwrap();
    let settings = small(dir.path());
    fill(&settings, 60, 0).await;
    let (journal, _) = open(&settings);
    for (migration, rests_on) in [("shop", 10), ("bank", 30), ("late", 49)] {
        appended(journal.append_decision(decision(migration, None, rests_on, "d")).await.unwrap());
    }
    let before = Position::new(50);
    let mut over = BTreeSet::new();
    for (migration, begin) in [("bank", 30), ("shop", 10)] {
        let needed = journal.drop_findings_of(&over, before).await.unwrap_err();
        let why = format!("migration {migration} is not over, and began behind finding {begin}");
        assert!(needed.to_string().contains(&why), "{needed}");
        over.insert(name(migration));
    }
    let dropped = journal.drop_findings_of(&over, before).await.unwrap();
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
    let dropped = journal.drop_findings_of(&BTreeSet::new(), Position::new(60)).await.unwrap();
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
async fn components_are_what_their_name_says() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(&small(dir.path()));
    let components = journal.components();
    let sha256 = components.put(b"component").unwrap();
    assert_eq!(components.put(b"component").unwrap(), sha256);
    assert_eq!(components.get(&sha256).unwrap(), b"component");
    assert!(components.contains(&sha256));
    let path = dir.path().join(format!("components/{sha256}.wasm"));
    let by_pieces = |most: usize| {
        let mut reader = components.open_one(&sha256)?;
        let mut pieces = vec![reader.piece(most)?];
        while !reader.is_over() {
            pieces.push(reader.piece(most)?);
        }
        Ok::<_, ComponentError>(pieces)
    };
    assert_eq!(by_pieces(4).unwrap(), [&b"comp"[..], b"onen", b"t"]);
    assert_eq!(by_pieces(9).unwrap(), [b"component"]);
    std::fs::write(&path, b"Component").unwrap();
    assert!(matches!(components.get(&sha256), Err(ComponentError::Changed { .. })));
    assert!(matches!(by_pieces(4), Err(ComponentError::Changed { .. })));
    // The true bytes mend it.
    components.put(b"component").unwrap();
    assert_eq!(components.get(&sha256).unwrap(), b"component");
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(components.get(&sha256), Err(ComponentError::Missing { .. })));
    assert!(matches!(by_pieces(4), Err(ComponentError::Missing { .. })));
    appended(journal.append_decision(decision("shop", None, 0, "d")).await.unwrap());
}

/// Whether a signature is good is for agents to judge; what is not even text is named here.
#[tokio::test]
async fn a_signature_file_that_is_no_text_is_named_and_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(&small(dir.path()));
    let components = journal.components();
    let sha256 = components.put(b"a component").unwrap();
    components.sign(&sha256, "tidelock-signature-1\nname: stock").unwrap();
    let path = dir.path().join("components").join(format!("{sha256}.sig"));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[0] ^= 0x80;
    std::fs::write(&path, &bytes).unwrap();
    for told in [components.signatures(&sha256).err(), components.sign(&sha256, "another").err()] {
        let told = told.unwrap().to_string();
        assert!(told.contains(&path.display().to_string()), "{told}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!(components.get(&sha256).unwrap(), b"a component");
    journal.close().await;
}
