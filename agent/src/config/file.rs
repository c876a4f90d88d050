//! The configuration as it is written: strict, so that a misspelt key is an error and not a default.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Allow, ConfigError, LimitCaps, LogFormat};

/// A smaller spool cannot hold one large finding and a gap.
pub(super) const MIN_SPOOL_BYTES: u64 = 1 << 20;
/// More runs at once than this need more memory than an agent should have.
pub(super) const MAX_RUNS_IN_FLIGHT: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) collector: String,
    pub(super) server_name: Option<String>,
    pub(super) ca: PathBuf,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) ops: Option<SocketAddr>,
    #[serde(default)]
    pub(super) spool: Spool,
    #[serde(default)]
    pub(super) cache: Cache,
    #[serde(default)]
    pub(super) runs: Runs,
    #[serde(default)]
    pub(super) limits: Limits,
    pub(super) allow: Option<AllowTable>,
    #[serde(default)]
    pub(super) plugins: Plugins,
    #[serde(default)]
    pub(super) secrets: BTreeMap<String, Secret>,
    #[serde(default)]
    pub(super) log: Log,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Spool {
    pub(super) dir: PathBuf,
    pub(super) limit_bytes: u64,
}

impl Default for Spool {
    fn default() -> Spool {
        Spool { dir: "spool".into(), limit_bytes: 64 << 20 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Cache {
    pub(super) dir: PathBuf,
    pub(super) compiled: Option<PathBuf>,
}

impl Default for Cache {
    fn default() -> Cache {
        Cache { dir: "cache".into(), compiled: None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Runs {
    pub(super) in_flight: usize,
}

impl Default for Runs {
    fn default() -> Runs {
        Runs { in_flight: 8 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    memory_bytes: u64,
    cpu_ms: u64,
    output_bytes: u64,
    log_bytes: u64,
    body_bytes: u64,
    calls: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_bytes: 64 << 20,
            cpu_ms: 2_000,
            output_bytes: 256 << 10,
            log_bytes: 64 << 10,
            body_bytes: 4 << 20,
            calls: 256,
        }
    }
}

impl From<Limits> for LimitCaps {
    fn from(file: Limits) -> LimitCaps {
        LimitCaps {
            memory_bytes: file.memory_bytes,
            cpu_ms: file.cpu_ms,
            output_bytes: file.output_bytes,
            log_bytes: file.log_bytes,
            body_bytes: file.body_bytes,
            calls: file.calls,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AllowTable {
    pub(super) hosts: Option<Vec<String>>,
    #[serde(default)]
    write_sql: bool,
}

impl From<AllowTable> for Allow {
    fn from(file: AllowTable) -> Allow {
        Allow { hosts: file.hosts, write_sql: file.write_sql }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Plugins {
    pub(super) trusted_keys: Vec<String>,
    pub(super) revoked_keys: Vec<String>,
    pub(super) allow_unsigned: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Secret {
    pub(super) file: PathBuf,
    pub(super) hosts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Log {
    pub(super) level: String,
    pub(super) format: Format,
}

impl Default for Log {
    fn default() -> Log {
        Log { level: "info".to_owned(), format: Format::Text }
    }
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    Text,
    Json,
}

impl From<Format> for LogFormat {
    fn from(file: Format) -> LogFormat {
        match file {
            Format::Text => LogFormat::Text,
            Format::Json => LogFormat::Json,
        }
    }
}

pub(super) fn read(path: &Path, text: &str) -> Result<File, ConfigError> {
    let wrong = |key: String, error: &toml::de::Error| ConfigError::Wrong {
        path: path.to_path_buf(),
        line: error.span().map(|span| line_at(text, span.start)),
        key,
        what: error.message().to_owned(),
    };
    let parser = toml::Deserializer::parse(text).map_err(|error| wrong("not TOML".to_owned(), &error))?;
    serde_path_to_error::deserialize(parser)
        .map_err(|error| wrong(error.path().to_string().replace("secrets.?", "secrets"), error.inner()))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// The first line that sets a key, or opens the table of that name; of `log.level`, the one that sets `level`.
pub(super) fn line_of(text: &str, key: &str) -> Option<usize> {
    let table = format!("[{key}]");
    let sets = |line: &str| {
        let line = line.trim_start();
        line.starts_with(&table)
            || line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let found = text.lines().position(sets).map(|at| at + 1);
    found.or_else(|| line_of(text, key.rsplit_once('.')?.1))
}
