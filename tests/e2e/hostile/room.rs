//! An agent in a control group of 512 MiB, as its unit and its pod set it, with a plugin that is let take more: the
//! system ends the runner and not the agent.
//!
//! It takes root and control groups with a memory controller, of either version; or `TIDELOCK_CGROUP` names a folder of
//! such groups in which this user may make one.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tidelock_tests::{AgentHandle, Process, World, WorldOptions, eventually, eventually_for, program};

use super::{findings, guest};

/// `MemoryMax` of the unit.
const ROOM_BYTES: u64 = 512 << 20;
/// The operator lets a plugin have more than the machine lets the agent.
const LIMITS: &str = "\n[limits]\nmemory_bytes = 1073741824\ncpu_ms = 5000\n";

/// A control group with a bound on its memory; it ends with whatever is in it.
struct Group {
    folder: PathBuf,
    /// Where the kernel counts what it has killed there.
    kills: PathBuf,
}

impl Group {
    fn make() -> Result<Group, String> {
        match std::env::var_os("TIDELOCK_CGROUP") {
            Some(around) => Group::make_in(around.into()),
            None => Group::make_in("/sys/fs/cgroup".into())
                .or_else(|second| Group::make_in("/sys/fs/cgroup/memory".into()).map_err(|_| second)),
        }
    }

    fn make_in(around: PathBuf) -> Result<Group, String> {
        let folder = around.join(format!("tidelock-test-{}", std::process::id()));
        if let Err(error) = fs::create_dir(&folder) {
            let absent = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem, ErrorKind::NotFound];
            let why = format!("make {}: {error}", folder.display());
            assert!(absent.contains(&error.kind()), "{why}");
            return Err(why);
        }
        // The file of the second version, and of the first; where memory is not controlled, neither is there.
        let versions = [
            ("memory.max", "memory.events", "memory.swap.max"),
            ("memory.limit_in_bytes", "memory.oom_control", "memory.memsw.limit_in_bytes"),
        ];
        let known = versions.into_iter().find(|(limit, ..)| folder.join(limit).is_file());
        let mut group = Group { kills: PathBuf::new(), folder };
        let (limit, kills, swap) = known.ok_or("groups here have no memory controller")?;
        let set = |name: &str, bytes: u64| fs::write(group.folder.join(name), bytes.to_string());
        set(limit, ROOM_BYTES).unwrap_or_else(|error| panic!("set {limit}: {error}"));
        // Where nothing is swapped, there is nothing to bound.
        let _ = set(swap, if swap == "memory.swap.max" { 0 } else { ROOM_BYTES });
        group.kills = group.folder.join(kills);
        Ok(group)
    }

    /// How many processes the kernel has ended there for want of memory.
    fn killed(&self) -> u64 {
        let told = fs::read_to_string(&self.kills).unwrap_or_default();
        let count = told.lines().find_map(|line| line.strip_prefix("oom_kill "));
        count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    }

    /// Starts an agent that has joined, and that is in the group before it is anything else.
    fn adopt(&self, world: &mut World, name: &str, folder: PathBuf) {
        let mut command = Command::new("sh");
        command.args(["-c", "echo $$ >\"$0\" && exec \"$@\""]).arg(self.folder.join("cgroup.procs"));
        command.arg(program("tidelock-agent")).args(["run", "--config"]).arg(folder.join("agent.toml"));
        let process = Process::start_command(world.folder.path(), &format!("agent-{name}"), command);
        let (name, env) = (name.to_owned(), Vec::new());
        world.agents.push(AgentHandle { side: "target", name, folder, process: Some(process), env });
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // What an agent has started ends behind it, and a group goes when it is empty.
        for _ in 0..250 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn plan(world: &World) -> String {
    let hungry = format!(
        "  hungry: {{ level: critical, if_broken: Nothing, {}, run_on: target, every: 10s, timeout: 5s, \
         with: {{ act: grow, mib: 900 }}, claims: {{ passes: {{ in_a_row: 1 }} }} }}\ngates:\n",
        guest(world)
    );
    let plan = WorldOptions::default().plan.replace("gates:\n", &hungry);
    plan.replace("ready: { needs: [login]", "ready: { needs: [all]")
}

/// The last round in which the login passed on the target.
fn logged_in(world: &World) -> u64 {
    let found = findings(world, "login");
    let passes = found.iter().filter(|one| one["side"] == "target" && one["outcome"] == "pass");
    passes.filter_map(|one| one["round"].as_u64()).max().unwrap_or(0)
}

#[test]
fn an_agent_of_512_mib_outlives_a_plugin_that_takes_more_and_says_what_became_of_its_runner() {
    let group = match Group::make() {
        Ok(group) => group,
        // There are no such groups for this user; where one could be made, nothing is skipped.
        Err(why) => {
            println!("an agent of 512 MiB: not tried, {why}");
            return;
        }
    };
    println!("an agent of 512 MiB: in {}", group.folder.display());
    // Behind the group, so that it ends before.
    let mut world = World::collector_alone();
    world.apply(&plan(&world));
    world.join("source", "source-1");
    let folder = world.enrol("target", "target-1");
    let config = folder.join("agent.toml");
    let text = fs::read_to_string(&config).expect("a configuration");
    fs::write(&config, text + LIMITS).expect("written");
    group.adopt(&mut world, "target-1", folder);

    let lost = eventually_for(Duration::from_secs(90), "the runner is lost with its run", || {
        let found = findings(&world, "hungry");
        assert!(found.iter().all(|one| one["outcome"] == "not run"), "it passed: {found:?}");
        let lost = found.iter().find(|one| one["cause"] == "runner_lost").cloned();
        lost.ok_or(format!("{found:?}"))
    });
    let note = lost["note"].as_str().expect("a note");
    assert!(note.contains("for want of memory") && note.contains("signal: 9"), "{note}");
    assert!(group.killed() > 0, "it was not the group's bound that ended it");
    let named = |hold: &Value| {
        let reason = hold["reason"].as_str().unwrap_or_default();
        hold["check"] == "hungry" && hold["side"] == "target" && reason.contains("runner_lost: ")
    };
    world.until_hold("ready", named, "the hungry plugin's cause");

    let round = logged_in(&world);
    eventually("the login goes on beside it", || {
        let now = logged_in(&world);
        if now > round { Ok(()) } else { Err(format!("the last one is of round {now}")) }
    });
    let agent = world.agents[1].process.as_mut().expect("it was started");
    assert_eq!(agent.ended(), None, "the agent did not outlive its runner: {}", agent.log());
    assert!(!agent.log().contains("panicked"), "{}", agent.log());
    let status = world.status().expect("the collector answers");
    let agents = status["agents"].as_array().expect("agents");
    assert!(agents.iter().all(|agent| agent["state"] == "online"), "{}", status["agents"]);
}
