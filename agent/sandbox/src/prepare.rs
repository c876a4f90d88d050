//! From a request to a run that may begin: everything is read and judged before a guest exists.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use tidelock_model::{Cause, Name, Side};
use tokio::time::Instant;

use crate::bindings::tidelock::check::types::{Context, Side as GuestSide};
use crate::cache::hex;
use crate::clock;
use crate::grants::{self, Kind, Target, Targets};
use crate::host::{Facts, Notes, Revision, RunState, Shared, StateStore, World, call_margin};
use crate::limits::{Limiter, MAX_SETTINGS_BYTES};
use crate::meter::Meter;
use crate::protocol::made_up::MadeUp;
use crate::protocol::{Refusal, RunRequest, Secret};
use crate::secret::{MAX_SECRET_BYTES, MIN_SECRET_BYTES, Scrubber, handles, may_go_to};

/// The longest run.
const MAX_TIMEOUT: Duration = Duration::from_secs(600);
/// How long a run on a made-up clock may really take.
pub(crate) const MADE_UP_FOR: Duration = Duration::from_secs(60);
/// Secrets of one run.
const MAX_SECRETS: usize = 64;
/// The longest challenge.
const MAX_NONCE_BYTES: usize = 64;

/// A run that may begin.
pub(crate) struct Prepared {
    pub(crate) state: RunState,
    pub(crate) context: Context,
}

/// Judges a request.
///
/// # Errors
/// The cause for which the run does not begin.
pub(crate) fn prepare(
    request: RunRequest,
    made_up: Option<MadeUp>,
    shared: &Arc<Shared>,
    memory_cap: u64,
) -> Result<Prepared, Refusal> {
    let bad = |why: String| Refusal::new(Cause::BadSettings, why);
    Name::new(&request.check).map_err(|error| bad(format!("check {:?}: {error}", request.check)))?;
    let timeout = Duration::from_millis(request.timeout_ms);
    if timeout.is_zero() || timeout > MAX_TIMEOUT || request.nonce.len() > MAX_NONCE_BYTES {
        return Err(bad(format!(
            "a run takes 1 ms to {} s, with a nonce of at most {MAX_NONCE_BYTES} bytes",
            MAX_TIMEOUT.as_secs()
        )));
    }
    check_settings(&request.settings).map_err(bad)?;
    let targets = grants::parse(&request.targets).map_err(bad)?;
    check_secrets(&request.secrets, &request.settings, &targets)?;
    let mut scrubber = Scrubber::default();
    for secret in &request.secrets {
        scrubber.learn(&secret.name, secret.value.expose());
    }
    let header = request.revision_header.as_deref();
    let revision = header.map(|name| Revision::new(name, &request.settings)).transpose().map_err(bad)?;
    let trace_id = trace_id(request.trace_id.as_deref())?;
    let parent_span_id = parent_span_id(request.parent_span_id)?;
    let now = Instant::now();
    // On a made-up clock nothing is late because a machine is slow.
    let deadline = now + if made_up.is_some() { MADE_UP_FOR } else { timeout };
    let world = made_up.map(|made_up| World::new(made_up, timeout, call_margin(timeout)));
    let began_unix_ms = world.as_ref().map_or_else(clock::unix_ms, World::now_unix_ms);
    let context = Context {
        side: match request.side {
            Side::Source => GuestSide::Source,
            Side::Target => GuestSide::Target,
        },
        check: request.check.clone(),
        round: request.round,
        nonce: request.nonce,
        deadline_unix_ms: began_unix_ms.saturating_add(request.timeout_ms),
        settings: request.settings,
    };
    let state = RunState {
        check: request.check,
        limits: request.limits,
        limiter: Limiter::new(request.limits.memory_bytes.min(memory_cap)),
        meter: Meter::default(),
        started_us: clock::monotonic_us(),
        deadline,
        call_deadline: deadline - call_margin(timeout),
        targets,
        secrets: request.secrets,
        scrubber,
        shared: Arc::clone(shared),
        trace_id,
        parent_span_id,
        facts: Facts::default(),
        store: StateStore::new(request.state),
        databases: Default::default(),
        notes: request.notes_shown.then(Notes::default),
        revision,
        world,
    };
    Ok(Prepared { state, context })
}

