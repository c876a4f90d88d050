//! Who may call the API: grants in a file, known by the hash of their token.
//!
//! The file is the collector's own. It holds no secret, and a token that was shown once cannot be
//! shown again.

mod grants;
mod known;
mod read;
mod told;
mod untold;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use tidelock_core::COLLECTOR;
use tidelock_model::{Name, Phase, Sha256, Timestamp, mutated};

use self::grants::Grants;
use self::read::read;
use crate::{private_file, secret};

pub(crate) use told::{by_hand, tell};
pub(crate) use untold::Untold;

/// Grants in all; each is a person or a pipeline.
const MAX_GRANTS: usize = 10_000;
/// The longest life of a grant: a year and a month.
const MAX_TTL: Duration = Duration::from_secs(397 * 24 * 3600);
/// What a grant lives for where nothing is said: thirty days.
const DEFAULT_TTL: Duration = Duration::from_secs(30 * 24 * 3600);
/// What tokens begin with, so that scanners find them where they do not belong.
const TOKEN_PREFIX: &str = "tlk1.";

/// What a caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Looks, waits, takes the token of an open gate and reports the switch.
    Pipeline,
    /// A person of the plan: decides what the plan lets them decide.
    Person,
    /// Runs the collector: plans, components, agents, access. Decides only where the plan names them.
    Operator,
}

impl Role {
    /// The word in the file, on the wire and on screens.
    pub fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Pipeline => "pipeline",
            Role::Person => "person",
            Role::Operator => "operator",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Role, String> {
        [Role::Viewer, Role::Pipeline, Role::Person, Role::Operator]
            .into_iter()
            .find(|role| role.word() == text)
            .ok_or_else(|| {
                format!("{text:?} is no role; the roles are viewer, pipeline, person and operator")
            })
    }
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// Names the grant; no secret.
    pub id: String,
    /// Who it is for.
    pub subject: Name,
    /// What they are.
    pub role: Role,
    /// The one migration it is for; none for all.
    pub migration: Option<Name>,
    /// The one gate that it may ask for; none for all.
    pub gate: Option<Phase>,
    /// When it was given.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// It was taken back.
    pub revoked: bool,
    hash: Sha256,
}

/// Why a grant is not made, or not found.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file cannot be read, understood or written.
    #[error("{doing} {}: {why}", path.display())]
    File {
        /// Reading or writing.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Too many.
    #[error("there are {MAX_GRANTS} grants already; revoke some")]
    Full,
    /// It would live too long.
    #[error("a grant lives for at most 397 days")]
    TooLong,
    /// There is none of this id.
    #[error("there is no grant {0:?}")]
    Unknown(String),
    /// What was changed before has to be told first.
    #[error("what was changed in {} is not in the journal yet; let it be read again (SIGHUP) once it is", .0.display())]
    Untold(PathBuf),
    /// It is for one gate, and not of a role or migration that could be.
    #[error("access to one gate is for a viewer or a pipeline of one migration")]
    OneGate,
    /// It is for somebody of the collector's own name.
    #[error("{COLLECTOR:?} is the name in which the collector itself asks; give this access another one")]
    OwnName,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] secret::NoRandomness),
}

/// What somebody changed in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    /// Grants that let in now and did not before.
    pub given: Vec<Grant>,
    /// Grants that let in before and are revoked or gone.
    pub taken: Vec<Grant>,
}

impl Changed {
    fn between(before: &[Grant], after: &[Grant]) -> Changed {
        // One that lets another person in, or for longer, is another one.
        let other = |of: &[Grant], grant: &Grant| !grant.revoked && !of.contains(grant);
        let taken = before.iter().filter(|grant| other(after, grant)).cloned().collect();
        let given = after.iter().filter(|grant| other(before, grant)).cloned().collect();
        Changed { given, taken }
    }

    pub(crate) fn nothing(&self) -> bool {
        self.given.is_empty() && self.taken.is_empty()
    }
}

#[derive(Debug, Serialize)]
struct File {
    #[serde(rename = "grant")]
    grants: Vec<Row>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    subject: String,
    role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    migration: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gate: Option<String>,
    issued_unix_ms: u64,
    expires_unix_ms: u64,
    #[serde(default)]
    revoked: bool,
    token_sha256: String,
}

/// All grants, and the file they are kept in.
#[derive(Debug, Clone)]
pub struct Access {
    path: Arc<PathBuf>,
    names: secret::Names,
    grants: Arc<ArcSwap<Grants>>,
    writing: Arc<Mutex<()>>,
}

impl Access {
    /// Reads the file; a missing one has no grants, and so lets nobody in.
    ///
    /// # Errors
    /// When the file is there and cannot be understood.
    pub fn open(path: &Path) -> Result<Access, AccessError> {
        let names = secret::Names::new()?;
        let grants = Grants::new(read(path)?, &names);
        Ok(Access {
            path: Arc::new(path.to_path_buf()),
            names,
            grants: Arc::new(ArcSwap::from_pointee(grants)),
            writing: Arc::default(),
        })
    }

