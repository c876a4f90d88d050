//! A whole installation: a collector, agents that joined with tokens, and the plan they serve.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::Cli;
use crate::process::{Process, program, target_folder};
use crate::shop::Shop;
use crate::wait::{eventually, eventually_for};

/// What a world is made of.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// Agents on each side.
    pub agents: u32,
    /// The plan, with `{source}` and `{target}` for the shops' URLs.
    pub plan: String,
    /// Variables of every process.
    pub env: Vec<(String, String)>,
}

impl Default for WorldOptions {
    fn default() -> WorldOptions {
        WorldOptions { agents: 1, plan: [SHOPS_PLAN, LOGIN_PLAN].concat(), env: Vec::new() }
    }
}

/// How a plan for the two shops begins: where they are, and who decides.
pub const SHOPS_PLAN: &str = r#"
tidelock: plan/v1
name: shop
summary: Move the shop.
rehearsal_scale: true
environments:
  source:
    title: Old
    agents: { at_least: 1 }
    targets: { shop: { url: "{source}", methods: [GET, POST], paths: ["/"], addresses: ["127.0.0.0/8"], rate: 200/s } }
  target:
    title: New
    agents: { at_least: 1 }
    targets: { shop: { url: "{target}", methods: [GET, POST], paths: ["/"], addresses: ["127.0.0.0/8"], rate: 200/s } }
people:
  ana: { name: Ana, role: Lead, reach: "phone:1" }
  bo: { name: Bo, role: Deputy, reach: "phone:2" }
decisions:
  cutover: { who: [ana], deputies: [bo] }
  rollback: { who: [ana, bo] }
  commit: { who: [bo] }
"#;

/// One login check on both sides.
const LOGIN_PLAN: &str = r#"defaults: { every: 1s, timeout: 1s }
scenarios:
  login:
    kind: auth
    title: A customer logs in
    if_broken: Customers cannot log in
    level: critical
    plugin: builtin:login
    run_on: both
    with: { target: shop, user: probe, password: "secret:probe-password" }
    claims: { passes: { in_a_row: 2 } }
gates:
  ready: { needs: [login], stable_for: 2s }
  cutover: { decision: cutover, valid_for: 10m }
  watch: { needs: [login] }
  committed: { needs: [all], stable_for: 2s, decision: commit }
  rolled-back: { needs: [login] }
rollback: { window: 1h }
"#;

/// One agent, on one side.
#[derive(Debug)]
pub struct AgentHandle {
    /// Its side.
    pub side: &'static str,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its process; none while it is stopped.
    pub process: Option<Process>,
    /// Its variables.
    pub env: Vec<(String, String)>,
}

impl AgentHandle {
    /// Starts it (again).
    pub fn start(&mut self) {
        let config = self.folder.join("agent.toml");
        let arguments = [OsStr::new("run"), OsStr::new("--config"), config.as_os_str()];
        let label = format!("agent-{}-{}", self.side, self.name);
        self.process = Some(Process::start_in(
            self.folder.parent().unwrap_or(&self.folder),
            &label,
            "tidelock-agent",
            &arguments,
            &self.env,
        ));
    }

    /// `kill -9`.
    pub fn kill9(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill9();
        }
    }
}

/// A running installation.
#[derive(Debug)]
pub struct World {
    /// The shop of the source.
    pub source: Shop,
    /// The shop of the target.
    pub target: Shop,
    /// The collector; none while it is stopped.
    pub collector: Option<Process>,
    /// The agents.
    pub agents: Vec<AgentHandle>,
    /// The operator.
    pub operator: Cli,
    /// Variables of every process.
    pub env: Vec<(String, String)>,
    /// Everything lies in here. Last, so that it goes when the processes are gone.
    pub folder: TempDir,
}

impl World {
    /// Starts everything and applies the plan.
    ///
    /// # Panics
    /// When a part of it does not come up.
    pub fn start(options: &WorldOptions) -> World {
        let mut world = World::collector_in(options.env.clone());
        world.apply(&options.plan);
        for side in ["source", "target"] {
            for number in 1..=options.agents {
                world.join(side, &format!("{side}-{number}"));
            }
        }
        world
    }

