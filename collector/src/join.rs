//! Join tokens: how an agent without a certificate gets one, so that no key is ever copied by hand.
//!
//! A token says which authority to expect before anything is sent to it, and carries a secret of
//! which only the hash is kept. It is bound to one migration and side, ends soon, and counts down. Its name is
//! the beginning of that hash: it can be told to everybody, and helps nobody to guess 256 bits.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tidelock_model::{Name, Sha256, Side, Timestamp, mutated};

use crate::{private_file, secret};

/// What join tokens begin with.
const PREFIX: &str = "tlj1.";
/// Tokens that wait to be used.
const MAX_TOKENS: usize = 1000;
/// Agents that one token lets in at most.
const MAX_COUNT: u32 = 100;
/// Digits of a token's name.
const ID_CHARS: usize = 16;
const DEFAULT_TTL: Duration = Duration::from_secs(3600);
const MAX_TTL: Duration = Duration::from_secs(7 * 24 * 3600);

/// What the text behind the prefix says.
#[derive(Debug, Serialize, Deserialize)]
struct Carried {
    /// SHA-256 of the API authority's certificate, hexadecimal.
    f: String,
    /// The secret.
    s: String,
    /// Where to enrol.
    u: String,
}

/// What a token lets in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    secret_sha256: String,
    migration: String,
    side: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    left: u32,
    /// It was made for several: each of them is a pod.
    #[serde(default)]
    pods: bool,
    expires_unix_ms: u64,
    /// Who issued it; tokens of an earlier release do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(default)]
    revoked: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "token")]
    tokens: Vec<Row>,
}

/// A join token as everybody may see it: without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinToken {
    /// Names the token; no secret.
    pub id: String,
    /// The side.
    pub side: Side,
    /// The agent's name, where the token decides it.
    pub name: Option<Name>,
    /// Agents that may still join with it.
    pub left: u32,
    /// When it ends.
    pub expires: Timestamp,
    /// Who issued it; none for one of an earlier release.
    pub by: Option<Name>,
    /// It was taken back.
    pub revoked: bool,
}

/// A token that was made, and lets nobody in before it is kept.
#[derive(Debug, Clone)]
pub struct Made {
    /// As everybody may see it.
    pub shown: JoinToken,
    row: Row,
}

/// What a token that was just used allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The token's name, and who issued it.
    pub token: (String, Option<Name>),
    /// The migration.
    pub migration: Name,
    /// The side.
    pub side: Side,
    /// The name, where the token decides it.
    pub name: Option<Name>,
    /// It is one of several, whose names end with their certificates.
    pub pod: bool,
    hash: Sha256,
}

/// Why there is no token, or it does not let in.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The file cannot be read or written.
    #[error("{doing} {}: {why}", path.display())]
    File {
        /// Reading or writing.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Too many wait.
    #[error(
        "{MAX_TOKENS} join tokens wait already; take some back (tidelock agent token revoke) or let some end"
    )]
    Full,
    /// There is none of this name in that migration.
    #[error("there is no join token {0:?} that has not ended; see: tidelock agent token ls")]
    Unknown(String),
    /// Its numbers cannot be.
    #[error(
        "a join token lets 1 to {MAX_COUNT} agents in, a named one exactly 1, and lives for at most 7 days"
    )]
    Bounds,
    /// It is unknown, used up, taken back or over. Which of these is nobody's business.
    #[error("the join token is not valid: unknown, used up, taken back or over its time; issue a new one")]
    NotValid,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] secret::NoRandomness),
}

/// The tokens that wait, and their file. Calls block on the disk.
#[derive(Debug, Clone)]
pub struct JoinTokens {
    path: PathBuf,
    rows: Arc<Mutex<Vec<Row>>>,
}

