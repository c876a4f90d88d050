//! One run: what it is told, and the way to its hosts.

use std::cell::RefCell;
use std::rc::Rc;

use serde::de::DeserializeOwned;

use crate::bindings::tidelock::check::types;
use crate::cookies::Jars;
use crate::host::Hosts;
use crate::log::{Level, clip};
use crate::{Browser, Database, Report, Scenario, Side, State, Stop, Target, Trouble, settings};

/// What a run is told, and everything it may do.
pub struct Context {
    told: types::Context,
    hosts: Hosts,
    jars: Rc<RefCell<Jars>>,
}

impl Context {
    pub(crate) fn new(told: types::Context, hosts: Hosts) -> Context {
        Context { told, hosts, jars: Rc::default() }
    }

    /// The side that this agent stands on.
    pub fn side(&self) -> Side {
        self.told.side
    }

    /// The side's name: `source` or `target`.
    pub fn side_name(&self) -> &'static str {
        match self.told.side {
            Side::Source => "source",
            Side::Target => "target",
        }
    }

    /// The check's name in the plan.
    pub fn check(&self) -> &str {
        &self.told.check
    }

    /// The round of the migration's grid, the same on both sides.
    pub fn round(&self) -> u64 {
        self.told.round
    }

    /// The challenge of this round.
    pub fn nonce(&self) -> &[u8] {
        &self.told.nonce
    }

    /// How long the run may still take, in milliseconds.
    pub fn left_ms(&self) -> u64 {
        self.told.deadline_unix_ms.saturating_sub(self.now_unix_ms())
    }

    /// The check's settings as the plan gives them: one JSON object.
    pub fn settings_text(&self) -> &str {
        &self.told.settings
    }

    /// The check's settings as a type.
    ///
    /// # Errors
    /// [`Trouble::BadSettings`] names the key that is wrong and what to do.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        settings::parse(&self.told.settings)
    }

    /// Takes the steps of a scenario and makes the report of them.
    ///
    /// # Errors
    /// Passes on why the scenario could not look, unless it had already seen a fault.
    pub fn scenario(&self, take: impl FnOnce(&mut Scenario) -> Result<(), Stop>) -> Result<Report, Trouble> {
        let mut scenario = Scenario::new(self.hosts.base());
        let ended = take(&mut scenario);
        scenario.finish(ended)
    }

    /// A granted HTTP target, with the cookies of this run.
    pub fn http(&self, target: &str) -> Target {
        Browser::new(self.hosts.http(), self.hosts.base(), self.jars.clone()).target(target)
    }

    /// A visitor of its own, without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(self.hosts.http(), self.hosts.base(), Rc::default())
    }

    /// A granted database.
    pub fn sql(&self, target: &str) -> Database {
        Database::new(self.hosts.sql(), target)
    }

    /// What this check keeps over runs.
    pub fn state(&self) -> State {
        State::new(self.hosts.state())
    }

    /// Milliseconds of the agent's wall clock.
    pub fn now_unix_ms(&self) -> u64 {
        self.hosts.base().now_unix_ms()
    }

    /// Microseconds of a clock that never goes back.
    pub fn monotonic_us(&self) -> u64 {
        self.hosts.base().monotonic_us()
    }

    /// That many random bytes, at most 1024.
    pub fn random(&self, bytes: u32) -> Vec<u8> {
        self.hosts.base().random(bytes)
    }

    /// A random text of lower-case hexadecimal digits: a key that nobody used before.
    pub fn random_hex(&self, bytes: u32) -> String {
        crate::encode::hex(&self.random(bytes))
    }

    /// One line for people; see also the macros `debug!`, `info!`, `warn!`, `error!`.
    pub fn log(&self, level: Level, line: &str) {
        self.hosts.base().log(level, &clip(line));
    }

    /// Waits; ends early at the deadline of the run.
    pub fn sleep_ms(&self, ms: u32) {
        self.hosts.base().sleep_ms(ms);
    }
}
