//! From a step that fails to its trace: what `why` prints is what the agent exported, with the plan's own address.

use tidelock_tests::{World, WorldOptions, eventually};

use super::otlp::{exporting, hex};
use super::receiver::{self, Receiver, text};

/// Where the plan says that a trace is looked at.
const LINK: &str = "https://traces.example/shop/{trace_id}/spans";

/// The receiver got a run of the login on that side under this id.
fn exported(receiver: &Receiver, side: &str, id: &str) -> Result<(), String> {
    let spans = receiver.heard.spans.lock().expect("nobody panics");
    let run = spans.iter().find(|(from, span)| {
        from == "tidelock-agent" && span.name == "check.run" && hex(&span.trace_id) == id
    });
    let Some((_, run)) = run else { return Err(format!("{id} is not among {} spans", spans.len())) };
    let told = ["tidelock.scenario.name", "tidelock.environment.side"].map(|key| text(&run.attributes, key));
    assert_eq!(told, ["login", side], "the trace of another run");
    Ok(())
}

#[test]
fn why_prints_the_trace_that_the_agent_exported_at_the_plans_address() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let receiver = receiver::start(folder.path());
    let mut world = World::collector_in(exporting(folder.path(), &receiver.endpoint));
    world.target.lose_sessions(true);
    world.apply(&format!("{}links: {{ trace: \"{LINK}\" }}\n", WorldOptions::default().plan));
    world.join("source", "source-1");
    world.join("target", "target-1");
    world.until_hold("ready", |hold| hold["state"] == "refuted", "the session is lost");

    let traces = eventually("both sides have a trace", || {
        let why = world.operator.run(&["why", "login", "-o", "json"]).good().json();
        let traces = why["traces"].as_array().cloned().unwrap_or_default();
        if traces.len() == 2 { Ok(traces) } else { Err(why["traces"].to_string()) }
    });
    for (trace, side) in traces.iter().zip(["source", "target"]) {
        let id = trace["trace_id"].as_str().unwrap_or_default();
        assert_eq!(trace["side"], side, "{trace}");
        assert_eq!(trace["url"], LINK.replace("{trace_id}", id), "{trace}");
        eventually("the run was exported", || exported(&receiver, side, id));
    }

    // The same for people: the line of the side that fails has the id and the address.
    let why = world.operator.run(&["why", "login"]).good().out;
    let line = why.lines().find(|line| line.trim_start().starts_with("Trace") && line.contains("target "));
    let line = line.unwrap_or_else(|| panic!("no trace of the target: {why}"));
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, _, id, .., address] = words[..] else { panic!("no trace: {line}") };
    assert_eq!(address, LINK.replace("{trace_id}", id), "{line}");
    eventually("the run was exported", || exported(&receiver, "target", id));
}
