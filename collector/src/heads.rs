//! The last decision of each migration, signed and remembered apart from the journal.
//!
//! A journal proves itself whole, but an older copy of it is whole, too: a restored backup would know
//! nothing of a hold, an abort or a switch that came after it, and would open a gate on what was true
//! then. So the heads of the decisions are kept beside the keys, and a start compares them: a journal
//! that is shorter than it was holds every migration that lost decisions until a person has looked, and
//! one that took another course is refused. Whoever keeps a copy of the file elsewhere can hold any
//! journal against it: `tidelock journal verify --heads FILE`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use tidelock_model::{Name, Sha256};
use tokio_util::sync::CancellationToken;

use crate::journal::{Position, ReadError, Store};
use crate::private_file;

/// What was signed is not taken for anything else that this key may sign one day.
const CONTEXT: &str = "tidelock decision heads v1";

/// Why heads cannot be signed or believed.
#[derive(Debug, thiserror::Error)]
pub enum HeadsError {
    /// A file cannot be read or written.
    #[error("{doing} {}", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what was signed.
    #[error(
        "the signed heads {} cannot be believed: {why}; if the journal is the right one, remove the file",
        path.display()
    )]
    Unbelievable {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The key cannot be used.
    #[error("the key {} cannot be used: {why}; remove it and a new one is made", path.display())]
    Key {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The journal took another course.
    #[error(
        "the journal is another course of {migration}: at decision {at} it does not have what was remembered; \
         nothing is decided on it: restore the journal that belongs to {}", path.display()
    )]
    Forked {
        /// Whose.
        migration: Name,
        /// Where.
        at: Position,
        /// What was remembered.
        path: PathBuf,
    },
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] ReadError),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    journal: String,
    migrations: BTreeMap<String, WrittenHead>,
    key: String,
    signature: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHead {
    decision: u64,
    chain: String,
}

/// The heads of one journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Which journal.
    pub journal: [u8; 16],
    /// The last decision of each migration, and its chain up to it.
    pub migrations: BTreeMap<Name, (Position, Sha256)>,
}

impl Remembered {
    /// The heads of a journal as it stands.
    pub fn of(store: &dyn Store) -> Remembered {
        let head = |name: Name| store.decision_head(&name).map(|head| (name, (head.position, head.link)));
        let migrations = store.migrations().into_iter().filter_map(head).collect();
        Remembered { journal: store.identity(), migrations }
    }

    fn signed_text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = format!("{CONTEXT}\n{}\n", STANDARD.encode(self.journal));
        for (name, (position, chain)) in &self.migrations {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "{name} {position} {chain}");
        }
        text
    }
}

/// How a journal stands to what was remembered of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Course {
    /// It has everything.
    Whole,
    /// Decisions of these migrations are missing; the text says which.
    Older(BTreeMap<Name, String>),
}

/// Holds a journal against its remembered heads. `heads` and `at` are of the journal.
///
/// # Errors
/// It took another course, or cannot be read.
pub fn compare(
    path: &Path,
    known: &Remembered,
    journal: [u8; 16],
    heads: &BTreeMap<Name, Position>,
    at: impl Fn(Position) -> Result<Option<(Name, Sha256)>, ReadError>,
) -> Result<Course, HeadsError> {
    let mut older = BTreeMap::new();
    if known.journal != journal {
        let why = "another journal was here before: its decisions are not in this one".to_owned();
        return Ok(Course::Older(heads.keys().map(|name| (name.clone(), why.clone())).collect()));
    }
    for (name, (position, chain)) in &known.migrations {
        let head = heads.get(name).copied().unwrap_or(Position::START);
        if head < *position {
            let why = format!(
                "the journal ends at decision {head} and had reached {position}: it is an older copy, such as \
                 a restored backup; look at what happened since"
            );
            older.insert(name.clone(), why);
            continue;
        }
        if at(*position)?.is_none_or(|(of, found)| of != *name || found != *chain) {
            let (migration, at, path) = (name.clone(), *position, path.to_owned());
            return Err(HeadsError::Forked { migration, at, path });
        }
    }
    Ok(if older.is_empty() { Course::Whole } else { Course::Older(older) })
}

