//! Secrets: held by the host, put in on the way out, taken out on the way back.
//!
//! A plugin works with handles, `secret:NAME`. The value is put in its place only in a call to a
//! host that this secret may go to, and whatever comes back, from the target or from the plugin,
//! passes the scrubber first.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tidelock_model::mutated;

mod encode;
mod fill;
mod scrub;

pub(crate) use encode::{base64, form_decode, form_encode, percent_decode};
pub(crate) use fill::{Fill, Place, handles};
pub(crate) use scrub::Scrubber;

/// The shortest secret that can be taken out of answers without tearing them apart.
pub(crate) const MIN_SECRET_BYTES: usize = 4;
/// The longest secret.
pub(crate) const MAX_SECRET_BYTES: usize = 16 << 10;

/// A secret's value: never printed, overwritten when it is dropped.
#[derive(PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Takes a value.
    pub fn new(value: impl Into<String>) -> SecretText {
        SecretText(value.into())
    }

    /// The value. Nothing that is given this may keep or print it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Drop for SecretText {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        wipe(&mut bytes);
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<SecretText, D::Error> {
        String::deserialize(from).map(SecretText)
    }
}

/// Overwrites bytes that may have been secret.
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    // Keeps the writes from being dropped as useless.
    std::hint::black_box(&*bytes);
}

/// Whether a secret with these `hosts` may go to `host` at `port`.
pub(crate) fn may_go_to(hosts: &[String], host: &str, port: u16) -> bool {
    if mutated("a-secret-goes-to-its-hosts") {
        return true;
    }
    hosts.iter().any(|allowed| {
        let allowed = allowed.to_ascii_lowercase();
        let host = host.to_ascii_lowercase();
        match allowed.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|sub| sub.len() > 1 && sub.ends_with('.')),
            None => allowed == host || allowed == format!("{host}:{port}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_to_its_hosts_and_nowhere_else() {
        let hosts = ["shop.example".to_owned(), "db.example:5432".to_owned(), "*.api.example".to_owned()];
        for (host, port, allowed) in [
            ("shop.example", 443, true),
            ("SHOP.example", 8443, true),
            ("evil-shop.example", 443, false),
            ("shop.example.evil", 443, false),
            ("db.example", 5432, true),
            ("db.example", 5433, false),
            ("a.api.example", 443, true),
            ("api.example", 443, false),
            ("xapi.example", 443, false),
            (".api.example", 443, false),
        ] {
            assert_eq!(may_go_to(&hosts, host, port), allowed, "{host}:{port}");
        }
        assert!(!may_go_to(&[], "shop.example", 443));
    }

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", SecretText::new("hunter22")), "[secret]");
    }
}
