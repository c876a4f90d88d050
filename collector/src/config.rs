//! `collector.toml`: the file as written, then the settings as checked.
//!
//! Every path is taken from the folder that the file lies in, so that a collector can be moved whole.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidelock_model::Name;
use tidelock_ops::telemetry::{Format, check_level};

const MIB: u64 = 1024 * 1024;

/// The settings of one collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The journal, the components and the index.
    pub data_dir: PathBuf,
    /// Authorities, the server certificate and keys.
    pub pki_dir: PathBuf,
    /// Who may call, by hashed token.
    pub access_file: PathBuf,
    /// The domain of the agents' names.
    pub trust_domain: String,
    /// Names and addresses in the server certificate; the first is what others are told.
    pub hosts: Vec<String>,
    /// Where agents connect.
    pub agents_listen: SocketAddr,
    /// Where people and pipelines connect.
    pub api_listen: SocketAddr,
    /// Liveness and readiness, plain.
    pub ops_listen: SocketAddr,
    /// Kept aside on the journal's disk, so that decisions can still be written when it is full.
    pub ballast_bytes: u64,
    /// Findings are refused when the journal's disk has less than this left.
    pub low_space_bytes: u64,
    /// Findings of migrations that are over are kept for so long.
    pub keep_findings: Duration,
    /// How long an agent's certificate lives.
    pub certificate_life: Duration,
    /// How long that of a pod lives: of an agent that joined with a token for several.
    pub pod_certificate_life: Duration,
    /// A session that says nothing for so long is closed.
    pub session_idle: Duration,
    /// Connections at once, each listener.
    pub connections: usize,
    /// Where the secrets lie that messages to receivers need.
    pub secrets: BTreeMap<Name, PathBuf>,
    /// Authorities that receivers' certificates may come from, beside the public ones.
    pub notify_ca: Option<PathBuf>,
    /// How loud, in one word; `RUST_LOG` wins.
    pub log_level: String,
    /// How the log is written.
    pub log_format: Format,
}

