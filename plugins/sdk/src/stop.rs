//! Why a step ends early: the one place that decides between *fail* and *not run*.

use std::fmt;

use crate::Trouble;
use crate::bindings::tidelock::check::{http, sql, state};

/// Why a step ended early.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// I looked, and it is wrong; or the scenario's own target does not answer.
    Wrong(String),
    /// I was not able to look.
    Trouble(Trouble),
}

impl Stop {
    /// I was not able to look, and why.
    pub fn blind(why: impl Into<String>) -> Stop {
        Stop::Trouble(Trouble::CouldNotLook(why.into()))
    }

    /// The same with the place put before it.
    #[must_use]
    pub fn at(self, place: &str) -> Stop {
        match self {
            Stop::Wrong(why) => Stop::Wrong(format!("{place}: {why}")),
            Stop::Trouble(Trouble::BadSettings(why)) => {
                Stop::Trouble(Trouble::BadSettings(format!("{place}: {why}")))
            }
            Stop::Trouble(Trouble::CouldNotLook(why)) => Stop::blind(format!("{place}: {why}")),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Wrong(why)
            | Stop::Trouble(Trouble::BadSettings(why))
            | Stop::Trouble(Trouble::CouldNotLook(why)) => f.write_str(why),
        }
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Stop {
        Stop::Trouble(trouble)
    }
}

/// A target that does not answer is a fault of the target; what Tidelock forbids or limits is not.
impl From<http::Failure> for Stop {
    fn from(failure: http::Failure) -> Stop {
        match failure {
            http::Failure::Dns(why) => Stop::Wrong(format!("the target's name does not resolve: {why}")),
            http::Failure::Connect(why) => Stop::Wrong(format!("the target takes no connection: {why}")),
            http::Failure::Tls(why) => Stop::Wrong(format!("TLS with the target failed: {why}")),
            http::Failure::Timeout(why) => Stop::Wrong(format!("the target did not answer in time: {why}")),
            http::Failure::Protocol(why) => Stop::Wrong(format!("the target's answer is not HTTP: {why}")),
            http::Failure::Denied(why) => Stop::blind(format!("the call is not allowed: {why}")),
            http::Failure::TooLarge(why) => Stop::blind(format!("the answer is too large to read: {why}")),
            http::Failure::Budget(why) => Stop::blind(format!("the run has used up its calls: {why}")),
        }
    }
}

impl From<sql::Failure> for Stop {
    fn from(failure: sql::Failure) -> Stop {
        match failure {
            sql::Failure::Connect(why) => Stop::Wrong(format!("the database takes no connection: {why}")),
            sql::Failure::Timeout(why) => Stop::Wrong(format!("the database did not answer in time: {why}")),
            sql::Failure::Statement((state, why)) if state.is_empty() => {
                Stop::blind(format!("the database refuses the statement: {why}"))
            }
            sql::Failure::Statement((state, why)) => {
                Stop::blind(format!("the database refuses the statement ({state}): {why}"))
            }
            sql::Failure::Denied(why) => Stop::blind(format!("the statement is not allowed: {why}")),
            sql::Failure::Budget(why) => Stop::blind(format!("the run has used up its calls: {why}")),
        }
    }
}

impl From<state::Failure> for Stop {
    fn from(failure: state::Failure) -> Stop {
        match failure {
            state::Failure::Limit(why) => Stop::blind(format!("the check's state is full: {why}")),
            state::Failure::Unavailable(why) => Stop::blind(format!("the check's state is not there: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_target_is_a_fail_and_a_forbidden_call_is_not() {
        let silent = Stop::from(http::Failure::Timeout("5 s".to_owned()));
        assert!(matches!(silent, Stop::Wrong(_)), "{silent}");
        let denied = Stop::from(http::Failure::Denied("DELETE".to_owned()));
        assert!(matches!(denied, Stop::Trouble(Trouble::CouldNotLook(_))), "{denied}");
    }

    #[test]
    fn a_place_is_put_before_the_reason() {
        assert_eq!(Stop::Wrong("no".to_owned()).at("login").to_string(), "login: no");
    }
}
