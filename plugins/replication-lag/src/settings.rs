//! Which replication, and where marks are written.

use serde::Deserialize;
use tidelock_plugin::{Context, Trouble, quoted};

/// The settings as the plan writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The database.
    pub(crate) target: String,
    /// The replication slot on the side that publishes; the subscription of the other side has the same name.
    pub(crate) slot: String,
    /// The table that marks are written to, on the side that publishes, and looked for on the other. It has the
    /// columns `key text primary key` and `at_ms bigint not null`, is replicated, and the side that publishes
    /// grants `write: true`.
    pub(crate) marks: Option<String>,
}

impl Settings {
    /// Reads and checks the settings.
    pub(crate) fn read(ctx: &Context) -> Result<Settings, Trouble> {
        let settings: Settings = ctx.settings()?;
        let bad = |why: String| Err(Trouble::BadSettings(why));
        if settings.slot.is_empty() || settings.slot.len() > 63 {
            return bad("slot: name the replication slot, in 1 to 63 bytes".to_owned());
        }
        if let Some(Err(why)) = settings.marks.as_deref().map(quoted) {
            return bad(format!("marks: {why}"));
        }
        Ok(settings)
    }
}
