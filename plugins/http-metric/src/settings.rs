//! Which numbers, and where they are.

use std::collections::BTreeMap;

use serde::Deserialize;
use tidelock_plugin::{Context, Trouble};

/// Numbers that one check asks for.
const MOST: usize = 32;

/// The settings as the plan writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Who is asked.
    pub(crate) target: String,
    /// The path of Prometheus' query API, or of the JSON document.
    #[serde(default = "usual_path")]
    pub(crate) path: String,
    /// Measures by PromQL; each query gives one number.
    #[serde(default)]
    pub(crate) queries: BTreeMap<String, String>,
    /// Measures by JSON pointer into the document.
    #[serde(default)]
    pub(crate) pointers: BTreeMap<String, String>,
    /// Real traffic, by PromQL.
    pub(crate) counts: Option<Counted>,
}

/// Real traffic: what was fine, of how much.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counted {
    /// What was fine.
    pub(crate) ok: String,
    /// All of it.
    pub(crate) total: String,
}

fn usual_path() -> String {
    "/api/v1/query".to_owned()
}

impl Settings {
    /// Reads and checks the settings.
    pub(crate) fn read(ctx: &Context) -> Result<Settings, Trouble> {
        let settings: Settings = ctx.settings()?;
        settings.check().map_err(Trouble::BadSettings)?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), String> {
        let asks = !self.queries.is_empty() || self.counts.is_some();
        if !asks && self.pointers.is_empty() {
            return Err("name queries, counts or pointers: nothing is looked at".to_owned());
        }
        if asks && !self.pointers.is_empty() {
            return Err("pointers: a document and a Prometheus are two checks".to_owned());
        }
        if self.queries.len() + self.pointers.len() > MOST {
            return Err(format!("queries, pointers: at most {MOST} numbers"));
        }
        if !self.path.starts_with('/') {
            return Err(format!("path: `{}` does not begin with /", self.path));
        }
        let pointer = self.pointers.iter().find(|(_, pointer)| !pointer.starts_with('/'));
        pointer.map_or(Ok(()), |(name, pointer)| {
            Err(format!("pointers.{name}: `{pointer}` is no JSON pointer: it begins with /"))
        })
    }
}
