//! Names that people give: checks, agents, gates, people, migrations.
//!
//! One rule for all of them, narrow enough to be safe in a certificate's URI, a file name, a metric
//! label and a terminal, and free of look-alikes.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use smol_str::SmolStr;

/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 63;

/// A checked name: lower-case ASCII letters, digits, `-`, `_` and `.`, beginning and ending with a
/// letter or digit, at most 63 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(SmolStr);

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameError {
    /// Nothing was given.
    Empty,
    /// It has more bytes than a name may have.
    TooLong {
        /// How many bytes it has.
        bytes: usize,
    },
    /// It has a character that names do not have, or one that may not stand at an end.
    BadCharacter {
        /// The first such character.
        found: char,
    },
}

impl Name {
    /// Checks `text` and takes it as a name.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn new(text: &str) -> Result<Name, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > MAX_NAME_BYTES {
            return Err(NameError::TooLong { bytes: text.len() });
        }
        let inner = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        if let Some(found) = text.chars().find(|c| !inner(c)) {
            return Err(NameError::BadCharacter { found });
        }
        let ends = [text.chars().next(), text.chars().next_back()];
        if let Some(found) = ends.into_iter().flatten().find(|c| !c.is_ascii_alphanumeric()) {
            return Err(NameError::BadCharacter { found });
        }
        Ok(Name(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Name, NameError> {
        Name::new(text)
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Empty => f.write_str("a name is missing"),
            NameError::TooLong { bytes } => {
                write!(f, "a name has at most {MAX_NAME_BYTES} bytes, this one has {bytes}")
            }
            NameError::BadCharacter { found } => write!(
                f,
                "a name has lower-case letters, digits, '-', '_' and '.' and begins and ends with a letter \
                 or digit, not {found:?}"
            ),
        }
    }
}

impl std::error::Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_safe_everywhere_are_taken() {
        for good in ["login", "a", "aws-eu-1a", "job_writes", "v1.2", "0"] {
            assert_eq!(Name::new(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn look_alikes_paths_and_marks_are_refused() {
        let long = "a".repeat(64);
        for bad in ["", "-a", "a-", ".", "..", "a/b", "Login", "lоgin", "a b", "a\u{202e}", "a\n", &long] {
            assert!(Name::new(bad).is_err(), "{bad:?} was taken");
        }
    }
}
