//! Defences that a test can take away, to see that another test notices.
//!
//! A defence asks `mutated` by its name. Built as everybody builds it, the answer is a constant, and nothing
//! of this is there. With the feature `mutate` one defence can be named in `TIDELOCK_MUTATE`, and does not
//! act in that process and in the children that it tells; such a build has debug assertions or is none.

#[cfg(all(feature = "mutate", not(debug_assertions)))]
compile_error!("the feature `mutate` takes defences away: it is for tests, and no release is built with it");

#[cfg(feature = "mutate")]
const NAMED_IN: &str = "TIDELOCK_MUTATE";

#[cfg(feature = "mutate")]
fn away() -> Option<&'static str> {
    static AWAY: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    AWAY.get_or_init(|| std::env::var(NAMED_IN).ok()).as_deref()
}

/// Whether this defence has been taken away.
#[cfg(feature = "mutate")]
pub fn mutated(defence: &str) -> bool {
    away() == Some(defence)
}

/// What a child that is given no environment must still be told, so that it goes without the same defence: the
/// name and the value of one variable.
#[cfg(feature = "mutate")]
pub fn told_to_children() -> Option<(&'static str, &'static str)> {
    away().map(|defence| (NAMED_IN, defence))
}

/// Whether this defence has been taken away: never, in a build like this.
#[cfg(not(feature = "mutate"))]
pub const fn mutated(_defence: &str) -> bool {
    false
}

/// What a child that is given no environment must still be told: nothing, in a build like this.
#[cfg(not(feature = "mutate"))]
pub const fn told_to_children() -> Option<(&'static str, &'static str)> {
    None
}