impl JoinTokens {
    /// Reads the file; a missing one has no tokens.
    ///
    /// # Errors
    /// When the file is there and cannot be understood.
    pub fn open(path: &Path) -> Result<JoinTokens, JoinError> {
        let wrong = |why: String| JoinError::File { doing: "read", path: path.to_path_buf(), why };
        let file = match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str::<File>(&text).map_err(|error| wrong(error.to_string()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => File::default(),
            Err(error) => return Err(wrong(error.to_string())),
        };
        Ok(JoinTokens { path: path.to_path_buf(), rows: Arc::new(Mutex::new(file.tokens)) })
    }

    /// A token for `count` agents of a side, and its text, which is shown this once. It lets nobody in before it is
    /// kept.
    ///
    /// # Errors
    /// When its numbers cannot be, or there is no randomness.
    pub fn prepare(ask: &Issue<'_>, now: Timestamp) -> Result<(Made, String), JoinError> {
        let ttl = ask.ttl.unwrap_or(DEFAULT_TTL);
        let named_for_many = ask.name.is_some() && ask.count != 1;
        if !(1..=MAX_COUNT).contains(&ask.count) || ttl > MAX_TTL || ttl.is_zero() || named_for_many {
            return Err(JoinError::Bounds);
        }
        let secret = secret::new_token("")?;
        let expires = now.plus(ttl);
        let row = Row {
            secret_sha256: secret::kept(&secret).to_string(),
            migration: ask.migration.to_string(),
            side: ask.side.word().to_owned(),
            name: ask.name.map(Name::to_string),
            left: ask.count,
            pods: ask.count > 1,
            expires_unix_ms: expires.as_millis(),
            by: Some(ask.by.to_string()),
            revoked: false,
        };
        let shown = JoinToken {
            id: id_of(&row).to_owned(),
            side: ask.side,
            name: ask.name.cloned(),
            left: ask.count,
            expires,
            by: Some(ask.by.clone()),
            revoked: false,
        };
        let carried = Carried { f: ask.fingerprint.to_string(), s: secret, u: ask.url.to_owned() };
        // Texts alone always become JSON.
        let json = serde_json::to_vec(&carried).unwrap_or_default();
        Ok((Made { shown, row }, format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(json))))
    }

    /// Keeps a token: from here on it lets in. Those that were taken back make room.
    ///
    /// # Errors
    /// When too many wait, or the file cannot be written.
    pub fn keep(&self, made: Made, now: Timestamp) -> Result<(), JoinError> {
        self.change(now, |rows| {
            if rows.len() >= MAX_TOKENS {
                rows.retain(|row| !row.revoked);
            }
            if rows.len() >= MAX_TOKENS {
                return Err(JoinError::Full);
            }
            rows.push(made.row);
            Ok(())
        })
    }

