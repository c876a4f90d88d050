//! The agent's own runner with one component, and requests for it.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use sha2::Digest as _;
use tidelock_model::{Outcome, Sha256, Side};
use tidelock_sandbox::protocol::{Grant, HttpGrant, Limits, RunRequest, RunResult, TargetGrant};
use tidelock_sandbox::{EngineSettings, RunnerClient, RunnerConfig};
use tidelock_tests::program;

/// A component that is ready to run.
#[derive(Clone)]
pub(crate) struct Component {
    client: RunnerClient,
    wasm: PathBuf,
    digest: Sha256,
    settings: String,
    targets: Vec<TargetGrant>,
}

/// A runtime as an agent has it: one thread.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A runner as an agent starts it.
pub(crate) fn runner() -> RunnerClient {
    let cache_dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-cache");
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&cache_dir);
    made.expect("a folder for compiled code can be made");
    let config = RunnerConfig {
        program: program("tidelock-agent"),
        runner_args: vec!["runner".to_owned()],
        compile_args: vec!["compile".to_owned()],
        cache_dir,
        engine: EngineSettings::default(),
        compile: tidelock_sandbox::CompileBounds::default(),
        grace: Duration::from_secs(2),
        keep_out: Vec::new(),
    };
    RunnerClient::start(config).expect("a runner can be kept")
}

impl Component {
    /// The component of that name as `make plugins` built it; `port` is the loopback's that it may call.
    pub(crate) async fn load(
        client: RunnerClient,
        plugin: &str,
        settings: &Value,
        port: Option<u16>,
    ) -> Component {
        let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins");
        let wasm = plugins.join(format!("{plugin}.wasm"));
        let bytes = std::fs::read(&wasm)
            .unwrap_or_else(|error| panic!("{}: {error}: run make plugins", wasm.display()));
        let digest = Sha256::from_bytes(sha2::Sha256::digest(&bytes).into());
        client.prepare(&wasm, digest).await.expect("the component can be run");
        let settings = settings.to_string();
        Component { client, wasm, digest, settings, targets: port.map(target).into_iter().collect() }
    }

    /// One whole run, which must pass.
    pub(crate) async fn run(&self, round: u64) -> RunResult {
        let request = RunRequest {
            component: self.digest,
            check: "bench".to_owned(),
            side: Side::Source,
            round,
            nonce: vec![7; 16],
            settings: self.settings.clone(),
            timeout_ms: 5_000,
            limits: Limits::default(),
            targets: self.targets.clone(),
            secrets: Vec::new(),
            state: Default::default(),
            trace_id: None,
            parent_span_id: None,
            notes_shown: false,
            revision_header: None,
        };
        let result = self.client.run(request).await;
        assert_eq!(result.outcome, Outcome::Pass, "{result:?}");
        result
    }

    /// There and back to the runner without an instance.
    pub(crate) async fn round_trip(&self) {
        self.client.prepare(&self.wasm, self.digest).await.expect("it was prepared before");
    }
}

fn target(port: u16) -> TargetGrant {
    let http = HttpGrant {
        methods: vec!["GET".to_owned()],
        paths: vec!["/".to_owned()],
        addresses: vec!["127.0.0.1".to_owned()],
        ..HttpGrant::closed(format!("http://127.0.0.1:{port}"))
    };
    TargetGrant { name: "shop".to_owned(), own: true, grant: Grant::Http(http) }
}
