//! Plugins as components: building, encoding, checking, finding and naming them.
//!
//! A plugin is an ordinary crate, compiled to WebAssembly and wrapped into a component. A component is
//! named by its sha256 and imports nothing but the contract: both are settled here, for the release's own
//! plugins (`componentize`) and for a team's (`tidelock plugin build`).

#[cfg(feature = "encode")]
mod build;
#[cfg(feature = "encode")]
mod encode;
mod find;
mod signature;
mod write;

use sha2::{Digest, Sha256};

#[cfg(feature = "encode")]
pub use crate::build::{Built, Profile, build, build_packages};
#[cfg(feature = "encode")]
pub use crate::encode::{encode, foreign_imports, imports};
pub use crate::find::{builtin, builtin_in, folders, user_cache};
pub use crate::signature::{MAX_SIGNATURE_BYTES, PublicKey, Signature, SignatureError, SigningKey};
pub use crate::write::write_if_changed;

/// The first-party plugins of a release: folder names under `plugins/`, and what `builtin:` takes.
pub const FIRST_PARTY: [&str; 9] = [
    "canary",
    "checkout",
    "http-flow",
    "http-metric",
    "job-writes",
    "login",
    "queue-drain",
    "replication-lag",
    "row-parity",
];

/// The name of a component: the sha256 of its bytes in lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_named_by_its_hash() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256_hex(b""), empty);
    }
}
