//! `/livez`, `/readyz` and `/metrics` of both services, as they are; the numbers pass `promtool`.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use tidelock_tests::{World, WorldOptions, eventually, eventually_for, free_address, get};

use super::names;

/// What `promtool check metrics` says of a scrape; nothing when all is well.
pub(super) fn promtool(text: &str) -> String {
    let child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.expect("promtool is there: make setup");
    child.stdin.take().expect("it reads").write_all(text.as_bytes()).expect("it reads all of it");
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() { said } else { format!("exit {}: {said}", output.status) }
}

/// The value of the one series that begins so.
pub(super) fn value(text: &str, series: &str) -> Result<f64, String> {
    let line = text.lines().find(|line| line.starts_with(series));
    let line = line.ok_or_else(|| format!("no {series} in\n{text}"))?;
    line.rsplit(' ').next().and_then(|value| value.parse().ok()).ok_or_else(|| line.to_owned())
}

/// Adds a line above the tables of an agent's configuration.
pub(super) fn listens(folder: &std::path::Path, address: &str) {
    let config = folder.join("agent.toml");
    let text = std::fs::read_to_string(&config).expect("the agent has a configuration");
    std::fs::write(&config, format!("ops = \"{address}\"\n{text}")).expect("it can be written");
}

/// Starts an agent that can be asked for its health and numbers; gives where.
pub(super) fn watched(world: &mut World, side: &'static str, name: &str) -> String {
    let (folder, address) = (world.enrol(side, name), free_address());
    listens(&folder, &address);
    world.adopt(side, name, folder);
    address
}

#[test]
fn health_and_numbers_say_what_is_and_pass_promtool() {
    let mut world = World::start(&WorldOptions { agents: 0, ..WorldOptions::default() });
    let (collector, agent) = (world.address("ops"), watched(&mut world, "source", "source-1"));
    world.join("target", "target-1");
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "90s"]).good();
    for address in [&collector, &agent] {
        assert_eq!(get(address, "/livez"), Ok((200, "alive\n".to_owned())));
        eventually("it is ready", || match get(address, "/readyz")? {
            (200, _) => Ok(()),
            (_, body) => Err(body),
        });
    }
    let numbers = eventually("the gate is open in the numbers, too", || {
        let (_, text) = get(&collector, "/metrics")?;
        match value(&text, "tidelock_gate_open{migration=\"shop\",gate=\"ready\"}")? {
            1.0 => Ok(text),
            other => Err(other.to_string()),
        }
    });
    for (series, expected) in [
        ("tidelock_ready", 1.0),
        ("tidelock_verdict{migration=\"shop\",verdict=\"open\"}", 0.0),
        (
            "tidelock_scenario_state{migration=\"shop\",scenario=\"login\",side=\"source\",state=\"proved\"}",
            1.0,
        ),
        ("tidelock_agent_up{migration=\"shop\",side=\"target\",agent=\"target-1\"}", 1.0),
        ("tidelock_build_info{version=\"", 1.0),
    ] {
        let is = value(&numbers, series).expect("it is told");
        // The next gate after `ready` is the cutover's, which waits for people.
        assert!((is - expected).abs() < f64::EPSILON, "{series} is {is}");
    }
    let runs =
        "tidelock_check_runs_total{migration=\"shop\",scenario=\"login\",side=\"source\",result=\"pass\"}";
    assert!(value(&numbers, runs).expect("runs are counted") >= 2.0);
    let told = eventually("the agent has counted runs", || {
        let (_, text) = get(&agent, "/metrics")?;
        value(&text, "tidelock_agent_check_runs_total{migration=\"shop\",scenario=\"login\"").map(|_| text)
    });
    assert!(value(&told, "tidelock_agent_connected").expect("it is told") > 0.5);
    for text in [&numbers, &told] {
        assert_eq!(promtool(text), "", "promtool complains of\n{text}");
        names::all_are_documented(text);
    }
    // The check can fail: this is what it is for.
    assert!(
        promtool("# TYPE runs counter\nruns 1\n").contains("counter"),
        "promtool found nothing to complain of"
    );

    world.kill_collector();
    eventually_for(Duration::from_secs(60), "an agent without a collector is not ready", || {
        match get(&agent, "/readyz")? {
            (503, body) if body.contains("no session") => Ok(()),
            (status, body) => Err(format!("{status} {body}")),
        }
    });
    assert_eq!(get(&agent, "/livez"), Ok((200, "alive\n".to_owned())), "it lives, and keeps its findings");
}
