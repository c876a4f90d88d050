//! What the agent asks of the runner, and what comes back.
//!
//! These are plain data, so that they can cross a process boundary as JSON. Nothing in them is
//! believed because it has this type: grants are parsed in `grants`, a report becomes model words in
//! `report`, on both ends of the pipe.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidelock_model::{Cause, Outcome, Pages, RefusedCall, Report, Sha256, Side};

pub use crate::limits::Limits;
pub use crate::secret::SecretText;

pub(crate) mod codec;
pub(crate) mod frame;
pub mod made_up;
pub(crate) mod message;
pub(crate) mod wire;

/// One run of one check, with everything it may use and nothing else.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunRequest {
    /// The component, which `RunnerClient::prepare` has seen before.
    #[serde(with = "codec::word")]
    pub component: Sha256,
    /// The check's name in the plan; also the name in the user agent of every call.
    pub check: String,
    /// The side that the agent stands on.
    #[serde(with = "codec::word")]
    pub side: Side,
    /// The round of the migration's grid.
    pub round: u64,
    /// The challenge of this round.
    #[serde(with = "codec::bytes")]
    pub nonce: Vec<u8>,
    /// The settings as one JSON object; secrets in it are `secret:NAME`.
    pub settings: String,
    /// Wall time that the run may take, in milliseconds.
    pub timeout_ms: u64,
    /// What the run may use up.
    #[serde(default)]
    pub limits: Limits,
    /// The targets that it may call. There are no others.
    pub targets: Vec<TargetGrant>,
    /// The secrets of this run: those of its grants and of its settings.
    pub secrets: Vec<Secret>,
    /// What the check kept from its last runs.
    #[serde(with = "codec::byte_map")]
    pub state: BTreeMap<String, Vec<u8>>,
    /// 32 hexadecimal digits when the run belongs to a trace; otherwise the host makes one up.
    pub trace_id: Option<String>,
    /// 16 hexadecimal digits when the calls belong to a span that is told to somebody; otherwise the host
    /// makes one up for each call.
    #[serde(default)]
    pub parent_span_id: Option<String>,
    /// The result lists the pages that were looked at, and what they show.
    #[serde(default)]
    pub notes_shown: bool,
    /// The response header of the run's own targets that tells the side's revision.
    #[serde(default)]
    pub revision_header: Option<String>,
}

/// A target by name, and what may be done with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TargetGrant {
    /// The name that the plugin uses.
    pub name: String,
    /// The scenario's own target: when it does not answer the run is `fail`. False for a declared
    /// grant on the other side.
    pub own: bool,
    /// What is granted.
    pub grant: Grant,
}

/// What is granted on a target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Grant {
    /// Calls over HTTP.
    Http(HttpGrant),
    /// Statements on a PostgreSQL server.
    Postgres(PostgresGrant),
    /// Statements on an SQLite file.
    Sqlite(SqliteGrant),
}

/// HTTP calls to one origin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HttpGrant {
    /// `http://host[:port]` or `https://host[:port]`, nothing behind it.
    pub url: String,
    /// Methods that may be used; `TRACE` and `CONNECT` never.
    pub methods: Vec<String>,
    /// Path prefixes that may be called, each beginning with `/`.
    pub paths: Vec<String>,
    /// Certificates in PEM that are trusted instead of the public roots.
    pub ca: Option<String>,
    /// The name that the certificate must have, when it is not the host of `url`.
    pub tls_name: Option<String>,
    /// What the host adds to each call.
    pub credential: Option<Credential>,
    /// A new connection for each call, or reuse.
    pub connect: Connect,
    /// How many calls in how much time, over all runs of this agent.
    pub rate: Option<Rate>,
    /// How many calls at once, over all runs of this agent.
    pub concurrency: Option<u32>,
    /// Networks such as `10.0.0.0/16` or `127.0.0.1` that are allowed though they are not public.
    pub addresses: Vec<String>,
}

impl HttpGrant {
    /// A grant of this origin that lets nothing through: whoever wants more says what. A field that comes
    /// later begins closed here, and so it does for everybody who makes a grant from this one.
    #[must_use]
    pub fn closed(url: impl Into<String>) -> HttpGrant {
        HttpGrant {
            url: url.into(),
            methods: Vec::new(),
            paths: Vec::new(),
            ca: None,
            tls_name: None,
            credential: None,
            connect: Connect::New,
            rate: None,
            concurrency: None,
            addresses: Vec::new(),
        }
    }
}

/// A credential that the host puts into each call; the plugin never sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credential {
    /// Where it goes.
    pub kind: CredentialKind,
    /// The name of the secret, without `secret:`.
    pub secret: String,
}

/// Where a credential goes.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub enum CredentialKind {
    /// `Authorization: Bearer VALUE`.
    Bearer,
    /// `Authorization: Basic …`; the secret's value is `user:password`.
    Basic,
    /// A header of this name.
    Header(String),
    /// A field of this name in every form that is posted.
    FormField(String),
}

/// Whether connections are kept.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Connect {
    /// Each call makes a new connection: what a new customer sees.
    #[default]
    New,
    /// Calls share connections.
    Reuse,
}

