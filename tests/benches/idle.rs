//! What an agent with 100 checks needs when they come once a minute: memory with its runner, and
//! processor time. The bar is for checks of one GET; the same for whole logins stands beside it.

use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use tidelock_tests::World;

use crate::clock::Watch;
use crate::table::{judged, row, say};
use crate::world;

const CHECKS: usize = 100;
/// One whole interval, so that every check has run and every pool has what it needs.
const WARM_UP: Duration = Duration::from_secs(70);
const LOOK: Duration = Duration::from_secs(60);
const MEMORY_BAR_MIB: f64 = 120.0;
const CPU_BAR_PERCENT: f64 = 1.0;

/// What one look found.
struct Look {
    processes: usize,
    seen: String,
    resident: f64,
    own: f64,
    both: f64,
    agent: f64,
}

/// Takes the measure.
pub(crate) fn measure() {
    say(&format!("  four minutes: twice {} s to settle, {} s to look", WARM_UP.as_secs(), LOOK.as_secs()));
    let gets = look(&world::plan_of_gets(CHECKS, "60s"));
    let logins = look(&world::plan(CHECKS, "60s"));
    row("processes: the agent and its runner", &gets.processes.to_string(), &gets.seen);
    judged(
        "resident, both",
        &format!("{:.1} MiB", gets.resident),
        "120 MiB",
        gets.resident <= MEMORY_BAR_MIB,
    );
    row("the same with shared pages counted once", &format!("{:.1} MiB", gets.own), "");
    let told = format!("{:.2} %", gets.both);
    judged("processor, both, 100 GETs a minute", &told, "1 % of a core", gets.both < CPU_BAR_PERCENT);
    row("  of that the agent alone", &format!("{:.2} %", gets.agent), "");
    row("processor, both, 100 logins a minute", &format!("{:.2} %", logins.both), "eight calls each");
    row("  of that the agent alone", &format!("{:.2} %", logins.agent), &logins.seen);
}

fn look(plan: &str) -> Look {
    let mut world = World::collector_alone();
    world.apply(plan);
    let agent = world.join("target", "idle").process.as_ref().expect("it was just started").pid();
    sleep(WARM_UP);
    let family = family(agent);
    let (watch, before) = (Watch::start(), (cpu(&family), cpu(&family[..1])));
    sleep(LOOK);
    let percent = |used: f64| used / watch.elapsed().as_secs_f64() * 100.0;
    Look {
        processes: family.len(),
        seen: seen(&world),
        both: percent(cpu(&family) - before.0),
        agent: percent(cpu(&family[..1]) - before.1),
        resident: memory(&family, "VmRSS:", "status"),
        own: memory(&family, "Pss:", "smaps_rollup"),
    }
}

/// How many of the checks have been seen to run: an agent that does nothing needs nothing.
fn seen(world: &World) -> String {
    let listed = world.operator.run(&["check", "ls", "-o", "json"]).json();
    let observed = |check: &&Value| {
        let sides = check["sides"].as_object().into_iter().flatten();
        sides.into_iter().any(|(_, side)| side["observed_time"].is_string())
    };
    let ran = listed.as_array().into_iter().flatten().filter(observed).count();
    format!("{ran} of {CHECKS} checks have run")
}

/// The process and everything that it started.
fn family(root: u32) -> Vec<u32> {
    let mut family = vec![root];
    let mut at = 0;
    while let Some(pid) = family.get(at) {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        let found: Vec<u32> = children
            .flat_map(|all| all.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
            .collect();
        family.extend(found);
        at += 1;
    }
    family
}

/// Seconds of processor time that they have used.
fn cpu(family: &[u32]) -> f64 {
    let of = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Behind the name, which may hold anything: the 12th and 13th word are ticks of 10 ms.
        let words: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / 100.0
    };
    family.iter().map(of).sum()
}

/// The sum of a line in `/proc/PID/FILE`, in MiB.
fn memory(family: &[u32], line: &str, file: &str) -> f64 {
    let of = |pid: &u32| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let found = text.lines().find_map(|text| text.strip_prefix(line));
        found.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    };
    family.iter().map(of).sum()
}
