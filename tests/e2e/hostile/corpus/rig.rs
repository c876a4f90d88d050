//! A collector, an agent a side, and the components of the corpus in a folder, some of them signed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::Digest as _;
use tidelock_hostile::{Ends, Server, TABLE, corpus};
use tidelock_model::Sha256;
use tidelock_tests::{World, resident_bytes};

/// Where they run and what is granted there; the metadata service as one address of a whole range, which is not
/// enough, and names that turn out to be this machine. Scenarios come at its end.
const PLAN: &str = r#"
tidelock: plan/v1
name: shop
summary: Move the shop.
rehearsal_scale: true
environments:
  source:
    title: Old
    agents: { at_least: 1 }
    targets: { shop: { url: "{source}", methods: [GET], paths: ["/"], addresses: [127.0.0.1/32] } }
  target:
    title: New
    agents: { at_least: 1 }
    targets:
      shop: { url: "http://127.0.0.1:{port}", methods: [GET], paths: ["/"], addresses: [127.0.0.1/32], rate: 5000/s, concurrency: 16 }
      cloud: { url: "http://169.254.169.254", methods: [GET], paths: ["/"], addresses: [169.254.0.0/16] }
      inside: { url: "http://localhost:9", methods: [GET], paths: ["/"], addresses: [10.0.0.0/8] }
      moved: { url: "http://localhost:{port}", methods: [GET], paths: ["/"], addresses: [10.0.0.0/8] }
people:
  ana: { name: Ana, role: Lead }
  bo: { name: Bo, role: Deputy }
decisions:
  cutover: { who: [ana] }
  rollback: { who: [ana, bo] }
  commit: { who: [bo] }
canary: { {canary} }
gates:
  ready: { needs: [all], stable_for: 2s }
  cutover: { decision: cutover }
rollback: { window: 1h }
scenarios:
"#;

/// What a run may take, in seconds; less of processor time, so that computing and waiting are told apart.
pub(super) const DEADLINE_SECONDS: f64 = 4.0;
const TIMES: &str = "every: 5s, timeout: 4s";
const LIMITS: &str = "\n[limits]\ncpu_ms = 600\nmemory_bytes = 16777216\n\n[runs]\nin_flight = 16\n";
/// What all of them together may cost an agent. One alone may cost its host 32 MiB, and here are some sixty: fetched,
/// compiled and run at once, on a machine that does other things as well.
const GROWTH_BYTES: u64 = 64 << 20;
/// They come later, each in a way of its own.
const LATER: [&str; 5] = ["100-mebibytes", "a-compile-bomb", "a-core-module", "always-passes", "noise"];

/// What must become of the component of this name.
pub(super) fn ends(name: &str) -> Ends {
    let found = TABLE.iter().find(|(_, other, _)| *other == name);
    found.unwrap_or_else(|| panic!("there is no {name} in the corpus")).2
}

/// A scenario of the plan.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) ends: Ends,
    file: PathBuf,
    side: &'static str,
    target: &'static str,
    times: &'static str,
}

impl Check {
    /// Whether the gate must be shut by it.
    pub(super) fn holds(&self) -> bool {
        !matches!(self.ends, Ends::Passes(_))
    }

    fn scenario(&self) -> String {
        let Check { name, side, target, times, .. } = self;
        format!(
            "  {name}: {{ level: critical, if_broken: Nothing, plugin: \"file:{}\", sha256: {}, run_on: {side}, \
             {times}, with: {{ target: {target} }}, claims: {{ passes: {{ in_a_row: 1 }} }} }}\n",
            self.file.display(),
            digest(&self.file)
        )
    }
}

fn digest(file: &Path) -> Sha256 {
    Sha256::from_bytes(sha2::Sha256::digest(fs::read(file).expect("a component")).into())
}

pub(super) struct Rig {
    pub(super) world: World,
    /// Whom no plan grants; a redirect leads there.
    pub(super) forbidden: Server,
    shop: Server,
    /// Where the components lie, by their names.
    files: BTreeMap<&'static str, PathBuf>,
}

impl Rig {
    /// Both agents run, and the canary is number 43.
    pub(super) fn start() -> Rig {
        let forbidden = Server::start(None).expect("a port is free");
        let shop = Server::start(Some(forbidden.address)).expect("a port is free");
        let world = World::collector_alone();
        let mut rig = Rig { world, forbidden, shop, files: BTreeMap::new() };
        fs::create_dir(rig.folder()).expect("a folder can be made");
        for hostile in corpus().expect("the corpus is made") {
            let file = hostile.write(&rig.folder()).expect("a component can be written");
            rig.files.insert(hostile.name, file);
        }
        fs::write(rig.honest().file, tidelock_hostile::honest().expect("it is made")).expect("written");
        let [team, old, _] = ["team", "old", "stranger"].map(|name| rig.key(name));
        rig.signatures();
        let canary = rig.file("always-passes");
        let canary = format!("plugin: \"file:{}\", sha256: {}", canary.display(), digest(canary));
        rig.apply(&canary, &[rig.honest()]);
        let trust = format!("trusted_keys = [{team:?}]\nrevoked_keys = [{old:?}]");
        rig.join("source", |text| text.replace("allow_unsigned = true", &trust));
        rig.join("target", |text| format!("{text}{LIMITS}"));
        rig
    }

    fn join(&mut self, side: &'static str, change: impl FnOnce(String) -> String) {
        let name = format!("{side}-1");
        let folder = self.world.enrol(side, &name);
        let config = folder.join("agent.toml");
        let text = fs::read_to_string(&config).expect("a configuration");
        fs::write(&config, change(text)).expect("written");
        self.world.adopt(side, &name, folder);
    }

