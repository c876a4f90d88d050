//! Random secrets, and what is kept of them.
//!
//! A token has 256 random bits, so its SHA-256 is enough to know it again and useless to anybody who
//! reads the file that holds it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, hmac};
use tidelock_model::{Sha256, mutated};

/// The system has no randomness to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random bytes")]
pub struct NoRandomness;

/// Random bytes of the system.
///
/// # Errors
/// When the system has none.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A new secret of 256 bits as text, behind `prefix`.
///
/// # Errors
/// When the system has no randomness.
pub fn new_token(prefix: &str) -> Result<String, NoRandomness> {
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random::<32>()?)))
}

/// The SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> Sha256 {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut raw = [0; 32];
    raw.copy_from_slice(digest.as_ref());
    Sha256::from_bytes(raw)
}

/// What is kept of a token: nothing that lets anybody in.
pub fn kept(token: &str) -> Sha256 {
    if mutated("tokens-are-kept-as-hashes") {
        let mut plain = [0; 32];
        plain.iter_mut().zip(token.bytes().rev()).for_each(|(place, byte)| *place = byte);
        return Sha256::from_bytes(plain);
    }
    sha256(token.as_bytes())
}

/// Compares what is kept of two secrets in a time that does not depend on where they differ.
pub fn same(a: &Sha256, b: &Sha256) -> bool {
    // Both under one fixed key: what `verify` compares is no longer what an attacker chose.
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"tidelock compare");
    hmac::verify(&key, b.as_bytes(), hmac::sign(&key, a.as_bytes()).as_ref()).is_ok()
}

/// Names of kept secrets, for a table that they are looked up in.
///
/// A table stops at the first difference, so how long it looks tells of what lies in it. Each name is made under a
/// random key of this process: nobody outside can choose what is looked up, or turn back what the time says of it.
#[derive(Debug, Clone)]
pub struct Names(hmac::Key);

impl Names {
    /// Under a key that nothing keeps.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new() -> Result<Names, NoRandomness> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).map_err(|_| NoRandomness)?;
        Ok(Names(key))
    }

    /// The name of what is kept of a secret.
    pub fn of(&self, kept: &Sha256) -> [u8; 32] {
        let mut name = [0; 32];
        name.copy_from_slice(hmac::sign(&self.0, kept.as_bytes()).as_ref());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_are_known_again() {
        let (a, b) = (new_token("x.").unwrap(), new_token("x.").unwrap());
        assert_ne!(a, b);
        assert_eq!(kept(&a), sha256(a.as_bytes()), "whoever reads it learns no token");
        assert!(same(&sha256(a.as_bytes()), &sha256(a.as_bytes())));
        assert!(!same(&sha256(a.as_bytes()), &sha256(b.as_bytes())));
    }

    #[test]
    fn a_name_is_of_one_secret_and_of_this_process_alone() {
        let (names, others) = (Names::new().unwrap(), Names::new().unwrap());
        let (a, b) = (sha256(b"a"), sha256(b"b"));
        assert_eq!(names.of(&a), names.clone().of(&a));
        assert_ne!(names.of(&a), names.of(&b));
        assert_ne!(names.of(&a), others.of(&a));
        assert_ne!(&names.of(&a), a.as_bytes());
    }
}
