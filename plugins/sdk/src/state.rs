//! What a check keeps from one run to the next, as JSON.

use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Stop;
use crate::host::StateHost;

/// The small store of this check on this side. Believed only when the run ends with a report.
#[derive(Clone)]
pub struct State {
    host: Rc<dyn StateHost>,
}

impl State {
    pub(crate) fn new(host: Rc<dyn StateHost>) -> State {
        State { host }
    }

    /// What was kept under the key. What an older version of the plugin wrote and this one cannot read is
    /// as if it were not there: the caller has to begin anew.
    ///
    /// # Errors
    /// The store did not answer.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Stop> {
        Ok(self.host.get(key)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Keeps a value.
    ///
    /// # Errors
    /// It does not fit, or the store did not answer.
    pub fn set<T: Serialize>(&self, key: &str, value: &T) -> Result<(), Stop> {
        let bytes =
            serde_json::to_vec(value).map_err(|error| Stop::blind(format!("state {key}: {error}")))?;
        Ok(self.host.set(key, &bytes)?)
    }

    /// Forgets a key.
    ///
    /// # Errors
    /// The store did not answer.
    pub fn delete(&self, key: &str) -> Result<(), Stop> {
        Ok(self.host.delete(key)?)
    }
}
