//! The agent's configuration: `agent.toml` as written, then the settings as checked.
//!
//! It is the ceiling as well: what the plan grants above `[allow]`, the agent refuses.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tidelock_components::SignatureError;
use tidelock_model::Name;
use tidelock_ops::telemetry::check_level;

use crate::connect;
use crate::trust::Keys;

mod file;

/// The settings of an agent.
#[derive(Debug, Clone)]
pub struct Config {
    /// The collector's listener for agents, `host:port`.
    pub collector: String,
    /// The name that its certificate must have.
    pub server_name: String,
    /// The authority that it is verified against, PEM.
    pub ca: PathBuf,
    /// The agent's certificate, PEM.
    pub certificate: PathBuf,
    /// The agent's key, PEM.
    pub key: PathBuf,
    /// Where findings wait.
    pub spool_dir: PathBuf,
    /// How much of them.
    pub spool_limit_bytes: u64,
    /// Where components lie, as fetched and as compiled.
    pub cache_dir: PathBuf,
    /// Where compiled code lies: in the folder above, or in one that several agents of one user share.
    pub compiled_dir: PathBuf,
    /// How many runs may be in flight at once.
    pub runs_in_flight: usize,
    /// What one run may use up at most, whatever the plan says.
    pub limits: LimitCaps,
    /// What the plan may grant.
    pub allow: Allow,
    /// Whose components are run.
    pub plugins: Keys,
    /// The secrets that this agent holds.
    pub secrets: BTreeMap<Name, SecretFile>,
    /// How loud, in one word; `RUST_LOG` wins.
    pub log_level: String,
    /// How the log is written.
    pub log_format: LogFormat,
    /// Where health and numbers are told, plain; nowhere when it is not named.
    pub ops: Option<SocketAddr>,
}

/// The most that one run may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitCaps {
    /// Memory of the plugin.
    pub memory_bytes: u64,
    /// Its processor time.
    pub cpu_ms: u64,
    /// Its report.
    pub output_bytes: u64,
    /// Its log.
    pub log_bytes: u64,
    /// The body of one answer.
    pub body_bytes: u64,
    /// Its calls.
    pub calls: u32,
}

/// What the operator of this machine lets a plan grant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allow {
    /// Hosts that may be called, as [`crate::ceiling::host_matches`] reads them; `None` lets any host be granted.
    pub hosts: Option<Vec<String>>,
    /// Whether a database may be written to.
    pub write_sql: bool,
}

/// Where a secret lies, and where it may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFile {
    /// The file with its value; one line end at its end is not part of it.
    pub file: PathBuf,
    /// `host`, `host:port` or `*.domain`.
    pub hosts: Vec<String>,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What is wrong with a configuration, and where.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{}{}: {key}: {what}", path.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, where it is known.
        line: Option<usize>,
        /// The key.
        key: String,
        /// What is wrong with it.
        what: String,
    },
}

impl Config {
    /// Reads `agent.toml`. Relative paths in it are relative to its folder.
    ///
    /// # Errors
    /// Names the file, the line and the key.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_path_buf(), source })?;
        Config::parse(path, &text)
    }

    /// Reads the text of the configuration that lies at `path`.
    ///
    /// # Errors
    /// Names the file, the line and the key.
    pub fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
        let file = file::read(path, text)?;
        let wrong = |key: &str, what: String| ConfigError::Wrong {
            path: path.to_path_buf(),
            line: file::line_of(text, key),
            key: key.to_owned(),
            what,
        };
        let dir = path.parent().unwrap_or(Path::new("."));
        let collector =
            connect::host_port(&file.collector).map_err(|error| wrong("collector", error.to_string()))?;
        let server_name = file.server_name.unwrap_or_else(|| connect::host_of(&collector).to_owned());
        if file.spool.limit_bytes < file::MIN_SPOOL_BYTES {
            return Err(wrong("limit_bytes", format!("at least {} are needed", file::MIN_SPOOL_BYTES)));
        }
        if !(1..=file::MAX_RUNS_IN_FLIGHT).contains(&file.runs.in_flight) {
            return Err(wrong("in_flight", format!("1 to {} runs are possible", file::MAX_RUNS_IN_FLIGHT)));
        }
        for host in file.allow.iter().flat_map(|allow| allow.hosts.iter().flatten()) {
            check_host(host).map_err(|what| wrong("hosts", what))?;
        }
        check_level(&file.log.level).map_err(|error| wrong("log.level", error.to_string()))?;
        let mut secrets = BTreeMap::new();
        for (name, secret) in file.secrets {
            let key =
                Name::new(&name).map_err(|error| wrong(&format!("secrets.{name}"), error.to_string()))?;
            if secret.hosts.is_empty() {
                let what = "names no hosts, so the secret could go nowhere".to_owned();
                return Err(wrong(&format!("secrets.{name}"), what));
            }
            for host in &secret.hosts {
                check_host(host).map_err(|what| wrong(&format!("secrets.{name}"), what))?;
            }
            secrets.insert(key, SecretFile { file: dir.join(secret.file), hosts: secret.hosts });
        }
        let cache_dir = dir.join(file.cache.dir);
        let compiled_dir =
            file.cache.compiled.map_or_else(|| cache_dir.join("compiled"), |own| dir.join(own));
        Ok(Config {
            collector,
            server_name,
            ca: dir.join(file.ca),
            certificate: dir.join(file.certificate),
            key: dir.join(file.key),
            spool_dir: dir.join(file.spool.dir),
            spool_limit_bytes: file.spool.limit_bytes,
            cache_dir,
            compiled_dir,
            runs_in_flight: file.runs.in_flight,
            limits: file.limits.into(),
            allow: file.allow.map(Allow::from).unwrap_or_default(),
            plugins: plugins(file.plugins).map_err(|(key, what)| wrong(key, what))?,
            secrets,
            log_level: file.log.level,
            log_format: file.log.format.into(),
            ops: file.ops,
        })
    }
}