    /// Reads the file anew: somebody has changed it by hand, or put back a backup. `told` takes in what is to be told
    /// of it, or refuses. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be understood, is gone, or nobody could tell of it; the grants of before stay.
    pub fn reload(&self, told: impl FnOnce(&Changed) -> bool) -> Result<Changed, AccessError> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.list();
        if !self.path.exists() && !before.is_empty() {
            let why = "it is gone".to_owned();
            return Err(AccessError::File { doing: "read", path: (*self.path).clone(), why });
        }
        let fresh = read(&self.path)?;
        let changed = Changed::between(&before, &fresh);
        if !changed.nothing() && !told(&changed) {
            return Err(AccessError::Untold((*self.path).clone()));
        }
        self.believe(fresh);
        Ok(changed)
    }

    /// The live grant of a token.
    pub fn find(&self, token: &str, now: Timestamp) -> Option<Grant> {
        let hash = secret::kept(token);
        let grants = self.grants.load();
        let found = grants.find(&hash, &self.names)?;
        let ended = now >= found.expires && !mutated("access-ends");
        let revoked = found.revoked && !mutated("access-is-revoked");
        (!ended && !revoked).then(|| found.clone())
    }

    /// Every grant, live or not.
    pub fn list(&self) -> Arc<Vec<Grant>> {
        self.grants.load().list()
    }

    /// Makes a grant and its token, which is shown this once. Blocks on the disk.
    ///
    /// # Errors
    /// When there are too many, it would live too long, or the file cannot be written.
    pub fn issue(
        &self,
        subject: Name,
        role: Role,
        (migration, gate): (Option<Name>, Option<Phase>),
        ttl: Option<Duration>,
        now: Timestamp,
    ) -> Result<(Grant, String), AccessError> {
        let (grant, token) = Access::prepare(subject, role, (migration, gate), ttl, now)?;
        self.keep(grant.clone(), now)?;
        Ok((grant, token))
    }

    /// A grant and its token, which nobody knows yet: it lets nobody in before it is kept.
    ///
    /// # Errors
    /// When it would live too long or is not of a kind that could be.
    pub fn prepare(
        subject: Name,
        role: Role,
        (migration, gate): (Option<Name>, Option<Phase>),
        ttl: Option<Duration>,
        now: Timestamp,
    ) -> Result<(Grant, String), AccessError> {
        let ttl = ttl.unwrap_or(DEFAULT_TTL);
        if ttl > MAX_TTL {
            return Err(AccessError::TooLong);
        }
        own_name(&subject)?;
        if gate.is_some() && (migration.is_none() || !matches!(role, Role::Viewer | Role::Pipeline)) {
            return Err(AccessError::OneGate);
        }
        let token = secret::new_token(TOKEN_PREFIX)?;
        let id: String = secret::random::<8>()?.iter().map(|byte| format!("{byte:02x}")).collect();
        let hash = secret::kept(&token);
        let (issued, expires, revoked) = (now, now.plus(ttl), false);
        Ok((Grant { id, subject, role, migration, gate, issued, expires, revoked, hash }, token))
    }

    /// Keeps a grant: from here on its token lets in. Those that let nobody in any more make room. Blocks on the disk.
    ///
    /// # Errors
    /// When there are too many, or the file cannot be written.
    pub fn keep(&self, grant: Grant, now: Timestamp) -> Result<(), AccessError> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut grants = Vec::clone(&self.list());
        if grants.len() >= MAX_GRANTS {
            grants.retain(|grant| !grant.revoked && now < grant.expires);
        }
        if grants.len() >= MAX_GRANTS {
            return Err(AccessError::Full);
        }
        grants.push(grant);
        self.write(grants)
    }

    /// Takes a grant back. Blocks on the disk.
    ///
    /// # Errors
    /// When there is none of this id, or the file cannot be written.
    pub fn revoke(&self, id: &str) -> Result<Grant, AccessError> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut grants = Vec::clone(&self.list());
        let grant = grants.iter_mut().find(|grant| grant.id == id);
        let grant = grant.ok_or_else(|| AccessError::Unknown(id.chars().take(64).collect()))?;
        grant.revoked = true;
        let grant = grant.clone();
        self.write(grants)?;
        Ok(grant)
    }

    fn write(&self, grants: Vec<Grant>) -> Result<(), AccessError> {
        let wrong = |why: String| AccessError::File { doing: "write", path: (*self.path).clone(), why };
        let file = File { grants: grants.iter().map(row_of).collect() };
        let text = toml::to_string_pretty(&file).map_err(|error| wrong(error.to_string()))?;
        private_file::replace(&self.path, text.as_bytes()).map_err(|error| wrong(error.to_string()))?;
        self.believe(grants);
        Ok(())
    }

    fn believe(&self, grants: Vec<Grant>) {
        self.grants.store(Arc::new(Grants::new(grants, &self.names)));
    }
}

/// Nobody passes for the collector: by its name its own holds are known.
fn own_name(subject: &Name) -> Result<(), AccessError> {
    let its_own = subject.as_str() == COLLECTOR && !mutated("the-collectors-name-is-its-own");
    if its_own { Err(AccessError::OwnName) } else { Ok(()) }
}

fn grant_of(row: Row) -> Result<Grant, String> {
    let name = |text: &str| Name::new(text).map_err(|error| format!("grant {:?}: {error}", row.id));
    Ok(Grant {
        subject: name(&row.subject)?,
        migration: row.migration.as_deref().map(name).transpose()?,
        gate: row
            .gate
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|error| format!("grant {:?}: {error}", row.id))?,
        hash: row.token_sha256.parse().map_err(|error| format!("grant {:?}: {error}", row.id))?,
        role: row.role,
        issued: Timestamp::from_millis(row.issued_unix_ms),
        expires: Timestamp::from_millis(row.expires_unix_ms),
        revoked: row.revoked,
        id: row.id,
    })
}

fn row_of(grant: &Grant) -> Row {
    Row {
        id: grant.id.clone(),
        subject: grant.subject.to_string(),
        role: grant.role,
        migration: grant.migration.as_ref().map(Name::to_string),
        gate: grant.gate.map(|gate| gate.word().to_owned()),
        issued_unix_ms: grant.issued.as_millis(),
        expires_unix_ms: grant.expires.as_millis(),
        revoked: grant.revoked,
        token_sha256: grant.hash.to_string(),
    }
}
