//! Plugins that loop, hoard, flood, break down and stray, beside an honest check: each is stopped with its
//! own cause, told in words, and nobody beside it notices.

mod corpus;
mod own_ports;
mod room;

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::Value;
use tidelock_tests::{World, WorldOptions, children, eventually_for, resident_bytes, target_folder};

/// Each: the check's name, its settings, the cause it must end with, and a word of the reason.
const HOSTILE: [(&str, &str, &str, &str); 12] = [
    ("loops", "act: loop", "cpu", "processor time"),
    ("sleeps", "act: sleep, ms: 60000", "timeout", "time is up"),
    ("hoards", "act: grow, mib: 500", "memory", "are allowed"),
    ("floods", "act: flood-output, kib: 300", "output", "are allowed"),
    ("pours", "act: big-log, mib: 8", "output", "in one call"),
    ("traps", "act: trap", "trap", "unreachable"),
    ("sinks", "act: overflow", "trap", ""),
    ("strays", "act: http, path: /healthz", "denied", "not granted"),
    ("peeks", "act: http, target: cloud, path: /latest/meta-data", "denied", "metadata address"),
    ("returns", "act: http, target: inside, path: /healthz", "denied", "loopback address"),
    ("babbles", "act: garbage, kind: 'nan'", "bad_report", ""),
    ("fakes", "act: garbage, kind: hidden-fail", "bad_report", ""),
];

/// Two that are not stopped, but not believed either.
const WATCHED: [(&str, &str); 2] = [
    ("wanders", "act: http, target: shop, path: /away, follow: true"),
    ("paints", "act: garbage, kind: escape"),
];

/// The login plan with all of them on the target. The metadata service is granted as one address of a
/// whole range, which is not enough; `localhost` is a name that turns out to be this machine.
fn plan(pin: &str) -> String {
    let mut scenarios = String::new();
    let named = HOSTILE.iter().map(|(name, settings, ..)| (name, settings));
    for (name, settings) in named.chain(WATCHED.iter().map(|(name, settings)| (name, settings))) {
        scenarios += &format!(
            "  {name}: {{ level: minor, if_broken: Nothing, {pin}, run_on: target, every: 3s, timeout: 1s, \
             with: {{ {settings} }}, claims: {{ passes: {{ in_a_row: 1 }} }} }}\n"
        );
    }
    let more = "    targets: { cloud: { url: \"http://169.254.169.254\", addresses: [169.254.0.0/16] }, \
                inside: { url: \"http://localhost:9\", addresses: [10.0.0.0/8] }, shop: { url: \"{target}\"";
    (WorldOptions::default().plan)
        .replace("gates:\n", &format!("{scenarios}gates:\n"))
        .replace("    targets: { shop: { url: \"{target}\"", more)
}

/// Hands the guest that misbehaves to order to the collector, and gives the line that pins it.
fn guest(world: &World) -> String {
    let guest = target_folder().with_file_name("plugins").join("test-guest.wasm");
    assert!(guest.is_file(), "{} is not built: run make test", guest.display());
    let pushed = world.operator.run(&["plugin", "push", &guest.display().to_string()]).good();
    pushed.out.trim().to_owned()
}

/// The newest findings of a check.
fn findings(world: &World, check: &str) -> Vec<Value> {
    let answer = world.operator.run(&["check", "show", check, "--last", "100", "-o", "json"]).good();
    answer.json().as_array().cloned().expect("a list")
}

/// Agent and runner of a side, in bytes.
fn memory(world: &World) -> BTreeMap<String, u64> {
    let mut memory = BTreeMap::new();
    for agent in &world.agents {
        let pid = agent.process.as_ref().expect("it runs").pid();
        memory.insert(agent.name.clone(), resident_bytes(pid).unwrap_or(0));
        let runners = children(pid, "runner").into_iter().filter_map(resident_bytes);
        memory.insert(format!("{}'s runner", agent.name), runners.max().unwrap_or(0));
    }
    memory
}

#[test]
fn hostile_plugins_are_contained_and_named_beside_an_honest_one() {
    let mut world = World::collector_alone();
    world.apply(&plan(&guest(&world)));
    for (side, name) in [("source", "source-1"), ("target", "target-1")] {
        let folder = world.enrol(side, name);
        let config = folder.join("agent.toml");
        let text = fs::read_to_string(&config).expect("a configuration");
        // Less processor time than a run may last: looping and sleeping are told apart.
        fs::write(&config, format!("{text}\n[limits]\ncpu_ms = 300\n")).expect("written");
        world.adopt(side, name, folder);
    }
    for (check, _, cause, word) in HOSTILE {
        eventually_for(Duration::from_secs(60), &format!("{check} ends with {cause}"), || {
            let found = findings(&world, check);
            let causes: Vec<&str> = found.iter().filter_map(|finding| finding["cause"].as_str()).collect();
            assert!(found.iter().all(|finding| finding["outcome"] == "not run"), "{check} passed: {found:?}");
            if causes.contains(&cause) { Ok(()) } else { Err(format!("{found:?}")) }
        });
        let text = world.operator.run(&["check", "show", check]).good().out;
        assert!(text.contains(&format!("({cause})")) && text.contains(word), "{check}: {word:?} in {text}");
        let why = world.operator.run(&["why", check]).good().out;
        assert!(why.contains(cause), "{check}: no {cause} in {why}");
    }
    what_is_not_believed(&world);
    nobody_beside_them_notices(&world);
}

/// A redirect out of the target is not followed and told; a screen is not painted on.
fn what_is_not_believed(world: &World) {
    let wanders = eventually_for(Duration::from_secs(30), "a finding of wanders", || {
        findings(world, "wanders").first().cloned().ok_or("none".to_owned())
    });
    let refused = wanders["refused_calls"].to_string();
    assert!(refused.contains("leaves the target"), "{wanders}");
    assert!(
        wanders["steps"].to_string().contains("302"),
        "it saw the redirect, not what is behind it: {wanders}"
    );
    let paints = eventually_for(Duration::from_secs(30), "a finding of paints", || {
        let text = world.operator.run(&["check", "show", "paints"]).good().out;
        if text.contains("round") { Ok(text) } else { Err(text) }
    });
    let hidden = paints.chars().find(|c| matches!(c, '\u{1b}' | '\u{202e}'));
    assert_eq!(hidden, None, "a plugin writes on the screen: {paints:?}");
}

fn nobody_beside_them_notices(world: &World) {
    let waited = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]);
    assert_eq!(waited.code, 0, "{}{}", waited.out, waited.err);
    let login = findings(world, "login");
    let bad: Vec<&Value> = login.iter().filter(|finding| finding["outcome"] == "fail").collect();
    assert!(bad.is_empty(), "the honest check failed beside them: {bad:?}");
    let status = world.status().expect("the collector answers");
    let online = status["agents"].as_array().expect("agents").iter().all(|agent| agent["state"] == "online");
    assert!(online, "{}", status["agents"]);
    for agent in &world.agents {
        let log = agent.process.as_ref().expect("it runs").log();
        assert!(!log.contains("panicked"), "{log}");
    }
    let memory = memory(world);
    let over = memory.iter().find(|(_, bytes)| !(1..MEMORY_BYTES).contains(*bytes));
    assert!(over.is_none(), "more than {MEMORY_BYTES} bytes, or gone: {memory:?}");
}

/// What an agent or its runner may have resident: a few runs of 64 MiB at once, and itself.
const MEMORY_BYTES: u64 = 300 << 20;
