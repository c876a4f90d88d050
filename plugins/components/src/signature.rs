//! Who vouches for a component: a signature in a file beside it.
//!
//! What is signed is the component's digest with its name and version, so that a signature is worth
//! nothing beside other bytes, and a good build cannot be passed off as another one. The file is text that
//! people can read and compare; `ed25519` is the only kind of key.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

const HEAD: &str = "tidelock-signature-1";
const KEY_HEAD: &str = "tidelock-signing-key-1";
const KIND: &str = "ed25519:";
/// The longest name or version.
const MAX_WORD_BYTES: usize = 128;
/// The longest signature as text.
pub const MAX_SIGNATURE_BYTES: usize = 1024;

/// Why a key or a signature is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is not written as a key is.
    #[error("{0:?} is no key such as ed25519:BASE64")]
    Key(String),
    /// It is not written as a private key is.
    #[error("this is no private key of tidelock plugin keygen")]
    PrivateKey,
    /// A line is missing or wrong.
    #[error("a signature needs a line `{0}`, and this one has none that can be read")]
    Line(&'static str),
    /// A name or version that cannot be signed.
    #[error("{0:?} is no name or version that can be signed: 1 to {MAX_WORD_BYTES} printable characters")]
    Word(String),
    /// The key did not make it.
    #[error("the signature was not made by key {0}")]
    Forged(PublicKey),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Chance,
}

/// The public half of a key that signs components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{KIND}{}", STANDARD.encode(self.0))
    }
}

impl FromStr for PublicKey {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<PublicKey, SignatureError> {
        let bytes = text.trim().strip_prefix(KIND).and_then(|key| STANDARD.decode(key).ok());
        let key = bytes.and_then(|bytes| bytes.try_into().ok());
        key.map(PublicKey).ok_or_else(|| SignatureError::Key(text.chars().take(80).collect()))
    }
}

/// A key that signs components.
pub struct SigningKey(Ed25519KeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public())
    }
}

impl SigningKey {
    /// Makes a key, and the text of its private file.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn make() -> Result<(SigningKey, String), SignatureError> {
        let made =
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| SignatureError::Chance)?;
        let text = format!("{KEY_HEAD}\n{}\n", STANDARD.encode(made.as_ref()));
        Ok((SigningKey::read(&text)?, text))
    }

    /// Reads the text of a private file.
    ///
    /// # Errors
    /// It is none.
    pub fn read(text: &str) -> Result<SigningKey, SignatureError> {
        let body = text.strip_prefix(KEY_HEAD).ok_or(SignatureError::PrivateKey)?;
        let bytes = STANDARD.decode(body.trim()).map_err(|_| SignatureError::PrivateKey)?;
        Ed25519KeyPair::from_pkcs8(&bytes).map(SigningKey).map_err(|_| SignatureError::PrivateKey)
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(key)
    }

    /// Vouches for a component by its digest.
    ///
    /// # Errors
    /// Name or version cannot be signed.
    pub fn sign(&self, name: &str, version: &str, sha256: &str) -> Result<Signature, SignatureError> {
        let mut signature = Signature {
            name: word(name)?,
            version: word(version)?,
            sha256: word(sha256)?,
            key: self.public(),
            bytes: Vec::new(),
        };
        signature.bytes = self.0.sign(signature.signed().as_bytes()).as_ref().to_vec();
        Ok(signature)
    }
}

/// One signature of one component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// What the component calls itself.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its digest in hexadecimal digits.
    pub sha256: String,
    /// Who vouches.
    pub key: PublicKey,
    bytes: Vec<u8>,
}

impl Signature {
    fn signed(&self) -> String {
        format!("{HEAD}\nname: {}\nversion: {}\nsha256: {}\n", self.name, self.version, self.sha256)
    }

    /// Reads every signature of a text, in order: each begins with its head.
    pub fn read_all(text: &str) -> Vec<Result<Signature, SignatureError>> {
        text.split(HEAD).skip(1).map(Signature::read_body).collect()
    }

    fn read_body(text: &str) -> Result<Signature, SignatureError> {
        let line = |key: &'static str| {
            let found = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            found.ok_or(SignatureError::Line(key))
        };
        let signature = Signature {
            name: word(line("name")?)?,
            version: word(line("version")?)?,
            sha256: word(line("sha256")?)?,
            key: line("key")?.parse()?,
            bytes: STANDARD.decode(line("signature")?).map_err(|_| SignatureError::Line("signature"))?,
        };
        let verified = UnparsedPublicKey::new(&ED25519, signature.key.0)
            .verify(signature.signed().as_bytes(), &signature.bytes);
        verified.map_err(|_| SignatureError::Forged(signature.key))?;
        Ok(signature)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}key: {}\nsignature: {}\n", self.signed(), self.key, STANDARD.encode(&self.bytes))
    }
}

fn word(text: &str) -> Result<String, SignatureError> {
    let fits =
        (1..=MAX_WORD_BYTES).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if fits { Ok(text.to_owned()) } else { Err(SignatureError::Word(text.chars().take(80).collect())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_signature_is_read_as_it_was_written_and_no_letter_of_it_can_change() {
        let (key, private) = SigningKey::make().unwrap();
        let signature = key.sign("stock", "0.1.0", DIGEST).unwrap();
        let text = signature.to_string();
        assert!(text.len() <= MAX_SIGNATURE_BYTES, "{}", text.len());
        assert_eq!(Signature::read_all(&text), [Ok(signature.clone())]);
        assert_eq!(Signature::read_all(&format!("{text}\n{text}")).len(), 2);
        for (from, to) in [("stock", "login"), ("0.1.0", "0.1.1"), ("e3b0", "e3b1")] {
            let changed = Signature::read_all(&text.replace(from, to));
            assert_eq!(changed, [Err(SignatureError::Forged(key.public()))], "{from}");
        }
        let (other, _) = SigningKey::make().unwrap();
        let stolen = text.replace(&key.public().to_string(), &other.public().to_string());
        assert_eq!(Signature::read_all(&stolen), [Err(SignatureError::Forged(other.public()))]);
        assert_eq!(SigningKey::read(&private).unwrap().public(), key.public());
        assert_eq!(key.public().to_string().parse(), Ok(key.public()));
    }

    #[test]
    fn what_is_no_key_and_no_signature_is_told() {
        assert!(SigningKey::read("").is_err() && SigningKey::read("tidelock-signing-key-1\nAAAA\n").is_err());
        for text in ["", "rsa:AAAA", "ed25519:AAAA", "ed25519:!"] {
            assert!(text.parse::<PublicKey>().is_err(), "{text}");
        }
        assert_eq!(Signature::read_all("nothing of the kind"), []);
        assert_eq!(
            Signature::read_all("tidelock-signature-1\nname: x\n"),
            [Err(SignatureError::Line("version"))]
        );
        let (key, private) = SigningKey::make().unwrap();
        assert!(key.sign("two\nlines", "1", DIGEST).is_err());
        assert!(!format!("{key:?}").contains(private.lines().nth(1).unwrap()), "a private key is shown");
    }
}
