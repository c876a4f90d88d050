//! The newest head of the migration's decisions that this agent was shown.
//!
//! A collector that was restored from a backup, keys and memory included, cannot know what it lost. The
//! agents know: each tells the collector the head that it remembers, which holds the migration there, and
//! where the answer is an older journal or another course it says so on every screen and remembers nothing
//! of it, until somebody on its machine has removed the file. Where it cannot read what it remembered, it tells
//! the collector a head that nobody can read, which holds as well.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use tidelock_model::{Name, mutated};
use tidelock_proto::head::{self, Head};
use tidelock_proto::v1;

use crate::{components, private_file};

/// More than a file with a head ever has.
const MAX_FILE_BYTES: u64 = 4096;

/// What is remembered, and what is wrong with what is shown.
#[derive(Debug)]
pub(crate) struct Heads {
    migration: Name,
    path: PathBuf,
    known: Option<Head>,
    /// What stands for a file that cannot be read.
    unreadable: Option<v1::SignedHead>,
    refused: Option<String>,
    /// It cannot be kept; told, and tried again with the next one.
    unkept: Option<String>,
}

impl Heads {
    /// Reads what was remembered of this migration.
    pub(crate) fn open(dir: &Path, migration: Name) -> Heads {
        let path = dir.join("newest-head");
        let (known, unreadable, refused, unkept) = (None, None, None, None);
        let mut heads = Heads { migration, path, known, unreadable, refused, unkept };
        match read(&heads.path) {
            Ok(bytes) => match Head::from_text(String::from_utf8_lossy(&bytes).trim()) {
                Ok(known) if *known.migration() == heads.migration => heads.known = Some(known),
                // The agent has joined another migration since.
                Ok(_) => {}
                Err(error) => heads.damaged(&bytes, &format!("is damaged ({error})")),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let why = error.to_string();
                heads.damaged(why.as_bytes(), &format!("cannot be read ({why})"));
            }
        }
        heads
    }

    /// What was seen may be missing in the collector's journal, and nobody can tell: people on both ends must look.
    fn damaged(&mut self, what: &[u8], why: &str) {
        self.refuse(&format!("what was remembered {why}"));
        if mutated("an-unreadable-head-is-sent") {
            return;
        }
        // The same damage is the same head, which holds once; no key has signed it, so nobody takes it for one.
        let digest = components::digest(what).as_bytes().to_vec();
        self.unreadable = Some(v1::SignedHead {
            journal: digest.get(..16).unwrap_or_default().to_vec(),
            migration: self.migration.to_string(),
            chain: digest,
            ..v1::SignedHead::default()
        });
    }

    fn refuse(&mut self, why: &str) {
        let text = format!(
            "REFUSES the collector's journal: {why}; find out why, then remove {} on this machine",
            self.path.display()
        );
        tracing::error!("{text}");
        self.refused = Some(text);
    }

    /// What the collector is told.
    pub(crate) fn remembered(&self) -> Option<v1::SignedHead> {
        self.known.as_ref().map(Head::to_wire).or_else(|| self.unreadable.clone())
    }

    /// What people must know, in a sentence.
    pub(crate) fn warning(&self) -> Option<String> {
        self.refused.clone().or_else(|| self.unkept.clone())
    }

    /// Somebody has removed what the collector's journal was refused by: it is to be judged anew.
    pub(crate) fn lifted(&self) -> bool {
        self.refused.is_some() && !self.path.exists()
    }

    /// Judges what a session begins with, and remembers it.
    pub(crate) async fn welcomed(&mut self, welcome: &v1::Welcome) {
        if self.refused.is_some() {
            return;
        }
        let (newest, then) = (welcome.head.as_ref(), welcome.remembered_head.as_ref());
        match head::judge(&self.migration, self.known.as_ref(), newest, then) {
            Ok(Some(head)) => self.remember(head).await,
            Ok(None) => {}
            Err(differs) => self.refuse(&differs.to_string()),
        }
    }

    /// Remembers a later head of the same session.
    pub(crate) async fn later(&mut self, later: &v1::SignedHead) {
        if self.refused.is_some() {
            return;
        }
        let judged = match &self.known {
            Some(known) => head::goes_on(known, later).map(Some),
            None => head::judge(&self.migration, None, Some(later), None),
        };
        match judged {
            Ok(Some(head)) => self.remember(head).await,
            Ok(None) => {}
            Err(differs) => self.refuse(&differs.to_string()),
        }
    }