    /// The tokens of a migration that have not ended, oldest first.
    pub fn list(&self, migration: &Name, now: Timestamp) -> Vec<JoinToken> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |row: &&Row| row.migration == migration.as_str() && now.as_millis() < row.expires_unix_ms;
        rows.iter().filter(of).filter_map(shown).collect()
    }

    /// Takes a token back: from here on it lets nobody in. What it let in stays.
    ///
    /// # Errors
    /// When there is none of this name in the migration, or the file cannot be written.
    pub fn revoke(&self, migration: &Name, id: &str, now: Timestamp) -> Result<JoinToken, JoinError> {
        self.change(now, |rows| {
            let found = rows.iter_mut().find(|row| row.migration == migration.as_str() && id_of(row) == id);
            let unknown = || JoinError::Unknown(id.chars().filter(|c| !c.is_control()).take(64).collect());
            let row = found.ok_or_else(unknown)?;
            row.revoked = true;
            shown(row).ok_or_else(unknown)
        })
    }

    /// Takes one use of a token. Give it back when nobody was let in after all.
    ///
    /// # Errors
    /// When it does not let anybody in.
    pub fn take(&self, token: &str, now: Timestamp) -> Result<Admission, JoinError> {
        let json = token.strip_prefix(PREFIX).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let carried: Option<Carried> = json.and_then(|json| serde_json::from_slice(&json).ok());
        let hash = secret::kept(&carried.ok_or(JoinError::NotValid)?.s);
        let kept = hash.to_string();
        let id = name_of(&kept);
        self.change(now, |rows| {
            let row = rows.iter_mut().find(|row| {
                // The name is no secret, so any search for it will do; what is behind it is one.
                id_of(row) == id
                    && row.secret_sha256.parse::<Sha256>().is_ok_and(|kept| secret::same(&kept, &hash))
                    && (row.left > 0 || mutated("a-join-token-is-used-up"))
                    && (!row.revoked || mutated("a-join-token-is-revoked"))
            });
            let row = row.ok_or(JoinError::NotValid)?;
            let admission = admission(row, hash).ok_or(JoinError::NotValid)?;
            row.left = row.left.saturating_sub(1);
            Ok(admission)
        })
    }

    /// Gives a use back that let nobody in.
    ///
    /// # Errors
    /// When the file cannot be written; the use is lost then.
    pub fn give_back(&self, admission: &Admission, now: Timestamp) -> Result<(), JoinError> {
        self.change(now, |rows| {
            let its_own = |row: &&mut Row| {
                row.secret_sha256.parse::<Sha256>().is_ok_and(|kept| secret::same(&kept, &admission.hash))
            };
            rows.iter_mut().filter(its_own).for_each(|row| row.left += 1);
            Ok(())
        })
    }

    fn change<T>(
        &self,
        now: Timestamp,
        change: impl FnOnce(&mut Vec<Row>) -> Result<T, JoinError>,
    ) -> Result<T, JoinError> {
        let mut kept = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows = kept.clone();
        rows.retain(|row| now.as_millis() < row.expires_unix_ms || mutated("a-join-token-ends"));
        let answer = change(&mut rows)?;
        let wrong = |why: String| JoinError::File { doing: "write", path: self.path.clone(), why };
        let text =
            toml::to_string(&File { tokens: rows.clone() }).map_err(|error| wrong(error.to_string()))?;
        private_file::replace(&self.path, text.as_bytes()).map_err(|error| wrong(error.to_string()))?;
        *kept = rows;
        Ok(answer)
    }
}

/// What is asked of a new token.
#[derive(Debug, Clone, Copy)]
pub struct Issue<'a> {
    /// The migration.
    pub migration: &'a Name,
    /// The side.
    pub side: Side,
    /// The agent's name, where the token decides it.
    pub name: Option<&'a Name>,
    /// Who issues it.
    pub by: &'a Name,
    /// How many agents.
    pub count: u32,
    /// For how long.
    pub ttl: Option<Duration>,
    /// The API authority to expect.
    pub fingerprint: Sha256,
    /// Where to enrol.
    pub url: &'a str,
}

fn id_of(row: &Row) -> &str {
    name_of(&row.secret_sha256)
}

/// The name of a token of which that is kept.
fn name_of(kept: &str) -> &str {
    kept.get(..ID_CHARS).unwrap_or(kept)
}

/// A row as everybody may see it; none where somebody wrote into the file what cannot be, which lets nobody in.
fn shown(row: &Row) -> Option<JoinToken> {
    let name = |text: &Option<String>| text.as_deref().map(Name::new).transpose().ok();
    Some(JoinToken {
        id: id_of(row).to_owned(),
        side: row.side.parse().ok()?,
        name: name(&row.name)?,
        left: row.left,
        expires: Timestamp::from_millis(row.expires_unix_ms),
        by: name(&row.by)?,
        revoked: row.revoked,
    })
}