/// So many calls in so much time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
pub struct Rate {
    /// Calls, at least 1.
    pub calls: u32,
    /// Within these milliseconds, at least 1.
    pub per_ms: u64,
}

/// Statements on one PostgreSQL database.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PostgresGrant {
    /// `host:port/database`.
    pub address: String,
    /// The role to log in as.
    pub user: String,
    /// The name of the secret that is its password, without `secret:`.
    pub password: Option<String>,
    /// Certificates in PEM that are trusted instead of the public roots.
    pub ca: Option<String>,
    /// The name that the certificate must have, when it is not the host of `address`.
    pub tls_name: Option<String>,
    /// Networks that are allowed though they are not public.
    pub addresses: Vec<String>,
    /// Statements may change data.
    pub write: bool,
}

/// Statements on one SQLite file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SqliteGrant {
    /// The absolute path of the file.
    pub path: String,
    /// Statements may change data.
    pub write: bool,
}

/// A secret that a run may use.
#[derive(Debug, Serialize, Deserialize)]
pub struct Secret {
    /// Its name, without `secret:`.
    pub name: String,
    /// Its value.
    pub value: SecretText,
    /// Where it may go: `host`, `host:port` or `*.domain`. An empty list is nowhere.
    pub hosts: Vec<String>,
}

/// What became of one run. There is always one: whatever goes wrong is an outcome with its cause.
#[derive(Debug, Clone, PartialEq)]
pub struct RunResult {
    /// What was found.
    pub outcome: Outcome,
    /// Why it did not look: there when `outcome` is `not run`, never otherwise.
    pub cause: Option<Cause>,
    /// The cause, or the reason of a failure that the host saw, in a sentence; may be empty.
    pub detail: String,
    /// What the plugin reported; empty when it did not.
    pub report: Report,
    /// What the plugin logged.
    pub log: Vec<LogLine>,
    /// Lines above the limit, which were dropped.
    pub log_dropped: u64,
    /// Calls made to targets.
    pub calls: u32,
    /// Calls that were not let through.
    pub refused_calls: Vec<RefusedCall>,
    /// What to keep for the next run (`None` forgets the key); only after a run that reported.
    pub state_changes: Vec<(String, Option<Vec<u8>>)>,
    /// Trace ids of the calls.
    pub trace_ids: Vec<String>,
    /// What the pages of the run's own targets showed, where the request asked for it.
    pub pages: Pages,
    /// The side's revision as its targets told it, where the request named a header; empty when none did.
    pub target_revision: String,
    /// Wall time from the moment the runner took it up.
    pub duration: Duration,
    /// Processor time of the plugin and of the host on its behalf.
    pub cpu: Duration,
    /// The most memory the plugin had.
    pub memory_bytes: u64,
}

/// How loud a log line is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For the author.
    Debug,
    /// For people who look.
    Info,
    /// Something is odd.
    Warn,
    /// Something is wrong.
    Error,
}

impl LogLevel {
    /// As it is shown.
    pub fn word(self) -> &'static str {
        match self {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        }
    }
}

/// One line that the plugin logged.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct LogLine {
    /// How loud.
    pub level: LogLevel,
    /// What, without secrets and control characters.
    pub message: String,
}

/// What a plugin says of itself.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Manifest {
    /// The plugin's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What a pass proves, in one sentence.
    pub proves: String,
    /// What it cannot see.
    pub blind_spots: Vec<String>,
    /// The settings keys that name targets.
    pub needs: Vec<Need>,
    /// The names of the measures it reports.
    pub measures: Vec<String>,
    /// A JSON Schema of its settings; empty when it takes none.
    pub settings_schema: String,
}

/// A target that a plugin needs.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Need {
    /// The settings key that names it.
    pub setting: String,
    /// What kind of target it must be.
    pub kind: NeedKind,
    /// Whether it can do without.
    pub required: bool,
}

/// The kind of a target.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum NeedKind {
    /// Called over HTTP.
    Http,
    /// Asked in SQL.
    Sql,
}

/// Why something was not done, in a word and a sentence.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq, thiserror::Error)]
#[error("{cause}: {detail}")]
pub struct Refusal {
    /// The word.
    #[serde(with = "codec::word")]
    pub cause: Cause,
    /// The sentence.
    pub detail: String,
}

impl Refusal {
    pub(crate) fn new(cause: Cause, detail: impl Into<String>) -> Refusal {
        Refusal { cause, detail: detail.into() }
    }
}

impl RunResult {
    /// The result of a run that never began.
    pub fn not_run(cause: Cause, detail: impl Into<String>) -> RunResult {
        RunResult {
            outcome: Outcome::NotRun,
            cause: Some(cause),
            detail: detail.into(),
            report: Report::default(),
            log: Vec::new(),
            log_dropped: 0,
            calls: 0,
            refused_calls: Vec::new(),
            state_changes: Vec::new(),
            trace_ids: Vec::new(),
            pages: Pages::default(),
            target_revision: String::new(),
            duration: Duration::ZERO,
            cpu: Duration::ZERO,
            memory_bytes: 0,
        }
    }
}
