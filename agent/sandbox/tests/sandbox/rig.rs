//! A client with its runner, and requests that are in order until a test changes them.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::time::Duration;

use sha2::Digest as _;
use tidelock_model::{Cause, Outcome, Sha256, Side};
use tidelock_sandbox::protocol::{
    Grant, HttpGrant, Limits, RunRequest, RunResult, Secret, SecretText, TargetGrant,
};
use tidelock_sandbox::{CompileBounds, EngineSettings, RunnerClient, RunnerConfig};

pub(crate) struct Rig {
    pub(crate) client: RunnerClient,
    pub(crate) component: Sha256,
}

/// The component of the test guest.
pub(crate) fn guest() -> (PathBuf, Sha256) {
    built("test-guest")
}

fn built(name: &str) -> (PathBuf, Sha256) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../target/plugins/{name}.wasm"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}: run `cargo run -p tidelock-components --bin componentize -- tidelock-{name}`",
            path.display()
        )
    });
    (path, digest(&bytes))
}

pub(crate) fn digest(bytes: &[u8]) -> Sha256 {
    Sha256::from_bytes(sha2::Sha256::digest(bytes).into())
}

/// How runners are started here: this program, with the name of the test that is the entry point.
pub(crate) fn config() -> RunnerConfig {
    let cache_dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sandbox-cache");
    if !cache_dir.exists() {
        let _ = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&cache_dir);
    }
    let entry = |name: &str| vec!["--exact".to_owned(), name.to_owned(), "--nocapture".to_owned()];
    RunnerConfig {
        program: std::env::current_exe().unwrap(),
        runner_args: entry("runner_entry"),
        compile_args: entry("compile_entry"),
        cache_dir,
        engine: EngineSettings { max_runs: 16, ..EngineSettings::default() },
        compile: CompileBounds::default(),
        grace: Duration::from_secs(2),
        keep_out: Vec::new(),
    }
}

impl Rig {
    pub(crate) async fn new() -> Rig {
        Rig::with(config()).await
    }

    pub(crate) async fn with(config: RunnerConfig) -> Rig {
        let (path, component) = guest();
        let client = RunnerClient::start(config).unwrap();
        client.prepare(&path, component).await.unwrap();
        Rig { client, component }
    }

    /// With a plugin of the release.
    pub(crate) async fn of_plugin(name: &str) -> Rig {
        let (path, component) = built(name);
        let client = RunnerClient::start(config()).unwrap();
        client.prepare(&path, component).await.unwrap();
        Rig { client, component }
    }

    pub(crate) fn request(&self, settings: serde_json::Value) -> RunRequest {
        RunRequest {
            component: self.component,
            check: "trial".to_owned(),
            side: Side::Source,
            round: 7,
            nonce: vec![1, 2, 3],
            settings: settings.to_string(),
            timeout_ms: 5_000,
            limits: Limits::default(),
            targets: Vec::new(),
            secrets: Vec::new(),
            state: Default::default(),
            trace_id: None,
            parent_span_id: None,
            notes_shown: false,
            revision_header: None,
        }
    }

    pub(crate) async fn run(&self, settings: serde_json::Value) -> RunResult {
        self.client.run(self.request(settings)).await
    }

    /// Proves that the runner is well after whatever was done to it.
    pub(crate) async fn is_well(&self) {
        let result = self.run(serde_json::json!({ "act": "pass" })).await;
        assert_eq!((result.outcome, result.cause), (Outcome::Pass, None), "{}", result.detail);
    }

    /// Calls a target named `shop`, and shows what the plugin saw of it.
    pub(crate) async fn call(&self, shop: HttpGrant, settings: serde_json::Value) -> RunResult {
        let mut request = self.request(http_settings(settings));
        request.targets = vec![target("shop", shop)];
        self.client.run(request).await
    }
}

/// Settings of a call to `shop`, with what is given on top.
pub(crate) fn http_settings(more: serde_json::Value) -> serde_json::Value {
    let mut settings = serde_json::json!({ "act": "http", "target": "shop", "path": "/ok" });
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

pub(crate) fn target(name: &str, grant: HttpGrant) -> TargetGrant {
    TargetGrant { name: name.to_owned(), own: true, grant: Grant::Http(grant) }
}

/// A grant of everything on a local server.
pub(crate) fn local(url: &str) -> HttpGrant {
    HttpGrant {
        methods: vec!["GET".to_owned(), "POST".to_owned()],
        paths: vec!["/".to_owned()],
        addresses: vec!["127.0.0.1".to_owned()],
        ..HttpGrant::closed(url)
    }
}

pub(crate) fn secret(name: &str, value: &str, host: &str) -> Secret {
    Secret { name: name.to_owned(), value: SecretText::new(value), hosts: vec![host.to_owned()] }
}

/// What the plugin wrote about what it saw.
pub(crate) fn seen(result: &RunResult) -> String {
    assert_eq!(result.outcome, Outcome::Pass, "{:?}: {} {:?}", result.cause, result.detail, result.report);
    result.report.steps[0].note.clone()
}

pub(crate) fn measured(result: &RunResult, name: &str) -> f64 {
    result.report.measure(name).unwrap_or_else(|| panic!("no measure {name}: {result:?}")).value
}

#[track_caller]
pub(crate) fn not_run(result: &RunResult, cause: Cause, word: &str) {
    assert_eq!((result.outcome, result.cause), (Outcome::NotRun, Some(cause)), "{}", result.detail);
    assert!(result.detail.contains(word), "{:?} does not say {word:?}", result.detail);
}

#[track_caller]
pub(crate) fn fails(result: &RunResult, word: &str) {
    assert_eq!((result.outcome, result.cause), (Outcome::Fail, None), "{}", result.detail);
    assert!(result.detail.contains(word), "{:?} does not say {word:?}", result.detail);
}
