//! Which queues, on which broker.

use std::collections::BTreeSet;

use serde::Deserialize;
use tidelock_plugin::{Context, Trouble};

/// More queues and exchanges than this do not fit into the calls of one run.
const MAX_QUEUES: usize = 64;

/// The settings as the plan writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The broker's management API.
    pub(crate) target: String,
    /// The kind of broker.
    #[serde(default = "kind")]
    pub(crate) kind: String,
    /// The virtual host.
    #[serde(default = "vhost")]
    pub(crate) vhost: String,
    /// The queues that must be drained.
    pub(crate) queues: Vec<String>,
    /// Queues that hold messages until their time has come.
    #[serde(default)]
    pub(crate) delay_queues: Vec<String>,
    /// Exchanges of the type `x-delayed-message`.
    #[serde(default)]
    pub(crate) delayed_exchanges: Vec<String>,
    /// Queues for messages that nobody could take.
    #[serde(default)]
    pub(crate) dead_letter_queues: Vec<String>,
    /// Where the API begins.
    #[serde(default = "api_path")]
    pub(crate) api_path: String,
}

fn kind() -> String {
    "rabbitmq".to_owned()
}

fn vhost() -> String {
    "/".to_owned()
}

fn api_path() -> String {
    "/api".to_owned()
}

impl Settings {
    /// Reads and checks the settings.
    pub(crate) fn read(ctx: &Context) -> Result<Settings, Trouble> {
        let settings: Settings = ctx.settings()?;
        settings.check().map_err(Trouble::BadSettings)?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), String> {
        if self.kind != "rabbitmq" {
            return Err(format!("kind: `{}` is not yet looked at; `rabbitmq` is", self.kind));
        }
        if self.queues.is_empty() {
            return Err("queues: name at least one; a check of no queue proves nothing".to_owned());
        }
        let names = [&self.queues, &self.delay_queues, &self.delayed_exchanges, &self.dead_letter_queues];
        let count = names.iter().map(|names| names.len()).sum::<usize>();
        if count > MAX_QUEUES {
            return Err(format!("queues: {count} queues and exchanges; one check looks at {MAX_QUEUES}"));
        }
        let mut seen = BTreeSet::new();
        for name in self.queues.iter().chain(&self.delay_queues).chain(&self.dead_letter_queues) {
            if name.is_empty() || !seen.insert(name.to_lowercase()) {
                return Err(format!("queues: `{name}` is empty or named twice"));
            }
        }
        Ok(())
    }
}