    /// Where the components lie.
    fn folder(&self) -> PathBuf {
        self.world.folder.path().join("hostile")
    }

    /// The file of a component.
    pub(super) fn file(&self, name: &str) -> &Path {
        self.files.get(name).unwrap_or_else(|| panic!("there is no {name} in the corpus"))
    }

    /// Makes a key, and gives its public half.
    fn key(&self, name: &str) -> String {
        let file = self.folder().join(name).display().to_string();
        let _ = self.world.operator.run(&["plugin", "keygen", &file]).good();
        fs::read_to_string(format!("{file}.pub")).expect("a public key").trim().to_owned()
    }

    fn sign(&self, component: &Path, key: &str) {
        let key = self.folder().join(key).display().to_string();
        let component = component.display().to_string();
        let mut command = self.world.operator.command(&["plugin", "sign", &component, "--key", &key]);
        // What is compiled on the way is not to lie in a person's own folder.
        let signed = command.env("XDG_CACHE_HOME", self.folder().join("cache")).output().expect("it starts");
        assert!(signed.status.success(), "{component}: {}", String::from_utf8_lossy(&signed.stderr));
    }

    /// Numbers 37 to 39: the honest component and another one share a name, a version and a key; a key is revoked;
    /// and what lies beside a third one on the collector's disk is the signature of the honest one.
    fn signatures(&self) {
        let honest = self.honest().file;
        self.sign(&honest, "team");
        self.sign(self.file("same-name-and-version"), "team");
        self.sign(self.file("of-a-revoked-key"), "old");
        self.sign(self.file("times-its-own-work"), "stranger");
        let other = self.file("with-the-signature-of-another");
        let _ = self.world.operator.run(&["plugin", "push", &other.display().to_string()]).good();
        let beside = self.world.collector_folder().join("data/components");
        let beside = beside.join(format!("{}.sig", digest(other)));
        // As the collector writes them: a block, and an empty line.
        let signature = fs::read_to_string(format!("{}.sig", honest.display())).expect("a signature");
        fs::write(beside, format!("{}\n\n", signature.trim()))
            .expect("the collector's folder can be written");
    }

    /// The honest one, on both sides.
    pub(super) fn honest(&self) -> Check {
        Check {
            name: "honest".to_owned(),
            ends: Ends::Passes("it is honest"),
            file: self.folder().join("honest.wasm"),
            side: "both",
            target: "shop",
            times: "every: 1s, timeout: 900ms",
        }
    }

    /// A component of the corpus as a check.
    pub(super) fn check(&self, name: &str) -> Check {
        let (file, ends) = (self.file(name), ends(name));
        let stem = file.file_stem().and_then(|stem| stem.to_str()).expect("a name of letters");
        Check {
            name: stem.to_owned(),
            side: if matches!(ends, Ends::Unvouched(_)) { "source" } else { "target" },
            target: match name {
                "calls-the-metadata-address" => "cloud",
                "calls-a-loopback-address" => "inside",
                "a-name-that-moves-inside" => "moved",
                _ => "shop",
            },
            // It behaves for five rounds.
            times: if matches!(ends, Ends::Turns(..)) { "every: 3s, timeout: 3s" } else { TIMES },
            file: file.to_owned(),
            ends,
        }
    }

    /// All that a plan can name and that comes to its end soon, and two more on the side that asks who signed.
    pub(super) fn checks(&self) -> Vec<Check> {
        let now = TABLE.iter().filter(|(_, name, _)| !LATER.contains(name));
        let mut checks: Vec<Check> = now.map(|(_, name, _)| self.check(name)).collect();
        for (name, of, why) in [
            ("signed-by-nobody", "nan", "nobody has signed it"),
            ("signed-by-a-stranger", "times-its-own-work", "trusted_keys of agent.toml does not name"),
        ] {
            let (name, ends) = (name.to_owned(), Ends::Unvouched(why));
            checks.push(Check { name, ends, side: "source", target: "shop", ..self.check(of) });
        }
        checks
    }

    /// Applies a plan of these checks, with this canary.
    pub(super) fn apply(&self, canary: &str, checks: &[Check]) {
        let port = self.shop.address.port().to_string();
        let scenarios: String = checks.iter().map(Check::scenario).collect();
        let plan = PLAN.replace("{canary}", canary).replace("{port}", &port);
        self.world.apply(&(plan + &scenarios));
    }

    /// What the gate `ready` answers, and the exit code of whoever asks.
    pub(super) fn gate(&self) -> (i32, Value) {
        let answer = self.world.operator.run(&["gate", "check", "ready", "-o", "json"]);
        (answer.code, answer.json())
    }

    /// What each agent has resident, in bytes.
    pub(super) fn memory(&self) -> BTreeMap<String, u64> {
        let mut memory = BTreeMap::new();
        for agent in &self.world.agents {
            let pid = agent.process.as_ref().expect("it runs").pid();
            memory.insert(agent.name.clone(), resident_bytes(pid).expect("it is there"));
        }
        memory
    }

    /// Each agent is there and about as large as it was, and none of its threads has broken down.
    pub(super) fn no_agent_has_grown(&self, before: &BTreeMap<String, u64>) {
        for (agent, bytes) in self.memory() {
            let grown = bytes.saturating_sub(before[&agent]);
            assert!(grown <= GROWTH_BYTES, "{agent} has grown by {grown} bytes, to {bytes}");
        }
        for agent in &self.world.agents {
            let log = agent.process.as_ref().expect("it runs").log();
            assert!(!log.contains("panicked"), "{log}");
        }
    }
}
