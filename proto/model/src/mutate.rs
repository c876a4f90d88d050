//! Defences that a test can take away, to see that another test notices.
//!
//! A defence asks `mutated` by its name. Built as everybody builds it, the answer is a constant, and nothing
//! of this is there. With the feature `mutate` one defence can be named in `TIDELOCK_MUTATE`, and does not
//! act in that process; such a build has debug assertions or is none.

#[cfg(all(feature = "mutate", not(debug_assertions)))]
compile_error!("the feature `mutate` takes defences away: it is for tests, and no release is built with it");

/// Whether this defence has been taken away.
#[cfg(feature = "mutate")]
pub fn mutated(defence: &str) -> bool {
    static AWAY: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    AWAY.get_or_init(|| std::env::var("TIDELOCK_MUTATE").ok()).as_deref() == Some(defence)
}

/// Whether this defence has been taken away: never, in a build like this.
#[cfg(not(feature = "mutate"))]
pub const fn mutated(_defence: &str) -> bool {
    false
}