fn admission(row: &Row, hash: Sha256) -> Option<Admission> {
    let JoinToken { id, side, name, by, .. } = shown(row)?;
    let migration = Name::new(&row.migration).ok()?;
    Some(Admission { token: (id, by), migration, side, name, pod: row.pods, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(tokens: &JoinTokens, migration: &str, count: u32, now: Timestamp) -> (JoinToken, String) {
        let (migration, by) = (Name::new(migration).unwrap(), Name::new("omar").unwrap());
        let ask = Issue {
            migration: &migration,
            side: Side::Target,
            name: None,
            by: &by,
            count,
            ttl: Some(Duration::from_secs(60)),
            fingerprint: secret::sha256(b"ca"),
            url: "https://localhost:7480",
        };
        let (made, token) = JoinTokens::prepare(&ask, now).unwrap();
        assert!(tokens.take(&token, now).is_err(), "nobody has kept it yet");
        tokens.keep(made.clone(), now).unwrap();
        (made.shown, token)
    }

    #[test]
    fn a_token_counts_down_ends_and_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("join.toml");
        let tokens = JoinTokens::open(&path).unwrap();
        let now = Timestamp::from_millis(1_000_000);
        let (made, token) = issue(&tokens, "shop", 2, now);
        assert!(!std::fs::read_to_string(&path).unwrap().contains(&token[20..]));
        let first = tokens.take(&token, now).unwrap();
        assert_eq!((first.side, first.name.clone()), (Side::Target, None));
        assert_eq!(first.token, (made.id, Name::new("omar").ok()));
        // The file is what counts, also after a restart.
        let tokens = JoinTokens::open(&path).unwrap();
        tokens.take(&token, now).unwrap();
        assert!(tokens.take(&token, now).is_err());
        tokens.give_back(&first, now).unwrap();
        assert!(tokens.take(&token, made.expires).is_err());
        assert!(tokens.take("tlj1.e30", now).is_err());
    }

    #[test]
    fn a_token_that_was_taken_back_lets_nobody_in_whoever_gives_a_use_of_it_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("join.toml");
        let tokens = JoinTokens::open(&path).unwrap();
        let now = Timestamp::from_millis(1_000_000);
        let (leaked, token) = issue(&tokens, "shop", 3, now);
        let (other, good) = issue(&tokens, "shop", 1, now);
        let (shop, bank) = (Name::new("shop").unwrap(), Name::new("bank").unwrap());
        let thief = tokens.take(&token, now).unwrap();
        for (of, id) in [(&bank, leaked.id.as_str()), (&shop, "0a1b"), (&shop, "")] {
            assert!(matches!(tokens.revoke(of, id, now), Err(JoinError::Unknown(_))), "{of} {id:?}");
        }
        let taken = tokens.revoke(&shop, &leaked.id, now).unwrap();
        let wanted = JoinToken { left: 2, revoked: true, ..leaked.clone() };
        assert_eq!(taken, wanted);
        tokens.give_back(&thief, now).unwrap();
        let tokens = JoinTokens::open(&path).unwrap();
        assert!(tokens.take(&token, now).is_err());
        assert_eq!(tokens.list(&shop, now), [JoinToken { left: 3, ..wanted }, other]);
        assert_eq!(tokens.list(&bank, now), []);
        assert_eq!(tokens.list(&shop, leaked.expires), [], "both are over");
        tokens.take(&good, now).unwrap();
    }

    #[test]
    fn a_token_of_an_earlier_release_is_named_too_and_what_was_taken_back_makes_room() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("join.toml");
        let row = |number: usize| {
            let hash = secret::sha256(number.to_string().as_bytes());
            format!(
                "[[token]]\nsecret_sha256 = \"{hash}\"\nmigration = \"shop\"\nside = \"source\"\nleft = 1\n\
                 pods = false\nexpires_unix_ms = 2000000\n"
            )
        };
        std::fs::write(&path, (0..MAX_TOKENS).map(row).collect::<String>()).unwrap();
        let tokens = JoinTokens::open(&path).unwrap();
        let (shop, now) = (Name::new("shop").unwrap(), Timestamp::from_millis(1_000_000));
        let old = tokens.list(&shop, now)[7].clone();
        assert_eq!((old.id.len(), old.by.clone(), old.revoked), (ID_CHARS, None, false));
        let ask = Issue {
            migration: &shop,
            side: Side::Source,
            name: None,
            by: &shop,
            count: 1,
            ttl: None,
            fingerprint: secret::sha256(b"ca"),
            url: "",
        };
        let (made, _) = JoinTokens::prepare(&ask, now).unwrap();
        assert!(matches!(tokens.keep(made.clone(), now), Err(JoinError::Full)));
        tokens.revoke(&shop, &old.id, now).unwrap();
        tokens.keep(made, now).unwrap();
        let ids: Vec<_> = tokens.list(&shop, now).into_iter().map(|token| token.id).collect();
        assert!(ids.len() == MAX_TOKENS && !ids.contains(&old.id));
    }
}
