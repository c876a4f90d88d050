//! Randomness, from the system.

use ring::rand::{SecureRandom as _, SystemRandom};

/// The system gives no randomness; nothing safe can be done without it.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

/// So many random bytes.
///
/// # Errors
/// When the system gives none.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A number for spreading things out; not for secrets, and never an error.
pub(crate) fn spread() -> u64 {
    bytes::<8>().map_or(0, u64::from_le_bytes)
}