/// Reads remembered heads, and the key that signed them.
///
/// # Errors
/// They are not what was signed, or cannot be read.
pub fn read(path: &Path) -> Result<Option<(Remembered, Vec<u8>)>, HeadsError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(HeadsError::File { doing: "read", path: path.to_owned(), source }),
    };
    parse(&bytes).map(Some).map_err(|why| HeadsError::Unbelievable { path: path.to_owned(), why })
}

fn parse(bytes: &[u8]) -> Result<(Remembered, Vec<u8>), String> {
    let written: Written = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let decode = |text: &str| STANDARD.decode(text).map_err(|error| error.to_string());
    let journal = decode(&written.journal)?.try_into().map_err(|_| "its journal has no 16 bytes")?;
    let mut migrations = BTreeMap::new();
    for (name, head) in &written.migrations {
        let name = Name::new(name).map_err(|error| error.to_string())?;
        let chain = head.chain.parse::<Sha256>().map_err(|error| error.to_string())?;
        migrations.insert(name, (Position::new(head.decision), chain));
    }
    let known = Remembered { journal, migrations };
    let (key, signature) = (decode(&written.key)?, decode(&written.signature)?);
    UnparsedPublicKey::new(&ED25519, &key)
        .verify(known.signed_text().as_bytes(), &signature)
        .map_err(|_| "its signature does not fit".to_owned())?;
    Ok((known, key))
}

/// Signs heads and keeps them.
pub struct Signer {
    key: Ed25519KeyPair,
    path: PathBuf,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Signer {
    /// Takes the key beside the authorities; makes one at the first start.
    ///
    /// # Errors
    /// The key cannot be made or used.
    pub fn open(pki_dir: &Path) -> Result<Signer, HeadsError> {
        let path = pki_dir.join("heads.key");
        let at = &path;
        let file = |doing| move |source| HeadsError::File { doing, path: at.clone(), source };
        let wrong = |why: String| HeadsError::Key { path: at.clone(), why };
        if !path.exists() {
            let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
            let made = made.map_err(|_| wrong("there is no randomness".to_owned()))?;
            private_file::create(&path, made.as_ref()).map_err(file("write"))?;
        }
        let bytes = std::fs::read(&path).map_err(file("read"))?;
        let key = Ed25519KeyPair::from_pkcs8(&bytes).map_err(|error| wrong(error.to_string()))?;
        Ok(Signer { key, path: pki_dir.join("heads.json") })
    }

    /// Where they are kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps these heads in the place of the older ones. Blocks.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn keep(&self, heads: &Remembered) -> Result<(), HeadsError> {
        let head = |(position, chain): &(Position, Sha256)| WrittenHead {
            decision: position.number(),
            chain: chain.to_string(),
        };
        let written = Written {
            journal: STANDARD.encode(heads.journal),
            migrations: heads.migrations.iter().map(|(name, at)| (name.to_string(), head(at))).collect(),
            key: STANDARD.encode(self.key.public_key()),
            signature: STANDARD.encode(self.key.sign(heads.signed_text().as_bytes())),
        };
        let wrong = |source| HeadsError::File { doing: "write", path: self.path.clone(), source };
        let text = serde_json::to_vec_pretty(&written).map_err(|error| wrong(error.into()))?;
        private_file::replace(&self.path, &text).map_err(wrong)
    }

