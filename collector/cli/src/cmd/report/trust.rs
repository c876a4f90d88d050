//! Whose signature is believed: the key that somebody names, or those that this machine remembers of the collector.
//!
//! A key that nobody knows proves nothing, whatever it signed: anybody can make one.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;

use serde::Deserialize;
use tidelock_model::mutated;

use super::seal;
use crate::client::clean;
use crate::context::{Flags, is_named, without_token};
use crate::exit::{Exit, Trouble, While as _};
use crate::heads::Memory;

/// The largest file of a key: a copy of the collector's heads.
const MAX_KEY_BYTES: u64 = 2 << 20;

/// Which keys are known here.
#[derive(Debug)]
pub(super) enum Trust {
    /// Somebody named it.
    Named(Vec<u8>),
    /// What was seen of this collector's migrations. No collector, where nobody named one.
    Remembered(Option<String>, BTreeMap<String, Vec<u8>>),
}

impl Trust {
    pub(super) fn of(flags: &Flags, key: Option<&str>) -> Result<Trust, Trouble> {
        if let Some(key) = key {
            return named(key).map(Trust::Named);
        }
        if !is_named(flags)? {
            return Ok(Trust::Remembered(None, BTreeMap::new()));
        }
        let (connection, _) = without_token(flags)?;
        let keys = Memory::of(&connection)?.keys()?;
        Ok(Trust::Remembered(Some(connection.server), keys))
    }

    /// Whether the key is known at all; before that nothing of the report is read.
    pub(super) fn knows(&self, name: &str, key: &[u8]) -> Result<(), Trouble> {
        let known = match self {
            Trust::Named(known) => known == key,
            Trust::Remembered(server, keys) if keys.is_empty() => {
                return Err(nobody_knows(name, server.as_deref(), key));
            }
            Trust::Remembered(_, keys) => keys.values().any(|known| known == key),
        };
        if known || mutated("a-report-is-of-a-known-key") { Ok(()) } else { Err(self.other(name, key)) }
    }

    /// Whether it is the key of this migration, where that one is known. One collector signs for all of its
    /// migrations, unless its key was made anew.
    pub(super) fn is_of(&self, name: &str, key: &[u8], migration: &str) -> Result<(), Trouble> {
        match self {
            Trust::Remembered(_, keys) if keys.get(migration).is_some_and(|known| known != key) => {
                Err(self.other(name, key))
            }
            Trust::Remembered(..) | Trust::Named(_) => Ok(()),
        }
    }

    /// Why the key is believed.
    pub(super) fn said(&self) -> String {
        match self {
            Trust::Named(_) => "the one that was named".to_owned(),
            Trust::Remembered(server, _) => {
                format!("the one that is remembered of {}", clean(server.as_deref().unwrap_or_default()))
            }
        }
    }

    fn other(&self, name: &str, key: &[u8]) -> Trouble {
        let key = seal::key_text(key);
        Trouble::failed(format!("{name} is signed by another key, {key}, than {}", self.said()))
            .at(name)
            .hint("where the collector's key was made anew since, name the old one: --key KEY")
    }
}

fn nobody_knows(name: &str, server: Option<&str>, key: &[u8]) -> Trouble {
    let why = match server {
        Some(server) => format!("this machine remembers nothing of {}", clean(server)),
        None => "no collector is named whose key this machine may remember".to_owned(),
    };
    let message = format!("nobody here knows whose key signed {name}, {}: {why}", seal::key_text(key));
    Trouble::new(Exit::Unknown, message)
        .at(name)
        .hint("name the collector as it was asked from here: --context NAME, or --server URL --ca-file FILE")
        .hint("or name the key: --key KEY, or --key FILE with a copy of the collector's pki/heads.json")
}

#[derive(Deserialize)]
struct Heads {
    key: String,
}

/// A key as text, or the file of one.
fn named(text: &str) -> Result<Vec<u8>, Trouble> {
    if let Some(key) = seal::read_key(text) {
        return Ok(key);
    }
    let no_key =
        || Trouble::usage(format!("{text} is no key such as ed25519:BASE64, and no file of one")).at("--key");
    if !fs::metadata(text).is_ok_and(|data| data.is_file() && data.len() <= MAX_KEY_BYTES) {
        return Err(no_key());
    }
    let what = format!("read {text}");
    let mut written = String::new();
    let file = fs::File::open(text).while_doing(&what)?;
    file.take(MAX_KEY_BYTES).read_to_string(&mut written).while_doing(&what)?;
    let of_heads =
        || serde_json::from_str::<Heads>(&written).ok().and_then(|heads| seal::read_key(&heads.key));
    seal::read_key(&written).or_else(of_heads).ok_or_else(no_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_as_text_as_a_file_or_by_a_copy_of_the_heads() {
        let dir = tempfile::tempdir().unwrap();
        let (key, file) = (vec![7; 32], dir.path().join("key"));
        let (text, path) = (seal::key_text(&key), file.display().to_string());
        assert_eq!(named(&text).unwrap(), key);
        for good in [format!("{text}\n"), format!(r#"{{ "journal": "x", "key": "{}" }}"#, &text[8..])] {
            fs::write(&file, good).unwrap();
            assert_eq!(named(&path).unwrap(), key);
        }
        fs::write(&file, "no key").unwrap();
        let folder = dir.path().display().to_string();
        for bad in [path.as_str(), &folder, "ed25519:AAAA", "", "/nowhere/key"] {
            let refused = named(bad).unwrap_err();
            assert_eq!((refused.exit, refused.place.as_deref()), (Exit::Usage, Some("--key")), "{bad}");
        }
        fs::File::create(&file).unwrap().set_len(MAX_KEY_BYTES + 1).unwrap();
        assert_eq!(named(&path).unwrap_err().exit, Exit::Usage, "it is too large");
    }

    #[test]
    fn a_key_of_another_migration_is_not_that_of_this_one() {
        let keys = [("shop".to_owned(), vec![1; 32]), ("bank".to_owned(), vec![2; 32])].into();
        let trust = Trust::Remembered(Some("https://one".to_owned()), keys);
        assert!(trust.knows("f", &[2; 32]).is_ok() && trust.is_of("f", &[2; 32], "bank").is_ok());
        assert_eq!(trust.is_of("f", &[2; 32], "shop").unwrap_err().exit, Exit::Failed);
        // Nothing is remembered of that one, and the collector is the same.
        assert!(trust.is_of("f", &[2; 32], "mill").is_ok());
        assert_eq!(trust.knows("f", &[3; 32]).unwrap_err().exit, Exit::Failed);
        for server in [None, Some("https://one".to_owned())] {
            let nothing = Trust::Remembered(server, BTreeMap::new());
            assert_eq!(nothing.knows("f", &[1; 32]).unwrap_err().exit, Exit::Unknown);
        }
    }
}
