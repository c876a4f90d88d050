//! The demo's two live shops with agents beside them: real faults, each with `/healthz` green.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::process::{Process, program};
use crate::wait::eventually;
use crate::world::{AgentHandle, World};

/// Both environments, the people and what they decide; scenarios and gates come after it.
const HEAD: &str = r#"
tidelock: plan/v1
name: harbour
summary: Move the harbour shop.
rehearsal_scale: true
environments:
  source:
    title: The old shop
    agents: { at_least: 1 }
    targets:
      shop: { url: "{old}", methods: [GET, POST, DELETE], rate: 200/s, concurrency: 8, addresses: [127.0.0.1/32] }
      rabbit: { url: "{old}", methods: [GET], paths: ["/api/queues", "/api/overview"], rate: 200/s, addresses: [127.0.0.1/32], credential: { basic: "secret:rabbit-monitor" } }
      db: { sql: sqlite, address: "{old-db}" }
  target:
    title: The new shop
    agents: { at_least: 1 }
    targets:
      shop: { url: "{new}", methods: [GET, POST, DELETE], rate: 200/s, concurrency: 8, addresses: [127.0.0.1/32] }
people:
  ana: { name: Ana, role: Lead }
  bo: { name: Bo, role: Head of payments }
decisions:
  cutover: { who: [ana] }
  rollback: { who: [ana, bo] }
  commit: { who: [bo] }
defaults: { every: 1s, timeout: 1s, fresh_for: 6s }
"#;

/// What the agents know, all of it made up.
const SECRETS: [(&str, &str); 2] =
    [("rabbit-monitor", "monitor:monitor-secret"), ("test-card", "4242-4242-4242-4242")];

/// The demo's shops, replicator, switch and customers, with a collector and agents.
#[derive(Debug)]
pub struct DemoWorld {
    /// The world of the demo; ends before its folder goes.
    pub shops: Process,
    /// Where everything of it is.
    pub map: Value,
    /// The collector and the agents.
    pub world: World,
}

impl DemoWorld {
    /// Everything, with one agent a side and a plan of these scenarios and gates.
    ///
    /// # Panics
    /// When a part of it does not come up.
    pub fn start(scenarios_and_gates: &str) -> DemoWorld {
        let mut demo = DemoWorld::without_agents();
        demo.apply(scenarios_and_gates);
        demo.join("source");
        demo.join("target");
        demo
    }

    /// The shops and a collector without a plan.
    ///
    /// # Panics
    /// When a part of it does not come up.
    pub fn without_agents() -> DemoWorld {
        let world = World::collector_alone();
        let folder = world.folder.path().join("harbour");
        let arguments = [OsStr::new("world"), OsStr::new("--folder"), folder.as_os_str()];
        let shops = Process::start(world.folder.path(), "harbour", "tidelock-demo", &arguments);
        let map = eventually("the shops are open", || {
            let text = fs::read_to_string(folder.join("world.json")).map_err(|error| error.to_string())?;
            serde_json::from_str(&text).map_err(|error| error.to_string())
        });
        let flows = world.folder.path().join("flows");
        fs::create_dir(&flows).expect("a folder can be made");
        let flow = include_str!("../../deploy/demo/flows/replication.yaml");
        fs::write(flows.join("replication.yaml"), flow).expect("a flow can be written");
        DemoWorld { shops, map, world }
    }

    /// The whole plan of these scenarios and gates.
    pub fn plan(&self, scenarios_and_gates: &str) -> String {
        let db = self.map["source"]["db"].as_str().expect("the map says where the database is");
        format!("{HEAD}{scenarios_and_gates}")
            .replace("{old}", self.url("source"))
            .replace("{new}", self.url("target"))
            .replace("{old-db}", db)
    }

    /// Applies the plan of these scenarios and gates.
    ///
    /// # Panics
    /// When it is refused.
    pub fn apply(&self, scenarios_and_gates: &str) {
        self.world.apply(&self.plan(scenarios_and_gates));
    }

    /// Lets an agent join on a side, with the secrets of the demo, and starts it.
    ///
    /// # Panics
    /// When it cannot join.
    pub fn join(&mut self, side: &'static str) -> &mut AgentHandle {
        let mut agent = self.enrol(side);
        agent.start();
        self.world.agents.push(agent);
        self.world.agents.last_mut().expect("it was just pushed")
    }

    /// An agent that has joined and does not run yet.
    ///
    /// # Panics
    /// When it cannot join.
    pub fn enrol(&self, side: &'static str) -> AgentHandle {
        let name = format!("{side}-1");
        let folder = self.world.enrol(side, &name);
        fs::write(folder.join("probe-password.secret"), "probe-secret").expect("a secret can be written");
        for (secret, value) in SECRETS {
            self.world.give_secret(&folder, secret, value);
        }
        AgentHandle { side, name, folder, process: None, env: Vec::new() }
    }

    /// The shop of a side.
    ///
    /// # Panics
    /// When there is no such side.
    pub fn url(&self, side: &str) -> &str {
        self.map[side]["url"].as_str().expect("the map says where the shop is")
    }

    /// Where the demo's files lie.
    pub fn folder(&self) -> PathBuf {
        self.world.folder.path().join("harbour")
    }

    /// Breaks something.
    ///
    /// # Panics
    /// When the hand slips.
    pub fn break_it(&self, fault: &str, side: &str) {
        self.hand(&["break", fault, "--side", side]);
    }

    /// Fixes it again.
    ///
    /// # Panics
    /// When the hand slips.
    pub fn fix(&self, fault: &str, side: &str) {
        self.hand(&["fix", fault, "--side", side]);
    }

    /// Moves traffic, copy and jobs to the new shop.
    ///
    /// # Panics
    /// When a step of it fails.
    pub fn over(&self) {
        self.hand(&["do", "over"]);
    }

    fn hand(&self, words: &[&str]) {
        let mut command = Command::new(program("tidelock-demo"));
        command.arg(words[0]).arg("--folder").arg(self.folder()).args(&words[1..]);
        let output = command.output().expect("tidelock-demo starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
    }
}

/// What most monitoring asks of a shop: does `/healthz` answer, and with what?
///
/// # Panics
/// When nothing answers there.
pub fn naive_probe(url: &str) -> u16 {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("the shop takes connections");
    let ask = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).expect("the shop takes a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the shop answers");
    let status = answer.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no answer of HTTP: {answer}"))
}
