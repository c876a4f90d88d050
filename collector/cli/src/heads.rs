//! The newest head of each migration's decisions that this machine was shown.
//!
//! A restored collector answers as if nothing had happened since its backup, and a gate that was open then
//! reads as open. Whoever was shown a later decision knows better: each command asks for the head first,
//! holds it against what is remembered for this collector and migration, and ends with exit 6 where it is
//! an older journal or another course.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ring::digest;
use serde::{Deserialize, Serialize};
use tidelock_model::{Name, Sha256};
use tidelock_proto::head::{self, Head};
use tidelock_proto::v1;
use tonic::{Code, Status};

use crate::client::{Client, trouble};
use crate::context::{self, ACCESS, Connection};
use crate::exit::{Exit, Trouble, While as _};
use crate::out;

/// Heads that are remembered; of more the one that moved longest ago is forgotten.
const MAX_HEADS: usize = 512;
/// The file is not read where it is larger than all of those can be.
const MAX_BYTES: u64 = 2 << 20;
/// How long the question for the head may take; the command behind it has its own time.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    heads: Vec<WrittenHead>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHead {
    server: String,
    /// Of the authority that the server is verified against: another one is another collector.
    ca_sha256: String,
    migration: String,
    head: String,
}

/// What one connection remembers, and whether it has been held against what is shown.
#[derive(Debug)]
pub(crate) struct Memory {
    path: PathBuf,
    server: String,
    ca_sha256: String,
    same: Mutex<BTreeSet<String>>,
    /// What only makes things safer is done on any journal, with a word.
    lenient: AtomicBool,
}

impl Memory {
    /// The memory for a connection, beside the context file.
    pub(crate) fn of(connection: &Connection) -> Result<Memory, Trouble> {
        let ca = match &connection.ca_file {
            Some(file) => fs::read(file).while_doing(format_args!("read {}", file.display()))?,
            None => Vec::new(),
        };
        let ca = Sha256::try_from(digest::digest(&digest::SHA256, &ca).as_ref());
        Ok(Memory {
            path: context::path()?.with_file_name("heads.json"),
            server: connection.server.trim_end_matches('/').to_owned(),
            ca_sha256: ca.map(|sum| sum.to_string()).unwrap_or_default(),
            same: Mutex::default(),
            lenient: AtomicBool::new(false),
        })
    }

    fn read(&self) -> Result<Written, Trouble> {
        let damaged = |why: String| {
            Trouble::failed(format!("{} is damaged: {why}", self.path.display()))
                .hint("it says which decisions were seen last; find out what damaged it, then remove it")
        };
        match fs::metadata(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Written::default()),
            Ok(data) if data.len() > MAX_BYTES => return Err(damaged("it is too large".to_owned())),
            Ok(_) | Err(_) => {}
        }
        let text = fs::read(&self.path).while_doing(format_args!("read {}", self.path.display()))?;
        serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))
    }

    fn is(&self, written: &WrittenHead, migration: &str) -> bool {
        (&*written.server, &*written.ca_sha256, &*written.migration)
            == (&*self.server, &*self.ca_sha256, migration)
    }

    /// What is remembered of this migration.
    pub(crate) fn known(&self, migration: &str) -> Result<Option<Head>, Trouble> {
        let written = self.read()?;
        let found = written.heads.iter().find(|written| self.is(written, migration));
        found.map(|written| self.head(written)).transpose()
    }

    /// The keys of this collector: what it signed last of each migration tells them.
    pub(crate) fn keys(&self) -> Result<BTreeMap<String, Vec<u8>>, Trouble> {
        let written = self.read()?;
        let ours = written.heads.iter().filter(|written| self.is(written, &written.migration));
        ours.map(|written| Ok((written.migration.clone(), self.head(written)?.key().to_vec()))).collect()
    }

    fn head(&self, written: &WrittenHead) -> Result<Head, Trouble> {
        Head::from_text(&written.head).map_err(|error| {
            Trouble::failed(format!("{}: {error}", self.path.display()))
                .hint("find out what damaged it, then remove it")
        })
    }

    /// Remembers a head in the place of an older one; none forgets it.
    fn keep(&self, migration: &str, head: Option<&Head>) -> Result<(), Trouble> {
        let mut written = self.read()?;
        written.heads.retain(|written| !self.is(written, migration));
        written.heads.extend(head.map(|head| WrittenHead {
            server: self.server.clone(),
            ca_sha256: self.ca_sha256.clone(),
            migration: migration.to_owned(),
            head: head.to_text(),
        }));
        let over = written.heads.len().saturating_sub(MAX_HEADS);
        written.heads.drain(..over);
        let what = format!("write {}", self.path.display());
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).while_doing(&what)?;
        }
        let text = serde_json::to_vec_pretty(&written).while_doing(&what)?;
        // Of two commands at once each writes a whole file; the next one brings what the other missed.
        let draft = self.path.with_file_name(format!("heads.{}.new", std::process::id()));
        crate::files::write_private(&draft, &text)?;
        fs::rename(&draft, &self.path).while_doing(what)
    }

    fn passed(&self, migration: &str) -> bool {
        self.same.lock().unwrap_or_else(PoisonError::into_inner).contains(migration)
    }

    fn pass(&self, migration: &str) {
        self.same.lock().unwrap_or_else(PoisonError::into_inner).insert(migration.to_owned());
    }
}