fn plugins(file: file::Plugins) -> Result<Keys, (&'static str, String)> {
    let read = |key: &'static str, texts: Vec<String>| {
        let keys: Result<_, SignatureError> = texts.iter().map(|text| text.parse()).collect();
        keys.map_err(|error| (key, error.to_string()))
    };
    Ok(Keys {
        trusted: read("trusted_keys", file.trusted_keys)?,
        revoked: read("revoked_keys", file.revoked_keys)?,
        allow_unsigned: file.allow_unsigned,
    })
}

fn check_host(host: &str) -> Result<(), String> {
    let plain = host.strip_prefix("*.").unwrap_or(host);
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    match host == "*" || !plain.is_empty() && plain.chars().all(good) {
        true => Ok(()),
        false => Err(format!("{host:?} is not host, host:port or *.domain")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORTEST: &str =
        "collector = \"https://c.example:7443\"\nca = \"ca.pem\"\ncertificate = \"a.pem\"\nkey = \"a.key\"\n";

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("/etc/tidelock/agent.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_shortest_file_has_safe_defaults() {
        let config = parse(SHORTEST).unwrap();
        assert_eq!((config.collector.as_str(), config.server_name.as_str()), ("c.example:7443", "c.example"));
        assert_eq!(config.spool_dir, Path::new("/etc/tidelock/spool"));
        assert_eq!(config.spool_limit_bytes, 64 << 20);
        assert_eq!(config.ops, None, "nothing listens that nobody asked for");
        assert_eq!(config.allow, Allow { hosts: None, write_sql: false });
    }

    #[test]
    fn compiled_code_lies_in_the_cache_or_where_agents_share_it() {
        let compiled = |more: &str| parse(&format!("{SHORTEST}{more}")).unwrap().compiled_dir;
        assert_eq!(compiled(""), Path::new("/etc/tidelock/cache/compiled"));
        assert_eq!(compiled("[cache]\ndir = \"/var/own\"\n"), Path::new("/var/own/compiled"));
        assert_eq!(compiled("[cache]\ncompiled = \"/var/all\"\n"), Path::new("/var/all"));
    }

    #[test]
    fn an_error_names_file_line_and_key() {
        for (more, expected) in [
            ("spol = 1\n", "agent.toml:5: spol: unknown field"),
            ("[spool]\nlimit_bytes = 1\n", "agent.toml:6: limit_bytes: at least"),
            ("[runs]\nin_flight = 0\n", "agent.toml:6: in_flight: 1 to"),
            ("[runs]\nin_flight = \"8\"\n", "agent.toml:6: runs.in_flight: invalid type"),
            ("[secrets.psp]\nfile = \"x\"\nhosts = []\n", "secrets.psp: names no hosts"),
            ("[secrets.PSP]\nfile = \"x\"\nhosts = [\"a\"]\n", "secrets.PSP: a name has lower-case"),
            ("[plugins]\ntrusted_keys = [\"x\"]\n", "agent.toml:6: trusted_keys: \"x\" is no key"),
            ("[plugins]\nallow_unsinged = true\n", "unknown field"),
            ("[allow]\nhosts = [\"https://x\"]\n", "hosts: \"https://x\" is not host"),
            (
                "[log]\nlevel = \"debugg\"\n",
                "agent.toml:6: log.level: \"debugg\" is no level; it is one of off, error, warn, info",
            ),
            ("key = \"b\"\n", "agent.toml:5: "),
            ("ops = \"everywhere\"\n", "agent.toml:5: ops: "),
        ] {
            let error = parse(&format!("{SHORTEST}{more}")).unwrap_err();
            assert!(error.contains(expected), "{error}\ndoes not contain {expected}");
        }
    }
}
