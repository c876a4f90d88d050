//! The rig: the demo's two shops behind HAProxy, customers, a collector, an agent on each side, and the plan.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tidelock_tests::{
    AgentHandle, Answer, Cli, Ops, Process, Proxy, World, eventually, eventually_for, program,
};

use super::load::Load;

/// The plan; the rig fills in where everything is.
const PLAN: &str = include_str!("plan.yaml");
/// Who writes to a shop beside the feed, the checks, and the worker that empties its queue.
const WRITTEN: &str = "{ target: db, runs_table: job_runs, columns: { started_at: started_at_ms }, \
     change_log: { table: changes, of: kind, at: at_ms, writer: writer }, allowed_writers: [feed, probe, \"worker:orders\"] }";
/// Whether the other shop has everything; silence of the replicator is no answer.
const COPIED: &str = "{ target: shop, flow: { steps: [{ name: copied, request: { path: /api/replication }, \
     expect: { status: 200, json: { /role: sending, /pending: 0 } } }] } }";
/// What the agents know, all of it made up.
const SECRETS: [(&str, &str); 2] =
    [("rabbit-monitor", "monitor:monitor-secret"), ("test-card", "4242-4242-4242-4242")];
/// A step of a switch on a busy machine.
pub(crate) const PATIENT: Duration = Duration::from_secs(120);

/// What a test changes in the plan.
pub(crate) struct Variant {
    /// How often a check behind the fence runs, and how long it may take.
    pub(crate) behind_fence: &'static str,
    /// The same for a check of the new shop once it is open.
    pub(crate) after_open: &'static str,
    /// How long a customer who pays may be away.
    pub(crate) may_dip: &'static str,
    /// The fence is given up after this.
    pub(crate) fence_deadline: &'static str,
    /// What is waited for behind the fence is given up after this.
    pub(crate) wait_deadline: &'static str,
    /// What the gate `ready` needs beside its scenarios.
    pub(crate) rehearsed: &'static str,
    /// The way back waits until the old shop has everything.
    pub(crate) catch_up_back: &'static str,
}

/// The usual plan, for a machine with other things to do: what is told is judged, and never how quickly. How quickly
/// it can go is measured by `make bench ARGS=switch`.
pub(crate) const USUAL: Variant = Variant {
    behind_fence: "1s",
    after_open: "1s",
    may_dip: "5m",
    fence_deadline: "60s",
    wait_deadline: "60s",
    rehearsed: "",
    catch_up_back: "    - { step: catch-up-back, kind: catch-up, owner: bo, planned: 1s, after: [all-copied-back], deadline: 60s }",
};

/// The demo's two shops, with a copy between them and nobody who buys.
pub(crate) struct Shops {
    map: Value,
    _process: Process,
}

impl Shops {
    /// Opens them.
    pub(crate) fn open(rig: &Path) -> Shops {
        let folder = Ops::shops_folder(rig);
        let words = ["world", "--rate", "0", "--folder"].map(OsStr::new);
        let words = [&words[..], &[folder.as_os_str()]].concat();
        let process = Process::start(rig, "harbour", "tidelock-demo", &words);
        let map = eventually("the shops are open", || {
            let text = fs::read_to_string(folder.join("world.json")).map_err(|error| error.to_string())?;
            serde_json::from_str(&text).map_err(|error| error.to_string())
        });
        Shops { map, _process: process }
    }

    /// The shop of a side.
    pub(crate) fn url(&self, side: &str) -> &str {
        self.map[side]["url"].as_str().expect("the map says where the shop is")
    }
}

/// A whole world for a switch.
pub(crate) struct Rig {
    /// Customers; they end before what they come to.
    pub(crate) load: Load,
    /// HAProxy.
    proxy: Proxy,
    /// What the runbook runs.
    pub(crate) ops: Ops,
    /// The decider.
    pub(crate) ana: Cli,
    /// The operator of the runbook.
    pub(crate) bo: Cli,
    /// The shops.
    pub(crate) shops: Shops,
    /// The collector and the agents; the folder goes last.
    pub(crate) world: World,
}