    async fn remember(&mut self, head: Head) {
        if self.known.as_ref().is_some_and(|known| known.decision() == head.decision()) {
            return;
        }
        let (path, text) = (self.path.clone(), head.to_text());
        let kept = tokio::task::spawn_blocking(move || private_file::replace(&path, text.as_bytes())).await;
        self.unkept = match kept.map_err(io::Error::other).flatten() {
            Ok(()) => None,
            Err(error) => {
                let text = format!("cannot remember the decisions' head in {}: {error}", self.path.display());
                tracing::error!("{text}");
                Some(text)
            }
        };
        self.known = Some(head);
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::Ed25519KeyPair;
    use tidelock_model::Sha256;

    use super::*;

    fn shop() -> Name {
        Name::new("shop").unwrap()
    }

    fn head(key: &Ed25519KeyPair, decision: u64, chain: u8) -> Option<v1::SignedHead> {
        let at = (decision, Sha256::from_bytes([chain; 32]));
        Some(Head::sign(key, [9; 16], shop(), at, 1).to_wire())
    }

    #[tokio::test]
    async fn an_older_journal_or_another_course_is_refused_until_the_file_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap();
        let open = || Heads::open(dir.path(), shop());
        let welcome = |head, remembered_head| v1::Welcome { head, remembered_head, ..v1::Welcome::default() };
        let mut heads = open();
        assert_eq!((heads.remembered(), heads.warning()), (None, None));
        heads.welcomed(&welcome(head(&key, 7, 3), None)).await;
        heads.later(&head(&key, 8, 4).unwrap()).await;
        assert_eq!((heads.remembered(), heads.warning()), (head(&key, 8, 4), None));
        // After a restart it is known, and what goes on from it is taken.
        let mut heads = open();
        heads.welcomed(&welcome(head(&key, 9, 5), head(&key, 8, 4))).await;
        assert_eq!(open().remembered(), head(&key, 9, 5));
        let shown = [
            (head(&key, 5, 2), None, "ends at decision 5 and had reached 9"),
            (head(&key, 12, 6), head(&key, 9, 6), "another course"),
            (None, None, "it shows none"),
        ];
        for (newest, then, word) in shown {
            let mut heads = open();
            heads.welcomed(&welcome(newest, then)).await;
            heads.later(&head(&key, 20, 7).unwrap()).await;
            let warning = heads.warning().unwrap();
            assert!(warning.contains("REFUSES") && warning.contains(word), "{warning}");
            assert_eq!((open().remembered(), heads.lifted()), (head(&key, 9, 5), false));
        }
        let mut heads = open();
        heads.welcomed(&welcome(head(&key, 5, 2), None)).await;
        std::fs::remove_file(dir.path().join("newest-head")).unwrap();
        assert!(heads.lifted());
        let mut heads = open();
        heads.welcomed(&welcome(head(&key, 5, 2), None)).await;
        assert_eq!((open().remembered(), heads.warning()), (head(&key, 5, 2), None));
        // One flipped bit is told, and nothing is remembered in its place.
        let file = dir.path().join("newest-head");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[40] = if bytes[40] == b'0' { b'1' } else { b'0' };
        std::fs::write(&file, &bytes).unwrap();
        let mut heads = open();
        heads.welcomed(&welcome(head(&key, 30, 2), None)).await;
        assert!(heads.warning().unwrap().contains("is damaged"));
        assert_eq!(std::fs::read(&file).unwrap(), bytes);
    }

    #[test]
    fn what_is_damaged_is_told_the_collector_as_a_head_that_nobody_can_read() {
        let dir = tempfile::tempdir().unwrap();
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap();
        let known = Head::read(&head(&key, 7, 3).unwrap()).unwrap();
        let (file, text) = (dir.path().join("newest-head"), known.to_text());
        let mut told = Vec::new();
        for at in [0, 40, text.len() - 1] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            told.push(bytes);
        }
        told.extend([Vec::new(), vec![0xff; 200], b"0".repeat(100_000)]);
        let mut seen = Vec::new();
        for bytes in told {
            std::fs::write(&file, &bytes).unwrap();
            let sent = Heads::open(dir.path(), shop()).remembered().expect("the collector is told");
            let why = Head::read(&sent).expect_err("nobody can read it").to_string();
            assert!(why.contains("its signature does not fit"), "{why}");
            assert_eq!((sent.migration.as_str(), sent.journal.len(), sent.chain.len()), ("shop", 16, 32));
            let again = Heads::open(dir.path(), shop()).remembered();
            assert_eq!(again.as_ref(), Some(&sent), "the same damage would hold once more");
            assert!(!seen.contains(&sent), "other damage is taken for the same");
            seen.push(sent);
        }
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        let heads = Heads::open(dir.path(), shop());
        assert!(heads.remembered().is_some_and(|sent| Head::read(&sent).is_err()));
        assert!(heads.warning().unwrap().contains("cannot be read"));
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap();
        let mut heads = Heads::open(&dir.path().join("gone"), shop());
        heads.later(&head(&key, 1, 1).unwrap()).await;
        assert!(heads.warning().unwrap().contains("cannot remember"));
    }
}
