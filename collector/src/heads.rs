//! The last decision of each migration, signed and remembered apart from the journal.
//!
//! A journal proves itself whole, but an older copy of it is whole, too: a restored backup would know
//! nothing of a hold, an abort or a switch that came after it, and would open a gate on what was true
//! then. So the heads of the decisions are kept beside the keys, and a start compares them: a journal
//! that is shorter than it was holds every migration that lost decisions until a person has looked, and
//! one that took another course is refused. A journal without remembered heads may be any: it holds, too.
//! What the file cannot know, because it was restored with the journal, agents and people remember
//! (`heads/shown.rs`), and whoever keeps a copy of the file elsewhere can hold any journal against it:
//! `tidelock journal verify --heads FILE`.

mod keep;
mod shown;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use tidelock_model::{Name, Sha256, mutated};

use crate::journal::{Position, ReadError, Store};
use crate::private_file;

pub(crate) use keep::{Lost, remembering};
pub(crate) use shown::{Shown, hold_for, is_of_a_loss, unreadable};

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
        "the signed heads {} cannot be believed: {why}; if the journal is the right one, remove the file: every \
         migration is held then until a person has looked",
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
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lost: BTreeMap<String, WrittenHead>,
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
    /// The same of migrations that a journal lost from their first decision on, until they are held.
    pub lost: BTreeMap<Name, (Position, Sha256)>,
}

impl Remembered {
    /// The heads of a journal as it stands.
    pub fn of(store: &dyn Store) -> Remembered {
        let head = |name: Name| store.decision_head(&name).map(|head| (name, (head.position, head.link)));
        let migrations = store.migrations().into_iter().filter_map(head).collect();
        Remembered { journal: store.identity(), migrations, lost: BTreeMap::new() }
    }

    fn signed_text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = format!("{CONTEXT}\n{}\n", STANDARD.encode(self.journal));
        for (name, (position, chain)) in &self.migrations {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "{name} {position} {chain}");
        }
        for (name, (position, chain)) in &self.lost {
            // A name has no blank, so that this is no line of a migration.
            let _ = writeln!(text, "lost {name} {position} {chain}");
        }
        text
    }
}

/// How a journal stands to what was remembered of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Course {
    /// It has everything.
    Whole,
    /// Decisions of these migrations are missing, or nobody can say.
    Older(BTreeMap<Name, Missing>),
}

/// What is known of decisions that are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// In a sentence.
    pub why: String,
    /// The hold for it, so that the same loss holds once.
    pub request_id: String,
    /// The head that the journal has nothing of.
    pub head: Option<(Position, Sha256)>,
}

/// What the ids of holds for missing decisions begin with.
pub(crate) const REQUEST: &str = "lost-decisions";

