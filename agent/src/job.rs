//! One assignment, as this agent will carry it out or refuse it.
//!
//! The door for what the collector asks: everything is checked once, here. An assignment that is
//! refused still has its rounds: each of them becomes `not run` with the cause, so that the refusal is
//! seen where people look.

use std::num::NonZeroU64;
use std::time::Duration;

use sha2::{Digest as _, Sha256 as Hasher};
use tidelock_agent_core::Grid;
use tidelock_model::{Cause, Name, Sha256, Timestamp};
use tidelock_proto::v1;
use tidelock_sandbox::protocol::{Limits, Refusal, TargetGrant};

use crate::config::{Config, LimitCaps};
use crate::{ceiling, grants};

/// The longest a run may take.
const MAX_TIMEOUT: Duration = Duration::from_secs(600);
/// The largest settings.
const MAX_SETTINGS_BYTES: usize = 256 << 10;

/// An assignment whose rounds can be counted.
#[derive(Debug, Clone)]
pub struct Job {
    /// The assignment's id.
    pub id: String,
    /// The check.
    pub check: Name,
    /// Its component.
    pub component: Sha256,
    /// The revision that it belongs to.
    pub plan_revision: u64,
    /// The hash of that revision.
    pub plan_hash: Sha256,
    /// When its rounds are due.
    pub grid: Grid,
    /// How long a run may take.
    pub timeout: Duration,
    /// It is run once as soon as it can be.
    pub at_once: bool,
    /// What the nonces are made of.
    pub nonce_seed: Vec<u8>,
    /// What to do, or why it is not done.
    pub work: Result<Work, Refusal>,
}

/// What a run needs.
#[derive(Debug, Clone)]
pub struct Work {
    /// One JSON object.
    pub settings: String,
    /// What it may use up.
    pub limits: Limits,
    /// What it may call.
    pub targets: Vec<TargetGrant>,
    /// What secrets it may use.
    pub secrets: Vec<Name>,
    /// Whether findings list the pages that were looked at, and what they show.
    pub notes_shown: bool,
    /// The response header that tells the side's revision.
    pub revision_header: Option<String>,
}

impl Job {
    /// Takes an assignment.
    ///
    /// # Errors
    /// When it is so wrong that not even its rounds can be counted.
    pub fn from_wire(config: &Config, plan: (u64, Sha256), wire: &v1::Assignment) -> Result<Job, String> {
        let check = Name::new(&wire.check).map_err(|error| format!("check: {error}"))?;
        let component = Sha256::try_from(wire.component_sha256.as_slice())
            .map_err(|error| format!("component: {error}"))?;
        let origin = Timestamp::from_millis(wire.grid_origin_unix_ms);
        let grid = Grid::new(origin, wire.every_ms, wire.phase_ms).ok_or("every is zero")?;
        let timeout_ms = NonZeroU64::new(wire.timeout_ms).ok_or("timeout is zero")?;
        Ok(Job {
            id: wire.id.clone(),
            check,
            component,
            plan_revision: plan.0,
            plan_hash: plan.1,
            grid,
            timeout: Duration::from_millis(timeout_ms.get()).min(MAX_TIMEOUT),
            at_once: wire.at_once,
            nonce_seed: wire.nonce_seed.clone(),
            work: work(config, wire),
        })
    }

    /// The same work with settings that stand in place of the plan's, key by key. What it may reach stays the plan's.
    ///
    /// # Errors
    /// When they are no settings, or too large.
    pub fn with_settings(&self, other: &str) -> Result<Job, String> {
        let Ok(serde_json::Value::Object(other)) = serde_json::from_str(other) else {
            return Err("the settings of the ask are not one JSON object".to_owned());
        };
        let mut job = self.clone();
        if let Ok(work) = &mut job.work {
            let own = serde_json::from_str(&work.settings);
            let mut settings: serde_json::Map<_, _> =
                own.map_err(|error| format!("the plan's settings: {error}"))?;
            settings.extend(other);
            work.settings = serde_json::Value::Object(settings).to_string();
            if work.settings.len() > MAX_SETTINGS_BYTES {
                return Err(format!("with them the settings have more than {MAX_SETTINGS_BYTES} bytes"));
            }
        }
        Ok(job)
    }

    /// The challenge of a round.
    pub fn nonce(&self, round: u64) -> Vec<u8> {
        let mut hasher = Hasher::new();
        hasher.update(&self.nonce_seed);
        hasher.update(round.to_be_bytes());
        hasher.finalize().to_vec()
    }
}

fn work(config: &Config, wire: &v1::Assignment) -> Result<Work, Refusal> {
    let refuse = |cause, detail: String| Refusal { cause, detail };
    ceiling::check(config, wire).map_err(|why| refuse(Cause::AboveCeiling, why))?;
    if wire.settings.len() > MAX_SETTINGS_BYTES {
        let why = format!("the settings have more than {MAX_SETTINGS_BYTES} bytes");
        return Err(refuse(Cause::BadSettings, why));
    }
    if !matches!(serde_json::from_str(&wire.settings), Ok(serde_json::Value::Object(_))) {
        return Err(refuse(Cause::BadSettings, "the settings are not one JSON object".to_owned()));
    }
    let targets = (wire.grants.iter())
        .map(grants::from_wire)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|why| refuse(Cause::Denied, why))?;
    let secrets = (wire.secrets.iter())
        .map(|name| Name::new(name.strip_prefix("secret:").unwrap_or(name)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| refuse(Cause::SecretMissing, format!("the name of a secret: {error}")))?;
    if let Some(name) = secrets.iter().find(|name| !config.secrets.contains_key(*name)) {
        let why = format!("this agent has no secret {name}: agent.toml needs [secrets.{name}]");
        return Err(refuse(Cause::SecretMissing, why));
    }
    let limits = limits(config.limits, wire.limits.unwrap_or_default());
    Ok(Work {
        settings: wire.settings.clone(),
        limits,
        targets,
        secrets,
        notes_shown: wire.notes_shown,
        revision_header: Some(wire.revision_header.clone()).filter(|name| !name.is_empty()),
    })
}