/// Why a configuration is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no such TOML.
    #[error("{}: {source}", path.display())]
    Toml {
        /// Which.
        path: PathBuf,
        /// Where and what.
        source: Box<toml::de::Error>,
    },
    /// A value cannot be.
    #[error("{place}: {what}")]
    Value {
        /// The key.
        place: &'static str,
        /// What is wrong and what it must be.
        what: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default = "defaults::data_dir")]
    data_dir: PathBuf,
    #[serde(default = "defaults::pki_dir")]
    pki_dir: PathBuf,
    #[serde(default = "defaults::access_file")]
    access_file: PathBuf,
    #[serde(default = "defaults::trust_domain")]
    trust_domain: String,
    #[serde(default = "defaults::hosts")]
    hosts: Vec<String>,
    #[serde(default)]
    listen: Listen,
    #[serde(default)]
    agents: Agents,
    #[serde(default, skip_serializing_if = "JournalFile::is_plain")]
    journal: JournalFile,
    #[serde(default, skip_serializing_if = "Notify::is_plain")]
    notify: Notify,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<String, Secret>,
    #[serde(default, skip_serializing_if = "Log::is_plain")]
    log: Log,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Log {
    level: String,
    format: LogFormat,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LogFormat {
    #[default]
    Text,
    Json,
}

impl Default for Log {
    fn default() -> Log {
        Log { level: "info".to_owned(), format: LogFormat::Text }
    }
}

impl Log {
    fn is_plain(&self) -> bool {
        *self == Log::default()
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Notify {
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<PathBuf>,
}

impl Notify {
    fn is_plain(&self) -> bool {
        self.ca_file.is_none()
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Secret {
    file: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Listen {
    agents: SocketAddr,
    api: SocketAddr,
    ops: SocketAddr,
    connections: usize,
}

impl Default for Listen {
    fn default() -> Listen {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Listen { agents: local(7443), api: local(7480), ops: local(7490), connections: 1024 }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Agents {
    certificate_hours: u64,
    pod_certificate_secs: u64,
    session_idle_secs: u64,
}

impl Default for Agents {
    fn default() -> Agents {
        Agents { certificate_hours: 24, pod_certificate_secs: 3600, session_idle_secs: 30 }
    }
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct JournalFile {
    ballast_mib: u64,
    low_space_mib: u64,
    keep_findings_days: u64,
}

impl Default for JournalFile {
    fn default() -> JournalFile {
        JournalFile { ballast_mib: 64, low_space_mib: 64, keep_findings_days: 30 }
    }
}

impl JournalFile {
    fn is_plain(&self) -> bool {
        *self == JournalFile::default()
    }
}

mod defaults {
    use std::path::PathBuf;

    pub(super) fn data_dir() -> PathBuf {
        "data".into()
    }
    pub(super) fn pki_dir() -> PathBuf {
        "pki".into()
    }
    pub(super) fn access_file() -> PathBuf {
        "access.toml".into()
    }
    pub(super) fn trust_domain() -> String {
        "tidelock.internal".to_owned()
    }
    pub(super) fn hosts() -> Vec<String> {
        vec!["localhost".to_owned(), "127.0.0.1".to_owned()]
    }
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Names the file and the key that is wrong.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_path_buf(), source })?;
        let file: File = toml::from_str(&text)
            .map_err(|source| ConfigError::Toml { path: path.to_path_buf(), source: Box::new(source) })?;
        check(file, path.parent().unwrap_or(Path::new(".")))
    }
}

fn check(file: File, base: &Path) -> Result<Config, ConfigError> {
    let wrong = |place, what: &str| Err(ConfigError::Value { place, what: what.to_owned() });
    if file.hosts.is_empty() || file.hosts.iter().any(String::is_empty) {
        return wrong("hosts", "name at least one host that agents and people reach this collector by");
    }
    if !is_domain(&file.trust_domain) {
        return wrong("trust_domain", "it is a lower-case domain of letters, digits, '-', '_' and '.'");
    }
    if !(1..=24 * 397).contains(&file.agents.certificate_hours) {
        return wrong("agents.certificate_hours", "it is between 1 and 9528");
    }
    if !(10..=86_400).contains(&file.agents.pod_certificate_secs) {
        return wrong("agents.pod_certificate_secs", "it is between 10 and 86400");
    }
    if !(5..=3600).contains(&file.agents.session_idle_secs) {
        return wrong("agents.session_idle_secs", "it is between 5 and 3600; agents say something every 3 s");
    }
    if !(1..=65_536).contains(&file.journal.ballast_mib)
        || !(1..=65_536).contains(&file.journal.low_space_mib)
    {
        return wrong("journal", "ballast_mib and low_space_mib are between 1 and 65536");
    }
    if !(1..=3650).contains(&file.journal.keep_findings_days) {
        return wrong("journal.keep_findings_days", "it is between 1 and 3650; decisions are kept for ever");
    }
    if !(1..=100_000).contains(&file.listen.connections) {
        return wrong("listen.connections", "it is between 1 and 100000");
    }
    check_level(&file.log.level)
        .map_err(|error| ConfigError::Value { place: "log.level", what: error.to_string() })?;
    let mut secrets = BTreeMap::new();
    for (name, secret) in file.secrets {
        let place = || format!("secret {name:?}");
        let key = Name::new(&name).map_err(|error| ConfigError::Value {
            place: "secrets",
            what: format!("{}: {error}", place()),
        })?;
        if secret.file.as_os_str().is_empty() {
            return wrong("secrets", &format!("{} names no file", place()));
        }
        secrets.insert(key, base.join(secret.file));
    }
    if !file.listen.ops.ip().is_loopback() && !file.listen.ops.ip().is_unspecified() {
        tracing::info!(listen = %file.listen.ops, "the ops listener is plain; keep it inside a trusted network");
    }
    Ok(Config {
        data_dir: base.join(file.data_dir),
        pki_dir: base.join(file.pki_dir),
        access_file: base.join(file.access_file),
        trust_domain: file.trust_domain,
        hosts: file.hosts,
        agents_listen: file.listen.agents,
        api_listen: file.listen.api,
        ops_listen: file.listen.ops,
        ballast_bytes: file.journal.ballast_mib * MIB,
        low_space_bytes: file.journal.low_space_mib * MIB,
        keep_findings: Duration::from_secs(file.journal.keep_findings_days * 24 * 3600),
        certificate_life: Duration::from_secs(file.agents.certificate_hours * 3600),
        pod_certificate_life: Duration::from_secs(file.agents.pod_certificate_secs),
        session_idle: Duration::from_secs(file.agents.session_idle_secs),
        connections: file.listen.connections,
        secrets,
        notify_ca: file.notify.ca_file.map(|path| base.join(path)),
        log_level: file.log.level,
        log_format: match file.log.format {
            LogFormat::Text => Format::Text,
            LogFormat::Json => Format::Json,
        },
    })
}

fn is_domain(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    !text.is_empty() && text.len() <= 255 && text.bytes().all(inner)
}

/// A first `collector.toml`, as text.
///
/// # Errors
/// Says which value cannot be.
pub fn first(
    hosts: &[String],
    agents: SocketAddr,
    api: SocketAddr,
    ops: SocketAddr,
) -> Result<String, ConfigError> {
    let hosts = if hosts.is_empty() { defaults::hosts() } else { hosts.to_vec() };
    let file = File {
        data_dir: defaults::data_dir(),
        pki_dir: defaults::pki_dir(),
        access_file: defaults::access_file(),
        trust_domain: defaults::trust_domain(),
        hosts,
        listen: Listen { agents, api, ops, ..Listen::default() },
        agents: Agents::default(),
        journal: JournalFile::default(),
        notify: Notify::default(),
        secrets: BTreeMap::new(),
        log: Log::default(),
    };
    toml::to_string_pretty(&file)
        .map_err(|error| ConfigError::Value { place: "collector.toml", what: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        check(file, Path::new("/etc/tidelock")).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_file_is_a_whole_configuration() {
        let config = read("").unwrap();
        assert_eq!(config.data_dir, Path::new("/etc/tidelock/data"));
        assert_eq!(config.agents_listen.port(), 7443);
    }

    #[test]
    fn what_is_not_known_or_cannot_be_is_refused() {
        for bad in [
            "dta_dir = 'x'",
            "[journal]\nballast_mib = 0",
            "[journal]\nkeep_findings_days = 0",
            "hosts = []",
            "trust_domain = 'A b'",
            "[agents]\nsession_idle_secs = 1",
            "[log]\nlevel = 'debugg'",
            "[log]\nlevel = 'tidelock_collector=debug'",
            "[x]",
        ] {
            assert!(read(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn a_level_that_is_none_is_told_with_its_key_and_the_words_that_there_are() {
        let said = read("[log]\nlevel = 'debugg'").unwrap_err();
        assert!(
            said.starts_with("log.level: \"debugg\" is no level; it is one of off, error, warn, info"),
            "{said}"
        );
        assert_eq!(read("[log]\nlevel = 'debug'").unwrap().log_level, "debug");
    }

    #[test]
    fn secrets_lie_beside_the_file_and_have_names() {
        let config = read("[secrets.slack-webhook]\nfile = 'slack'\n[notify]\nca_file = 'ca.pem'").unwrap();
        let name = Name::new("slack-webhook").unwrap();
        assert_eq!(config.secrets[&name], Path::new("/etc/tidelock/slack"));
        assert_eq!(config.notify_ca.as_deref(), Some(Path::new("/etc/tidelock/ca.pem")));
        for bad in
            ["[secrets.Slack]\nfile = 'x'", "[secrets.a]", "[secrets.a]\nfile = ''", "[notify]\nca = 'x'"]
        {
            assert!(read(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn the_first_file_is_read_back() {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let text = first(&["gate.example".to_owned()], at(1), at(2), at(3)).unwrap();
        let config = read(&text).unwrap();
        assert_eq!((config.hosts.len(), config.api_listen.port()), (1, 2));
    }
}