impl Rig {
    /// Everything, with customers coming in.
    pub(crate) fn start(variant: &Variant) -> Rig {
        let mut world = World::collector_alone();
        let folder = world.folder.path().to_owned();
        let shops = Shops::open(&folder);
        let proxy = Proxy::start(&Ops::proxy_folder(&folder), shops.url("source"), shops.url("target"));
        let load = Load::start(&proxy.url, "customer");
        world.apply(&plan(variant, &shops.map, &proxy.url, &folder.display().to_string()));
        let agents = ["source", "target"].map(|side| enrolled(&world, side));
        world.agents.extend(agents);
        world.agents.iter_mut().for_each(AgentHandle::start);
        let (ana, bo) = (world.person("ana"), world.person("bo"));
        Rig { load, proxy, ops: Ops::new(folder), ana, bo, shops, world }
    }

    /// Other customers come, after the first were sent home.
    pub(crate) fn more_customers(&mut self, name: &'static str) {
        self.load = Load::start(&self.proxy.url, name);
    }

    /// Waits until the migration is ready, and gives Ana's GO, again where the evidence it was given on changed: a
    /// check that a busy machine kept waiting is reason enough.
    pub(crate) fn go(&self) {
        self.ready();
        eventually_for(PATIENT, "Ana's GO opens the gate cutover", || {
            let answer = self.bo.run(&["gate", "check", "cutover"]);
            if answer.code == 0 {
                return Ok(());
            }
            let said = self.decide("cutover");
            Err(answer.out + &said.err)
        });
    }

    /// Waits until the migration is ready.
    pub(crate) fn ready(&self) {
        let _ = self.world.operator.run(&["gate", "wait", "ready", "--timeout", "120s", "-q"]).good();
        self.world.until_phase("ready");
    }

    /// Ana decides, as soon as it is taken.
    pub(crate) fn decided(&self, decision: &str) {
        eventually_for(PATIENT, &format!("the GO for {decision} is taken"), || {
            let answer = self.decide(decision);
            if answer.code == 0 { Ok(()) } else { Err(answer.out + &answer.err) }
        });
    }

    fn decide(&self, decision: &str) -> Answer {
        let words =
            ["decide", decision, "--go", "--reason", "all green", "--confirm", "harbour", "--no-input"];
        self.ana.run(&words)
    }

    /// An operator at work, in a process of its own.
    pub(crate) fn operator(&self, who: &Cli, words: &[&str]) -> Operator {
        let log = self.world.folder.path().join("operator.log");
        let out = fs::File::options().create(true).append(true).open(log).expect("a log file can be made");
        let errors = out.try_clone().expect("a file handle can be copied");
        let child = who.command(words).stdout(Stdio::from(out)).stderr(errors).spawn();
        Operator { child: child.expect("tidelock starts") }
    }

    /// Walks a runbook to its end; gives the exit code and what was said.
    pub(crate) fn walked(&self, who: &Cli, words: &[&str]) -> (i32, String) {
        let before = self.said().len();
        let mut operator = self.operator(who, words);
        let code = operator.ended_or(|| self.said());
        (code, self.said().split_off(before))
    }

