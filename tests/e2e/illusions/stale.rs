//! An agent that lives and says nothing, and one whose good news are old.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;

use rustix::process::Signal;
use serde_json::Value;
use tidelock_tests::{DemoWorld, Relay, eventually};

use super::{Illusion, LOGIN, green, holds};

const GATES: &str = r#"
gates:
  ready: { needs: [login] }
  cutover: { decision: cutover }
rollback: { window: 1h }
"#;

const LOGOUT: Illusion = Illusion::new("logout", "target", "login", &["step logout"]);

/// Both shops, and the agent of the target behind a wire that can be cut.
fn with_a_wire() -> (DemoWorld, Relay) {
    let mut demo = DemoWorld::without_agents();
    demo.apply(&format!("scenarios:{LOGIN}{GATES}"));
    demo.join("source");
    let mut agent = demo.enrol("target");
    let file = agent.folder.join("agent.toml");
    let text = fs::read_to_string(&file).expect("a configuration");
    let far = text.lines().find_map(|line| line.strip_prefix("collector = ")).expect("a collector");
    let far: SocketAddr =
        far.trim_matches('"').replace("localhost", "127.0.0.1").parse().expect("an address");
    let relay = Relay::to(far);
    let (port, own) = (format!(":{}\"", far.port()), format!(":{}\"", relay.address.port()));
    assert!(text.contains(&port), "{text}");
    fs::write(&file, text.replace(&port, &own)).expect("the configuration can be written");
    agent.start();
    demo.world.agents.push(agent);
    let _ = demo.world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    (demo, relay)
}

/// Waits until nothing fresh is known of the target, and the gate says so.
fn until_silent(demo: &DemoWorld) {
    let silent = |hold: &Value| {
        hold["side"] == "target" && matches!(hold["state"].as_str(), Some("stale" | "missing"))
    };
    let _ = demo.world.until_hold("ready", silent, "the target is silent");
    eventually("what is not known is told as unknown", || {
        let answer = demo.world.operator.run(&["gate", "check", "ready"]);
        assert_ne!(answer.code, 0, "{}", answer.out);
        if answer.code == 6 { Ok(()) } else { Err(answer.out) }
    });
    green(demo, "a silent agent");
}

/// The rounds of the target that reached the collector, with their outcomes.
fn rounds(demo: &DemoWorld) -> Vec<(u64, String)> {
    let answer = demo.world.operator.run(&["check", "show", "login", "--last", "100", "-o", "json"]).good();
    let found = answer.json();
    (found.as_array().expect("a list").iter())
        .filter(|finding| finding["side"] == "target")
        .map(|finding| {
            let outcome = finding["outcome"].as_str().expect("an outcome").to_owned();
            (finding["round"].as_u64().expect("a round"), outcome)
        })
        .collect()
}

fn newest(demo: &DemoWorld) -> u64 {
    rounds(demo).into_iter().map(|(round, _)| round).max().expect("it was heard before")
}

#[test]
fn a_living_agent_that_says_nothing_is_no_good_news() {
    let (demo, relay) = with_a_wire();
    let agent = demo.world.agents[1].process.as_ref().expect("it runs");

    // Silent: the process is there, and does nothing.
    agent.signal(Signal::STOP);
    until_silent(&demo);
    eventually("the agent is not called online any more", || {
        let agents = demo.world.operator.run(&["agent", "ls"]).good();
        let line =
            agents.out.lines().find(|line| line.starts_with("target/target-1 ")).expect("it is still listed");
        if line.contains("online") { Err(line.to_owned()) } else { Ok(()) }
    });
    let before = newest(&demo);
    agent.signal(Signal::CONT);
    let _ = demo.world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    let after: BTreeSet<u64> =
        rounds(&demo).into_iter().map(|(round, _)| round).filter(|round| *round > before + 5).collect();
    assert!(after.len() >= 3, "three rounds after the silence open it, not those before: {after:?}");

    // Stale: it goes on looking while the wire is cut, and its good news arrive when they are old.
    relay.cut();
    until_silent(&demo);
    let before = newest(&demo);
    demo.break_it(LOGOUT.fault, LOGOUT.side);
    until_old(&demo);
    let opened = openings(&demo);
    relay.mend();
    let hold = eventually("the backlog is there, and what is wrong now is told", || {
        let answer = demo.world.operator.run(&["gate", "check", "ready", "-o", "json"]);
        assert_ne!(answer.code, 0, "old passes opened the gate: {}", answer.out);
        let holds = holds(&demo, "ready")?;
        holds.iter().find(|hold| LOGOUT.fits(hold, "target")).cloned().ok_or(format!("{holds:?}"))
    });
    green(&demo, "stale evidence");
    let backlog = rounds(&demo).into_iter().filter(|(round, outcome)| *round > before && outcome == "pass");
    assert!(backlog.count() >= 3, "passes enough to open the gate came late: {hold}");
    assert_eq!(openings(&demo), opened, "old passes opened the gate for a moment");
}

/// Waits until the last pass before the fault is older than a finding may be when it comes: its timeout,
/// what its way may take, and `fresh_for` make 9 s; it was made after 6 s of silence.
fn until_old(demo: &DemoWorld) {
    eventually("the last pass is too old to count", || {
        let holds = holds(demo, "ready")?;
        let of_target = holds.iter().find(|hold| hold["check"] == "login" && hold["side"] == "target");
        let seen = of_target.and_then(|hold| hold["seen_seconds_ago"].as_f64());
        if seen.is_some_and(|seen| seen >= 18.0) { Ok(()) } else { Err(format!("{holds:?}")) }
    });
}

/// How often the gate `ready` was opened so far.
fn openings(demo: &DemoWorld) -> usize {
    let events = demo.world.operator.run(&["events", "-o", "ndjson"]).good();
    events.out.lines().filter(|line| line.contains("gate ready is open")).count()
}