/// A state for asking a component what it is: it may call nothing.
pub(crate) fn bare(shared: &Arc<Shared>, timeout: Duration, memory_cap: u64) -> RunState {
    let deadline = Instant::now() + timeout;
    RunState {
        check: "describe".to_owned(),
        limits: Default::default(),
        limiter: Limiter::new(memory_cap),
        meter: Meter::default(),
        started_us: clock::monotonic_us(),
        deadline,
        call_deadline: deadline,
        targets: Targets::new(),
        secrets: Vec::new(),
        scrubber: Scrubber::default(),
        shared: Arc::clone(shared),
        trace_id: String::new(),
        parent_span_id: None,
        facts: Facts::default(),
        store: StateStore::default(),
        databases: Default::default(),
        notes: None,
        revision: None,
        world: None,
    }
}

fn check_settings(settings: &str) -> Result<(), String> {
    if settings.len() > MAX_SETTINGS_BYTES {
        return Err(format!(
            "settings have at most {MAX_SETTINGS_BYTES} bytes, these have {}",
            settings.len()
        ));
    }
    match serde_json::from_str(settings) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(_) => Err("settings are one JSON object".to_owned()),
        Err(error) => Err(format!("settings are no JSON: {error}")),
    }
}

/// Every secret that is named must be there, be one that can be kept out of answers, and be allowed
/// to go where its grant sends it.
fn check_secrets(secrets: &[Secret], settings: &str, targets: &Targets) -> Result<(), Refusal> {
    let missing = |why: String| Refusal::new(Cause::SecretMissing, why);
    if secrets.len() > MAX_SECRETS {
        return Err(missing(format!(
            "a run has at most {MAX_SECRETS} secrets, this one has {}",
            secrets.len()
        )));
    }
    for secret in secrets {
        let length = secret.value.expose().len();
        if !(MIN_SECRET_BYTES..=MAX_SECRET_BYTES).contains(&length) {
            return Err(missing(format!(
                "secret:{} has {length} bytes; {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} can be kept out of answers",
                secret.name
            )));
        }
    }
    let names: BTreeSet<&str> = secrets.iter().map(|secret| secret.name.as_str()).collect();
    if let Some((_, name)) = handles(settings).into_iter().find(|(_, name)| !names.contains(name)) {
        return Err(missing(format!("secret:{name} of the settings is not here")));
    }
    for target in targets.values() {
        let Some((name, host, port)) = credential(target) else {
            continue;
        };
        match secrets.iter().find(|secret| secret.name == name) {
            None => {
                return Err(missing(format!("secret:{name} of target {} is not here", target.name)));
            }
            Some(secret) if !may_go_to(&secret.hosts, host, port) => {
                let why = format!("secret:{name} may not go to {host}, where target {} is", target.name);
                return Err(Refusal::new(Cause::AboveCeiling, why));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn credential(target: &Target) -> Option<(&str, &str, u16)> {
    match &target.kind {
        Kind::Http(http) => {
            let (_, name) = http.credential.as_ref()?;
            Some((name, &http.origin.host, http.origin.port))
        }
        Kind::Postgres(postgres) => Some((postgres.password.as_deref()?, &postgres.host, postgres.port)),
        Kind::Sqlite(_) => None,
    }
}

fn parent_span_id(given: Option<String>) -> Result<Option<String>, Refusal> {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let good = |id: &String| id.len() == 16 && id.bytes().all(digit) && id.bytes().any(|b| b != b'0');
    match given {
        Some(id) if !good(&id) => {
            Err(Refusal::new(Cause::BadSettings, "a span id has 16 lower-case hexadecimal digits"))
        }
        Some(_) | None => Ok(given),
    }
}

fn trace_id(given: Option<&str>) -> Result<String, Refusal> {
    if let Some(given) = given {
        let digits = given.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if given.len() == 32 && digits && given.bytes().any(|b| b != b'0') {
            return Ok(given.to_owned());
        }
        return Err(Refusal::new(Cause::BadSettings, "a trace id has 32 lower-case hexadecimal digits"));
    }
    let mut id = [0; 16];
    let filled = SystemRandom::new().fill(&mut id);
    filled.map_err(|_| Refusal::new(Cause::Trap, "the system gives no random bytes"))?;
    id[0] |= 1; // An all-zero id is not valid.
    Ok(hex(&id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Credential, CredentialKind, PostgresGrant, SecretText, TargetGrant};
    use crate::protocol::{Grant, HttpGrant};

    fn request() -> RunRequest {
        RunRequest {
            component: tidelock_model::Sha256::from_bytes([0; 32]),
            check: "login".to_owned(),
            side: Side::Source,
            round: 1,
            nonce: vec![1],
            settings: r#"{"user":"secret:user"}"#.to_owned(),
            timeout_ms: 1000,
            limits: Default::default(),
            targets: Vec::new(),
            secrets: vec![secret("user", "hunter22")],
            state: Default::default(),
            trace_id: None,
            parent_span_id: None,
            notes_shown: false,
            revision_header: None,
        }
    }

    fn secret(name: &str, value: &str) -> Secret {
        Secret {
            name: name.to_owned(),
            value: SecretText::new(value),
            hosts: vec!["shop.example".to_owned()],
        }
    }

    fn shop(url: &str, secret: &str) -> TargetGrant {
        let credential = Some(Credential { kind: CredentialKind::Bearer, secret: secret.to_owned() });
        let grant = Grant::Http(HttpGrant {
            methods: vec!["GET".to_owned()],
            paths: vec!["/".to_owned()],
            credential,
            ..HttpGrant::closed(url)
        });
        TargetGrant { name: "shop".to_owned(), own: true, grant }
    }

    #[test]
    fn a_request_that_is_in_order_may_begin() {
        let prepared =
            prepare(request(), None, &Arc::default(), 1 << 20).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(prepared.state.trace_id.len(), 32);
        assert!(prepared.state.call_deadline < prepared.state.deadline);
    }

    #[test]
    fn what_is_not_in_order_names_its_cause() {
        let database = |password: &str| TargetGrant {
            name: "db".to_owned(),
            own: true,
            grant: Grant::Postgres(PostgresGrant {
                address: "shop.example:5432/shop".to_owned(),
                user: "u".to_owned(),
                password: Some(password.to_owned()),
                ca: None,
                tls_name: None,
                addresses: Vec::new(),
                write: false,
            }),
        };
        type Change = Box<dyn Fn(&mut RunRequest)>;
        let cases: Vec<(Cause, Change)> = vec![
            (Cause::BadSettings, Box::new(|r| r.check = "Log In".to_owned())),
            (Cause::BadSettings, Box::new(|r| r.timeout_ms = 0)),
            (Cause::BadSettings, Box::new(|r| r.timeout_ms = u64::MAX)),
            (Cause::BadSettings, Box::new(|r| r.settings = "[]".to_owned())),
            (Cause::BadSettings, Box::new(|r| r.settings = "{".to_owned())),
            (Cause::BadSettings, Box::new(|r| r.trace_id = Some("0".repeat(32)))),
            (Cause::BadSettings, Box::new(|r| r.parent_span_id = Some("a\r\nx: y".to_owned()))),
            (Cause::BadSettings, Box::new(|r| r.parent_span_id = Some("0".repeat(16)))),
            (Cause::BadSettings, Box::new(|r| r.revision_header = Some("X Build".to_owned()))),
            (Cause::BadSettings, Box::new(|r| r.targets = vec![shop("shop.example", "user")])),
            (Cause::SecretMissing, Box::new(|r| r.secrets.clear())),
            (Cause::SecretMissing, Box::new(|r| r.secrets = vec![secret("user", "abc")])),
            (Cause::SecretMissing, Box::new(|r| r.targets = vec![shop("https://shop.example", "token")])),
            (Cause::SecretMissing, Box::new(move |r| r.targets = vec![database("db-password")])),
            (Cause::AboveCeiling, Box::new(|r| r.targets = vec![shop("https://evil.example", "user")])),
        ];
        for (at, (want, change)) in cases.iter().enumerate() {
            let mut request = request();
            change(&mut request);
            let refusal = prepare(request, None, &Arc::default(), 1 << 20).err().unwrap();
            assert_eq!(refusal.cause, *want, "case {at}: {refusal}");
        }
    }
}
