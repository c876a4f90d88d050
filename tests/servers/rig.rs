//! A component of the release in the agent's own runner, with the state that an agent would keep for it.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use sha2::Digest as _;
use tidelock_model::{Cause, Outcome, Sha256, Side};
use tidelock_sandbox::protocol::{
    Grant, Limits, PostgresGrant, RunRequest, RunResult, Secret, SecretText, TargetGrant,
};
use tidelock_sandbox::{EngineSettings, RunnerClient, RunnerConfig};
use tidelock_tests::program;

/// One check: its component, its settings, its grants and what it keeps over its runs.
pub(crate) struct Check {
    client: RunnerClient,
    component: Sha256,
    pub(crate) settings: Value,
    pub(crate) targets: Vec<TargetGrant>,
    pub(crate) secrets: Vec<(String, String)>,
    pub(crate) timeout: Duration,
    state: BTreeMap<String, Vec<u8>>,
    round: u64,
}

fn runner() -> RunnerClient {
    let cache_dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("servers-cache");
    // Another test may have made it at the same moment.
    let _ = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&cache_dir);
    RunnerClient::start(RunnerConfig {
        program: program("tidelock-agent"),
        runner_args: vec!["runner".to_owned()],
        compile_args: vec!["compile".to_owned()],
        cache_dir,
        engine: EngineSettings::default(),
        compile: tidelock_sandbox::CompileBounds::default(),
        grace: Duration::from_secs(2),
        keep_out: Vec::new(),
    })
    .unwrap()
}

impl Check {
    /// The component of that name as `make plugins` built it, without a target.
    pub(crate) async fn new(plugin: &str, settings: Value) -> Check {
        let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins");
        let wasm = plugins.join(format!("{plugin}.wasm"));
        let bytes = std::fs::read(&wasm)
            .unwrap_or_else(|error| panic!("{}: {error}: run `make plugins`", wasm.display()));
        let component = Sha256::from_bytes(sha2::Sha256::digest(&bytes).into());
        let client = runner();
        client.prepare(&wasm, component).await.unwrap();
        Check {
            client,
            component,
            settings,
            targets: Vec::new(),
            secrets: Vec::new(),
            timeout: Duration::from_secs(8),
            state: BTreeMap::new(),
            round: 0,
        }
    }

    /// A check of one database.
    pub(crate) async fn of_database(
        plugin: &str,
        settings: Value,
        grant: PostgresGrant,
        password: &str,
    ) -> Check {
        let mut check = Check::new(plugin, settings).await;
        check.grant(Grant::Postgres(grant));
        check.secrets = vec![("password".to_owned(), password.to_owned())];
        check
    }

    /// Replaces the targets by this one, named `t`.
    pub(crate) fn grant(&mut self, grant: Grant) {
        self.targets = vec![TargetGrant { name: "t".to_owned(), own: true, grant }];
    }

    /// Runs once, and keeps what the check wants kept.
    pub(crate) async fn run(&mut self) -> RunResult {
        self.round += 1;
        let secret = |(name, value): &(String, String)| Secret {
            name: name.clone(),
            value: SecretText::new(value.as_str()),
            hosts: vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
        };
        let request = RunRequest {
            component: self.component,
            check: "trial".to_owned(),
            side: Side::Source,
            round: self.round,
            nonce: vec![7; 16],
            settings: self.settings.to_string(),
            timeout_ms: u64::try_from(self.timeout.as_millis()).unwrap(),
            limits: Limits::default(),
            targets: self.targets.clone(),
            secrets: self.secrets.iter().map(secret).collect(),
            state: self.state.clone(),
            trace_id: None,
            parent_span_id: None,
            notes_shown: false,
            revision_header: None,
        };
        let result = self.client.run(request).await;
        for (key, value) in &result.state_changes {
            match value {
                Some(value) => self.state.insert(key.clone(), value.clone()),
                None => self.state.remove(key),
            };
        }
        // Whatever a server says back, a secret is in nothing that leaves the runner.
        let told = format!("{result:?}");
        for (name, value) in &self.secrets {
            assert!(!told.contains(value.as_str()), "the secret {name} is in {told}");
        }
        result
    }
}

/// What the run measured under that name.
#[track_caller]
pub(crate) fn measured(result: &RunResult, name: &str) -> f64 {
    let measure = result.report.measure(name);
    measure.unwrap_or_else(|| panic!("no measure {name}: {result:?}")).value
}

/// The run passed; gives its note.
#[track_caller]
pub(crate) fn passes(result: &RunResult) -> String {
    assert_eq!((result.outcome, result.cause), (Outcome::Pass, None), "{result:?}");
    result.report.note.clone()
}

/// The run found a fault, and says so in these words.
#[track_caller]
pub(crate) fn fails(result: &RunResult, word: &str) {
    assert_eq!((result.outcome, result.cause), (Outcome::Fail, None), "{result:?}");
    says(result, word);
}

/// The run did not look, and says why in these words.
#[track_caller]
pub(crate) fn not_run(result: &RunResult, word: &str) {
    assert_eq!(result.outcome, Outcome::NotRun, "{result:?}");
    says(result, word);
}

/// The same, with its cause.
#[track_caller]
pub(crate) fn not_run_for(result: &RunResult, cause: Cause, word: &str) {
    assert_eq!(result.cause, Some(cause), "{result:?}");
    not_run(result, word);
}

/// The words are in the sentence, the note or a step of the run.
#[track_caller]
pub(crate) fn says(result: &RunResult, word: &str) {
    let steps: Vec<&str> = result.report.steps.iter().map(|step| step.note.as_str()).collect();
    let told = format!("{} | {} | {}", result.detail, result.report.note, steps.join(" | "));
    assert!(told.contains(word), "{told:?} does not say {word:?}");
}