/// The plan may lower a limit; the operator's cap stands.
fn limits(caps: LimitCaps, wire: v1::Limits) -> Limits {
    let lower = |asked: u64, cap: u64| if asked == 0 { cap } else { asked.min(cap) };
    Limits {
        memory_bytes: lower(wire.memory_bytes, caps.memory_bytes),
        cpu_ms: lower(wire.cpu_ms, caps.cpu_ms),
        report_bytes: lower(wire.output_bytes, caps.output_bytes),
        log_bytes: lower(wire.log_bytes, caps.log_bytes),
        body_bytes: lower(wire.body_bytes, caps.body_bytes),
        calls: if wire.calls == 0 { caps.calls } else { wire.calls.min(caps.calls) },
        ..Limits::default()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config() -> Config {
        let text = "collector = \"c:1\"\nca = \"c\"\ncertificate = \"c\"\nkey = \"k\"\n[allow]\nhosts = [\"shop.example\"]\n";
        Config::parse(Path::new("agent.toml"), text).unwrap()
    }

    fn wire() -> v1::Assignment {
        v1::Assignment {
            id: "1".to_owned(),
            check: "login".to_owned(),
            component_sha256: vec![7; 32],
            settings: "{}".to_owned(),
            every_ms: 1000,
            timeout_ms: 500,
            ..v1::Assignment::default()
        }
    }

    fn job(change: impl FnOnce(&mut v1::Assignment)) -> Result<Job, String> {
        let mut wire = wire();
        change(&mut wire);
        Job::from_wire(&config(), (1, Sha256::from_bytes([1; 32])), &wire)
    }

    fn cause(change: impl FnOnce(&mut v1::Assignment)) -> Cause {
        job(change).unwrap().work.unwrap_err().cause
    }

    #[test]
    fn other_settings_stand_in_place_of_the_plans_and_change_nothing_else() {
        let own = job(|wire| wire.settings = r#"{"target":"shop","user":"ana"}"#.to_owned()).unwrap();
        let other = own.with_settings(r#"{"user":"ben","tries":3}"#).unwrap();
        let (was, is) = (own.work.as_ref().unwrap(), other.work.as_ref().unwrap());
        assert_eq!(is.settings, r#"{"target":"shop","tries":3,"user":"ben"}"#);
        assert_eq!((&is.secrets, is.targets.len()), (&was.secrets, was.targets.len()));
        assert_eq!(was.settings, r#"{"target":"shop","user":"ana"}"#, "the rounds keep the plan's");
        for wrong in ["", "[]", "7", "{"] {
            assert!(own.with_settings(wrong).unwrap_err().contains("not one JSON object"), "{wrong}");
        }
        let large = format!(r#"{{"user":"{}"}}"#, "x".repeat(MAX_SETTINGS_BYTES));
        assert!(own.with_settings(&large).unwrap_err().contains("bytes"));
    }

    #[test]
    fn what_cannot_be_carried_out_is_refused_with_its_cause() {
        assert!(job(|_| ()).unwrap().work.is_ok_and(|work| !work.notes_shown));
        assert!(job(|wire| wire.notes_shown = true).unwrap().work.is_ok_and(|work| work.notes_shown));
        assert!(job(|_| ()).unwrap().work.is_ok_and(|work| work.revision_header.is_none()));
        let told = job(|wire| wire.revision_header = "X-Build".to_owned()).unwrap().work.unwrap();
        assert_eq!(told.revision_header.as_deref(), Some("X-Build"));
        assert_eq!(cause(|wire| wire.settings = "[]".to_owned()), Cause::BadSettings);
        assert_eq!(cause(|wire| wire.secrets = vec!["psp".to_owned()]), Cause::SecretMissing);
        let grant = |url: &str| {
            let http = v1::HttpGrant { url: url.to_owned(), ..v1::HttpGrant::default() };
            vec![v1::Grant { target: "shop".to_owned(), kind: Some(v1::grant::Kind::Http(http)) }]
        };
        assert_eq!(cause(|wire| wire.grants = grant("https://other.example")), Cause::AboveCeiling);
        assert!(job(|wire| wire.grants = grant("https://shop.example")).unwrap().work.is_ok());
        for hopeless in [
            job(|wire| wire.every_ms = 0),
            job(|wire| wire.timeout_ms = 0),
            job(|wire| wire.component_sha256 = vec![7]),
            job(|wire| wire.check = "No Name".to_owned()),
        ] {
            assert!(hopeless.is_err());
        }
    }

    #[test]
    fn the_plan_lowers_limits_and_never_raises_them() {
        let asked = v1::Limits { memory_bytes: 1 << 20, calls: 10_000, ..v1::Limits::default() };
        let limits = limits(config().limits, asked);
        assert_eq!((limits.memory_bytes, limits.calls, limits.cpu_ms), (1 << 20, 256, 2_000));
    }

    #[test]
    fn each_round_has_its_own_challenge() {
        let job = job(|wire| wire.nonce_seed = b"seed".to_vec()).unwrap();
        let mut whole = b"seed".to_vec();
        whole.extend_from_slice(&7_u64.to_be_bytes());
        assert_eq!(job.nonce(7), Hasher::digest(&whole).to_vec());
        assert_ne!(job.nonce(7), job.nonce(8));
    }
}