impl Missing {
    pub(crate) fn new(why: String, (position, chain): (Position, Sha256)) -> Missing {
        let request_id = format!("{REQUEST} {position} {}", chain.short());
        Missing { why, request_id, head: Some((position, chain)) }
    }
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
        let gone = known.lost.iter().chain(&known.migrations);
        for (name, head) in gone {
            older.insert(name.clone(), Missing::new(why.clone(), *head));
        }
        // Those that it did not know, too: nobody knows where this journal comes from.
        for (name, at) in heads.iter().filter(|(name, _)| !known.migrations.contains_key(*name)) {
            let request_id = format!("{REQUEST} of another journal, {at}");
            older.insert(name.clone(), Missing { why: why.clone(), request_id, head: None });
        }
        return Ok(Course::Older(older));
    }
    for (name, head) in &known.lost {
        let why = format!("the journal has lost all its decisions, up to {}; look at what happened", head.0);
        older.insert(name.clone(), Missing::new(why, *head));
    }
    for (name, (position, chain)) in &known.migrations {
        let head = heads.get(name).copied().unwrap_or(Position::START);
        if head < *position {
            let why = format!(
                "the journal ends at decision {head} and had reached {position}: it is an older copy, such as \
                 a restored backup; look at what happened since"
            );
            older.insert(name.clone(), Missing::new(why, (*position, *chain)));
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
    let known =
        Remembered { journal, migrations: heads_of(&written.migrations)?, lost: heads_of(&written.lost)? };
    let (key, signature) = (decode(&written.key)?, decode(&written.signature)?);
    UnparsedPublicKey::new(&ED25519, &key)
        .verify(known.signed_text().as_bytes(), &signature)
        .map_err(|_| "its signature does not fit".to_owned())?;
    Ok((known, key))
}

fn heads_of(written: &BTreeMap<String, WrittenHead>) -> Result<BTreeMap<Name, (Position, Sha256)>, String> {
    let one = |(name, head): (&String, &WrittenHead)| {
        let name = Name::new(name).map_err(|error| error.to_string())?;
        let chain = head.chain.parse::<Sha256>().map_err(|error| error.to_string())?;
        Ok((name, (Position::new(head.decision), chain)))
    };
    written.iter().map(one).collect()
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
        let head = |(name, (position, chain)): (&Name, &(Position, Sha256))| {
            let head = WrittenHead { decision: position.number(), chain: chain.to_string() };
            (name.to_string(), head)
        };
        let written = Written {
            journal: STANDARD.encode(heads.journal),
            migrations: heads.migrations.iter().map(head).collect(),
            lost: heads.lost.iter().map(head).collect(),
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
        let Some((known, key)) = read(&self.path)? else { return self.unremembered(store) };
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

    /// A journal that nobody remembers: a new one, or any.
    fn unremembered(&self, store: &dyn Store) -> Result<Course, HeadsError> {
        let heads = Remembered::of(store);
        if heads.migrations.is_empty() || mutated("an-unremembered-journal-holds") {
            // From here on the file is never missing by itself.
            self.keep(&heads)?;
            return Ok(Course::Whole);
        }
        let missing = |(name, (position, chain)): (Name, (Position, Sha256))| {
            let why = format!(
                "there is no {} beside the keys, so nobody knows whether this journal, which ends at decision \
                 {position}, is the newest; look before you release",
                self.path.file_name().unwrap_or_default().to_string_lossy()
            );
            let request_id = format!("{REQUEST} unremembered {position} {}", chain.short());
            (name, Missing { why, request_id, head: None })
        };
        Ok(Course::Older(heads.migrations.into_iter().map(missing).collect()))
    }

    pub(crate) fn key(&self) -> &Ed25519KeyPair {
        &self.key
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
        let gone = [(Name::new("gone").unwrap(), (Position::new(3), Sha256::from_bytes([5; 32])))].into();
        let migrations = [(Name::new("shop").unwrap(), head)].into();
        let heads = Remembered { journal: [9; 16], migrations, lost: gone };
        signer.keep(&heads).unwrap();
        assert_eq!(read(signer.path()).unwrap().unwrap().0, heads);
        let text = std::fs::read_to_string(signer.path()).unwrap();
        let changes = [
            ("\"decision\": 7", "\"decision\": 6"),
            ("\"shop\"", "\"bank\""),
            ("0303", "0304"),
            ("\"decision\": 3", "\"decision\": 2"),
            ("\"gone\"", "\"been\""),
        ];
        for (from, to) in changes {
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
    fn heads_with_any_bit_flipped_or_any_end_cut_are_named_and_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let signer = Signer::open(dir.path()).unwrap();
        let head = (Position::new(7), Sha256::from_bytes([0xa3; 32]));
        let migrations = [(Name::new("shop").unwrap(), head)].into();
        let lost = [(Name::new("gone").unwrap(), head)].into();
        let heads = Remembered { journal: [9; 16], migrations, lost };
        signer.keep(&heads).unwrap();
        let bytes = std::fs::read(signer.path()).unwrap();
        let flipped = (0..bytes.len() * 8).map(|bit| {
            let mut broken = bytes.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            broken
        });
        let end = bytes.trim_ascii_end().len();
        let cut = (0..end).map(|length| bytes[..length].to_vec());
        for broken in flipped.chain(cut) {
            std::fs::write(signer.path(), &broken).unwrap();
            let text = String::from_utf8_lossy(&broken);
            match read(signer.path()) {
                Err(error @ HeadsError::Unbelievable { .. }) => {
                    let error = error.to_string();
                    let said = error.contains("heads.json") && error.contains("remove the file");
                    assert!(said, "{error} of {text}");
                }
                Err(error) => panic!("{error} of {text}"),
                // A digit in capitals says the same.
                Ok(found) => assert_eq!(found.map(|(found, _)| found), Some(heads.clone()), "{text}"),
            }
        }
    }

    #[test]
    fn older_and_forked_journals_are_told_apart() {
        let (shop, chain) = (Name::new("shop").unwrap(), Sha256::from_bytes([3; 32]));
        let gone = Name::new("gone").unwrap();
        let mut known = Remembered {
            journal: [9; 16],
            migrations: [(shop.clone(), (Position::new(7), chain))].into(),
            lost: BTreeMap::new(),
        };
        let course = |journal, head: u64, link| {
            let heads = [(shop.clone(), Position::new(head))].into();
            compare(Path::new("heads.json"), &known, journal, &heads, |_| Ok(Some((shop.clone(), link))))
        };
        assert_eq!(course([9; 16], 8, chain).unwrap(), Course::Whole);
        let Course::Older(older) = course([9; 16], 6, chain).unwrap() else { panic!("it is shorter") };
        assert!(older[&shop].why.contains("ends at decision 6 and had reached 7"), "{older:?}");
        let Course::Older(older) = course([1; 16], 8, chain).unwrap() else { panic!("it is another") };
        assert!(older[&shop].why.contains("another journal was here"), "{older:?}");
        let forked = course([9; 16], 8, Sha256::from_bytes([4; 32])).unwrap_err().to_string();
        assert!(forked.contains("another course of shop: at decision 7"), "{forked}");
        // What is lost as a whole stays remembered, also when the journal goes on without it.
        known.lost.insert(gone.clone(), (Position::new(3), chain));
        let heads = [(shop.clone(), Position::new(8))].into();
        let of_shop = |_| Ok(Some((shop.clone(), chain)));
        let course = compare(Path::new("heads.json"), &known, [9; 16], &heads, of_shop).unwrap();
        let Course::Older(older) = course else { panic!("one is lost") };
        assert_eq!(older.keys().collect::<Vec<_>>(), [&gone]);
        assert!(older[&gone].why.contains("lost all its decisions, up to 3"), "{older:?}");
    }
}
