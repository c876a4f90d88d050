//! A case as it is written: strict, so that a misspelt key is an error and not a case that proves nothing.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// What the case is about, for people.
    #[serde(default)]
    pub(super) about: String,
    #[serde(default)]
    pub(super) settings: Map<String, Value>,
    pub(super) side: Option<String>,
    pub(super) round: Option<u64>,
    /// What the clock says when the run begins.
    pub(super) now: Option<String>,
    pub(super) timeout: Option<String>,
    #[serde(default)]
    pub(super) secrets: BTreeMap<String, String>,
    /// What the check kept from its last runs.
    #[serde(default)]
    pub(super) state: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) targets: BTreeMap<String, Target>,
    pub(super) expect: Expect,
}

/// A target: `http`, or `sql` with `answers`.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    pub(super) http: Option<Vec<HttpAnswer>>,
    pub(super) url: Option<String>,
    pub(super) methods: Option<Vec<String>>,
    pub(super) paths: Option<Vec<String>>,
    pub(super) sql: Option<String>,
    #[serde(default)]
    pub(super) write: bool,
    pub(super) answers: Option<Vec<SqlAnswer>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpAnswer {
    /// `GET /path`.
    pub(super) request: String,
    pub(super) body_contains: Option<String>,
    pub(super) times: Option<u32>,
    pub(super) takes: Option<String>,
    pub(super) status: Option<u16>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Option<String>,
    pub(super) json: Option<Value>,
    pub(super) broken: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SqlAnswer {
    pub(super) statement: String,
    pub(super) params: Option<Vec<Value>>,
    pub(super) times: Option<u32>,
    pub(super) takes: Option<String>,
    pub(super) columns: Option<Vec<String>>,
    pub(super) rows: Option<Vec<Vec<Value>>>,
    pub(super) changed: Option<u64>,
    pub(super) error: Option<SqlError>,
    pub(super) broken: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SqlError {
    pub(super) code: String,
    pub(super) message: String,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    pub(super) outcome: String,
    pub(super) cause: Option<String>,
    /// What stands in the note, or in the sentence about why it did not look.
    pub(super) note: Option<String>,
    #[serde(default)]
    pub(super) steps: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) measures: BTreeMap<String, f64>,
    #[serde(default)]
    pub(super) log: Vec<String>,
    /// What the check keeps for its next run; null for what it forgets.
    #[serde(default)]
    pub(super) state: BTreeMap<String, Option<String>>,
    pub(super) calls: Option<u32>,
}

impl File {
    /// The case with nothing in `expect`.
    pub(super) fn without_expect(self) -> File {
        File { expect: Expect::default(), ..self }
    }
}

/// Reads a case.
pub(super) fn parse(text: &str) -> Result<File> {
    // The library draws the lines around the place as well; one sentence is enough here.
    serde_saphyr::from_str(text).map_err(|error| {
        let said = error.to_string();
        anyhow!("{}", said.lines().next().unwrap_or("it is no YAML"))
    })
}
