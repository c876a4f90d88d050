//! What a plugin reaches outside itself, as traits.
//!
//! There is one trait for each interface of the contract, so that a component imports only the interfaces that
//! its plugin uses: a new interface in the SDK must not break plugins on agents that lack it.

use std::rc::Rc;

use crate::bindings::tidelock::check::{http, sql, state};
use crate::log::Level;

/// Calls to granted HTTP targets.
pub trait HttpHost {
    /// Sends one request to a named target.
    ///
    /// # Errors
    /// Says why there is no answer.
    fn send(&self, target: &str, request: &http::Request) -> Result<http::Response, http::Failure>;

    /// The granted target that an absolute URL belongs to, with the path and query in it.
    fn target_of(&self, url: &str) -> Option<(String, String)>;
}

/// Statements on granted databases.
pub trait SqlHost {
    /// Runs one statement that reads.
    ///
    /// # Errors
    /// Says why there are no rows.
    fn query(
        &self,
        target: &str,
        statement: &str,
        params: &[sql::Value],
        offset: u64,
        limit: u32,
    ) -> Result<sql::Rows, sql::Failure>;

    /// Runs one statement that changes data.
    ///
    /// # Errors
    /// Says why nothing was changed.
    fn execute(&self, target: &str, statement: &str, params: &[sql::Value]) -> Result<u64, sql::Failure>;

    /// `postgres` or `sqlite`.
    fn dialect(&self, target: &str) -> Option<String>;
}

/// The small store of a check, kept over runs.
pub trait StateHost {
    /// What was kept under the key.
    ///
    /// # Errors
    /// Says why the store did not answer.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, state::Failure>;

    /// Keeps a value; believed when the run ends with a report.
    ///
    /// # Errors
    /// Says why it was not kept.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), state::Failure>;

    /// Forgets a key.
    ///
    /// # Errors
    /// Says why it was not forgotten.
    fn delete(&self, key: &str) -> Result<(), state::Failure>;
}

/// Clocks, chance and talk: what every run has.
pub trait BaseHost {
    /// Milliseconds of the agent's wall clock.
    fn now_unix_ms(&self) -> u64;
    /// Microseconds of a clock that never goes back.
    fn monotonic_us(&self) -> u64;
    /// At most 1024 bytes a call.
    fn random(&self, bytes: u32) -> Vec<u8>;
    /// One line for people.
    fn log(&self, level: Level, message: &str);
    /// Waits; ends early at the deadline of the run.
    fn sleep_ms(&self, ms: u32);
}

/// Where a run's hosts come from: the sandbox, or a test's fake.
#[cfg(target_arch = "wasm32")]
#[derive(Clone)]
pub(crate) struct Hosts;

#[cfg(target_arch = "wasm32")]
impl Hosts {
    pub(crate) fn http(&self) -> Rc<dyn HttpHost> {
        Rc::new(crate::imports::Imports)
    }
    pub(crate) fn sql(&self) -> Rc<dyn SqlHost> {
        Rc::new(crate::imports::Imports)
    }
    pub(crate) fn state(&self) -> Rc<dyn StateHost> {
        Rc::new(crate::imports::Imports)
    }
    pub(crate) fn base(&self) -> Rc<dyn BaseHost> {
        Rc::new(crate::imports::Imports)
    }
}

/// Where a run's hosts come from: the sandbox, or a test's fake.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone)]
pub(crate) struct Hosts(pub(crate) Rc<crate::testing::FakeHost>);

#[cfg(not(target_arch = "wasm32"))]
impl Hosts {
    pub(crate) fn http(&self) -> Rc<dyn HttpHost> {
        self.0.clone()
    }
    pub(crate) fn sql(&self) -> Rc<dyn SqlHost> {
        self.0.clone()
    }
    pub(crate) fn state(&self) -> Rc<dyn StateHost> {
        self.0.clone()
    }
    pub(crate) fn base(&self) -> Rc<dyn BaseHost> {
        self.0.clone()
    }
}