    /// What the operators said.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.world.folder.path().join("operator.log")).unwrap_or_default()
    }

    /// Waits until an operator stands by at the shut gate.
    pub(crate) fn stands_by(&self) {
        eventually_for(PATIENT, "the operator stands by", || {
            let said = self.said();
            if said.contains("HOLD") { Ok(()) } else { Err(said) }
        });
    }

    /// The newest run of a runbook.
    pub(crate) fn run(&self, way: &str) -> Result<Value, String> {
        let answer = self.bo.run(&[way, "show", "-o", "json"]);
        serde_json::from_str(&answer.out).map_err(|_| answer.err)
    }

    /// Waits until the run looks like this.
    pub(crate) fn until_run(&self, way: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        eventually_for(PATIENT, what, || {
            let run = self.run(way)?;
            if fits(&run) { Ok(run) } else { Err(format!("{run}; the operator: {}", self.said())) }
        })
    }

    /// Waits until an operation was begun for the so-and-so-many time.
    pub(crate) fn until_begun(&self, words: &str, times: usize) {
        eventually_for(PATIENT, &format!("{words} begins"), || {
            let found = self.ops.begun(words);
            if found >= times { Ok(()) } else { Err(format!("{:?}; {}", self.ops.log(), self.said())) }
        });
    }

    /// Breaks something in a shop, or fixes it again.
    pub(crate) fn hand(&self, word: &str, fault: &str, side: &str) {
        let mut command = std::process::Command::new(program("tidelock-demo"));
        let folder = Ops::shops_folder(self.world.folder.path());
        let output = command.args([word, fault, "--side", side, "--folder"]).arg(folder).output();
        let output = output.expect("tidelock-demo starts");
        assert!(output.status.success(), "{word} {fault}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// An operator's process.
pub(crate) struct Operator {
    child: std::process::Child,
}

impl Operator {
    /// `kill -9`.
    pub(crate) fn kill9(&mut self) {
        self.child.kill().expect("a process of ours can be killed");
        self.child.wait().expect("a process of ours can be waited for");
    }

    /// Stops it in its tracks, without ending it.
    pub(crate) fn stop(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let pid = pid.expect("a child has a number");
        rustix::process::kill_process(pid, rustix::process::Signal::STOP)
            .expect("a process of ours can be stopped");
    }

    /// Its exit code, once it has ended by itself; otherwise what it said last.
    pub(crate) fn ended_or(&mut self, said: impl Fn() -> String) -> i32 {
        let code = eventually_for(PATIENT, "the operator's process ends", || {
            let status = self.child.try_wait().map_err(|error| error.to_string())?;
            status.ok_or_else(&said)
        });
        code.code().unwrap_or(-1)
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        // Best effort: it has ended already where all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn plan(variant: &Variant, map: &Value, front: &str, rig: &str) -> String {
    let at = |side: &str, what: &str| map[side][what].as_str().expect("the map is whole").to_owned();
    let ops = program("switch-ops").display().to_string();
    [
        ("{old}", at("source", "url")),
        ("{new}", at("target", "url")),
        ("{old-db}", at("source", "db")),
        ("{new-db}", at("target", "db")),
        ("{front}", front.to_owned()),
        ("{ops}", ops),
        ("{rig}", rig.to_owned()),
        ("{behind-fence}", variant.behind_fence.to_owned()),
        ("{after-open}", variant.after_open.to_owned()),
        ("{may-dip}", variant.may_dip.to_owned()),
        ("{fence-deadline}", variant.fence_deadline.to_owned()),
        ("{wait-deadline}", variant.wait_deadline.to_owned()),
        ("{rehearsed}", variant.rehearsed.to_owned()),
        ("{written}", WRITTEN.to_owned()),
        ("{copied}", COPIED.to_owned()),
        ("{catch-up-back}", variant.catch_up_back.to_owned()),
    ]
    .iter()
    .fold(PLAN.to_owned(), |text, (place, value)| text.replace(place, value))
}

/// An agent that has joined and does not run yet.
fn enrolled(world: &World, side: &'static str) -> AgentHandle {
    let name = format!("{side}-1");
    let folder = world.enrol(side, &name);
    fs::write(folder.join("probe-password.secret"), "probe-secret").expect("a secret can be written");
    for (secret, value) in SECRETS {
        world.give_secret(&folder, secret, value);
    }
    AgentHandle { side, name, folder, process: None, env: Vec::new() }
}
