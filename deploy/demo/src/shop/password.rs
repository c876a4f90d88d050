//! Passwords of customers who do not exist.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::pbkdf2::{PBKDF2_HMAC_SHA256, derive, verify};

use crate::random;
use crate::shop::rows::UserRow;

/// Who the checks log in as.
pub(crate) const PROBE: &str = "probe";

/// The made-up people of the demo. `probe` is the one that checks log in as.
pub const SEEDED: [(&str, &str); 4] =
    [(PROBE, "probe-secret"), ("anna", "anna-secret"), ("bert", "bert-secret"), ("cleo", "cleo-secret")];

/// Few, so that the demo's customers do not eat the machine: nothing here protects anybody.
const ITERATIONS: std::num::NonZeroU32 = std::num::NonZeroU32::new(1_000).expect("not zero");

pub(crate) fn user(name: &str, secret: &str) -> UserRow {
    let salt = random::token();
    let mut hash = [0_u8; 32];
    derive(PBKDF2_HMAC_SHA256, ITERATIONS, salt.as_bytes(), secret.as_bytes(), &mut hash);
    UserRow { name: name.to_owned(), salt, hash: STANDARD.encode(hash) }
}

pub(crate) fn matches(user: &UserRow, secret: &str) -> bool {
    let Ok(hash) = STANDARD.decode(&user.hash) else {
        return false;
    };
    verify(PBKDF2_HMAC_SHA256, ITERATIONS, user.salt.as_bytes(), secret.as_bytes(), &hash).is_ok()
}