    /// A collector without a plan.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn collector_alone() -> World {
        World::collector_in(Vec::new())
    }

    /// The same with variables for every process.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn collector_in(env: Vec<(String, String)>) -> World {
        let folder = tempfile::Builder::new().prefix("tidelock-e2e-").tempdir().expect("a temporary folder");
        let dir = folder.path().join("collector");
        let init = std::process::Command::new(program("tidelock-collector"))
            .args([
                "init",
                "--agents-listen",
                "127.0.0.1:0",
                "--api-listen",
                "127.0.0.1:0",
                "--host",
                "127.0.0.1",
            ])
            .arg("--dir")
            .arg(&dir)
            .output()
            .expect("tidelock-collector starts");
        assert!(init.status.success(), "init: {}", String::from_utf8_lossy(&init.stderr));
        let operator = Cli {
            server: String::new(),
            ca: dir.join("ca.pem"),
            token: dir.join("operator.token"),
            home: folder.path().to_owned(),
        };
        let (source, target) = (Shop::start(), Shop::start());
        let mut world = World { folder, source, target, collector: None, agents: Vec::new(), operator, env };
        world.start_collector();
        world
    }

    /// Where the collector's files lie.
    pub fn collector_folder(&self) -> PathBuf {
        self.folder.path().join("collector")
    }

    /// The collector's address of this name: `agents`, `api` or `ops`.
    ///
    /// # Panics
    /// When it has none.
    pub fn address(&self, name: &str) -> String {
        let text = fs::read_to_string(self.collector_folder().join("ports.json")).expect("it listens");
        let listening: Value = serde_json::from_str(&text).expect("a port file is JSON");
        listening[name].as_str().unwrap_or_else(|| panic!("no {name} in {listening}")).to_owned()
    }

    /// Starts the collector (again). Its ports stay the same over a restart.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_collector(&mut self) {
        self.launch_collector();
        self.until_it_answers();
    }

    /// Starts the collector (again), and waits only until it listens: it may still read its journal.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn launch_collector(&mut self) {
        let dir = self.collector_folder();
        let ports = dir.join("ports.json");
        // A port file of an earlier start would be read as this one's.
        let _ = fs::remove_file(&ports);
        let config = dir.join("collector.toml");
        let arguments = [
            OsStr::new("run"),
            OsStr::new("--config"),
            config.as_os_str(),
            OsStr::new("--port-file"),
            ports.as_os_str(),
        ];
        self.collector = Some(Process::start_in(
            self.folder.path(),
            "collector",
            "tidelock-collector",
            &arguments,
            &self.env,
        ));
        let listening: Value = eventually("the collector listens", || {
            let text = fs::read_to_string(&ports).map_err(|error| error.to_string())?;
            serde_json::from_str(&text).map_err(|error| error.to_string())
        });
        let address = |name: &str| {
            listening[name].as_str().unwrap_or_else(|| panic!("no {name} in {listening}")).to_owned()
        };
        self.operator.server = format!("https://{}", address("api"));
        self.keep_ports(&config, &address("agents"), &address("api"));
    }

    /// Waits until the collector has read its journal and answers.
    fn until_it_answers(&self) {
        eventually("the collector answers", || {
            let answer = self.operator.run(&["gate", "ls"]);
            if answer.code == 7 { Err(answer.err) } else { Ok(()) }
        });
    }

    /// Writes the ports that were given into the configuration, so that a restart takes the same.
    fn keep_ports(&self, config: &Path, agents: &str, api: &str) {
        let text = fs::read_to_string(config).expect("the configuration can be read");
        let lines: Vec<String> = (text.lines())
            .map(|line| match line.split_once('=').map(|(key, _)| key.trim()) {
                Some("agents") if line.contains(":0\"") => format!("agents = \"{agents}\""),
                Some("api") if line.contains(":0\"") => format!("api = \"{api}\""),
                _ => line.to_owned(),
            })
            .collect();
        fs::write(config, lines.join("\n")).expect("the configuration can be written");
    }

    /// `kill -9` of the collector.
    pub fn kill_collector(&mut self) {
        if let Some(mut process) = self.collector.take() {
            process.kill9();
        }
    }

    /// The plan's text with the shops' addresses in it.
    pub fn plan_text(&self, plan: &str) -> String {
        plan.replace("{source}", &self.source.url).replace("{target}", &self.target.url)
    }

    /// Applies a plan.
    ///
    /// # Panics
    /// When it is refused.
    pub fn apply(&self, plan: &str) {
        let file = self.folder.path().join("plan.yaml");
        fs::write(&file, self.plan_text(plan)).expect("the plan can be written");
        let _ = self
            .operator
            .run(&["plan", "apply", &file.display().to_string(), "--yes", "--reason", "test"])
            .good();
    }

    /// Lets an agent join with a token of its own, and starts it.
    ///
    /// # Panics
    /// When it cannot join.
    pub fn join(&mut self, side: &'static str, name: &str) -> &mut AgentHandle {
        let folder = self.enrol(side, name);
        self.adopt(side, name, folder)
    }

    /// Starts an agent that has joined.
    ///
    /// # Panics
    /// When it does not start.
    pub fn adopt(&mut self, side: &'static str, name: &str, folder: PathBuf) -> &mut AgentHandle {
        let mut agent =
            AgentHandle { side, name: name.to_owned(), folder, process: None, env: self.env.clone() };
        agent.start();
        self.agents.push(agent);
        self.agents.last_mut().expect("it was just pushed")
    }

    /// Lets an agent join with a token of its own; gives its folder.
    ///
    /// # Panics
    /// When it cannot join.
    pub fn enrol(&self, side: &str, name: &str) -> PathBuf {
        let token = self.operator.run(&["agent", "token", "--side", side]).good();
        self.enrol_with(token.out.trim(), name)
    }

    /// The same with a token that is there.
    ///
    /// # Panics
    /// When it cannot join.
    pub fn enrol_with(&self, token: &str, name: &str) -> PathBuf {
        let folder = self.folder.path().join(format!("agent-{name}"));
        let joined = std::process::Command::new(program("tidelock-agent"))
            .args(["join", &self.operator.server, token, "--name", name, "--dir"])
            .arg(&folder)
            .output()
            .expect("tidelock-agent starts");
        assert!(joined.status.success(), "join: {}", String::from_utf8_lossy(&joined.stderr));
        // Tests bring components that they have just built; every screen says so.
        let config = folder.join("agent.toml");
        let text = fs::read_to_string(&config).expect("the agent has a configuration");
        let mut text = share_compiled(&text);
        text.push_str("\n[plugins]\nallow_unsigned = true\n");
        fs::write(&config, text).expect("the configuration can be written");
        self.give_secret(&folder, "probe-password", "right");
        folder
    }

    /// Puts a secret into an agent's configuration.
    ///
    /// # Panics
    /// When the files cannot be written.
    pub fn give_secret(&self, folder: &Path, name: &str, value: &str) {
        let file = folder.join(format!("{name}.secret"));
        fs::write(&file, value).expect("a secret can be written");
        let config = folder.join("agent.toml");
        let mut text = fs::read_to_string(&config).expect("the agent has a configuration");
        text.push_str(&format!(
            "\n[secrets.{name}]\nfile = {:?}\nhosts = [\"127.0.0.1\"]\n",
            file.display().to_string()
        ));
        fs::write(&config, text).expect("the configuration can be written");
    }

    /// Access for a person of the plan.
    ///
    /// # Panics
    /// When it is not given.
    pub fn person(&self, name: &str) -> Cli {
        self.access(name, "person")
    }

    /// Access with a role.
    ///
    /// # Panics
    /// When it is not given.
    pub fn access(&self, name: &str, role: &str) -> Cli {
        let answer = self.operator.run(&["access", "issue", name, "--role", role]).good();
        let file = self.folder.path().join(format!("{name}.token"));
        fs::write(&file, answer.out.trim()).expect("a token can be written");
        self.operator.with_token(&file)
    }

    /// The status as JSON.
    ///
    /// # Errors
    /// What the command said when it failed.
    pub fn status(&self) -> Result<Value, String> {
        let answer = self.operator.run(&["status", "-o", "json"]);
        if answer.code == 0 { Ok(answer.json()) } else { Err(answer.err) }
    }

    /// Waits until the migration is in a phase.
    ///
    /// # Panics
    /// When it does not come there in time.
    pub fn until_phase(&self, phase: &str) -> Value {
        eventually_for(Duration::from_secs(60), &format!("phase {phase}"), || {
            let status = self.status()?;
            if status["phase"] == phase { Ok(status) } else { Err(status.to_string()) }
        })
    }

    /// Waits until a gate is held by this code (and check), and gives the hold.
    ///
    /// # Panics
    /// When it is not in time.
    pub fn until_hold(&self, gate: &str, fits: impl Fn(&Value) -> bool, what: &str) -> Value {
        eventually(&format!("gate {gate} is held: {what}"), || {
            let answer = self.operator.run(&["gate", "check", gate, "-o", "json"]);
            let value: Value = serde_json::from_str(&answer.out).map_err(|_| answer.err.clone())?;
            let holds = value["holds"].as_array().cloned().unwrap_or_default();
            holds.into_iter().find(|hold| fits(hold)).ok_or(value.to_string())
        })
    }
}

/// Lets an agent share compiled code with those of all other tests: a world has four agents, and each
/// would compile each component again.
fn share_compiled(config: &str) -> String {
    let shared = target_folder().parent().map(|target| target.join("tmp/compiled")).unwrap_or_default();
    let own = "[cache]\ndir = \"cache\"\n";
    assert!(config.contains(own), "no {own} in {config}");
    config.replace(own, &format!("{own}compiled = {:?}\n", shared.display().to_string()))
}
