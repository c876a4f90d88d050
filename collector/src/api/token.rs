//! The token of an open gate: what a pipeline hands back just before it switches.
//!
//! It names the migration and the gate's epoch and ends with the lease. Whoever keeps one for later
//! has nothing: the epoch is checked again where the confirmation is recorded.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};
use tidelock_model::{Name, Timestamp, mutated};

const PREFIX: &str = "tlg1.";
/// Bytes of the signature at the end.
const TAG: usize = 32;

#[derive(Debug, Serialize, Deserialize)]
struct Body {
    m: String,
    e: u64,
    x: u64,
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadToken {
    /// It is not one of this collector's for this migration.
    #[error("this is no gate token of this migration; take the one that the open gate shows")]
    Forged,
    /// Its time is over.
    #[error("this gate token is over its time; look at the gate again")]
    Over,
}

/// Makes the token of an open gate.
pub(super) fn make(key: &hmac::Key, migration: &Name, epoch: u64, ends: Timestamp) -> String {
    let body = Body { m: migration.to_string(), e: epoch, x: ends.as_millis() };
    let mut bytes = serde_json::to_vec(&body).unwrap_or_default();
    let tag = hmac::sign(key, &bytes);
    bytes.extend_from_slice(tag.as_ref());
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The epoch in a token.
pub(super) fn read(key: &hmac::Key, migration: &Name, token: &str, now: Timestamp) -> Result<u64, BadToken> {
    let text = token.strip_prefix(PREFIX).ok_or(BadToken::Forged)?;
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadToken::Forged)?;
    let (body, tag) = bytes.split_at_checked(bytes.len().saturating_sub(TAG)).ok_or(BadToken::Forged)?;
    if !mutated("a-gate-token-is-signed") {
        hmac::verify(key, body, tag).map_err(|_| BadToken::Forged)?;
    }
    let body: Body = serde_json::from_slice(body).map_err(|_| BadToken::Forged)?;
    if body.m != migration.as_str() {
        return Err(BadToken::Forged);
    }
    if now.as_millis() >= body.x {
        return Err(BadToken::Over);
    }
    Ok(body.e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_fits_its_migration_its_key_and_its_time() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        let other_key = hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]);
        let (shop, bank) = (Name::new("shop").unwrap(), Name::new("bank").unwrap());
        let at = Timestamp::from_millis;
        let token = make(&key, &shop, 5, at(1_000));
        assert_eq!(read(&key, &shop, &token, at(999)), Ok(5));
        assert_eq!(read(&key, &shop, &token, at(1_000)), Err(BadToken::Over));
        assert_eq!(read(&key, &bank, &token, at(1)), Err(BadToken::Forged));
        assert_eq!(read(&other_key, &shop, &token, at(1)), Err(BadToken::Forged));
        let mut cut = token.clone();
        cut.pop();
        for bad in ["", "tlg1.", "tlg1.AA", &cut, &token.replace("tlg1", "tlg2")] {
            assert_eq!(read(&key, &shop, bad, at(1)), Err(BadToken::Forged), "{bad:?}");
        }
    }
}