    /// What this journal lost since it was remembered.
    ///
    /// # Errors
    /// It took another course, or what was remembered cannot be believed.
    pub fn judge(&self, store: &dyn Store) -> Result<Course, HeadsError> {
        let Some((known, key)) = read(&self.path)? else { return Ok(Course::Whole) };
        if key != self.key.public_key().as_ref() {
            let why = "another key signed it than this collector's".to_owned();
            return Err(HeadsError::Unbelievable { path: self.path.clone(), why });
        }
        let heads = Remembered::of(store).migrations.into_iter().map(|(name, (at, _))| (name, at)).collect();
        compare(&self.path, &known, store.identity(), &heads, |position| {
            let stored = store.read_decisions(position).next().transpose()?;
            Ok(stored.and_then(|stored| stored.decision).map(|frame| (frame.migration, frame.link)))
        })
    }
}

/// Keeps the heads up to date until `stop`: all that was decided meanwhile at once, and never in its way.
pub(crate) async fn remember(signer: Arc<Signer>, store: Arc<dyn Store>, stop: CancellationToken) {
    let mut told = store.subscribe();
    let (mut known, mut stopped) = (None, false);
    loop {
        let now = told.borrow_and_update().decisions;
        if known != Some(now) {
            known = Some(now);
            let (signer, store) = (signer.clone(), store.clone());
            let kept = tokio::task::spawn_blocking(move || signer.keep(&Remembered::of(&*store))).await;
            match kept {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "the heads of the decisions are not remembered"),
                Err(error) => tracing::error!(%error, "the heads of the decisions are not remembered"),
            }
            continue;
        }
        if stopped {
            return;
        }
        // What was decided just before the end is remembered, too.
        tokio::select! {
            () = stop.cancelled() => stopped = true,
            changed = told.changed() => stopped = changed.is_err(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back_and_any_change_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let signer = Signer::open(dir.path()).unwrap();
        assert_eq!(read(signer.path()).unwrap(), None);
        let head = (Position::new(7), Sha256::from_bytes([3; 32]));
        let heads = Remembered { journal: [9; 16], migrations: [(Name::new("shop").unwrap(), head)].into() };
        signer.keep(&heads).unwrap();
        assert_eq!(read(signer.path()).unwrap().unwrap().0, heads);
        let text = std::fs::read_to_string(signer.path()).unwrap();
        for (from, to) in [("\"decision\": 7", "\"decision\": 6"), ("\"shop\"", "\"bank\""), ("0303", "0304")]
        {
            assert!(text.contains(from), "{text}");
            std::fs::write(signer.path(), text.replacen(from, to, 1)).unwrap();
            let error = read(signer.path()).unwrap_err().to_string();
            assert!(error.contains("its signature does not fit"), "{error}");
        }
        // The key stays.
        std::fs::write(signer.path(), &text).unwrap();
        let again = Signer::open(dir.path()).unwrap();
        assert_eq!(read(signer.path()).unwrap().unwrap().1, again.key.public_key().as_ref());
    }

    #[test]
    fn older_and_forked_journals_are_told_apart() {
        let (shop, chain) = (Name::new("shop").unwrap(), Sha256::from_bytes([3; 32]));
        let known =
            Remembered { journal: [9; 16], migrations: [(shop.clone(), (Position::new(7), chain))].into() };
        let course = |journal, head: u64, link| {
            let heads = [(shop.clone(), Position::new(head))].into();
            compare(Path::new("heads.json"), &known, journal, &heads, |_| Ok(Some((shop.clone(), link))))
        };
        assert_eq!(course([9; 16], 8, chain).unwrap(), Course::Whole);
        let Course::Older(older) = course([9; 16], 6, chain).unwrap() else { panic!("it is shorter") };
        assert!(older[&shop].contains("ends at decision 6 and had reached 7"), "{older:?}");
        assert!(matches!(course([1; 16], 8, chain).unwrap(), Course::Older(_)));
        let forked = course([9; 16], 8, Sha256::from_bytes([4; 32])).unwrap_err().to_string();
        assert!(forked.contains("another course of shop: at decision 7"), "{forked}");
    }
}