impl Client {
    /// This client does what only makes things safer: it goes on, with a word, on a journal that is refused.
    pub(crate) fn on_any_journal(self) -> Client {
        if let Some(memory) = &self.memory {
            memory.lenient.store(true, Ordering::Relaxed);
        }
        self
    }

    /// The collector was away: what it has now is judged anew.
    pub(crate) fn look_again(&self) {
        if let Some(memory) = &self.memory {
            memory.same.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// The collector has no migration at all, and one of it is remembered here.
    pub(crate) async fn lost_all(&self) -> Option<Trouble> {
        let memory = self.memory.as_deref()?;
        // What cannot be read may be the memory of a migration: it is no reason to make one anew.
        let written = match memory.read() {
            Ok(written) => written.heads,
            Err(trouble) => return Some(trouble),
        };
        let name = &written.iter().rev().find(|it| memory.is(it, &it.migration))?.migration;
        match memory.known(name) {
            Ok(Some(known)) => Some(self.gone(name, known.decision()).await),
            Ok(None) => None,
            Err(trouble) => Some(trouble),
        }
    }

    /// A migration that was seen here is not shown.
    async fn gone(&self, migration: &str, decision: u64) -> Trouble {
        if self.sees_all().await { lost(migration, decision) } else { hidden(migration, decision) }
    }

    /// Whether this is the access of an operator of all migrations: to that one alone, what is not shown is not there.
    async fn sees_all(&self) -> bool {
        match tokio::time::timeout(PATIENCE, self.access().list_access(v1::ListAccessRequest {})).await {
            // Whoever is bound to one migration is shown the access to that one, and none to all.
            Ok(Ok(answer)) => answer.into_inner().grants.iter().any(|grant| grant.migration.is_empty()),
            Ok(Err(_)) | Err(_) => false,
        }
    }

    /// Holds the collector's journal against what is remembered of it, once a connection.
    pub(crate) async fn same_course(&self, migration: &str) -> Result<(), Trouble> {
        let Some(memory) = self.memory.as_deref().filter(|memory| !memory.passed(migration)) else {
            return Ok(());
        };
        let judged = match memory.known(migration) {
            Ok(known) => self.judged(memory, migration, known).await,
            Err(damaged) => Err(damaged),
        };
        match judged {
            Err(refused) if memory.lenient.load(Ordering::Relaxed) => {
                out::say(&format!("tidelock: {refused}"));
                memory.pass(migration);
                Ok(())
            }
            judged => judged,
        }
    }

    async fn judged(&self, memory: &Memory, migration: &str, known: Option<Head>) -> Result<(), Trouble> {
        let Ok(name) = Name::new(migration) else { return Ok(()) };
        let shown = match self.shown(migration, known.as_ref()).await {
            Shown::Answer(shown) => *shown,
            Shown::Nothing => v1::GetHeadResponse::default(),
            Shown::NoMigration => {
                let Some(known) = known else { return Ok(()) };
                return Err(self.gone(migration, known.decision()).await);
            }
            Shown::Away(_) => return Ok(()),
            Shown::Trouble(trouble) => return Err(trouble),
        };
        match head::judge(&name, known.as_ref(), shown.head.as_ref(), shown.remembered.as_ref()) {
            Ok(newest) => {
                if let Some(newest) = newest
                    && known.is_none_or(|known| known.decision() != newest.decision())
                    && let Err(unkept) = memory.keep(migration, Some(&newest))
                {
                    out::say(&format!("tidelock: the newest decision is not remembered: {unkept}"));
                }
                memory.pass(migration);
                Ok(())
            }
            Err(differs) => Err(not_believed(migration, &differs.to_string())),
        }
    }

    async fn shown(&self, migration: &str, known: Option<&Head>) -> Shown {
        let request =
            v1::GetHeadRequest { migration: migration.to_owned(), remembered: known.map(Head::to_wire) };
        match tokio::time::timeout(PATIENCE, self.migrations().get_head(request)).await {
            Ok(Ok(answer)) => Shown::Answer(Box::new(answer.into_inner())),
            Ok(Err(status)) => Shown::of(status),
            Err(_) => Shown::Away(Trouble::new(Exit::Unreachable, "the collector does not answer")),
        }
    }

    /// Believes what the collector shows now in the place of what is remembered: nothing, where it knows no such
    /// migration.
    pub(crate) async fn accept(&self, migration: &str) -> Result<(Option<Head>, Option<Head>), Trouble> {
        let memory = self.memory.as_deref().ok_or_else(|| Trouble::failed("nothing is remembered here"))?;
        let name =
            Name::new(migration).map_err(|error| Trouble::usage(format!("-m {migration}: {error}")))?;
        let known = memory.known(migration).unwrap_or_default();
        let shown = match self.shown(migration, known.as_ref()).await {
            Shown::Answer(shown) => *shown,
            Shown::Nothing => v1::GetHeadResponse::default(),
            Shown::NoMigration if known.is_some() => {
                if !self.sees_all().await {
                    return Err(not_seen(migration));
                }
                memory.keep(migration, None)?;
                return Ok((known, None));
            }
            Shown::NoMigration => {
                return Err(Trouble::usage(format!(
                    "there is no migration {migration}, and none is remembered"
                )));
            }
            // No command comes after this one that would say it.
            Shown::Away(trouble) | Shown::Trouble(trouble) => return Err(trouble),
        };
        let newest = head::judge(&name, None, shown.head.as_ref(), None);
        let newest = newest.map_err(|differs| Trouble::new(Exit::Unknown, differs.to_string()))?;
        let newest = newest.ok_or_else(|| Trouble::new(Exit::Unknown, "the collector shows no head"))?;
        memory.keep(migration, Some(&newest))?;
        Ok((known, Some(newest)))
    }
}

/// The collector was put back to a time before the migration.
fn lost(migration: &str, decision: u64) -> Trouble {
    let why = format!(
        "it has no migration {migration}, of which decision {decision} was seen here: its journal is of a time before it"
    );
    not_believed(migration, &why)
}

/// It may be there all the same, and not for this access.
fn hidden(migration: &str, decision: u64) -> Trouble {
    let what = format!(
        "there is no migration {migration} for this access, and decision {decision} of it was seen here: the access is \
         of another one, or the collector's journal is of a time before it"
    );
    Trouble::new(Exit::Unknown, what)
        .hint("nothing is known of the gate, so treat it as shut")
        .hint(format!("see first that the access is the right one. {ACCESS} (-m {migration})"))
        .hint(format!(
            "which of the two it is, an operator of all migrations is told: tidelock status -m {migration}"
        ))
}

/// What is hidden is not forgotten.
fn not_seen(migration: &str) -> Trouble {
    let what =
        format!("{migration} may only be hidden from this access, so what was seen of it stays remembered");
    Trouble::new(Exit::Auth, what)
        .hint("whether it is gone, an operator of all migrations can tell")
        .hint(ACCESS)
}

fn not_believed(migration: &str, why: &str) -> Trouble {
    Trouble::new(Exit::Unknown, format!("the collector is not believed: {why}"))
        .hint("nothing is known of the gate, so treat it as shut")
        .hint("find out what came after: tidelock journal verify --heads FILE DIR, on the collector")
        .hint(format!("when this journal is the right one: tidelock journal accept -m {migration}"))
}

/// What became of the question for the head.
enum Shown {
    Answer(Box<v1::GetHeadResponse>),
    /// A collector that shows no heads.
    Nothing,
    /// It knows no such migration.
    NoMigration,
    /// The command itself will say what is wrong, where one comes after the question.
    Away(Trouble),
    Trouble(Trouble),
}

impl Shown {
    fn of(status: Status) -> Shown {
        match status.code() {
            Code::Unimplemented => Shown::Nothing,
            Code::NotFound => Shown::NoMigration,
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::Unauthenticated
            | Code::PermissionDenied
            | Code::InvalidArgument => Shown::Away(trouble(status)),
            Code::Ok
            | Code::Unknown
            | Code::AlreadyExists
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Internal
            | Code::DataLoss => Shown::Trouble(trouble(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    fn memory(dir: &std::path::Path, server: &str) -> Memory {
        Memory {
            path: dir.join("tidelock/heads.json"),
            server: server.to_owned(),
            ca_sha256: "00".to_owned(),
            same: Mutex::default(),
            lenient: AtomicBool::new(false),
        }
    }

    #[test]
    fn a_refusal_of_the_question_is_no_silence() {
        let away = |status| match Shown::of(status) {
            Shown::Away(trouble) => (trouble.exit, trouble.message),
            Shown::Answer(_) | Shown::Nothing | Shown::NoMigration | Shown::Trouble(_) => {
                panic!("a command without this question would still be answered")
            }
        };
        let one_gate = "this token may ask for the gate ready and nothing else";
        assert_eq!(away(Status::permission_denied(one_gate)), (Exit::Auth, one_gate.to_owned()));
        assert_eq!(away(Status::unauthenticated("no token")).0, Exit::Auth);
        assert_eq!(away(Status::invalid_argument("it is none")).0, Exit::Usage);
        let (exit, message) = away(Status::unavailable("refused"));
        assert_eq!((exit, message.starts_with("the collector does not answer")), (Exit::Unreachable, true));
    }

    #[test]
    fn heads_are_kept_by_collector_and_migration_and_not_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap();
        let head = |migration: &str, decision| {
            let at = (decision, Sha256::from_bytes([3; 32]));
            Head::sign(&key, [9; 16], Name::new(migration).unwrap(), at, 1)
        };
        let (one, other) = (memory(dir.path(), "https://one"), memory(dir.path(), "https://other"));
        assert_eq!(one.known("shop").unwrap(), None);
        one.keep("shop", Some(&head("shop", 7))).unwrap();
        one.keep("bank", Some(&head("bank", 8))).unwrap();
        one.keep("shop", Some(&head("shop", 9))).unwrap();
        assert_eq!(one.known("shop").unwrap().map(|head| head.decision()), Some(9));
        assert_eq!(one.known("bank").unwrap().map(|head| head.decision()), Some(8));
        assert_eq!(other.known("shop").unwrap(), None);
        let ours = key.public_key().as_ref().to_vec();
        let keys: BTreeMap<_, _> = [("bank".to_owned(), ours.clone()), ("shop".to_owned(), ours)].into();
        assert_eq!((one.keys().unwrap(), other.keys().unwrap()), (keys, BTreeMap::new()));
        for n in 0..MAX_HEADS {
            other.keep(&format!("m{n}"), Some(&head(&format!("m{n}"), 1))).unwrap();
        }
        assert_eq!(one.known("bank").unwrap(), None, "the oldest go first");
        assert_eq!(other.read().unwrap().heads.len(), MAX_HEADS);
        assert!(fs::metadata(&other.path).unwrap().len() < MAX_BYTES);
        // Damage is told and nothing is guessed.
        let text = fs::read_to_string(&other.path).unwrap();
        let at = text.find("\"head\"").unwrap() + 60;
        let other_digit = if &text[at..=at] == "0" { "1" } else { "0" };
        fs::write(&other.path, format!("{}{other_digit}{}", &text[..at], &text[at + 1..])).unwrap();
        assert!(other.known("m0").unwrap_err().to_string().contains("cannot be believed"));
        fs::write(&other.path, &text[..text.len() / 2]).unwrap();
        assert!(other.known("m1").unwrap_err().to_string().contains("is damaged"));
    }
}
