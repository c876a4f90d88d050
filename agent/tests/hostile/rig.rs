//! The real runner, with an honest component beside the hostile one.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

use sha2::Digest as _;
use tidelock_hostile::Server;
use tidelock_model::{Outcome, Sha256, Side};
use tidelock_sandbox::protocol::{Grant, HttpGrant, Limits, RunRequest, RunResult, TargetGrant};
use tidelock_sandbox::{CompileBounds, EngineSettings, RunnerClient, RunnerConfig};

/// What a run may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);
/// Less than the deadline, so that computing and waiting are told apart.
const CPU_MS: u64 = 400;
/// What a component may have of memory.
const MEMORY_BYTES: u64 = 16 << 20;
/// How many runs may go on at once.
pub(crate) const RUNS: u32 = 8;
/// What compiling may take.
pub(crate) const COMPILE: CompileBounds =
    CompileBounds { time: Duration::from_secs(20), cpu_secs: 3, memory_bytes: 4 << 30 };

pub(crate) struct Rig {
    pub(crate) client: RunnerClient,
    honest: Sha256,
    shop: String,
    moved: TargetGrant,
}

pub(crate) fn digest(path: &Path) -> Sha256 {
    Sha256::from_bytes(sha2::Sha256::digest(std::fs::read(path).unwrap()).into())
}

impl Rig {
    pub(crate) async fn new(folder: &Path, server: &Server) -> Rig {
        // A name that turns out to be this machine, whatever it was granted as.
        let moved = target("moved", &format!("http://localhost:{}", server.address.port()), &["10.0.0.0/8"]);
        Rig::with(Path::new(env!("CARGO_BIN_EXE_tidelock-agent")), folder, server, moved).await
    }

    /// The same with a program of its own for runner and compiler, and another target `moved`.
    pub(crate) async fn with(program: &Path, folder: &Path, server: &Server, moved: TargetGrant) -> Rig {
        let cache_dir = folder.join("cache");
        if !cache_dir.exists() {
            std::fs::DirBuilder::new().mode(0o700).create(&cache_dir).unwrap();
        }
        let client = RunnerClient::start(RunnerConfig {
            program: program.to_owned(),
            runner_args: vec!["runner".to_owned()],
            compile_args: vec!["compile".to_owned()],
            cache_dir,
            engine: EngineSettings { max_runs: RUNS, ..EngineSettings::default() },
            compile: COMPILE,
            grace: Duration::from_secs(1),
            keep_out: Vec::new(),
        });
        let client = client.unwrap();
        let path = folder.join("honest.wasm");
        std::fs::write(&path, tidelock_hostile::honest().unwrap()).unwrap();
        let honest = digest(&path);
        client.prepare(&path, honest).await.unwrap();
        let rig = Rig { client, honest, shop: format!("http://{}", server.address), moved };
        rig.is_well("at the beginning").await;
        rig
    }

    /// Proves that the runner is well after whatever was done to it.
    pub(crate) async fn is_well(&self, when: &str) {
        let result = self.run(self.honest, 0).await;
        assert_eq!((result.outcome, result.cause), (Outcome::Pass, None), "{when}: {}", result.detail);
    }

    pub(crate) async fn run(&self, component: Sha256, round: u64) -> RunResult {
        let request = RunRequest {
            component,
            check: "hostile".to_owned(),
            side: Side::Target,
            round,
            nonce: vec![1, 2, 3],
            settings: "{\"target\":\"shop\"}".to_owned(),
            timeout_ms: u64::try_from(DEADLINE.as_millis()).unwrap(),
            limits: Limits { memory_bytes: MEMORY_BYTES, cpu_ms: CPU_MS, ..Limits::default() },
            targets: vec![
                target("shop", &self.shop, &["127.0.0.1"]),
                // The metadata service as one address of a whole range, which is not enough.
                target("cloud", "http://169.254.169.254", &["169.254.0.0/16"]),
                target("inside", "http://localhost:9", &[]),
                self.moved.clone(),
            ],
            secrets: Vec::new(),
            state: BTreeMap::new(),
            trace_id: None,
            parent_span_id: None,
            notes_shown: false,
            revision_header: None,
        };
        self.client.run(request).await
    }
}

pub(crate) fn target(name: &str, url: &str, addresses: &[&str]) -> TargetGrant {
    let grant = HttpGrant {
        methods: vec!["GET".to_owned()],
        paths: vec!["/".to_owned()],
        addresses: addresses.iter().map(|&address| address.to_owned()).collect(),
        ..HttpGrant::closed(url)
    };
    TargetGrant { name: name.to_owned(), own: true, grant: Grant::Http(grant) }
}

/// Resident bytes of a process and the most it ever had.
pub(crate) fn resident(pid: i32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) << 10
    };
    (kib("VmRSS:"), kib("VmHWM:"))
}

/// The child processes of this one.
pub(crate) fn children() -> Vec<i32> {
    let mut found = Vec::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let text = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(text.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
    }
    found
}

/// The compile children of this one. Until a child is a program of its own it has the memory of this one, and the words
/// that this one was started with.
pub(crate) fn compilers() -> Vec<i32> {
    let compiles = |pid: &i32| {
        let words = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        words.split('\0').nth(1) == Some("compile")
    };
    children().into_iter().filter(compiles).collect()
}
