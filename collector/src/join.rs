//! Join tokens: how an agent without a certificate gets one, so that no key is ever copied by hand.
//!
//! A token says which authority to expect before anything is sent to it, and carries a secret of
//! which only the hash is kept. It is bound to one migration and side, ends soon, and counts down.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tidelock_model::{Name, Sha256, Side, Timestamp};

use crate::{private_file, secret};

/// What join tokens begin with.
const PREFIX: &str = "tlj1.";
/// Tokens that wait to be used.
const MAX_TOKENS: usize = 1000;
/// Agents that one token lets in at most.
const MAX_COUNT: u32 = 100;
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "token")]
    tokens: Vec<Row>,
}

/// What a token that was just used allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
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
    #[error("{MAX_TOKENS} join tokens wait already; let some end")]
    Full,
    /// Its numbers cannot be.
    #[error(
        "a join token lets 1 to {MAX_COUNT} agents in, a named one exactly 1, and lives for at most 7 days"
    )]
    Bounds,
    /// It is unknown, used up or over. Which of these is nobody's business.
    #[error("the join token is not valid: unknown, used up or over its time; issue a new one")]
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

    /// Makes a token for `count` agents of a side. Gives it, and when it ends.
    ///
    /// # Errors
    /// When its numbers cannot be, or the file cannot be written.
    pub fn issue(&self, ask: &Issue<'_>, now: Timestamp) -> Result<(String, Timestamp), JoinError> {
        let ttl = ask.ttl.unwrap_or(DEFAULT_TTL);
        let named_for_many = ask.name.is_some() && ask.count != 1;
        if !(1..=MAX_COUNT).contains(&ask.count) || ttl > MAX_TTL || ttl.is_zero() || named_for_many {
            return Err(JoinError::Bounds);
        }
        let secret = secret::new_token("")?;
        let expires = now.plus(ttl);
        self.change(now, |rows| {
            if rows.len() >= MAX_TOKENS {
                return Err(JoinError::Full);
            }
            rows.push(Row {
                secret_sha256: secret::sha256(secret.as_bytes()).to_string(),
                migration: ask.migration.to_string(),
                side: ask.side.word().to_owned(),
                name: ask.name.map(Name::to_string),
                left: ask.count,
                pods: ask.count > 1,
                expires_unix_ms: expires.as_millis(),
            });
            Ok(())
        })?;
        let carried = Carried { f: ask.fingerprint.to_string(), s: secret, u: ask.url.to_owned() };
        let json = serde_json::to_vec(&carried).map_err(|error| JoinError::File {
            doing: "write",
            path: self.path.clone(),
            why: error.to_string(),
        })?;
        Ok((format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(json)), expires))
    }

    /// Takes one use of a token. Give it back when nobody was let in after all.
    ///
    /// # Errors
    /// When it does not let anybody in.
    pub fn take(&self, token: &str, now: Timestamp) -> Result<Admission, JoinError> {
        let json = token.strip_prefix(PREFIX).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let carried: Option<Carried> = json.and_then(|json| serde_json::from_slice(&json).ok());
        let hash = secret::sha256(carried.ok_or(JoinError::NotValid)?.s.as_bytes());
        self.change(now, |rows| {
            let row = rows.iter_mut().find(|row| {
                row.secret_sha256.parse::<Sha256>().is_ok_and(|kept| secret::same(&kept, &hash))
                    && row.left > 0
            });
            let row = row.ok_or(JoinError::NotValid)?;
            let admission = admission(row, hash).ok_or(JoinError::NotValid)?;
            row.left -= 1;
            Ok(admission)
        })
    }

    /// Gives a use back that let nobody in.
    ///
    /// # Errors
    /// When the file cannot be written; the use is lost then.
    pub fn give_back(&self, admission: &Admission, now: Timestamp) -> Result<(), JoinError> {
        self.change(now, |rows| {
            let text = admission.hash.to_string();
            rows.iter_mut().filter(|row| row.secret_sha256 == text).for_each(|row| row.left += 1);
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
        rows.retain(|row| now.as_millis() < row.expires_unix_ms);
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
    /// How many agents.
    pub count: u32,
    /// For how long.
    pub ttl: Option<Duration>,
    /// The API authority to expect.
    pub fingerprint: Sha256,
    /// Where to enrol.
    pub url: &'a str,
}

fn admission(row: &Row, hash: Sha256) -> Option<Admission> {
    let name = match &row.name {
        Some(name) => Some(Name::new(name).ok()?),
        None => None,
    };
    Some(Admission {
        migration: Name::new(&row.migration).ok()?,
        side: row.side.parse().ok()?,
        name,
        pod: row.pods,
        hash,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_counts_down_ends_and_is_given_back() {
        let path = std::env::temp_dir().join(format!("tidelock-join-{}.toml", std::process::id()));
        let tokens = JoinTokens::open(&path).unwrap();
        let (migration, now) = (Name::new("shop").unwrap(), Timestamp::from_millis(1_000_000));
        let ask = Issue {
            migration: &migration,
            side: Side::Target,
            name: None,
            count: 2,
            ttl: Some(Duration::from_secs(60)),
            fingerprint: secret::sha256(b"ca"),
            url: "https://localhost:7480",
        };
        let (token, ends) = tokens.issue(&ask, now).unwrap();
        assert!(!std::fs::read_to_string(&path).unwrap().contains(&token[20..]));
        let first = tokens.take(&token, now).unwrap();
        assert_eq!((first.side, first.name.clone()), (Side::Target, None));
        // The file is what counts, also after a restart.
        let tokens = JoinTokens::open(&path).unwrap();
        tokens.take(&token, now).unwrap();
        assert!(tokens.take(&token, now).is_err());
        tokens.give_back(&first, now).unwrap();
        assert!(tokens.take(&token, ends).is_err());
        assert!(tokens.take("tlj1.e30", now).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
