//! Tokens that nobody can guess, and digests of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};

/// A new token of 144 random bits, safe in a URL, a cookie and a header.
pub(crate) fn token() -> String {
    let mut bytes = [0_u8; 18];
    SystemRandom::new().fill(&mut bytes).expect("the kernel's random source answers");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is stored of a token, so that a copy of the database opens no session.
pub(crate) fn digest(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, token.as_bytes()))
}
